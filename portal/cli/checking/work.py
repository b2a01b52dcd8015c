"""Work that goes on behind pages: mail, webhooks, the record, and whether anybody does it."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from portal.audit import operations as audit
from portal.cli.checking.findings import Deployment, Finding, fail, ok, warn
from portal.foundation import clock
from portal.outbox import store as outbox
from portal.webhooks import sending_store as webhooks

# The worker takes each mail and webhook within seconds of its time, and holds one for five minutes at most.
LATE, VERY_LATE = timedelta(minutes=10), timedelta(hours=1)
WORKER = "See whether `flask worker` runs, and what it logs."


def mail(at: Deployment) -> Iterator[Finding]:
    """Whether mail leaves."""
    yield from _late("mail", outbox.oldest_due(clock.now()))
    given_up = outbox.backlog().given_up
    if given_up:
        yield warn(
            f"{given_up} mails of the last 30 days were given up: nobody got them.",
            "Their errors are in the log, and in last_error of the table outbox.",
        )


def deliveries(at: Deployment) -> Iterator[Finding]:
    """Whether webhooks leave."""
    yield from _late("webhook", webhooks.oldest_due(clock.now()))


def _late(what: str, due_at: datetime | None) -> Iterator[Finding]:
    waits = timedelta() if due_at is None else clock.now() - due_at
    minutes = int(waits.total_seconds() // 60)
    if waits >= VERY_LATE:
        yield fail(f"The oldest {what} that is due has waited for {minutes} minutes: no worker does it.", WORKER)
    elif waits >= LATE:
        yield warn(f"The oldest {what} that is due has waited for {minutes} minutes.", WORKER)
    else:
        yield ok(f"No {what} waits past its time.")


def record(at: Deployment) -> Iterator[Finding]:
    """Whether the longest chain of the record can be read, and ends as its head says."""
    fits = audit.head_fits()
    if fits is None:
        yield ok("The record is empty.")
    elif fits:
        yield ok("The record ends as it says (`flask audit verify` walks all of it).")
    else:
        yield fail("The newest event of the record is not what its head says.", "Run `flask audit verify`.")


CHECKS = (mail, deliveries, record)
