"""The portal's own Python environment, `.venv`: made when missing, brought up to date when a lock file changed.

Runs on the standard library of Python 3.11 alone, before anything is installed. Debian's python3 comes without pip and
without the means to unpack one (ensurepip), so a pip wheel lies in wheels/; pip, not this script, then deals with the
machine's index, proxy and certificates.
"""

import fcntl
import hashlib
import json
import platform
import re
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"
STAMP = ENVIRONMENT / "installed.json"  # what is installed in full; missing while an install is under way
LOG = ENVIRONMENT / "install.log"

# For a newer pip: put its wheel there, and its name and hash here.
PIP = ROOT / "script" / "wheels" / "pip-26.3-py3-none-any.whl"
PIP_SHA256 = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"

RUN, TEST = "requirements.txt", "requirements-test.txt"

# What pip's output says of a failure, and what to tell instead; the first that is found counts.
EXPLANATIONS = (
    (r"DO NOT MATCH THE HASHES", "A package from the index is not the one that is locked: do not install it."),
    (r"No space left on device", "The disk is full."),
    (r"CERTIFICATE_VERIFY_FAILED|SSLError", "The package index's certificate is not trusted: set PIP_CERT."),
    (
        r"NewConnectionError|NameResolutionError|ConnectTimeout|ReadTimeout|ProxyError|Max retries",
        "The package index cannot be reached: check the network, or set PIP_INDEX_URL or HTTPS_PROXY.",
    ),
    (r"No matching distribution found", "The package index lacks a package that is locked, or this Python is too new."),
)


class NotReady(Exception):
    """The environment cannot be made; the text is one sentence for whoever typed the command."""


@contextmanager
def locked() -> Iterator[None]:
    """Only one process of this checkout at a time in here; another waits, and says so."""
    with (ROOT / RUN).open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            tell("Another start is at work here; waiting for it.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def prepare(lock_file: str) -> None:
    """Have all of `lock_file` (RUN or TEST) installed, which costs nothing when it is; hold `locked()` meanwhile.

    Raises: NotReady.
    """
    digest = _digest(ROOT / lock_file)
    try:
        stamp = _read_stamp()
        if stamp.get(lock_file) == digest:
            return
        if not stamp:
            if ENVIRONMENT.is_symlink():
                raise NotReady(f"{ENVIRONMENT} leads to an environment that is not this one's: remove the link.")
            tell(f"Making the Python environment in {ENVIRONMENT.name}")
            venv.create(ENVIRONMENT, clear=True, symlinks=True, with_pip=False)
        STAMP.unlink(missing_ok=True)  # an install that is cut off leaves no stamp: the next one starts afresh
        _install(lock_file)
        stamp |= _here() | {lock_file: digest}
        if lock_file == TEST:
            stamp[RUN] = _digest(ROOT / RUN)  # the test lock holds all that the other does
        STAMP.write_text(json.dumps(stamp))
    except OSError as error:
        raise NotReady(f"Cannot write {ENVIRONMENT}: {error.strerror or error}.") from error


def tell(text: str) -> None:
    """Say what is being done, apart from what is printed for a program to read."""
    print(text, file=sys.stderr, flush=True)


def _read_stamp() -> dict[str, str]:
    """What is installed; empty when there is no stamp, or it is for another Python, machine or place."""
    try:
        stamp = json.loads(STAMP.read_text())
        return stamp if _here().items() <= stamp.items() else {}
    except (OSError, ValueError, subprocess.CalledProcessError):
        return {}


def _here() -> dict[str, str]:
    """What an environment is tied to: its Python's minor version, which an upgrade of Debian changes, and its place."""
    ask: list[str | Path] = [PYTHON, "-c", "import sys; print(sys.implementation.cache_tag)"]
    python = subprocess.run(ask, capture_output=True, text=True, check=True).stdout.strip()
    return {"python": python, "machine": platform.machine(), "place": str(ENVIRONMENT.resolve())}


def _install(lock_file: str) -> None:
    if _digest(PIP) != PIP_SHA256:
        raise NotReady(f"{PIP.name} is damaged: its SHA-256 is not the expected one; get it from the repository again.")
    tell(f"Installing what {lock_file} lists; the first time this takes up to a minute")
    pip: list[str | Path] = [PYTHON, PIP / "pip", "install", "--no-user", "--disable-pip-version-check", "--no-input"]
    with LOG.open("w") as log:
        # Wheels only: a build would need a compiler and run code that no hash covers.
        command = [*pip, "--require-hashes", "--only-binary=:all:", "--requirement", ROOT / lock_file]
        if subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL).returncode:
            raise NotReady(f"{_explain(LOG.read_text(errors='replace'))} Details are in {LOG}.")


def _explain(output: str) -> str:
    return next((said for pattern, said in EXPLANATIONS if re.search(pattern, output)), "pip failed.")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
