"""What a check finds, and how checks are run, so that one that breaks keeps none of the others back."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import quote, quote_plus

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from portal.config import Settings
from portal.foundation.database import db

HIDDEN = "…"
SHORTEST_HIDDEN = 4  # a shorter word would be taken out of sentences that have nothing to do with it


class Severity(StrEnum):
    """How bad it is. `BROKEN`: the check itself did not come to an end."""

    FAIL = "fail"
    WARN = "warn"
    OK = "ok"
    NOT_CHECKED = "not checked"
    BROKEN = "broken"


@dataclass(frozen=True)
class Finding:
    """One sentence on the deployment, and what to do about it; `check` is the name of what found it."""

    severity: Severity
    says: str
    do: str = ""
    check: str = ""


@dataclass(frozen=True)
class Deployment:
    """What is looked at: the settings, and the address to be asked, with the port of plain http beside it."""

    settings: Settings
    url: str
    http_port: int


Check = Callable[[Deployment], Iterable[Finding]]


def fail(says: str, do: str) -> Finding:
    """Something that is wrong: people are kept out, or let in who should not be."""
    return Finding(Severity.FAIL, says, do)


def warn(says: str, do: str) -> Finding:
    """Something that will go wrong, or that a trial may have and a real use should not."""
    return Finding(Severity.WARN, says, do)


def ok(says: str) -> Finding:
    """Something that is as it should be."""
    return Finding(Severity.OK, says)


def not_checked(says: str, do: str = "") -> Finding:
    """Something that could not be looked at, or that does not apply; `says` has the reason."""
    return Finding(Severity.NOT_CHECKED, says, do)


@dataclass(frozen=True)
class Theme:
    """Checks on one thing; without a database those that need one are not run."""

    name: str
    checks: tuple[Check, ...]
    needs_database: bool = False


def run(themes: Iterable[Theme], deployment: Deployment) -> Iterator[Finding]:
    """What the checks find, in order, with no secret in it. A theme `database` says first whether there is one."""
    hide, is_away = Hiding(deployment.settings), False
    for theme in themes:
        for check in theme.checks:
            skipped = theme.needs_database and is_away
            for found in [AWAY] if skipped else _run(check, deployment):
                name = f"{theme.name}.{check.__name__}"
                is_away = is_away or (name == REACHABLE and found.severity is not Severity.OK)
                yield replace(found, check=name, says=hide(found.says), do=hide(found.do))
            if theme.needs_database:
                db.session.rollback()  # after one that broke, too, the next one can ask


def _run(check: Check, deployment: Deployment) -> list[Finding]:
    try:
        return list(check(deployment))
    except Exception as error:  # whatever it was, the others may find out why
        return [Finding(Severity.BROKEN, f"This check broke: {type(error).__name__}.", "See what else is wrong first.")]


REACHABLE = "database.reachable"
AWAY = not_checked("The database does not answer.")


class Hiding:
    """Takes the secrets of these settings out of a text, also where they are written as in an address."""

    def __init__(self, settings: Settings) -> None:
        secrets = {settings.secret_key, settings.kek, settings.password_pepper, settings.smtp_password}
        secrets |= {part.strip() for part in settings.kek_others.split(",")}
        urls = (settings.database_url, settings.migration_database_url, settings.listen_database_url)
        secrets |= {_password_in(url) for url in urls}
        written = {
            form for secret in secrets for form in (secret, quote(secret), quote(secret, ""), quote_plus(secret))
        }
        # The longest first: one may be the beginning of another.
        self._secrets = sorted((each for each in written if len(each) >= SHORTEST_HIDDEN), key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text


def _password_in(url: str) -> str:
    try:
        return str(make_url(url).password or "") if url else ""
    except ArgumentError:
        return ""
