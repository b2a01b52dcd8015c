"""wapiti over every page and every call that reads: it follows their links, and sends the forms that it finds there."""

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from tests.scanners.findings import Finding
from tests.scanners.targets import Target

NAME = "wapiti"
MODULES = (
    "cookieflags", "csp", "http_headers", "methods", "sql", "redirect", "crlf", "xxe", "ssrf", "csrf", "xss",
    "permanentxss", "file", "exec", "blindsql",
)  # fmt: skip
# All pages are starts, so their links lead to nothing new; their forms do. A form is the same one on every page.
OPTIONS = (
    "--scope",
    "domain",
    "-d",
    "1",
    "--max-links-per-page",
    "1",
    "-S",
    "paranoid",
    "-t",
    "30",
    "-v",
    "1",
    "--no-bugreport",
    "--flush-session",
    "-f",
    "json",
)
CRAWL_SHARE = 2.5  # four tenths of the time go into looking around
SEARCH = re.compile(r"Max scan time was reached")
LAST_WORDS = b"r\n"  # stop here and write the report
Endpoint = Callable[[str, str], str]


def command(targets: Iterable[Target], origin: str, folder: Path, seconds: float) -> list[str]:
    """wapiti from these pages on, for about so long."""
    starts = [word for path in starts_of(targets) for word in ("-s", origin + path)]
    times = ["--max-scan-time", f"{seconds / CRAWL_SHARE:.0f}"]
    times += ["--max-attack-time", f"{seconds * (1 - 1 / CRAWL_SHARE) / len(MODULES):.0f}"]
    # It would have the portal call a server of its makers: here nobody listens.
    endpoint = ["--endpoint", "http://localhost:9/"]
    files = ["--store-session", str(folder / "wapiti"), "-o", str(folder / "wapiti.json")]
    return ["wapiti", "-u", f"{origin}/", *starts, "-m", ",".join(MODULES), *OPTIONS, *times, *endpoint, *files]


def starts_of(targets: Iterable[Target]) -> list[str]:
    """The paths of all that answers a GET to the caller, each once."""
    return list(dict.fromkeys(target.plain[0] for target in targets if target.method == "GET" and _answers(target)))


def _answers(target: Target) -> bool:
    return target.lets_in or target.expected == 0


def cut_off(output: str) -> list[str]:
    """What did not come to its end in the time that it had."""
    return [*re.findall(r"Max attack time was reached for module (\w+)", output), *SEARCH.findall(output)]


def findings(folder: Path, endpoint: Endpoint) -> list[Finding]:
    """What its report lists; that there is none is a finding, too."""
    file = folder / "wapiti.json"
    if not file.exists():
        return [Finding(NAME, "no report", "its end")]
    report: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    groups = {**report["vulnerabilities"], **report["anomalies"], **report.get("additionals", {})}
    return [
        Finding(
            NAME,
            f"{what}: {one['info']}"[:160],
            f"{endpoint(one['method'], one['path'])} {one['parameter'] or ''}".strip(),
        )
        for what, listed in groups.items()
        for one in listed
    ]
