"""Every query on envelope keys, hand-offs, copies and codes."""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, String, and_, delete, or_, select, type_coerce
from sqlalchemy.orm import contains_eager, joinedload

from portal.access.actor import Actor
from portal.access.roles import PERMISSIONS, Permission, Role
from portal.access.rows import Reader, across_tenants, one_or_not_found, owned_by, received_by, scoped_to
from portal.accounts.models import Membership, Person
from portal.delegations.models import Delegation, DelegationState
from portal.foundation.database import Base, db
from portal.foundation.errors import NotFound
from portal.foundation.paging import Page, page_of
from portal.foundation.states import keep
from portal.handoffs.models import LIVE_STATES, CommandCode, EnvelopeKey, HandOff, HandOffIntent, KeyCopy
from portal.handoffs.states import HAND_OFF
from portal.keys.models import KeyPair, KeyState
from portal.tenants.models import Standing, Tenant

Row = TypeVar("Row", bound=Base)

keep(HandOff.state, HAND_OFF)

# Everything that operations and pages ask of a hand-off, in one statement.
WHOLE = (
    joinedload(HandOff.owner, innerjoin=True),
    joinedload(HandOff.receiver, innerjoin=True),
    joinedload(HandOff.key_pair, innerjoin=True),
    joinedload(HandOff.delegation, innerjoin=True),
    joinedload(HandOff.to_person, innerjoin=True),
    joinedload(HandOff.given_by, innerjoin=True),
    joinedload(HandOff.opened_by),
)


def add(row: Row) -> Row:
    """`row`, with its ids. Raises: IntegrityError when a constraint forbids it."""
    db.session.add(row)
    db.session.flush()
    return row


def given_by(actor: Actor) -> Select[HandOff]:
    """The hand-offs of the actor's tenant's own key pairs. An integrator acting there finds those to itself only."""
    return owned_by(actor, HandOff).options(*WHOLE)


def received_for(actor: Actor) -> Select[HandOff]:
    """The hand-offs from others to the actor's own tenant. Raises: NotFound while it acts for a client."""
    if actor.acts_for_client:
        raise NotFound()
    return received_by(actor, HandOff).options(*WHOLE)


def page(rows: Select[HandOff], *, place: str | None) -> Page[HandOff]:
    """A page of `given_by` or `received_for`, newest first."""
    return page_of(rows, HandOff.id, place=place, newest_first=True)


def get(actor: Actor, public_id: str) -> HandOff:
    """A hand-off that the actor's tenant gives, or that is given to it. Raises: NotFound."""
    rows = owned_by(actor, HandOff)
    if not actor.acts_for_client:
        either = or_(HandOff.tenant_id == actor.tenant_id, HandOff.receiver_id == actor.home_id)
        rows = select(HandOff).where(either).execution_options(**scoped_to(_own(actor)))
    hand_off: HandOff = one_or_not_found(rows.where(HandOff.public_id == public_id).options(*WHOLE))
    return hand_off


def find_by_code(code_hash: bytes) -> HandOff | None:
    """The hand-off of whatever tenants and state whose link carries the code with this hash, or None."""
    rows = across_tenants(HandOff, reason=Reader.CODE_LOOK_UP).where(HandOff.code_hash == code_hash)
    return db.session.scalars(rows.options(*WHOLE)).one_or_none()


def find_by_public_id(actor: Actor, public_id: str) -> HandOff | None:
    """A hand-off that the actor's tenant gives, or None."""
    return db.session.scalars(given_by(actor).where(HandOff.public_id == public_id)).one_or_none()


def live_of(actor: Actor, pair: KeyPair) -> HandOff | None:
    """The hand-off of this pair that is offered or opened, or None."""
    rows = given_by(actor).where(HandOff.key_pair_id == pair.id, HandOff.state.in_(LIVE_STATES))
    return db.session.scalars(rows).one_or_none()


def hold(hand_off: HandOff) -> None:
    """Read the row again with all that `get` loads, and keep others from changing it until the transaction ends."""
    rows = (
        select(HandOff)
        .where(HandOff.tenant_id == hand_off.tenant_id, HandOff.id == hand_off.id)
        .options(*WHOLE)
        .with_for_update(of=HandOff)
    )
    db.session.scalars(rows.execution_options(populate_existing=True, **scoped_to(hand_off.tenant_id))).one()


