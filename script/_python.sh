# Sourced by the commands beside it. Goes to the top of the checkout and sets `python` to the first Python that is new
# enough and whole, or says what is missing and stops.

cd "$(dirname "${BASH_SOURCE[0]}")/.."
unset PYTHONHOME PYTHONPATH # the portal sees its own environment only

for python in "${PYTHON:-python3}" python3.14 python3.13 python3.12 python3.11; do
    if "$python" -c 'import sys, sqlite3, ssl, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        return
    fi
done
echo "Python 3.11 or newer is needed, with its whole standard library; on Debian: apt-get install python3" >&2
exit 1
