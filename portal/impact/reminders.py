"""Reminders before a key pair stops: 30, 7 and 1 days ahead, and to rotate after a year; each once."""

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta

from structlog import get_logger

from portal.access.actor import Actor
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.impact import notices
from portal.impact.blast import IN_USE
from portal.keys import store
from portal.keys.models import KeyPair, KeyState, NoticeKind
from portal.keys.status import status_of

log = get_logger()

BATCH = 100
# A worker that was away says the nearest only, not all that it missed.
AHEAD = (
    (timedelta(days=1), NoticeKind.STOPS_IN_1),
    (timedelta(days=7), NoticeKind.STOPS_IN_7),
    (timedelta(days=30), NoticeKind.STOPS_IN_30),
)
YEAR = timedelta(days=365)  # design 2.2: no expiry by default, a reminder after a year
Place = tuple[uuid.UUID, uuid.UUID]


def run(_actor: Actor) -> int:
    """How many reminders went out, one for each pair and occasion, to everybody who may rotate the pair.

    Opens a transaction for each pair: mails and the note that they were sent stand or fall together, and one that fails
    keeps no other from its turn.
    """
    sent, after = 0, None
    while due := _due_after(after):
        sent += sum(_tried(place) for place in due)
        after = due[-1]
    return sent


def _due_after(after: Place | None) -> list[Place]:
    now = clock.now()
    pairs = store.to_remind_of(now, now + AHEAD[-1][0], now - YEAR, after, BATCH)
    places = [(pair.tenant_id, pair.id) for pair in pairs]
    db.session.rollback()
    return places


def _tried(place: Place) -> int:
    try:
        return _remind(place)
    except Exception as error:  # the next pass tries again
        log.error("reminder not sent", key_pair=str(place[1]), error=type(error).__name__, exc_info=error)
        return 0


def _remind(place: Place) -> int:
    with transaction():
        pair, now = store.hold_by_id(*place), clock.now()
        if status_of(pair, now) not in IN_USE:
            return 0
        return sum(notices.post(pair, kind, about=about) for kind, about in occasions(pair, now))


def occasions(pair: KeyPair, at: datetime) -> Iterator[tuple[NoticeKind, datetime]]:
    """Of what the pair's people are to be told at this moment, and the moment that it is about."""
    stops_at = pair.stops_at
    near = [kind for days, kind in AHEAD if stops_at is not None and at < stops_at <= at + days]
    if near and stops_at is not None:
        yield near[0], stops_at
    if pair.state is KeyState.ACTIVE and pair.activated_at is not None and pair.activated_at <= at - YEAR:
        yield NoticeKind.YEAR_OLD, pair.activated_at