def due(at: datetime, limit: int) -> Sequence[HandOff]:
    """Live hand-offs of all tenants whose time has come, locked; those another worker holds are left to it."""
    rows = (
        across_tenants(HandOff, reason=Reader.WORKER)
        .where(HandOff.state.in_(LIVE_STATES), HandOff.lapses_at <= at)
        .options(*WHOLE)
        .order_by(HandOff.lapses_at)
        .limit(limit)
        .with_for_update(of=HandOff, skip_locked=True)
    )
    return db.session.scalars(rows).all()


def waiting(condition: ColumnElement[bool], at: datetime) -> Select[HandOff]:
    """The hand-offs of all tenants that may still be opened at this moment and meet the condition, oldest first."""
    rows = across_tenants(HandOff, reason=Reader.HAND_OFF).where(condition, HandOff.state.in_(LIVE_STATES))
    return rows.where(HandOff.lapses_at > at).order_by(HandOff.id)


def hold_waiting_for(tenant_id: uuid.UUID, person_id: uuid.UUID, at: datetime) -> Sequence[HandOff]:
    """Those that are sealed to this person in this tenant, locked."""
    return _held(waiting(sealed_to(tenant_id, person_id), at))


def hold_waiting_under(delegation: Delegation, at: datetime) -> Sequence[HandOff]:
    """Those that were given under this delegation, locked."""
    return _held(waiting(given_under(delegation), at))


def waiting_under(delegation: Delegation, at: datetime) -> Sequence[HandOff]:
    """Those that were given under this delegation, for either side."""
    return db.session.scalars(waiting(given_under(delegation), at).options(*WHOLE)).all()


def sealed_to(tenant_id: uuid.UUID, person_id: uuid.UUID) -> ColumnElement[bool]:
    """That a hand-off is for this person as a member of this tenant."""
    return and_(HandOff.receiver_id == tenant_id, HandOff.to_person_id == person_id)


def given_under(delegation: Delegation) -> ColumnElement[bool]:
    """That a hand-off was given because of this delegation."""
    return and_(HandOff.tenant_id == delegation.tenant_id, HandOff.delegation_id == delegation.id)


def _held(rows: Select[HandOff]) -> Sequence[HandOff]:
    whole = rows.options(*WHOLE).with_for_update(of=HandOff).execution_options(populate_existing=True)
    return db.session.scalars(whole).all()


def get_intent(actor: Actor, public_id: str) -> HandOffIntent:
    """The intent that this very person began, with pair, receiver and owner. Raises: NotFound."""
    rows = owned_by(actor, HandOffIntent).where(
        HandOffIntent.public_id == public_id, HandOffIntent.person_id == actor.person_id
    )
    whole = (
        joinedload(HandOffIntent.owner, innerjoin=True),
        joinedload(HandOffIntent.receiver, innerjoin=True),
        joinedload(HandOffIntent.key_pair, innerjoin=True),
        joinedload(HandOffIntent.to_person, innerjoin=True),
    )
    intent: HandOffIntent = one_or_not_found(rows.options(*whole).execution_options(populate_existing=True))
    return intent


def find_open_intent(like: HandOffIntent, at: datetime) -> HandOffIntent | None:
    """An intent of the same person for the same thing that led to no hand-off yet; or None."""
    used = select(HandOff.id).where(HandOff.tenant_id == like.tenant_id, HandOff.public_id == HandOffIntent.public_id)
    rows = select(HandOffIntent).where(
        HandOffIntent.tenant_id == like.tenant_id,
        HandOffIntent.key_pair_id == like.key_pair_id,
        HandOffIntent.person_id == like.person_id,
        HandOffIntent.to_public == like.to_public,
        HandOffIntent.delegation_id == like.delegation_id,
        HandOffIntent.message == like.message,
        HandOffIntent.expires_at > at,
        ~used.exists(),
    )
    return db.session.scalars(rows.execution_options(**scoped_to(like.tenant_id)).limit(1)).first()


