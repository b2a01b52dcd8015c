"""Every query on key pairs, and on public keys that are blocked."""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, exists, or_, select, tuple_, type_coerce
from sqlalchemy.orm import aliased, contains_eager, joinedload

from portal.access.actor import Actor
from portal.access.roles import Environment, Right
from portal.access.rows import Reader, across_tenants, one_or_not_found, owned_by
from portal.contracts import store as contracts
from portal.contracts.models import Contract, ContractKind
from portal.delegations.models import Delegation, DelegationProject, DelegationState
from portal.foundation import clock
from portal.foundation.database import Base, db, insert_if_absent
from portal.foundation.errors import NotFound
from portal.foundation.paging import Page, page_of
from portal.foundation.states import keep
from portal.keys.models import LEAKED, BlockedKey, KeyEnding, KeyIntent, KeyNotice, KeyPair, KeyState, NoticeKind
from portal.keys.states import KEY_PAIR
from portal.keys.status import LIVE_STATES
from portal.tenants.models import Standing, Tenant

keep(KeyPair.state, KEY_PAIR)

# An integrator agreement alone includes no service, so no key pair hangs on it (design 2, edition).
KINDS_WITH_KEYS = (ContractKind.LICENCE, ContractKind.PARTNER)
# Everything that `status_of` and the pages ask of a pair, in one statement.
WHOLE = (
    joinedload(KeyPair.holder, innerjoin=True),
    joinedload(KeyPair.owner, innerjoin=True),
    joinedload(KeyPair.contract, innerjoin=True).joinedload(Contract.edition, innerjoin=True),
    joinedload(KeyPair.delegation),
    joinedload(KeyPair.made_by),
)
Holder = aliased(Tenant, name="holder")
# What a successor is in, or was in when the next one took over from it.
SUCCEEDED = (*LIVE_STATES, KeyState.RETIRED, KeyState.COMPROMISED)


def add(row: Any) -> Any:
    """`row`, with its ids. Raises: IntegrityError when a constraint forbids it."""
    db.session.add(row)
    db.session.flush()
    return row


def get(actor: Actor, api_key: str) -> KeyPair:
    """The actor's key pair with this API key. Raises: NotFound."""
    pair: KeyPair = one_or_not_found(owned_by(actor, KeyPair).where(KeyPair.api_key == api_key).options(*WHOLE))
    return pair


def hold(pair: KeyPair) -> None:
    """Read the pair again with all that `get` loads, and keep others from changing it until the transaction ends."""
    hold_by_id(pair.tenant_id, pair.id)


def hold_by_id(tenant_id: uuid.UUID, key_pair_id: uuid.UUID) -> KeyPair:
    """The owner's pair with this inner id, held as `hold` does."""
    rows = (
        select(KeyPair)
        .where(KeyPair.tenant_id == tenant_id, KeyPair.id == key_pair_id)
        .options(*WHOLE)
        .with_for_update(of=KeyPair)
        .execution_options(populate_existing=True, scope=tenant_id)
    )
    return db.session.scalars(rows).one()


def get_by_id(actor: Actor, key_pair_id: uuid.UUID) -> KeyPair:
    """The actor's key pair with this inner id. Raises: NotFound."""
    pair: KeyPair = one_or_not_found(owned_by(actor, KeyPair).where(KeyPair.id == key_pair_id).options(*WHOLE))
    return pair


def listed(actor: Actor, environment: Environment | None, *, place: str | None, api_key: str = "") -> Page[KeyPair]:
    """A page of the actor's key pairs of one environment or both, newest first, each with the pair that it replaces.

    api_key: only the one with it, when given.
    """
    rows = owned_by(actor, KeyPair).options(*WHOLE, joinedload(KeyPair.replaces))
    if environment is not None:
        rows = rows.where(KeyPair.environment == environment)
    if api_key:
        rows = rows.where(KeyPair.api_key == api_key)
    return page_of(rows, KeyPair.id, place=place, newest_first=True)


def of_delegation(actor: Actor, delegation: Delegation) -> Sequence[KeyPair]:
    """The pairs under one delegation that are stored as live, for either of its sides."""
    rows = (
        select(KeyPair)
        .where(
            KeyPair.tenant_id == delegation.tenant_id,
            KeyPair.delegation_id == delegation.id,
            or_(KeyPair.tenant_id == actor.tenant_id, KeyPair.holder_id == actor.home_id),
            KeyPair.state.in_(LIVE_STATES),
        )
        .execution_options(scope=delegation.tenant_id)
    )
    return db.session.scalars(rows.options(*WHOLE).order_by(KeyPair.id)).all()


