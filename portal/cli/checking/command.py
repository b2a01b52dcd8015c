"""`flask portal check`: runs all checks and says what they find, for people or for machines."""

import json
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from typing import NoReturn

import click
from flask import current_app
from flask.cli import with_appcontext

from portal.cli.checking import clocks, database, front, own_settings, postgresql, proxies, sealed, work
from portal.cli.checking.asking import is_address
from portal.cli.checking.findings import Deployment, Finding, Severity, Theme, not_checked, run
from portal.config import Settings

FAILED, NOT_CHECKED = 1, 2
WIDTH = max(len(severity.value) for severity in Severity)


@click.command("check")
@click.option("--url", help="Where the portal answers; by default EXTERNAL_BASE_URL.")
@click.option("--http-port", type=click.IntRange(1, 65535), default=80, show_default=True, help="Where plain http is.")
@click.option("--json", "in_json", is_flag=True, help="Print the findings as one JSON object.")
@with_appcontext
def check(url: str | None, http_port: int, in_json: bool) -> None:
    """Say what is wrong with this deployment: settings, roles, proxies, clocks, KEK, migrations, work left undone.

    Run it where the portal's settings are, while the portal runs. It changes nothing. Ends with 0 when nothing fails, 1
    when something does, 2 when it cannot be told.
    """
    settings: Settings = current_app.config["PORTAL"]
    url = url or settings.external_base_url
    if not is_address(url):
        raise click.BadParameter("Give an address such as https://portal.example.com.", param_hint="--url")
    found = list(run(themes(settings), Deployment(settings, url, http_port)))
    _tell(found, in_json)


def tell_of_refusal(problems: list[str], words: list[str]) -> None:
    """Where `words` are a command line that asks for this check, ends the process with these problems as findings.

    For a start that settings forbid: then there is no application, and so no command, that could say it.
    """
    if ("portal", "check") not in pairwise(words) or "--help" in words:
        return
    found = [replace(each, check="settings.allowed") for each in own_settings.keeping_from_starting(problems)]
    left = not_checked("Nothing else was looked at: the portal does not start with these settings.")
    _tell([*found, replace(left, check="settings.others")], "--json" in words)


def _tell(found: list[Finding], in_json: bool) -> NoReturn:
    click.echo(_as_json(found) if in_json else _as_text(found))
    sys.exit(exit_code(found))


def themes(settings: Settings) -> list[Theme]:
    """What is checked with these settings, in order."""
    kind, checks = ("postgresql", postgresql.CHECKS) if settings.is_on_postgresql else ("sqlite", database.SQLITE)
    return [
        Theme("settings", own_settings.CHECKS),
        Theme("database", (database.reachable,)),
        Theme("database", (database.migrated,), needs_database=True),
        Theme(kind, checks, needs_database=True),
        Theme("kek", (sealed.kek,), needs_database=True),
        Theme("clock", (clocks.of_database,), needs_database=True),
        Theme("clock", (clocks.of_address,)),
        Theme("address", front.CHECKS),
        Theme("proxies", proxies.CHECKS),
        Theme("work", work.CHECKS, needs_database=True),
    ]


def exit_code(found: Iterable[Finding]) -> int:
    """0 when nothing fails, 1 when something does, 2 when a check broke and so it cannot be told."""
    severities = {finding.severity for finding in found}
    if Severity.FAIL in severities:
        return FAILED
    return NOT_CHECKED if Severity.BROKEN in severities else 0


def _as_text(found: list[Finding]) -> str:
    lines: list[str] = []
    theme = ""
    for finding in found:
        name = finding.check.partition(".")[0]
        if name != theme:
            theme = name
            lines.append(f"\n{name}" if lines else name)
        lines.append(f"  {finding.severity.value:<{WIDTH}}  {finding.says}")
        if finding.do:
            lines.append(f"  {'':<{WIDTH}}  → {finding.do}")
    counted = _counted(found)
    return "\n".join([*lines, "", ", ".join(f"{count} {word}" for word, count in counted.items() if count) + "."])


def _as_json(found: list[Finding]) -> str:
    findings = [
        {"check": each.check, "severity": each.severity.value, "says": each.says, "do": each.do} for each in found
    ]
    return json.dumps({"counts": _counted(found), "findings": findings}, ensure_ascii=False, indent=2)


def _counted(found: list[Finding]) -> dict[str, int]:
    counts = Counter(finding.severity for finding in found)
    return {severity.value: counts[severity] for severity in Severity}
