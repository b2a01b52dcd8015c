"""What the vendor's console lists across tenants. The door lets vendor staff in only; nothing here changes anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select, tuple_
from sqlalchemy.orm import contains_eager, joinedload

from portal.access.rows import Reader, across_tenants
from portal.accounts.models import Membership
from portal.contracts.models import Contract, ContractKind, Edition, Service
from portal.delegations.models import Delegation, DelegationState
from portal.entitlements.models import Entitlement, EntitlementState
from portal.foundation.database import db
from portal.impact.expiring import Kind, Term, in_term
from portal.impact.listing import FEW, Listing, in_standing, tenant_id
from portal.keys.models import KeyPair
from portal.tenants.models import Standing


@dataclass(frozen=True)
class ContractsWanted:
    """Which contracts; None is all. tenant: an account id."""

    ends: Term | None = None
    kind: ContractKind | None = None
    edition: str | None = None
    tenant: str | None = None
    standing: Standing | None = None


@dataclass(frozen=True)
class EntitlementsWanted:
    """Which entitlements; None is all. tenant: an account id."""

    service: str | None = None
    edition: str | None = None
    state: EntitlementState | None = None
    tenant: str | None = None
    ends: Term | None = None


@dataclass(frozen=True)
class DelegationsWanted:
    """Which delegations; None is all. owner and integrator: account ids."""

    state: DelegationState | None = None
    owner: str | None = None
    integrator: str | None = None
    ends: Term | None = None


def editions() -> Sequence[Edition]:
    """The editions of the catalogue, in its order."""
    return db.session.scalars(select(Edition).order_by(Edition.position)).all()


def services() -> Sequence[Service]:
    """The services of the catalogue, in its order."""
    return db.session.scalars(select(Service).order_by(Service.position)).all()


def contracts(wanted: ContractsWanted, at: datetime) -> Listing:
    """Contracts by the end of their term, the earliest first, with tenant, edition and signer."""
    rows = across_tenants(Contract, reason=Reader.CONSOLE).options(
        joinedload(Contract.tenant),
        joinedload(Contract.edition),
        joinedload(Contract.signer).joinedload(Membership.person),
    )
    conditions: list[ColumnElement[bool]] = []
    if wanted.ends is not None:
        conditions += in_term(Kind.CONTRACTS, wanted.ends, at)
    if wanted.kind is not None:
        conditions.append(Contract.kind == wanted.kind)
    if wanted.edition is not None:
        conditions += of_edition(wanted.edition)
    if wanted.tenant is not None:
        conditions.append(Contract.tenant_id == tenant_id(wanted.tenant))
    if wanted.standing is not None:
        conditions.append(in_standing(Contract.tenant_id, wanted.standing))
    return Listing(rows.where(*conditions), (Contract.ends_at, Contract.tenant_id, Contract.id))


def of_edition(code: str) -> list[ColumnElement[bool]]:
    """The conditions of the contracts of an edition."""
    # Its kind, too: most contracts are licences, and by the index on kinds the others are found among them.
    kind = select(Edition.kind).where(Edition.code == code).scalar_subquery()
    return [Contract.edition_code == code, Contract.kind == kind]


def entitlements(wanted: EntitlementsWanted, at: datetime) -> Listing:
    """Entitlements tenant by tenant, or by their end where that is asked for; with service, contract and edition."""
    rows = (
        across_tenants(Entitlement, reason=Reader.CONSOLE)
        .join(Entitlement.contract)
        .options(
            joinedload(Entitlement.tenant),
            joinedload(Entitlement.service),
            contains_eager(Entitlement.contract).joinedload(Contract.edition),
        )
    )
    conditions: list[ColumnElement[bool]] = []
    if wanted.service is not None:
        conditions.append(Entitlement.service_code == wanted.service)
    if wanted.edition is not None:
        conditions += [Contract.edition_code == wanted.edition, *by_its_contracts(Entitlement, wanted.edition)]
    if wanted.state is not None:
        conditions += _in_state(wanted.state, at)
    if wanted.tenant is not None:
        conditions.append(Entitlement.tenant_id == tenant_id(wanted.tenant))
    if wanted.ends is not None:
        conditions += in_term(Kind.ENTITLEMENTS, wanted.ends, at)
    by_end = () if wanted.ends is None else (Entitlement.ends_at,)
    return Listing(rows.where(*conditions), (*by_end, Entitlement.tenant_id, Entitlement.id))


def by_its_contracts(model: type[Entitlement] | type[KeyPair], edition: str) -> list[ColumnElement[bool]]:
    """Conditions that find a rare edition's rows by its few contracts; a common one's fill a page by themselves."""
    few = across_tenants(Contract.tenant_id, Contract.id, reason=Reader.CONSOLE).where(*of_edition(edition))
    found = [tuple(row) for row in db.session.execute(few.limit(FEW + 1))]
    if len(found) > FEW:
        return []
    tenants = {tenant for tenant, _contract in found}
    return [model.tenant_id.in_(tenants), tuple_(model.tenant_id, model.contract_id).in_(found)]


def _in_state(state: EntitlementState, at: datetime) -> list[ColumnElement[bool]]:
    # What `Entitlement.state(at)` says, as conditions of a statement that joins the contract.
    last, early = (Entitlement.ends_at, Contract.ends_at), (Entitlement.ended_at, Contract.ended_at)
    over = or_(*(moment <= at for moment in (*last, *early)))
    open_ = [*(moment > at for moment in last), *(or_(moment.is_(None), moment > at) for moment in early)]
    begun = [*open_, Entitlement.starts_at <= at]
    return {
        EntitlementState.ENDED: [over],
        EntitlementState.COMING: [*open_, Entitlement.starts_at > at],
        EntitlementState.SUSPENDED: [*begun, Entitlement.suspended_at.is_not(None)],
        EntitlementState.ACTIVE: [*begun, Entitlement.suspended_at.is_(None)],
    }[state]


def delegations(wanted: DelegationsWanted, at: datetime) -> Listing:
    """Delegations owner by owner, or by their end where that is asked for; with owner and integrator."""
    rows = across_tenants(Delegation, reason=Reader.CONSOLE).options(
        joinedload(Delegation.owner), joinedload(Delegation.integrator)
    )
    conditions: list[ColumnElement[bool]] = []
    if wanted.state is not None:
        conditions.append(Delegation.state == wanted.state)
    if wanted.owner is not None:
        conditions.append(Delegation.tenant_id == tenant_id(wanted.owner))
    if wanted.integrator is not None:
        conditions.append(Delegation.integrator_id == tenant_id(wanted.integrator))
    if wanted.ends is not None:
        conditions += in_term(Kind.DELEGATIONS, wanted.ends, at)
    by_end = () if wanted.ends is None else (Delegation.ends_at,)
    return Listing(rows.where(*conditions), (*by_end, Delegation.tenant_id, Delegation.id))