def live(actor: Actor, at: datetime, environment: Environment, limit: int = 100) -> Sequence[KeyPair]:
    """The live pairs of one environment within the actor's reach, oldest first, at most `limit`."""
    rows = _live(actor, at).where(KeyPair.environment == environment)
    return db.session.scalars(rows.order_by(KeyPair.id).limit(limit)).all()


def live_for_project(
    actor: Actor, at: datetime, environment: Environment, project_id: uuid.UUID, limit: int = 100
) -> Sequence[KeyPair]:
    """The live pairs of one environment that may work in this project: the actor's own first, of those the active ones
    first, the newest first; at most `limit`."""
    reached = exists().where(
        DelegationProject.tenant_id == KeyPair.tenant_id,
        DelegationProject.delegation_id == KeyPair.delegation_id,
        DelegationProject.project_id == project_id,
    )
    rows = _live(actor, at).where(
        KeyPair.environment == environment, or_(KeyPair.delegation_id.is_(None), Delegation.all_projects, reached)
    )
    best = (KeyPair.holder_id != actor.home_id, KeyPair.state != KeyState.ACTIVE, KeyPair.id.desc())
    return db.session.scalars(rows.order_by(*best).limit(limit)).all()


def live_here_or_retiring(actor: Actor, at: datetime, environment: Environment, limit: int) -> Sequence[KeyPair]:
    """As `live`, and of the other environment those that are replaced; those come first that are replaced."""
    rows = _live(actor, at).where(or_(KeyPair.environment == environment, KeyPair.state == KeyState.RETIRING))
    return db.session.scalars(rows.order_by(KeyPair.state != KeyState.RETIRING, KeyPair.id).limit(limit)).all()


def _live(actor: Actor, at: datetime) -> Select[KeyPair]:
    # Filled from the joins that the conditions need: with both made twice, PostgreSQL plans for far too many rows.
    return (
        owned_by(actor, KeyPair)
        .join(KeyPair.contract)
        .join(KeyPair.owner)
        .join(KeyPair.holder.of_type(Holder))
        .outerjoin(KeyPair.delegation)
        .where(*live_conditions(at))
        .options(
            contains_eager(KeyPair.contract).joinedload(Contract.edition, innerjoin=True),
            contains_eager(KeyPair.owner),
            contains_eager(KeyPair.holder.of_type(Holder)),
            contains_eager(KeyPair.delegation),
            joinedload(KeyPair.made_by),
        )
    )


def live_conditions(at: datetime) -> list[ColumnElement[bool]]:
    """What `status_of` calls live, for a statement that joins contract, owner, `Holder` and (outer) delegation."""
    return [
        KeyPair.state.in_(LIVE_STATES),
        or_(KeyPair.expires_at.is_(None), KeyPair.expires_at > at),
        or_(KeyPair.state == KeyState.ACTIVE, KeyPair.ending == KeyEnding.HELD, KeyPair.retiring_until > at),
        Tenant.standing != Standing.SUSPENDED,
        Holder.standing != Standing.SUSPENDED,
        Contract.starts_at <= at,
        Contract.ends_at > at,
        or_(Contract.ended_at.is_(None), Contract.ended_at > at),
        or_(
            KeyPair.delegation_id.is_(None),
            and_(
                Delegation.state == DelegationState.ACTIVE,
                Delegation.ends_at > at,
                # Both are stored as words joined by commas, and no word is part of another.
                type_coerce(Delegation.environments, String).contains(type_coerce(KeyPair.environment, String)),
                type_coerce(Delegation.rights, String).contains(Right.KEYS.value),
            ),
        ),
    ]


def name_is_taken(pair: KeyPair | KeyIntent, name_key: str) -> bool:
    """Whether another pair of the same owner, holder and environment bears this name, as the index on names sees it.

    The pair that an intent replaces is not another: it leaves its name to its successor.
    """
    itself = pair.replaces_id if isinstance(pair, KeyIntent) else pair.id
    rows = (
        select(KeyPair.id)
        .where(
            KeyPair.tenant_id == pair.tenant_id,
            KeyPair.holder_id == pair.holder_id,
            KeyPair.environment == pair.environment,
            KeyPair.name_key == name_key,
            _takes_name(),
            KeyPair.id.is_distinct_from(itself),
        )
        .execution_options(scope=pair.tenant_id)
    )
    return db.session.scalar(rows.limit(1)) is not None


def _takes_name() -> ColumnElement[bool]:
    return or_(
        KeyPair.state == KeyState.ACTIVE,
        and_(KeyPair.state == KeyState.PENDING, KeyPair.replaces_id.is_(None)),
    )


