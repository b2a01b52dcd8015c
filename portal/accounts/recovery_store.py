"""Every query on requests of people who lost all second factors."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import joinedload

from portal.access.rows import SCOPE, one_or_not_found
from portal.accounts.models import FactorRecovery, Membership
from portal.foundation.database import db
from portal.foundation.paging import PAGE_ROWS


def find_open(person_id: uuid.UUID) -> FactorRecovery | None:
    """The person's request that is open, with the people in it; or None."""
    return db.session.scalars(_open().where(FactorRecovery.person_id == person_id)).one_or_none()


def get(recovery_id: uuid.UUID) -> FactorRecovery:
    """The request with this id, whatever became of it, with the people in it. Raises: NotFound."""
    found: FactorRecovery = one_or_not_found(_whole().where(FactorRecovery.id == recovery_id))
    return found


def hold(recovery_id: uuid.UUID) -> FactorRecovery:
    """As `get` finds it now, kept from changing until the transaction ends. Raises: NotFound."""
    rows = _whole().where(FactorRecovery.id == recovery_id).with_for_update(of=FactorRecovery)
    found: FactorRecovery = one_or_not_found(rows.execution_options(populate_existing=True))
    return found


def get_in(tenant_id: uuid.UUID | None, recovery_id: uuid.UUID) -> FactorRecovery:
    """As `get`, of a member of this tenant. Raises: NotFound."""
    found: FactorRecovery = one_or_not_found(_in(_whole(), tenant_id).where(FactorRecovery.id == recovery_id))
    return found


def open_in(tenant_id: uuid.UUID | None) -> Sequence[FactorRecovery]:
    """The open requests of members of this tenant, the oldest first; at most 100."""
    return db.session.scalars(_in(_open(), tenant_id).order_by(FactorRecovery.id).limit(PAGE_ROWS)).all()


def open_ones() -> Sequence[FactorRecovery]:
    """All open requests, the oldest first; at most 100."""
    return db.session.scalars(_open().order_by(FactorRecovery.id).limit(PAGE_ROWS)).all()


def count_open() -> int:
    """How many requests are open."""
    open_ones = select(func.count()).select_from(FactorRecovery).where(FactorRecovery.closed_at.is_(None))
    return db.session.scalar(open_ones) or 0


def due(at: datetime, patience: timedelta, limit: int) -> Sequence[FactorRecovery]:
    """At most `limit` open requests that nobody answered for so long, locked, with their people."""
    nobody_vouched = and_(FactorRecovery.vouched_at.is_(None), FactorRecovery.asked_at <= at - patience)
    nobody_carried_out = FactorRecovery.due_at <= at - patience
    rows = _open().where(or_(nobody_vouched, nobody_carried_out)).order_by(FactorRecovery.id).limit(limit)
    return db.session.scalars(rows.with_for_update(of=FactorRecovery, skip_locked=True)).all()


def _in(rows: Select[FactorRecovery], tenant_id: uuid.UUID | None) -> Select[FactorRecovery]:
    members = select(Membership.person_id).where(Membership.tenant_id == tenant_id, Membership.ended_at.is_(None))
    return rows.where(FactorRecovery.person_id.in_(members)).execution_options(**{SCOPE: tenant_id})


def _open() -> Select[FactorRecovery]:
    return _whole().where(FactorRecovery.closed_at.is_(None))


def _whole() -> Select[FactorRecovery]:
    people = joinedload(FactorRecovery.person, innerjoin=True), joinedload(FactorRecovery.vouched_by)
    return select(FactorRecovery).options(*people)
