"""Every query on contracts, deputies and the catalogue."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BindParameter, ColumnElement, Select, Uuid, and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import aliased, joinedload, selectinload

from portal.access.actor import Actor
from portal.access.rows import Reader, across_tenants, one_or_not_found, owned_by, scoped_to
from portal.accounts.models import Membership
from portal.contracts.models import (
    Contract,
    ContractKind,
    ContractRenewal,
    Deputy,
    Edition,
    Service,
    SignerChange,
    SignerChangeState,
)
from portal.foundation.database import UtcDateTime, db
from portal.lookins.models import LookIn
from portal.tenants.models import Tenant

RENEWED = joinedload(Contract.renewal).joinedload(ContractRenewal.successor)
SIGNED = (joinedload(Contract.edition), joinedload(Contract.signer).joinedload(Membership.person))
BOTH = (
    joinedload(ContractRenewal.contract).joinedload(Contract.edition),
    joinedload(ContractRenewal.successor).joinedload(Contract.edition),
)
DEPUTY = joinedload(Deputy.membership).joinedload(Membership.person)


def in_term(at: datetime | BindParameter[datetime]) -> list[ColumnElement[bool]]:
    """What `Contract.is_running(at)` says, as conditions of a statement."""
    return [Contract.starts_at <= at, Contract.ends_at > at, or_(Contract.ended_at.is_(None), Contract.ended_at > at)]


@dataclass(frozen=True)
class Powers:
    """What the contracts of a tenant mean for one of its members.

    kinds: what the tenant is, or was, by its contracts. signs: the running partner contracts that this member may make
    keys under, as signer or as deputy inside the dates. is_looked_into: whether staff of the vendor looks into the
    tenant now: no matter of contracts, but each page of a tenant asks for these, so it costs no further statement.
    """

    kinds: frozenset[ContractKind]
    signs: frozenset[uuid.UUID]
    is_looked_into: bool = False


def _powers() -> Select[uuid.UUID, ContractKind, bool, bool]:
    """A row for each contract of a tenant: whether this member signs it; and whether somebody looks into the tenant."""
    membership_id, at = bindparam("membership_id", type_=Uuid()), bindparam("at", type_=UtcDateTime())
    named = exists().where(
        Deputy.tenant_id == Contract.tenant_id,
        Deputy.contract_id == Contract.id,
        Deputy.membership_id == membership_id,
        Deputy.starts_at <= at,
        Deputy.ends_at > at,
        or_(Deputy.withdrawn_at.is_(None), Deputy.withdrawn_at > at),
    )
    signs = and_(Contract.kind == ContractKind.PARTNER, or_(Contract.signer_id == membership_id, named), *in_term(at))
    looked = exists().where(LookIn.tenant_id == Tenant.id, LookIn.ended_at.is_(None), LookIn.ends_at > at)
    # From the tenant on, for one without contracts has a row, too.
    rows = select(Contract.id, Contract.kind, signs, looked).select_from(Tenant)
    return rows.outerjoin(Contract, Contract.tenant_id == Tenant.id).where(Tenant.id == bindparam("tenant_id"))


POWERS = _powers()  # asked with every request and every call, so it is put together once


def powers_of(membership: Membership, at: datetime) -> Powers:
    """Of what kinds the contracts of the membership's tenant are, and which this member signs. One statement."""
    who = {"tenant_id": membership.tenant_id, "membership_id": membership.id, "at": at}
    found = db.session.execute(POWERS, who, execution_options=scoped_to(membership.tenant_id)).all()
    return Powers(
        kinds=frozenset(kind for _id, kind, _signs, _looked in found if kind is not None),
        signs=frozenset(contract_id for contract_id, _kind, signed, _looked in found if signed),
        is_looked_into=any(looked for *_contract, looked in found),
    )