def predecessor_of(pair: KeyPair) -> KeyPair | None:
    """The pair that this one replaces, in service or not, with all that `get` loads, or None."""
    return None if pair.replaces_id is None else find_by_id(pair.tenant_id, pair.replaces_id)


def find_by_id(tenant_id: uuid.UUID, key_pair_id: uuid.UUID) -> KeyPair | None:
    """The owner's pair with this inner id, with all that `get` loads, or None."""
    rows = select(KeyPair).where(KeyPair.tenant_id == tenant_id, KeyPair.id == key_pair_id)
    return db.session.scalars(rows.options(*WHOLE).execution_options(scope=tenant_id)).one_or_none()


def successor_of(pair: KeyPair) -> KeyPair | None:
    """The pair in service that took this one's place, with all that `get` loads, or None.

    Where its successor was itself replaced and has ended, it is the one that took over from that.
    """
    successor: KeyPair | None = pair
    while successor is not None and (successor is pair or successor.state not in LIVE_STATES):
        rows = _successors(successor, SUCCEEDED).order_by(KeyPair.state.in_(LIVE_STATES).desc(), KeyPair.id)
        successor = db.session.scalars(rows.options(*WHOLE).limit(1)).first()
    return successor


def hold_successor_of(pair: KeyPair) -> KeyPair | None:
    """The same, read anew and kept from changing until the transaction ends."""
    rows = _successors(pair, LIVE_STATES).with_for_update().execution_options(populate_existing=True)
    return db.session.scalars(rows).one_or_none()


def was_succeeded(pair: KeyPair) -> bool:
    """Whether its successor is in service, or was until a successor of its own took over."""
    return db.session.scalars(_successors(pair, SUCCEEDED).limit(1)).first() is not None


def _successors(pair: KeyPair, states: Collection[KeyState]) -> Select[KeyPair]:
    rows = select(KeyPair).where(KeyPair.tenant_id == pair.tenant_id, KeyPair.replaces_id == pair.id)
    return rows.where(KeyPair.state.in_(states)).execution_options(scope=pair.tenant_id)


def past_their_date(at: datetime, after: tuple[uuid.UUID, uuid.UUID] | None, limit: int) -> Sequence[KeyPair]:
    """Retiring pairs of all tenants whose date or own end has come, in the order of their keys. For the worker."""
    rows = across_tenants(KeyPair, reason=Reader.WORKER).where(
        KeyPair.state == KeyState.RETIRING, or_(KeyPair.retiring_until <= at, KeyPair.expires_at <= at)
    )
    return _portion(rows, after, limit)


def to_remind_of(
    at: datetime, ends_before: datetime, made_before: datetime, after: tuple[uuid.UUID, uuid.UUID] | None, limit: int
) -> Sequence[KeyPair]:
    """Pairs of all tenants that the clock stops before a moment, or that are in service since before another one and
    whose people were not told of it yet; in the order of their keys. For the worker.
    """
    hard = and_(KeyPair.state == KeyState.RETIRING, KeyPair.ending != KeyEnding.HELD)
    told = select(KeyNotice.id).where(
        KeyNotice.tenant_id == KeyPair.tenant_id,
        KeyNotice.key_pair_id == KeyPair.id,
        KeyNotice.kind == NoticeKind.YEAR_OLD,
    )
    rows = across_tenants(KeyPair, reason=Reader.WORKER).where(
        KeyPair.state.in_(LIVE_STATES),
        or_(KeyPair.expires_at.is_(None), KeyPair.expires_at > at),
        or_(
            KeyPair.expires_at <= ends_before,
            and_(hard, KeyPair.retiring_until <= ends_before, KeyPair.retiring_until > at),
            and_(KeyPair.state == KeyState.ACTIVE, KeyPair.activated_at <= made_before, ~exists(told)),
        ),
    )
    return _portion(rows, after, limit)


def _portion(rows: Select[KeyPair], after: tuple[uuid.UUID, uuid.UUID] | None, limit: int) -> Sequence[KeyPair]:
    if after is not None:
        rows = rows.where(tuple_(KeyPair.tenant_id, KeyPair.id) > after)
    return db.session.scalars(rows.order_by(KeyPair.tenant_id, KeyPair.id).limit(limit)).all()


