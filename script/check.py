"""What script/test does: Debian's packages, environment, checks, tests on both databases, browser stories, a summary.

Every part is run, whatever became of the one before, and every part has its line in the summary.
"""

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import environment
import packages
from environment import PYTHON, ROOT, NotReady, tell

SERVERS = ("caddy", "haproxy", "nginx", "pgbouncer")
# A browser, letters for Chinese pages, OpenSSL as holders use it, a library that Playwright's driver needs on a minimal
# Debian 12, the gateways of docs/gateways, and a pooler of PostgreSQL's connections.
PACKAGES = ("chromium", "fonts-noto-cjk", "libatomic1", "openssl", *SERVERS)

CHECKS = {
    "ruff check": ("-m", "ruff", "check", "."),
    "ruff format": ("-m", "ruff", "format", "--check", "."),
    "mypy": ("-m", "mypy"),
    "djlint": ("-m", "djlint", "--lint", "--quiet", "templates"),
    "deptry": ("-m", "deptry", "--no-ansi", "."),
    "vendored files": ("script/vendor", "--check"),
}

# More processes than this gain little: each brings up its own databases.
# Each takes a run of neighbours, which share what takes long to set up, and later what the slower one has left.
PARALLEL = ("-n", "logical", "--maxprocesses", "4", "--dist", "worksteal")
DATABASES = {"SQLite": "sqlite", "PostgreSQL": "postgresql"}
# What is proved on one database and is the same on the other is proved once; pyproject.toml says what the markers mean.
PARTS = {
    "SQLite": "not browser",
    "PostgreSQL": "not (browser or no_database or either_database) or both_databases",
}
PYTEST_FOUND_NONE = 5


@dataclass(frozen=True)
class Outcome:
    """What became of one part; a check counts as one test."""

    name: str
    seconds: float
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    remark: str = ""

    @property
    def counts(self) -> str:
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{skipped}"

    def __str__(self) -> str:
        return f"{self.name:<22}{self.counts} in {self.seconds:.0f} s{self.remark}"


def main(arguments: list[str]) -> int:
    """Run everything, or with `arguments` only pytest with them on both databases: 0 when nothing failed."""
    try:
        if not arguments:
            packages.have(PACKAGES, ("chromium", *SERVERS), "and fonts for Chinese on the system", services=SERVERS)
        with environment.locked():
            environment.prepare(environment.TEST)
    except NotReady as reason:
        tell(str(reason))
        return 1
    except KeyboardInterrupt:
        return 130
    outcomes = selected(arguments) if arguments else everything()
    return summed_up(outcomes)


def everything() -> list[Outcome]:
    checks = [checked(name, command) for name, command in CHECKS.items()]
    suites = [tested(f"tests on {name}", kind, *PARALLEL, "-m", PARTS[name]) for name, kind in DATABASES.items()]
    return [*checks, *suites, tested("browser stories", "sqlite", *PARALLEL, "-m", "browser")]


def selected(arguments: list[str]) -> list[Outcome]:
    tell(f"Not run, because you named what to run: {', '.join(CHECKS)}.")
    return [tested(f"tests on {name}", kind, *PARALLEL, *arguments) for name, kind in DATABASES.items()]


def checked(name: str, command: tuple[str, ...]) -> Outcome:
    """Run one check with the environment's Python, its findings to be seen."""
    title(name)
    start = time.monotonic()
    code = run(command, settings())
    return Outcome(name, time.monotonic() - start, passed=int(code == 0), failed=int(code != 0))


def tested(name: str, database: str, *words: str) -> Outcome:
    """Run pytest on `database`, a PostgreSQL server around it when it needs one, and read what it counted."""
    title(name)
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="portal-tests-") as directory:
        report = Path(directory, "report.xml")
        command = ["-m", "pytest", f"--junitxml={report}", *words]
        if database == "postgresql":
            command = ["-m", "tests.database", str(PYTHON), *command]
        code = run(command, settings() | {"PORTAL_TEST_DATABASE": database})
        passed, failed, skipped = counted(report)
    remark = ""
    if code and not failed:
        failed = 1
        remark = ": no test ran" if code == PYTEST_FOUND_NONE else f": pytest stopped with exit code {code}"
    return Outcome(name, time.monotonic() - start, passed, failed, skipped, remark)


def counted(report: Path) -> tuple[int, int, int]:
    """How many tests passed, failed and were skipped, by pytest's own report; all 0 when it wrote none."""
    if not report.exists():
        return 0, 0, 0
    suites = ElementTree.parse(report).getroot().iter("testsuite")  # noqa: S314  our own pytest wrote it
    count = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
    for suite in suites:
        count = {name: number + int(suite.get(name, "0")) for name, number in count.items()}
    failed = count["failures"] + count["errors"]
    return count["tests"] - failed - count["skipped"], failed, count["skipped"]


def settings() -> dict[str, str]:
    """The environment, less what would point the tests at somebody's portal or database, or slow them down."""
    ours = ("PORTAL_", "DATABASE_URL", "MIGRATION_DATABASE_URL", "EXTERNAL_BASE_URL", "SECRET_KEY", "FLASK_")
    # Images of Python often set it: then each of hundreds of processes compiles all of the portal and the tests anew.
    ours += ("PYTHONDONTWRITEBYTECODE",)
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def run(command: list[str] | tuple[str, ...], environ: dict[str, str]) -> int:
    return subprocess.run([PYTHON, *command], cwd=ROOT, env=environ, stdin=subprocess.DEVNULL).returncode


def title(name: str) -> None:
    print(f"\n== {name}", flush=True)


def summed_up(outcomes: list[Outcome]) -> int:
    """Print a line for each part and, last, one for all of them."""
    title("summary")
    for outcome in outcomes:
        print(outcome)
    total = Outcome(
        "total",
        seconds=sum(outcome.seconds for outcome in outcomes),
        passed=sum(outcome.passed for outcome in outcomes),
        failed=sum(outcome.failed for outcome in outcomes),
        skipped=sum(outcome.skipped for outcome in outcomes),
    )
    print(f"total: {total.counts}")
    return int(total.failed > 0)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
