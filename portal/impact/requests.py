"""What tenants ask of the vendor, across tenants: the queue, and what a decision on one request has to know.

A change of signer is no request of this kind: it has a notice and a waiting time, and takes place unless it is stopped
(`contracts/signers.py`). The page of the queue shows those that wait in a card of its own.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Select
from sqlalchemy.orm import joinedload

from portal.access.actor import system_actor
from portal.access.rows import Reader, across_tenants, one_or_not_found
from portal.contracts import store as contracts
from portal.contracts.models import Contract, Edition
from portal.entitlements import operations as entitlements
from portal.entitlements import store as requests
from portal.entitlements.models import ContractRequest, RequestState, Wish
from portal.entitlements.store import TOLD
from portal.foundation.database import db
from portal.foundation.errors import PortalError
from portal.foundation.paging import Page, page_of
from portal.projects import amending, granting, store
from portal.projects.amending import Preview
from portal.projects.models import DataSpaceType, Project
from portal.projects.surplus import allotted

OF_REQUEST = (
    *TOLD,
    joinedload(ContractRequest.tenant),
    joinedload(ContractRequest.contract).joinedload(Contract.edition),
)


@dataclass(frozen=True)
class QueueWanted:
    """Which requests; None is all. older_than: at least so many days."""

    state: RequestState | None = None
    wish: Wish | None = None
    older_than: int | None = None


def queue(wanted: QueueWanted, at: datetime, place: str | None) -> Page[ContractRequest]:
    """Requests with tenant, contract, edition and people: what has waited longest first. Where not only waiting ones
    are wanted, the newest come first. Raises: BadPlace."""
    rows = across_tenants(ContractRequest, reason=Reader.CONSOLE).options(*OF_REQUEST)
    if wanted.state is not None:
        rows = rows.where(ContractRequest.state == wanted.state)
    if wanted.wish is not None:
        rows = rows.where(ContractRequest.wish == wanted.wish)
    if wanted.older_than is not None:
        rows = rows.where(ContractRequest.created_at <= at - timedelta(days=wanted.older_than))
    order = (ContractRequest.created_at, ContractRequest.tenant_id, ContractRequest.id)
    return page_of(rows, *order, place=place, newest_first=wanted.state is not RequestState.WAITING)


def projects_of(rows: Sequence[ContractRequest]) -> dict[uuid.UUID, Project]:
    """The projects that these requests are about, by their inner ids. One statement."""
    ids = {row.project_id for row in rows if row.project_id is not None}
    found = across_tenants(Project, reason=Reader.CONSOLE).where(Project.id.in_(ids))
    return {project.id: project for project in db.session.scalars(found)}


@dataclass(frozen=True)
class Context:
    """What one request is decided by: contract and edition, what is granted and used, why nothing can be granted now,
    what an edition would change, and what was asked before for the same thing."""

    request: ContractRequest
    contract: Contract
    project: Project | None
    granted: int | None
    used: int | None
    hindrance: PortalError | None
    preview: Preview | None
    earlier: Sequence[ContractRequest] = field(default_factory=list)


def context(public_id: str) -> Context:
    """The request with this public id, whoever's it is, with all that its decision has to know. Raises: NotFound."""
    request: ContractRequest = one_or_not_found(_of_any_tenant().where(ContractRequest.public_id == public_id))
    reader = system_actor("console", request.tenant_id)
    contract = contracts.get_by_id(reader, request.contract_id)
    project = store.find_with_spaces(reader, request.project_id)
    granted, used = _counts(contract, request, project)
    return Context(
        request=request,
        contract=contract,
        project=project,
        granted=granted,
        used=used,
        hindrance=_hindrance(contract),
        preview=_preview(contract, request),
        earlier=requests.earlier(reader, request),
    )


def find(public_id: str) -> ContractRequest:
    """The request with this public id, whoever's it is. Raises: NotFound."""
    found: ContractRequest = one_or_not_found(_of_any_tenant().where(ContractRequest.public_id == public_id))
    return found


def contract_of_any_tenant(public_id: str) -> Contract:
    """The contract with this public id, whoever's it is, with tenant, edition and services. Raises: NotFound."""
    rows = across_tenants(Contract, reason=Reader.CONSOLE).where(Contract.public_id == public_id)
    found: Contract = one_or_not_found(
        rows.options(joinedload(Contract.tenant), joinedload(Contract.edition).selectinload(Edition.services))
    )
    return found


def _of_any_tenant() -> Select[ContractRequest]:
    return across_tenants(ContractRequest, reason=Reader.CONSOLE).options(*OF_REQUEST)


def _counts(contract: Contract, request: ContractRequest, project: Project | None) -> tuple[int | None, int | None]:
    """How many of what is asked for the contract includes now, and how many there are."""
    reader = system_actor("console", contract.tenant_id)
    if request.wish is Wish.PROJECT:
        granted = entitlements.projects_granted(reader, [contract])[contract.id]
        return granted, store.count_by_contract(reader, [contract.id]).get(contract.id, 0)
    if project is None:
        return None, None
    kind = granting.TYPES[request.wish]
    approved = requests.approved_spaces(reader, contract.id).get((project.id, request.wish), 0)
    return allotted(contract.edition, kind) + approved, _spaces(project, kind)


def _spaces(project: Project, kind: DataSpaceType) -> int:
    return len([space for space in project.data_spaces if space.type is kind])


def _hindrance(contract: Contract) -> PortalError | None:
    try:
        granting.require_grantable(contract)
    except PortalError as refusal:
        return refusal
    return None


def _preview(contract: Contract, request: ContractRequest) -> Preview | None:
    """What the wanted edition would change, while that is still a question; None when it cannot be changed to it."""
    if request.wish is not Wish.EDITION or request.state is not RequestState.WAITING:
        return None
    try:
        return amending.preview(contract, contracts.edition(request.edition_code or ""))
    except PortalError:
        return None
