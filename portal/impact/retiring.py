"""What the clock does to retiring pairs: at their date they end, unless shops still use them and the end is soft."""

import uuid
from datetime import UTC, datetime, time

from structlog import get_logger

from portal.access.actor import Actor
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.impact import notices
from portal.impact.rotation import holder_of, users_of
from portal.keys import rotation, store
from portal.keys.models import KeyPair, KeyState, NoticeKind
from portal.keys.status import LIVE, KeyStatus, status_of

log = get_logger()

BATCH = 100
Place = tuple[uuid.UUID, uuid.UUID]


def run(actor: Actor) -> int:
    """How many pairs ended: those whose date has come. Those held open get their notice of the day.

    Opens a transaction for each pair, so that a crash leaves each of them as it was or done, mails included, and one
    that fails keeps no other from its turn. Several workers may run.
    """
    ended, after = 0, None
    while due := _due_after(after):
        ended += sum(_tried(actor, place) for place in due)
        after = due[-1]
    return ended


def _due_after(after: Place | None) -> list[Place]:
    places = [(pair.tenant_id, pair.id) for pair in store.past_their_date(clock.now(), after, BATCH)]
    db.session.rollback()
    return places


def _tried(actor: Actor, place: Place) -> bool:
    try:
        return _settle(actor, place)
    except Exception as error:  # the next pass tries again
        log.error("retiring pair not settled", key_pair=str(place[1]), error=type(error).__name__, exc_info=error)
        return False


def _settle(actor: Actor, place: Place) -> bool:
    with transaction():
        pair, now = store.hold_by_id(*place), clock.now()
        if not _is_due(pair, now) or _must_wait(pair, now):
            return False
        rotation.end_by_clock(actor, pair)
        return True


def _must_wait(pair: KeyPair, at: datetime) -> bool:
    """Whether the pair goes on past its date, or would if nothing else kept it from working."""
    if pair.stops_at is not None and pair.stops_at <= at:
        return False
    status = status_of(pair, at)
    if status is KeyStatus.DELEGATION_ENDED:
        return False  # nothing brings it back, so there is nothing to hold open
    if status not in LIVE:
        return True  # paused, suspended or out of its contract: silent until that is over
    users = users_of(pair, holder_of(pair))
    if not users.may_use_it and store.was_succeeded(pair):
        return False
    today, names = datetime.combine(at.date(), time(), tzinfo=UTC), [one.installation.name for one in users.laggards]
    notices.post(pair, NoticeKind.HELD_OPEN, about=today, installations=names)
    return True


def _is_due(pair: KeyPair, at: datetime) -> bool:
    ends = [moment for moment in (pair.retiring_until, pair.expires_at) if moment is not None]
    return pair.state is KeyState.RETIRING and min(ends) <= at