def add_notice(pair: KeyPair, kind: NoticeKind, about: datetime) -> bool:
    """Whether nobody noted this notice before; it is noted from now on. The pair is held by the caller."""
    known = select(KeyNotice.id).where(
        KeyNotice.tenant_id == pair.tenant_id,
        KeyNotice.key_pair_id == pair.id,
        KeyNotice.kind == kind,
        KeyNotice.about == about,
    )
    if db.session.scalar(known.execution_options(scope=pair.tenant_id)) is not None:
        return False
    add(KeyNotice(tenant_id=pair.tenant_id, key_pair_id=pair.id, kind=kind, about=about))
    return True


def names_taken(like: KeyIntent, name_keys: Collection[str]) -> set[str]:
    """Those of the names that `name_is_taken` calls taken for a new pair, as `same_name` has them."""
    rows = (
        select(KeyPair.name_key)
        .where(
            KeyPair.tenant_id == like.tenant_id,
            KeyPair.holder_id == like.holder_id,
            KeyPair.environment == like.environment,
            KeyPair.name_key.in_(name_keys),
            _takes_name(),
        )
        .execution_options(scope=like.tenant_id)
    )
    return set(db.session.scalars(rows))


def is_blocked(spki_sha256: bytes) -> bool:
    """Whether this public key must never be used again."""
    return db.session.get(BlockedKey, spki_sha256) is not None


def is_leaked(pair: KeyPair) -> bool:
    """Whether somebody declared that the pair's private key leaked."""
    blocked = db.session.get(BlockedKey, pair.spki_sha256)
    return blocked is not None and blocked.reason == LEAKED


def block(spki_sha256: bytes, reason: str) -> bool:
    """Block a public key for ever; False when it is blocked for this reason, or as leaked, already."""
    values = {"spki_sha256": spki_sha256, "reason": reason, "blocked_at": clock.now()}
    before = db.session.get(BlockedKey, spki_sha256)
    if before is None:
        insert_if_absent(Base.metadata.tables[BlockedKey.__tablename__], values)
        return True
    if before.reason in (reason, LEAKED):
        return False
    before.reason = reason
    return True


def find_by_fingerprint(spki_sha256: bytes) -> KeyPair | None:
    """The pair with this public key, of whatever tenant and age, or None (rule 4)."""
    rows = across_tenants(KeyPair, reason=Reader.CODE_LOOK_UP).where(KeyPair.spki_sha256 == spki_sha256)
    return db.session.scalars(rows).one_or_none()


def find_by_api_key(api_key: str) -> KeyPair | None:
    """The pair with this API key, of whatever tenant and state, with all that `get` loads; or None."""
    rows = across_tenants(KeyPair, reason=Reader.CODE_LOOK_UP).where(KeyPair.api_key == api_key)
    return db.session.scalars(rows.options(*WHOLE)).one_or_none()


def find_own_by_fingerprint(actor: Actor, spki_sha256: bytes) -> KeyPair | None:
    """The pair with this public key within the actor's reach, or None."""
    return db.session.scalars(owned_by(actor, KeyPair).where(KeyPair.spki_sha256 == spki_sha256)).one_or_none()


def contracts_for_keys(actor: Actor, loaded: Sequence[Contract] | None = None) -> list[Contract]:
    """The contracts of the actor's tenant that key pairs can hang on, latest first, whatever their term.

    With edition, signer and deputies. loaded: all of them, where they are loaded already.
    """
    found = contracts.all_with_signers(actor) if loaded is None else loaded
    return [contract for contract in found if contract.kind in KINDS_WITH_KEYS]


def contract_of(actor: Actor, row: KeyIntent | KeyPair) -> Contract:
    """The contract that an intent or a pair hangs on, with its edition; one of a partner as `contracts_for_keys` gives
    it. Raises: NotFound.
    """
    contract = contracts.find_with_edition(actor, row.contract_id)
    if contract is None or contract.kind not in KINDS_WITH_KEYS:
        raise NotFound()
    if contract.kind is ContractKind.LICENCE:
        return contract
    return next(one for one in contracts_for_keys(actor) if one.id == row.contract_id)


def unconfirmed_since(moment: datetime, limit: int) -> Sequence[KeyPair]:
    """Pairs that have been pending since before `moment`, of all tenants, locked for the worker."""
    rows: Select[Any] = (
        across_tenants(KeyPair, reason=Reader.WORKER)
        .where(KeyPair.state == KeyState.PENDING, KeyPair.created_at <= moment)
        .order_by(KeyPair.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return db.session.scalars(rows).all()


def delegation_of(actor: Actor) -> Delegation | None:
    """The delegation under which the actor acts, read anew and locked."""
    rows = owned_by(actor, Delegation).where(Delegation.id == actor.delegation_id).with_for_update()
    return db.session.scalars(rows.execution_options(populate_existing=True)).one_or_none()
