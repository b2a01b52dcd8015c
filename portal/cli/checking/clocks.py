"""Clocks: this machine's against the database's and against what answers at the portal's address."""

import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

from portal.cli.checking import catalogues
from portal.cli.checking.asking import NoAnswer, ask
from portal.cli.checking.findings import Deployment, Finding, fail, not_checked, ok, warn
from portal.foundation import clock
from portal.verifier.tokens import LEEWAY_SECONDS

# Second factors are of 30 seconds (RFC 6238, 4.1), tokens of shops have a leeway of 60 (verifier/tokens.py).
WARN_SECONDS, FAIL_SECONDS = 2.0, 30.0
HALF = 0.5  # a Date header has whole seconds
NTP = "Have all machines set their clocks by NTP (timedatectl set-ntp true)."


def of_database(at: Deployment) -> Iterator[Finding]:
    """How far the database's clock is away from this machine's."""
    if not at.settings.is_on_postgresql:
        yield ok("The database has this machine's clock.")
        return
    before, began = clock.unix_now(), time.monotonic()
    there = float(catalogues.value("SELECT extract(epoch FROM clock_timestamp())"))
    yield _judged("the database's", there - before, time.monotonic() - began)


def of_address(at: Deployment) -> Iterator[Finding]:
    """How far the clock of what answers at the portal's address is away, by its Date header."""
    before = clock.unix_now()
    try:
        told = ask(at.url, "/livez")
    except NoAnswer:
        yield not_checked("Nothing answers at the portal's address.")
        return
    try:
        there = parsedate_to_datetime(told.headers.get("Date", "")).timestamp()
    except (TypeError, ValueError):
        yield not_checked("What answers at the portal's address does not say what time it is.")
        return
    yield _judged("that at the portal's address", there + HALF - before, told.seconds, HALF)


def _judged(whose: str, ahead: float, took: float, unknown: float = 0.0) -> Finding:
    """`ahead` as it was measured when asking took so long: the answer is of some moment in between."""
    ahead -= took / 2
    away = abs(ahead)
    least = max(0.0, away - took / 2 - unknown)
    word = "ahead" if ahead > 0 else "behind"
    told = f"This machine's clock and {whose} are {away:.1f} s apart: the latter is {word}."
    if least > FAIL_SECONDS:
        return fail(f"{told} Second factors are refused, and from {LEEWAY_SECONDS} s on the calls of shops.", NTP)
    if least > WARN_SECONDS:
        return warn(told, NTP)
    return ok(f"This machine's clock and {whose} agree.")


CHECKS = (of_database, of_address)