def signs_since(membership: Membership, signs: Collection[uuid.UUID]) -> datetime | None:
    """Since when this member may make keys under one of these contracts that it signs, as signer or deputy."""
    mine = scoped_to(membership.tenant_id)
    signed = select(Contract.created_at, SignerChange.closed_at).outerjoin(
        SignerChange,
        and_(
            SignerChange.tenant_id == Contract.tenant_id,
            SignerChange.contract_id == Contract.id,
            SignerChange.membership_id == membership.id,
            SignerChange.state == SignerChangeState.DONE,
        ),
    )
    of_signer = signed.where(
        Contract.tenant_id == membership.tenant_id, Contract.id.in_(signs), Contract.signer_id == membership.id
    )
    named = select(Deputy.starts_at).where(
        Deputy.tenant_id == membership.tenant_id, Deputy.contract_id.in_(signs), Deputy.membership_id == membership.id
    )
    begun = [closed_at or made_at for made_at, closed_at in db.session.execute(of_signer, execution_options=mine)]
    return min([*begun, *db.session.scalars(named, execution_options=mine)], default=None)


def signing(actor: Actor, at: datetime) -> set[uuid.UUID]:
    """The memberships of the actor's tenant that sign a running partner contract, or are a deputy inside the dates."""
    running = owned_by(actor, Contract).where(Contract.kind == ContractKind.PARTNER, *in_term(at))
    signers = running.with_only_columns(Contract.signer_id).where(Contract.signer_id.is_not(None))
    inside = (
        Deputy.starts_at <= at,
        Deputy.ends_at > at,
        or_(Deputy.withdrawn_at.is_(None), Deputy.withdrawn_at > at),
        Deputy.contract_id.in_(running.with_only_columns(Contract.id).scalar_subquery()),
    )
    named = owned_by(actor, Deputy).with_only_columns(Deputy.membership_id).where(*inside)
    return {*db.session.scalars(signers), *db.session.scalars(named)}


def kinds_of(tenant_id: uuid.UUID) -> frozenset[ContractKind]:
    """What the tenant is, or was, by its contracts."""
    rows = select(Contract.kind).where(Contract.tenant_id == tenant_id).distinct()
    return frozenset(db.session.scalars(rows, execution_options=scoped_to(tenant_id)))


def running(
    whose: Actor | uuid.UUID, at: datetime, kinds: Collection[ContractKind] | None = None
) -> Sequence[Contract]:
    """The running contracts of the actor's tenant, or of the tenant with this id, oldest first, editions loaded."""
    rows = _of(whose).where(*in_term(at)).options(joinedload(Contract.edition))
    if kinds is not None:
        rows = rows.where(Contract.kind.in_(kinds))
    return db.session.scalars(rows.order_by(Contract.starts_at, Contract.id)).all()


def overlapping(tenant_id: uuid.UUID, edition_code: str, starts_at: datetime, ends_at: datetime) -> Sequence[Contract]:
    """The tenant's contracts for this edition that run at some moment of the term, earliest first; one that another
    contract follows on runs until the end that was agreed."""
    agreed = func.coalesce(ContractRenewal.agreed_ends_at, Contract.ends_at, type_=Contract.ends_at.type)
    rows = (
        _of(tenant_id)
        .outerjoin(Contract.renewal)
        .where(
            Contract.edition_code == edition_code,
            Contract.starts_at < ends_at,
            agreed > starts_at,
            or_(Contract.ended_at.is_(None), Contract.ended_at > starts_at),
        )
    )
    return db.session.scalars(rows.order_by(Contract.starts_at, Contract.id)).all()


def find_same(tenant_id: uuid.UUID, edition_code: str, starts_at: datetime, ends_at: datetime) -> Contract | None:
    """The tenant's contract for this edition with exactly this term that was not ended early, or None."""
    rows = _of(tenant_id).where(
        Contract.edition_code == edition_code,
        Contract.starts_at == starts_at,
        Contract.ends_at == ends_at,
        Contract.ended_at.is_(None),
    )
    return db.session.scalars(rows).first()


def is_integrator(tenant_id: uuid.UUID, at: datetime) -> bool:
    """Whether the tenant has a running integrator agreement. Asked by the other party too, hence across tenants."""
    rows = across_tenants(Contract.id, reason=Reader.NOTICE).where(
        Contract.tenant_id == tenant_id, Contract.kind == ContractKind.INTEGRATOR, *in_term(at)
    )
    return db.session.scalars(rows.limit(1)).first() is not None


def edition(code: str) -> Edition:
    """The edition with this code, its services loaded. Raises: NotFound."""
    return one_or_not_found(select(Edition).where(Edition.code == code).options(selectinload(Edition.services)))


