"""Every query on personal tokens and device requests."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, and_, bindparam, delete, func, or_, select, update
from sqlalchemy.orm import defaultload, joinedload

from portal.access.actor import Actor
from portal.access.rows import Reader, across_tenants, one_or_not_found, owned_by, scoped_to
from portal.accounts.models import Membership, Person
from portal.foundation.database import Base, db
from portal.foundation.paging import Page, page_of
from portal.tokens.models import FETCHED_WITHIN, DeviceRequest, PersonalToken

Added = TypeVar("Added", bound=Base)
PARTIES = (
    joinedload(PersonalToken.membership, innerjoin=True).joinedload(Membership.person, innerjoin=True),
    joinedload(PersonalToken.ended_by),
)
HOME = joinedload(PersonalToken.membership, innerjoin=True).joinedload(Membership.tenant, innerjoin=True)

FACTOR = defaultload(PersonalToken.membership).defaultload(Membership.person).undefer(Person.has_second_factor)

# Asked with every call, so it is put together once.
BY_DIGEST = (
    across_tenants(PersonalToken, reason=Reader.CODE_LOOK_UP)
    .where(PersonalToken.digest == bindparam("digest"))
    .options(*PARTIES, HOME, FACTOR)
)


def find_by_digest(digest: bytes) -> PersonalToken | None:
    """The token with this digest, whatever became of it, with membership, person and tenant; or None."""
    return db.session.scalars(BY_DIGEST, {"digest": digest}).one_or_none()


def lock_by_digest(digest: bytes) -> PersonalToken | None:
    """As `find_by_digest` finds it now, kept from changing until the transaction ends."""
    rows = across_tenants(PersonalToken, reason=Reader.CODE_LOOK_UP).where(PersonalToken.digest == digest)
    locked = rows.options(*PARTIES, HOME).with_for_update(of=PersonalToken)
    return db.session.scalars(locked.execution_options(populate_existing=True)).one_or_none()


def find_asked_as(actor: Actor, mark: str) -> PersonalToken | None:
    """What was made when the form with this mark was sent, or None."""
    return db.session.scalars(owned_by(actor, PersonalToken).where(PersonalToken.asked_as == mark)).one_or_none()


def working(at: datetime) -> list[ColumnElement[bool]]:
    """What `PersonalToken.is_working(at)` says, as conditions of a statement."""
    return [*_going_on(at), PersonalToken.hint != ""]


def _going_on(at: datetime) -> list[ColumnElement[bool]]:
    person = Membership.person.has(Person.disabled_at.is_(None))
    return [
        PersonalToken.ended_at.is_(None),
        PersonalToken.expires_at > at,
        PersonalToken.membership.has(and_(Membership.ended_at.is_(None), person)),
    ]


def works(tenant_id: uuid.UUID, public_id: str, at: datetime) -> bool:
    """Whether this token of the tenant works at this moment."""
    rows = select(PersonalToken.id).where(PersonalToken.tenant_id == tenant_id, PersonalToken.public_id == public_id)
    return db.session.scalar(rows.where(*working(at)), execution_options=scoped_to(tenant_id)) is not None


def count_held(actor: Actor, membership_id: uuid.UUID, at: datetime) -> int:
    """How many tokens of this membership work at this moment, or will once they are fetched."""
    rows = owned_by(actor, PersonalToken).where(PersonalToken.membership_id == membership_id, *_going_on(at))
    rows = rows.where(or_(PersonalToken.hint != "", PersonalToken.created_at > at - FETCHED_WITHIN))
    return db.session.scalar(rows.with_only_columns(func.count())) or 0


def page(actor: Actor, place: str | None = None, *, everybodys: bool) -> Page[PersonalToken]:
    """The tokens of the actor's tenant, or only its own, the newest first. Raises: BadPlace."""
    return page_of(_seen_by(actor, everybodys).options(*PARTIES), PersonalToken.id, place=place, newest_first=True)


def get(actor: Actor, public_id: str, *, everybodys: bool) -> PersonalToken:
    """One of those that `page` lists, with its parties and its tenant. Raises: NotFound."""
    rows = _seen_by(actor, everybodys).where(PersonalToken.public_id == public_id)
    found: PersonalToken = one_or_not_found(rows.options(*PARTIES, HOME))
    return found


def lock_again(actor: Actor, token: PersonalToken) -> PersonalToken:
    """The token as it is now, with its parties, kept from changing until the transaction ends. Raises: NotFound."""
    rows = owned_by(actor, PersonalToken).where(PersonalToken.id == token.id).options(*PARTIES)
    locked = rows.with_for_update(of=PersonalToken).execution_options(populate_existing=True)
    found: PersonalToken = one_or_not_found(locked)
    return found


def _seen_by(actor: Actor, everybodys: bool) -> Select[PersonalToken]:
    rows = owned_by(actor, PersonalToken)
    return rows if everybodys else rows.where(PersonalToken.membership_id == actor.membership_id)


def note_use(tenant_id: uuid.UUID, token_id: uuid.UUID, at: datetime, act: str, rest: timedelta) -> None:
    """Note a use at this moment, unless one is noted for the `rest` before it. Commits on its own connection.

    So what the caller has loaded stays loaded; it must not be writing itself.
    """
    table = PersonalToken.__table__
    noting = update(PersonalToken).where(table.c.tenant_id == tenant_id, table.c.id == token_id)
    unnoted = or_(table.c.last_used_at.is_(None), table.c.last_used_at <= at - rest)
    with db.engine.begin() as connection:
        noted = noting.where(unnoted).values(last_used_at=at, last_used_for=act[:100])
        connection.execute(noted, execution_options=scoped_to(tenant_id))


def lock_by_id(tenant_id: uuid.UUID, token_id: uuid.UUID) -> PersonalToken | None:
    """The token with this id, kept from changing until the transaction ends, with its parties and its tenant."""
    rows = select(PersonalToken).where(PersonalToken.tenant_id == tenant_id, PersonalToken.id == token_id)
    locked = rows.options(*PARTIES, HOME).with_for_update(of=PersonalToken)
    return db.session.scalars(locked, execution_options=scoped_to(tenant_id)).one_or_none()


def lock_working_of(membership: Membership, at: datetime) -> Sequence[PersonalToken]:
    """The tokens of this membership that work at this moment, kept from changing until the transaction ends."""
    rows = select(PersonalToken).where(
        PersonalToken.tenant_id == membership.tenant_id,
        PersonalToken.membership_id == membership.id,
        PersonalToken.ended_at.is_(None),
        PersonalToken.expires_at > at,
    )
    locked = rows.order_by(PersonalToken.id).with_for_update().execution_options(populate_existing=True)
    return db.session.scalars(locked, execution_options=scoped_to(membership.tenant_id)).all()


def request_by_device(device_hash: bytes) -> DeviceRequest | None:
    """The request with this device code, kept from changing until the transaction ends; or None."""
    rows = select(DeviceRequest).where(DeviceRequest.device_hash == device_hash).with_for_update()
    return db.session.scalars(rows).one_or_none()


def request_by_user(user_hash: bytes) -> DeviceRequest | None:
    """The request with this user code, or None."""
    return db.session.scalars(select(DeviceRequest).where(DeviceRequest.user_hash == user_hash)).one_or_none()


def forget_requests(before: datetime) -> None:
    """Delete the device requests whose codes stopped before then."""
    db.session.execute(delete(DeviceRequest).where(DeviceRequest.expires_at < before))


def add(row: Added) -> Added:
    """`row`, with its id."""
    db.session.add(row)
    db.session.flush()
    return row