def current_key(actor: Actor) -> EnvelopeKey | None:
    """The envelope key that this person uses in its own tenant, or None. Raises: NotFound at a client's."""
    if actor.acts_for_client:
        raise NotFound()
    rows = owned_by(actor, EnvelopeKey).where(
        EnvelopeKey.person_id == actor.person_id, EnvelopeKey.replaced_at.is_(None)
    )
    return db.session.scalars(rows).one_or_none()


def hold_key_of(tenant_id: uuid.UUID, person_id: uuid.UUID) -> EnvelopeKey | None:
    """The envelope key that this person uses in this tenant, kept from changing until the transaction ends; or None."""
    rows = select(EnvelopeKey).where(
        EnvelopeKey.tenant_id == tenant_id, EnvelopeKey.person_id == person_id, EnvelopeKey.replaced_at.is_(None)
    )
    return db.session.scalars(rows.with_for_update(), execution_options=scoped_to(tenant_id)).one_or_none()


def find_envelope_key(public: bytes) -> EnvelopeKey | None:
    """The envelope key with this public half, of whatever tenant and age, or None."""
    rows = across_tenants(EnvelopeKey, reason=Reader.CODE_LOOK_UP).where(EnvelopeKey.public == public)
    return db.session.scalars(rows).one_or_none()


def running_delegations(actor: Actor, at: datetime) -> Sequence[Delegation]:
    """The active delegations that the actor's tenant gives, with the integrator, oldest first."""
    rows = (
        owned_by(actor, Delegation)
        .where(Delegation.state == DelegationState.ACTIVE, Delegation.ends_at > at)
        .options(joinedload(Delegation.integrator))
        .order_by(Delegation.id)
    )
    return db.session.scalars(rows).all()


def keys_of_receivers(receiver_ids: Collection[uuid.UUID]) -> Sequence[EnvelopeKey]:
    """The envelope keys in use of these tenants, of people who are members there now, with person and tenant."""
    rows = (
        across_tenants(EnvelopeKey, reason=Reader.HAND_OFF)
        .join(EnvelopeKey.person)
        .join(EnvelopeKey.tenant)
        .join(
            Membership,
            (Membership.tenant_id == EnvelopeKey.tenant_id) & (Membership.person_id == EnvelopeKey.person_id),
        )
        .where(
            EnvelopeKey.tenant_id.in_(receiver_ids),
            EnvelopeKey.replaced_at.is_(None),
            Membership.ended_at.is_(None),
            Membership.role.in_([role for role in Role if Permission.HAND_OFF in PERMISSIONS[role]]),
            Person.disabled_at.is_(None),
            Tenant.standing != Standing.SUSPENDED,
        )
        .options(contains_eager(EnvelopeKey.person), contains_eager(EnvelopeKey.tenant))
        .order_by(EnvelopeKey.id)
    )
    return db.session.scalars(rows).unique().all()


def clients_of(tenant_id: uuid.UUID, at: datetime) -> Sequence[Delegation]:
    """The running delegations that others give to this tenant, with their owners: who is told of a changed key."""
    rows = (
        across_tenants(Delegation, reason=Reader.NOTICE)
        .where(
            Delegation.integrator_id == tenant_id,
            Delegation.state.in_((DelegationState.ACTIVE, DelegationState.PAUSED)),
            Delegation.ends_at > at,
        )
        .options(joinedload(Delegation.owner))
        .order_by(Delegation.id)
    )
    return db.session.scalars(rows).all()


def copies_of(actor: Actor, pair: KeyPair) -> Sequence[KeyCopy]:
    """Who besides the holder has, or may have, this private key; with the tenant, oldest first."""
    rows = owned_by(actor, KeyCopy).where(KeyCopy.key_pair_id == pair.id)
    return db.session.scalars(rows.options(joinedload(KeyCopy.holder, innerjoin=True)).order_by(KeyCopy.id)).all()


def find_copy(hand_off: HandOff) -> KeyCopy | None:
    """The copy on record of the hand-off's pair with its receiver, from this hand-off or an earlier one; or None."""
    rows = select(KeyCopy).where(
        KeyCopy.tenant_id == hand_off.tenant_id,
        KeyCopy.key_pair_id == hand_off.key_pair_id,
        KeyCopy.holder_id == hand_off.receiver_id,
    )
    return db.session.scalars(rows.execution_options(**scoped_to(hand_off.tenant_id))).one_or_none()


