"""What the vendor's console lists across tenants. The door lets vendor staff in only; nothing here changes anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, or_, select, tuple_
from sqlalchemy.orm import contains_eager, joinedload

from portal.access.roles import Environment
from portal.access.rows import Reader, across_tenants
from portal.accounts.models import Membership
from portal.contracts.models import Contract, ContractKind, Edition, Service
from portal.delegations.models import Delegation, DelegationState
from portal.entitlements.models import AllotmentRequest, Entitlement, EntitlementState, RequestState
from portal.foundation.database import db
from portal.foundation.paging import Page, page_of
from portal.impact.figures import ending_within
from portal.keys.models import KeyPair, KeyState
from portal.keys.store import WHOLE
from portal.tenants.models import Tenant

FEW = 100  # contracts that a statement can name one by one


class Term(StrEnum):
    """Which contracts, by when their term ends."""

    ONE_DAY = "1"
    SEVEN_DAYS = "7"
    THIRTY_DAYS = "30"
    PAST = "past"


@dataclass(frozen=True)
class AccessWanted:
    """Which key pairs; None is all. owner and holder are account ids."""

    owner: str | None = None
    holder: str | None = None
    api_key: str | None = None
    environment: Environment | None = None
    state: KeyState | None = None


def editions() -> Sequence[Edition]:
    """The editions of the catalogue, in its order."""
    return db.session.scalars(select(Edition).order_by(Edition.position)).all()


def services() -> Sequence[Service]:
    """The services of the catalogue, in its order."""
    return db.session.scalars(select(Service).order_by(Service.position)).all()


def contracts(
    term: Term | None, kind: ContractKind | None, edition: str | None, at: datetime, place: str | None
) -> Page[Contract]:
    """Contracts by the end of their term, the earliest first, with tenant, edition and signer. Raises: BadPlace."""
    rows = across_tenants(Contract, reason=Reader.CONSOLE).options(
        joinedload(Contract.tenant),
        joinedload(Contract.edition),
        joinedload(Contract.signer).joinedload(Membership.person),
    )
    if term is not None:
        rows = rows.where(*_in_term(term, at))
    if kind is not None:
        rows = rows.where(Contract.kind == kind)
    if edition is not None:
        rows = rows.where(*_of_edition(edition))
    return page_of(rows, Contract.ends_at, Contract.tenant_id, Contract.id, place=place)


def _of_edition(code: str) -> list[ColumnElement[bool]]:
    # Its kind, too: most contracts are licences, and by the index on kinds the others are found among them.
    kind = select(Edition.kind).where(Edition.code == code).scalar_subquery()
    return [Contract.edition_code == code, Contract.kind == kind]


def _in_term(term: Term, at: datetime) -> list[ColumnElement[bool]]:
    return [Contract.ends_at <= at] if term is Term.PAST else ending_within(int(term), at)


def entitlements(
    service: str | None, edition: str | None, state: EntitlementState | None, at: datetime, place: str | None
) -> Page[Entitlement]:
    """Entitlements tenant by tenant, with tenant, service, contract and edition. Raises: BadPlace."""
    rows = (
        across_tenants(Entitlement, reason=Reader.CONSOLE)
        .join(Entitlement.contract)
        .options(
            joinedload(Entitlement.tenant),
            joinedload(Entitlement.service),
            contains_eager(Entitlement.contract).joinedload(Contract.edition),
        )
    )
    if service is not None:
        rows = rows.where(Entitlement.service_code == service)
    if edition is not None:
        rows = rows.where(Contract.edition_code == edition, *_by_its_contracts(edition))
    if state is not None:
        rows = rows.where(*_in_state(state, at))
    return page_of(rows, Entitlement.tenant_id, Entitlement.id, place=place)


def _by_its_contracts(edition: str) -> list[ColumnElement[bool]]:
    # A rare edition's entitlements are found by its few contracts; a common one's fill the page by themselves.
    few = across_tenants(Contract.tenant_id, Contract.id, reason=Reader.CONSOLE).where(*_of_edition(edition))
    found = [tuple(row) for row in db.session.execute(few.limit(FEW + 1))]
    return [tuple_(Entitlement.tenant_id, Entitlement.contract_id).in_(found)] if len(found) <= FEW else []


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


def access(wanted: AccessWanted, place: str | None) -> Page[KeyPair]:
    """Who holds access: key pairs owner by owner, with all that their status depends on. Raises: BadPlace."""
    rows = across_tenants(KeyPair, reason=Reader.CONSOLE).options(*WHOLE)
    return page_of(rows.where(*_wanted(wanted)), KeyPair.tenant_id, KeyPair.id, place=place)


def _wanted(wanted: AccessWanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.owner is not None:
        conditions.append(KeyPair.tenant_id == _tenant_id(wanted.owner))
    if wanted.holder is not None:
        conditions.append(KeyPair.holder_id == _tenant_id(wanted.holder))
    if wanted.api_key is not None:
        conditions.append(KeyPair.api_key == wanted.api_key)
    if wanted.environment is not None:
        conditions.append(KeyPair.environment == wanted.environment)
    if wanted.state is not None:
        conditions.append(KeyPair.state == wanted.state)
    return conditions


def _tenant_id(account_id: str) -> ScalarSelect[Any]:
    return select(Tenant.id).where(Tenant.account_id == account_id.upper()).scalar_subquery()


def delegations(state: DelegationState | None, place: str | None) -> Page[Delegation]:
    """Delegations owner by owner, with owner and integrator. Raises: BadPlace."""
    rows = across_tenants(Delegation, reason=Reader.CONSOLE).options(
        joinedload(Delegation.owner), joinedload(Delegation.integrator)
    )
    if state is not None:
        rows = rows.where(Delegation.state == state)
    return page_of(rows, Delegation.tenant_id, Delegation.id, place=place)


def requests(state: RequestState | None, place: str | None) -> Page[AllotmentRequest]:
    """Requests for a larger allotment, tenant by tenant, each with its tenant. Raises: BadPlace."""
    rows = across_tenants(AllotmentRequest, reason=Reader.CONSOLE).options(joinedload(AllotmentRequest.tenant))
    if state is not None:
        rows = rows.where(AllotmentRequest.state == state)
    return page_of(rows, AllotmentRequest.tenant_id, AllotmentRequest.id, place=place)