def editions_of(kind: ContractKind) -> Sequence[Edition]:
    """The editions of this kind with their services, in the order of the catalogue."""
    rows = select(Edition).where(Edition.kind == kind).options(selectinload(Edition.services))
    return db.session.scalars(rows.order_by(Edition.position)).all()


def services() -> Sequence[Service]:
    """The services of the catalogue, in its order."""
    return db.session.scalars(select(Service).order_by(Service.position)).all()


def get(actor: Actor, public_id: str) -> Contract:
    """The actor's contract with its edition, services, signer and deputies. Raises: NotFound."""
    return one_or_not_found(_with_parties(owned_by(actor, Contract)).where(Contract.public_id == public_id))


def get_by_id(actor: Actor, contract_id: uuid.UUID) -> Contract:
    """The same by its inner id. Raises: NotFound."""
    return one_or_not_found(_with_parties(owned_by(actor, Contract)).where(Contract.id == contract_id))


def get_of_any_tenant(public_id: str) -> Contract:
    """The contract with this public id, whoever's it is; for the command line. Raises: NotFound."""
    return one_or_not_found(across_tenants(Contract, reason=Reader.UPKEEP).where(Contract.public_id == public_id))


def get_for_console(tenant: Tenant, public_id: str) -> Contract:
    """The contract of `tenant` with its edition and signer, for the vendor's staff. Raises: NotFound."""
    rows = across_tenants(Contract, reason=Reader.CONSOLE).options(*SIGNED)
    return one_or_not_found(
        rows.options(RENEWED).where(Contract.tenant_id == tenant.id, Contract.public_id == public_id)
    )


def all_of(actor: Actor) -> Sequence[Contract]:
    """All contracts of the actor's tenant, the latest first, with editions, services, signers and deputies."""
    return _latest_first(_with_parties(owned_by(actor, Contract)))


def all_with_signers(actor: Actor) -> Sequence[Contract]:
    """As `all_of`, without the editions' services, in one statement."""
    return _latest_first(owned_by(actor, Contract).options(*SIGNED, joinedload(Contract.deputies).options(DEPUTY)))


def find_with_edition(actor: Actor, contract_id: uuid.UUID) -> Contract | None:
    """The contract of the actor's tenant with this inner id and its edition, or None."""
    rows = owned_by(actor, Contract).options(joinedload(Contract.edition, innerjoin=True))
    return db.session.scalars(rows.where(Contract.id == contract_id)).one_or_none()


def _latest_first(rows: Select[Contract]) -> Sequence[Contract]:
    return db.session.scalars(rows.order_by(Contract.starts_at.desc(), Contract.id.desc())).unique().all()


def lock_with_edition(actor: Actor, contract_id: uuid.UUID) -> Contract:
    """The contract as it is now, with its edition, kept from changing until the transaction ends. Raises: NotFound."""
    rows = owned_by(actor, Contract).options(joinedload(Contract.edition, innerjoin=True))
    return _locked(rows.where(Contract.id == contract_id))


def lock_with_parties(actor: Actor, contract_id: uuid.UUID) -> Contract:
    """The contract as it is now, as `get` gives it, kept from changing until the transaction ends. Raises: NotFound."""
    return _locked(_with_parties(owned_by(actor, Contract)).where(Contract.id == contract_id))


def _locked(rows: Select[Contract]) -> Contract:
    # Only the contract itself: PostgreSQL cannot lock the empty side of an outer join.
    return one_or_not_found(rows.with_for_update(of=Contract, key_share=True).execution_options(populate_existing=True))


def _with_parties(rows: Select[Contract]) -> Select[Contract]:
    services = joinedload(Contract.edition).selectinload(Edition.services)
    return rows.options(*SIGNED, RENEWED, selectinload(Contract.deputies).options(DEPUTY), services)


def find_renewal(contract: Contract) -> ContractRenewal | None:
    """By which contract this one is renewed, with both, or None."""
    rows = select(ContractRenewal).where(
        ContractRenewal.tenant_id == contract.tenant_id, ContractRenewal.contract_id == contract.id
    )
    return db.session.scalars(
        rows.options(*BOTH).execution_options(**scoped_to(contract.tenant_id), populate_existing=True)
    ).one_or_none()