def copied_to(delegation: Delegation) -> Sequence[KeyPair]:
    """The owner's pairs in service of which the delegation's integrator has a copy, by name: for either side."""
    rows = (
        select(KeyPair)
        .join(KeyCopy, (KeyCopy.tenant_id == KeyPair.tenant_id) & (KeyCopy.key_pair_id == KeyPair.id))
        .where(
            KeyPair.tenant_id == delegation.tenant_id,
            KeyCopy.holder_id == delegation.integrator_id,
            KeyPair.state == KeyState.ACTIVE,
        )
        .execution_options(**scoped_to(delegation.tenant_id))
    )
    return db.session.scalars(rows.order_by(KeyPair.name_key, KeyPair.id)).all()


def copies_to_rotate(actor: Actor) -> Sequence[KeyCopy]:
    """The copies because of which pairs in service of the actor's tenant have to be rotated, with pair and tenant."""
    rows = (
        owned_by(actor, KeyCopy)
        .join(KeyCopy.key_pair)
        .where(KeyCopy.rotation_due_at.is_not(None), KeyPair.state == KeyState.ACTIVE)
        .options(contains_eager(KeyCopy.key_pair), joinedload(KeyCopy.holder, innerjoin=True))
    )
    return db.session.scalars(rows.order_by(KeyCopy.rotation_due_at, KeyCopy.id)).all()


def copies_left_behind(at: datetime, limit: int, delegation: Delegation | None = None) -> Sequence[KeyCopy]:
    """Copies of pairs in service whose holder has no running delegation of the owner for that environment any more, and
    which nobody was told of; locked, with pair, owner and holder. Of all tenants, or of one delegation's parties.
    """
    running = select(Delegation.id).where(
        Delegation.tenant_id == KeyCopy.tenant_id,
        Delegation.integrator_id == KeyCopy.holder_id,
        Delegation.state.in_((DelegationState.ACTIVE, DelegationState.PAUSED)),
        Delegation.ends_at > at,
        # Stored as words joined by commas, and no word is part of another.
        type_coerce(Delegation.environments, String).contains(type_coerce(KeyPair.environment, String)),
    )
    rows = (
        across_tenants(KeyCopy, reason=Reader.WORKER)
        .join(KeyCopy.key_pair)
        .where(KeyCopy.rotation_due_at.is_(None), KeyPair.state == KeyState.ACTIVE, ~running.exists())
        .options(
            contains_eager(KeyCopy.key_pair).joinedload(KeyPair.owner, innerjoin=True),
            contains_eager(KeyCopy.key_pair).joinedload(KeyPair.contract, innerjoin=True),
            contains_eager(KeyCopy.key_pair).joinedload(KeyPair.holder, innerjoin=True),
            joinedload(KeyCopy.holder, innerjoin=True),
        )
        .order_by(KeyCopy.id)
        .limit(limit)
        .with_for_update(of=KeyCopy, skip_locked=delegation is None)
    )
    if delegation is not None:
        rows = rows.where(KeyCopy.tenant_id == delegation.tenant_id, KeyCopy.holder_id == delegation.integrator_id)
    return db.session.scalars(rows).all()


def waiting_for(actor: Actor, at: datetime) -> Sequence[HandOff]:
    """The hand-offs that the actor's own tenant may open at this moment, oldest first; none at a client's."""
    if actor.acts_for_client:
        return []
    rows = received_for(actor).where(HandOff.state.in_(LIVE_STATES), HandOff.lapses_at > at)
    return db.session.scalars(rows.order_by(HandOff.id)).all()


def find_code(code_hash: bytes) -> CommandCode | None:
    """The command line's code with this hash, of whatever tenant and age, or None."""
    rows = across_tenants(CommandCode, reason=Reader.CODE_LOOK_UP).where(CommandCode.code_hash == code_hash)
    return db.session.scalars(rows).one_or_none()


def forget_codes(before: datetime) -> int:
    """How many codes that ended before this moment were removed."""
    rows = delete(CommandCode).where(CommandCode.expires_at < before)
    outcome = db.session.execute(rows.execution_options(scope=Reader.WORKER))
    return int(outcome.rowcount)  # type: ignore[attr-defined]


def _own(actor: Actor) -> uuid.UUID:
    if actor.home_id is None:
        raise NotFound()
    return actor.home_id
