"""Every query on look-ins."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select
from sqlalchemy.orm import contains_eager, joinedload

from portal.access.actor import Actor
from portal.access.rows import Reader, across_tenants, one_or_not_found, owned_by
from portal.foundation.database import db
from portal.lookins.models import LookIn
from portal.tenants.models import Tenant

PARTIES = (joinedload(LookIn.person, innerjoin=True), joinedload(LookIn.tenant, innerjoin=True))


def find_running(account_id: str, person_id: uuid.UUID, at: datetime) -> LookIn | None:
    """What lets this person of the vendor read the account's pages now, its tenant loaded; or None."""
    rows = (
        across_tenants(LookIn, reason=Reader.CONSOLE)
        .join(LookIn.tenant)
        .options(contains_eager(LookIn.tenant))
        .where(Tenant.account_id == account_id, LookIn.person_id == person_id)
        .where(LookIn.ended_at.is_(None), LookIn.ends_at > at)
    )
    return db.session.scalars(rows).one_or_none()


def find_unended(tenant_id: uuid.UUID, person_id: uuid.UUID | None) -> LookIn | None:
    """The one look-in of this person into this tenant that nobody ended, though its time may be over; or None."""
    rows = across_tenants(LookIn, reason=Reader.CONSOLE).where(
        LookIn.tenant_id == tenant_id, LookIn.person_id == person_id, LookIn.ended_at.is_(None)
    )
    return db.session.scalars(rows.options(*PARTIES)).one_or_none()


def get_of_person(person_id: uuid.UUID | None, public_id: str) -> LookIn:
    """This person's look-in with this id, into whatever tenant. Raises: NotFound."""
    rows = across_tenants(LookIn, reason=Reader.CONSOLE)
    return _one(rows.where(LookIn.public_id == public_id, LookIn.person_id == person_id))


def get(actor: Actor, public_id: str) -> LookIn:
    """The look-in with this id into the actor's tenant. Raises: NotFound."""
    return _one(owned_by(actor, LookIn).where(LookIn.public_id == public_id))


def running(actor: Actor, at: datetime) -> Sequence[LookIn]:
    """Who looks into the actor's tenant now, the first first."""
    rows = owned_by(actor, LookIn).where(LookIn.ended_at.is_(None), LookIn.ends_at > at)
    return db.session.scalars(rows.options(*PARTIES).order_by(LookIn.id)).all()


def due(at: datetime, limit: int) -> Sequence[LookIn]:
    """Look-ins whose time is over and which are not stored as ended, kept from changing until the transaction ends."""
    rows = across_tenants(LookIn, reason=Reader.WORKER).where(LookIn.ended_at.is_(None), LookIn.ends_at <= at)
    waiting = rows.order_by(LookIn.ends_at).limit(limit).with_for_update(of=LookIn, skip_locked=True)
    return db.session.scalars(waiting).all()


def _one(rows: Select[LookIn]) -> LookIn:
    found: LookIn = one_or_not_found(rows.options(*PARTIES))
    return found


def add(row: LookIn) -> LookIn:
    """`row`, with its id."""
    db.session.add(row)
    db.session.flush()
    return row