def find_renewed_by(successor: Contract) -> Contract | None:
    """The contract that `successor` will take over from, or None; None as well once it has."""
    rows = (
        _of(successor.tenant_id)
        .join(Contract.renewal)
        .where(ContractRenewal.successor_id == successor.id, ContractRenewal.handed_over_at.is_(None))
    )
    return db.session.scalars(rows).one_or_none()


def renewals_due(at: datetime, limit: int) -> Sequence[ContractRenewal]:
    """Renewals whose successor has begun, or was ended, and which are not handed over; those that began first first."""
    successor = aliased(Contract)
    rows = (
        across_tenants(ContractRenewal, reason=Reader.WORKER)
        .join(
            successor,
            and_(successor.tenant_id == ContractRenewal.tenant_id, successor.id == ContractRenewal.successor_id),
        )
        .where(
            ContractRenewal.handed_over_at.is_(None),
            or_(successor.starts_at <= at, successor.ended_at.is_not(None)),
        )
        .order_by(successor.starts_at, ContractRenewal.id)
        .limit(limit)
    )
    return db.session.scalars(rows).all()


def hold_renewal(renewal: ContractRenewal) -> ContractRenewal | None:
    """The renewal as it is now, with both contracts, which are kept from changing; None when it was called off.

    Their keys are not locked: whoever proves a key pair under the old contract at this moment goes on.
    """
    ids_ = (renewal.contract_id, renewal.successor_id)
    contracts_ = _of(renewal.tenant_id).where(Contract.id.in_(ids_)).options(joinedload(Contract.edition))
    db.session.scalars(
        contracts_.order_by(Contract.id)
        .with_for_update(of=Contract, key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    rows = select(ContractRenewal).where(
        ContractRenewal.tenant_id == renewal.tenant_id, ContractRenewal.id == renewal.id
    )
    return db.session.scalars(
        rows.options(*BOTH)
        .with_for_update(of=ContractRenewal)
        .execution_options(**scoped_to(renewal.tenant_id), populate_existing=True)
    ).one_or_none()


def add_renewal(renewal: ContractRenewal) -> ContractRenewal:
    """`renewal`, with its ids."""
    db.session.add(renewal)
    db.session.flush()
    return renewal


def drop_renewal(renewal: ContractRenewal) -> None:
    """It was called off."""
    db.session.delete(renewal)
    db.session.flush()


def live_members(actor: Actor) -> Sequence[Membership]:
    """The members of the actor's tenant who have not left, with their persons, oldest membership first."""
    rows = owned_by(actor, Membership).where(Membership.ended_at.is_(None)).options(joinedload(Membership.person))
    return db.session.scalars(rows.order_by(Membership.id)).all()


def get_deputy(actor: Actor, public_id: str) -> Deputy:
    """The deputy as it is now, with its member. Raises: NotFound."""
    rows = owned_by(actor, Deputy).where(Deputy.public_id == public_id)
    rows = rows.options(joinedload(Deputy.membership).joinedload(Membership.person))
    return one_or_not_found(rows.execution_options(populate_existing=True))


def find_deputy(
    actor: Actor, contract: Contract, membership: Membership, starts_at: datetime, ends_at: datetime
) -> Deputy | None:
    """Who was named under `contract` with exactly these dates and not withdrawn since, or None."""
    rows = owned_by(actor, Deputy).where(
        Deputy.contract_id == contract.id,
        Deputy.membership_id == membership.id,
        Deputy.starts_at == starts_at,
        Deputy.ends_at == ends_at,
        Deputy.withdrawn_at.is_(None),
    )
    return db.session.scalars(rows).first()


def add(contract: Contract) -> Contract:
    """`contract`, with its ids."""
    db.session.add(contract)
    db.session.flush()
    return contract


def add_deputy(actor: Actor, deputy: Deputy) -> Deputy:
    """`deputy`, with its id, its member loaded."""
    db.session.add(deputy)
    db.session.flush()
    return get_deputy(actor, deputy.public_id)


def _of(whose: Actor | uuid.UUID) -> Select[Contract]:
    if isinstance(whose, Actor):
        return owned_by(whose, Contract)
    return select(Contract).where(Contract.tenant_id == whose).execution_options(**scoped_to(whose))
