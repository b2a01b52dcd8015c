"""What the clock does to retiring pairs: at their date they end, unless shops still use them and the end is soft."""

import uuid
from datetime import UTC, datetime, time

from portal.access.actor import Actor
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.impact import notices
from portal.impact.rotation import laggards_of, users_of
from portal.keys import rotation, store
from portal.keys.models import KeyPair, KeyState, NoticeKind

BATCH = 100
Place = tuple[uuid.UUID, uuid.UUID]


def run(actor: Actor) -> int:
    """How many pairs ended: those whose date has come. Those held open get their notice of the day.

    Opens a transaction for each pair, so that a crash leaves each of them as it was or done, mails included. Several
    workers may run.
    """
    ended, after = 0, None
    while due := _due_after(after):
        ended += sum(_settle(actor, place) for place in due)
        after = due[-1]
    return ended


def _due_after(after: Place | None) -> list[Place]:
    places = [(pair.tenant_id, pair.id) for pair in store.past_their_date(clock.now(), after, BATCH)]
    db.session.rollback()
    return places


def _settle(actor: Actor, place: Place) -> bool:
    with transaction():
        pair, now = store.hold_by_id(*place), clock.now()
        if not _is_due(pair, now):  # another worker or a person was faster
            return False
        if pair.stops_at is None or now < pair.stops_at:
            users = laggards_of(pair, users_of([pair])[pair.id])
            if users or not store.was_succeeded(pair):
                today = datetime.combine(now.date(), time(), tzinfo=UTC)
                names = [user.installation.name for user in users]
                notices.post(pair, NoticeKind.HELD_OPEN, about=today, installations=names)
                return False
        rotation.end_by_clock(actor, pair)
        return True


def _is_due(pair: KeyPair, at: datetime) -> bool:
    ends = [moment for moment in (pair.retiring_until, pair.expires_at) if moment is not None]
    return pair.state is KeyState.RETIRING and min(ends) <= at
