"""sqlmap over everything that can take something: ids in addresses, query parameters, forms, bodies of calls."""

import csv
import re
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.parse import urlsplit

from tests.scanners.findings import Finding
from tests.scanners.targets import WITH_FILES, Target

NAME = "sqlmap"
DBMS = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
# Whatever it is sent elsewhere, it shall not follow; the proxy in between knows the cookies.
OPTIONS = (
    "--batch", "--level=1", "--risk=1", "--technique=BEST", "--threads=1", "--time-sec=3", "--retries=1",
    "--timeout=60", "--ignore-redirects", "--ignore-code=*", "--drop-set-cookie", "--skip-waf", "--keep-alive",
    "--disable-coloring", "--flush-session", "--text-only",
)  # fmt: skip
RULER = "=" * 54
# What it says in passing, of a parameter that takes more than SQL.
IN_PASSING = re.compile(r"heuristic \((XSS|FI)\) test shows that (.+?) might be vulnerable")
ON = re.compile(r"testing URL '([^']+)'|^(GET|POST) (\S+)$", re.MULTILINE)
# What it suspected, asked further questions about, and then took back.
WITHDRAWN = "false positive"
Endpoint = Callable[[str, str], str]


def requests_of(targets: Iterable[Target], origin: str) -> str:
    """These as a log of Burp, which is how sqlmap takes many at once."""
    host = urlsplit(origin).netloc
    return "".join(_request(target, host) for target in targets)


def _request(target: Target, host: str) -> str:
    headers = {"Host": host} | ({"Content-Type": target.media} if target.media else {}) | target.headers
    lines = [f"{target.method} {target.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    text = "\n".join(lines) + "\n\n" + target.body
    return f"{RULER}\n{text}\n{RULER}\n"


def takes(target: Target) -> bool:
    """Whether sqlmap is sent there."""
    return target.can_take and target.endpoint not in WITH_FILES


def in_turn(targets: Iterable[Target], caller: str) -> list[Target]:
    """Shuffled, for each caller otherwise and always the same: what there is no time for is never only one room's."""
    return sorted(targets, key=lambda target: zlib.crc32(f"{caller} {target.method} {target.use}".encode()))


def command(requests: Path, folder: Path, database: str) -> list[str]:
    """sqlmap over the requests in this file."""
    files = [f"--output-dir={folder / 'sqlmap'}", f"--results-file={folder / 'sqlmap.csv'}"]
    return ["sqlmap", "-l", str(requests), f"--dbms={DBMS[database]}", *OPTIONS, *files]


def findings(folder: Path, output: str, endpoint: Endpoint) -> list[Finding]:
    """What it wrote down, and what it said in passing."""
    return [*_written(folder / "sqlmap.csv", endpoint), *_said(output, endpoint)]


def _written(file: Path, endpoint: Endpoint) -> Iterable[Finding]:
    if not file.exists():
        return
    with file.open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            if row["Technique(s)"] and WITHDRAWN not in row["Note(s)"]:
                what = f"injectable ({row['Technique(s)']})"
                where = endpoint("POST" if row["Place"] == "POST" else "GET", row["Target URL"])
                yield Finding(NAME, what, f"{where} {row['Place']} {row['Parameter']}")


def _said(output: str, endpoint: Endpoint) -> Iterable[Finding]:
    at = ""
    for line in output.splitlines():
        if tested := ON.search(line):
            at = tested[1] or tested[3]
        elif said := IN_PASSING.search(line):
            yield Finding(NAME, f"heuristic {said[1]}", f"{endpoint('GET', at)} {said[2]}")
