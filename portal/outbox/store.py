"""Every query on the outbox."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, func, or_, select, update

from portal.foundation.database import db, look
from portal.outbox.models import OutboxMessage


class Backlog(NamedTuple):
    """What has not left: messages that wait, since when the oldest of them does, and those that were given up."""

    waiting: int
    oldest_at: datetime | None
    given_up: int


def add(message: OutboxMessage) -> OutboxMessage:
    """`message`, to be written with the transaction."""
    db.session.add(message)
    return message


def claim(now: datetime, until: datetime, limit: int) -> Sequence[OutboxMessage]:
    """At most `limit` due messages, oldest first, leased until then and counted as tried: one statement.

    Where rows can be locked, those that another worker is claiming are passed over.
    """
    due = (
        select(OutboxMessage.id)
        .where(
            OutboxMessage.delivered_at.is_(None),
            OutboxMessage.given_up_at.is_(None),
            OutboxMessage.due_at <= now,
            or_(OutboxMessage.leased_until.is_(None), OutboxMessage.leased_until <= now),
        )
        .order_by(OutboxMessage.due_at, OutboxMessage.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")  # as a plain subquery PostgreSQL might run it more than once, and lock more than the limit
    )
    claimed = (
        update(OutboxMessage)
        .where(OutboxMessage.id.in_(select(due.c.id)))
        .values(leased_until=until, attempts=OutboxMessage.attempts + 1)
        .returning(OutboxMessage)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    return sorted(db.session.scalars(claimed).all(), key=lambda message: (message.due_at, message.id))


def settle(message_id: uuid.UUID, attempts: int, **values: object) -> None:
    """Write the outcome of the given attempt, unless another worker took the message over meanwhile."""
    mine = update(OutboxMessage).where(OutboxMessage.id == message_id, OutboxMessage.attempts == attempts)
    db.session.execute(mine.values(leased_until=None, **values))


def forget(settled_before: datetime) -> None:
    """Delete messages that were delivered or given up before this moment."""
    settled = or_(OutboxMessage.delivered_at < settled_before, OutboxMessage.given_up_at < settled_before)
    db.session.execute(delete(OutboxMessage).where(settled))


def newest(limit: int) -> Sequence[OutboxMessage]:
    """The newest messages, first the last one."""
    rows = select(OutboxMessage).order_by(OutboxMessage.created_at.desc(), OutboxMessage.id.desc())
    return db.session.scalars(rows.limit(limit)).all()


def oldest_due(now: datetime) -> datetime | None:
    """Since when the oldest message that may leave now was to leave; None: none is due."""
    waits = OutboxMessage.delivered_at.is_(None), OutboxMessage.given_up_at.is_(None)
    return db.session.scalar(select(func.min(OutboxMessage.due_at)).where(*waits, OutboxMessage.due_at <= now))


def backlog() -> Backlog:
    """What has not left. It goes past the session, so that who watches needs none of the pages' connections."""
    waits, given_up = OutboxMessage.given_up_at.is_(None), OutboxMessage.given_up_at.is_not(None)
    figures = select(
        func.count().filter(waits).label("waiting"),
        func.min(OutboxMessage.created_at).filter(waits).label("oldest_at"),
        func.count().filter(given_up).label("given_up"),
    )
    row = look(figures.where(OutboxMessage.delivered_at.is_(None)), {})
    return Backlog(0, None, 0) if row is None else Backlog(row.waiting, row.oldest_at, row.given_up)
