"""What script/scan does: Debian's packages, the environment; then the scan itself, which `tests/scanners` holds."""

import os
import sys

import environment
import packages
from environment import PYTHON, ROOT, NotReady, tell

SCANNERS = ("sqlmap", "wapiti")
# Others work on this machine, too.
POLITENESS = 10


def main(arguments: list[str]) -> int:
    """Run the scan with these arguments in this process' place: 1 when it cannot begin."""
    try:
        packages.have(SCANNERS, SCANNERS)
        with environment.locked():
            environment.prepare(environment.TEST)
    except NotReady as reason:
        tell(str(reason))
        return 1
    os.nice(POLITENESS)
    os.chdir(ROOT)
    os.execv(PYTHON, [str(PYTHON), "-m", "tests.scanners", *arguments])  # noqa: S606 - words of a shell would be split


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
