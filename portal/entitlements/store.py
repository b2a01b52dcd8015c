"""Every query on entitlements and on requests for more."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload

from portal.access.actor import Actor
from portal.access.rows import one_or_not_found, owned_by, scoped_to
from portal.contracts.models import Contract, EditionService, Service
from portal.contracts.store import in_term
from portal.entitlements.models import OF_A_PROJECT, ContractRequest, Entitlement, RequestState, Wish
from portal.entitlements.states import REQUEST
from portal.foundation.database import db
from portal.foundation.paging import Page, page_of
from portal.foundation.states import keep

SHOWN_REQUESTS = 100
# What a request is told with: the names of its thing and of its people.
TOLD = (
    joinedload(ContractRequest.edition),
    joinedload(ContractRequest.service),
    joinedload(ContractRequest.asked_by),
    joinedload(ContractRequest.decided_by),
)

keep(ContractRequest.state, REQUEST)


def all_of(actor: Actor) -> Sequence[Entitlement]:
    """The entitlements of the actor's tenant with service and contract, in the order of the catalogue."""
    rows = (
        owned_by(actor, Entitlement)
        .join(Entitlement.service)
        .options(joinedload(Entitlement.service), joinedload(Entitlement.contract))
    )
    return db.session.scalars(rows.order_by(Entitlement.starts_at.desc(), Service.position, Entitlement.id)).all()


def hold(entitlement: Entitlement) -> None:
    """Read the row again with service and contract, and keep others from changing it until the transaction ends."""
    rows = (
        select(Entitlement)
        .where(Entitlement.tenant_id == entitlement.tenant_id, Entitlement.id == entitlement.id)
        .options(joinedload(Entitlement.service, innerjoin=True), joinedload(Entitlement.contract, innerjoin=True))
        .with_for_update(of=Entitlement)
    )
    db.session.scalars(rows.execution_options(populate_existing=True, **scoped_to(entitlement.tenant_id))).one()


def services_of(actor: Actor, at: datetime) -> Sequence[Service]:
    """The services that the actor's tenant may use at this moment, each once, in the order of the catalogue."""
    rows = (
        owned_by(actor, Entitlement)
        .join(Entitlement.contract)
        .join(Entitlement.service)
        .where(
            Entitlement.starts_at <= at,
            Entitlement.ends_at > at,
            Entitlement.suspended_at.is_(None),
            or_(Entitlement.ended_at.is_(None), Entitlement.ended_at > at),
            *in_term(at),
        )
        .with_only_columns(Service, maintain_column_froms=True)
    )
    return db.session.scalars(rows.distinct().order_by(Service.position)).all()


def not_granted(contract: Contract) -> Sequence[str]:
    """The codes of the services in the contract's edition that have no entitlement under it yet."""
    granted = select(Entitlement.service_code).where(
        Entitlement.tenant_id == contract.tenant_id, Entitlement.contract_id == contract.id
    )
    rows = select(EditionService.service_code).where(
        EditionService.edition_code == contract.edition_code, EditionService.service_code.not_in(granted)
    )
    return db.session.scalars(rows, execution_options=scoped_to(contract.tenant_id)).all()


def ending_with(contract: Contract) -> Sequence[Entitlement]:
    """The entitlements under the contract whose term ends when the contract's does, kept from changing."""
    rows = select(Entitlement).where(
        Entitlement.tenant_id == contract.tenant_id,
        Entitlement.contract_id == contract.id,
        Entitlement.ends_at == contract.ends_at,
    )
    rows = rows.with_for_update().execution_options(**scoped_to(contract.tenant_id), populate_existing=True)
    return db.session.scalars(rows).all()


def services_included(contract: Contract) -> frozenset[str]:
    """The codes of the services in the contract's edition."""
    rows = select(EditionService.service_code).where(EditionService.edition_code == contract.edition_code)
    return frozenset(db.session.scalars(rows))


def approved_projects(actor: Actor, contract_ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, int]:
    """How many projects beyond the edition were approved, by contract; a contract without any is left out."""
    rows = (
        _approved(actor)
        .where(ContractRequest.contract_id.in_(contract_ids), ContractRequest.wish == Wish.PROJECT)
        .group_by(ContractRequest.contract_id)
        .with_only_columns(ContractRequest.contract_id, func.sum(ContractRequest.granted))
    )
    return {contract_id: int(amount or 0) for contract_id, amount in db.session.execute(rows)}


def approved_spaces(actor: Actor, contract_id: uuid.UUID) -> Mapping[tuple[uuid.UUID, Wish], int]:
    """How many data spaces beyond the edition were approved under the contract, by project and wish."""
    rows = (
        _approved(actor)
        .where(ContractRequest.contract_id == contract_id, ContractRequest.wish.in_(OF_A_PROJECT))
        .group_by(ContractRequest.project_id, ContractRequest.wish)
        .with_only_columns(ContractRequest.project_id, ContractRequest.wish, func.sum(ContractRequest.granted))
    )
    found = db.session.execute(rows)
    return {(project_id, wish): amount or 0 for project_id, wish, amount in found if project_id is not None}


def approved_services(actor: Actor, contract_id: uuid.UUID) -> frozenset[str]:
    """The codes of the services that were approved under the contract, whatever its edition includes."""
    rows = _approved(actor).where(ContractRequest.contract_id == contract_id, ContractRequest.wish == Wish.SERVICE)
    return frozenset(db.session.scalars(rows.with_only_columns(ContractRequest.service_code)))


def _approved(actor: Actor) -> Select[ContractRequest]:
    return owned_by(actor, ContractRequest).where(ContractRequest.state == RequestState.APPROVED)


def under(actor: Actor, contract_id: uuid.UUID) -> Sequence[Entitlement]:
    """All entitlements under the contract, with their services, in the order of the catalogue."""
    rows = owned_by(actor, Entitlement).where(Entitlement.contract_id == contract_id).join(Entitlement.service)
    rows = rows.options(contains_eager(Entitlement.service)).order_by(Service.position)
    return db.session.scalars(rows).all()


def requests_for_projects(actor: Actor) -> Sequence[ContractRequest]:
    """The latest 100 requests for more projects of the actor's tenant, as they are shown."""
    return _latest(owned_by(actor, ContractRequest).where(ContractRequest.wish == Wish.PROJECT))


def requests_for_spaces(actor: Actor, project_id: uuid.UUID) -> Sequence[ContractRequest]:
    """The latest 100 requests for more data spaces in a project, as they are shown."""
    return _latest(owned_by(actor, ContractRequest).where(ContractRequest.project_id == project_id))


def requests_for_things(actor: Actor) -> Sequence[ContractRequest]:
    """The latest 100 requests for editions and services of the actor's tenant, as they are shown."""
    return _latest(owned_by(actor, ContractRequest).where(ContractRequest.wish.in_((Wish.EDITION, Wish.SERVICE))))


def requests_page(actor: Actor, *, place: str | None, project_id: uuid.UUID | None = None) -> Page[ContractRequest]:
    """All requests of the actor's tenant as they are shown, newest first; or those in the project with this inner id.

    Raises: BadPlace.
    """
    rows = owned_by(actor, ContractRequest).options(*TOLD)
    if project_id is not None:
        rows = rows.where(ContractRequest.project_id == project_id)
    return page_of(rows, ContractRequest.id, place=place, newest_first=True)


def _latest(rows: Select[ContractRequest]) -> Sequence[ContractRequest]:
    return db.session.scalars(rows.options(*TOLD).order_by(ContractRequest.id.desc()).limit(SHOWN_REQUESTS)).all()


def reopened_among(actor: Actor, requests: Sequence[ContractRequest]) -> frozenset[uuid.UUID]:
    """The inner ids of those requests that were asked again by another one."""
    ids = [row.id for row in requests]
    rows = owned_by(actor, ContractRequest).where(ContractRequest.reopens_id.in_(ids))
    return frozenset(db.session.scalars(rows.with_only_columns(ContractRequest.reopens_id)))


def get_request(actor: Actor, public_id: str) -> ContractRequest:
    """The request, as it is shown. Raises: NotFound."""
    rows = owned_by(actor, ContractRequest).options(*TOLD)
    return one_or_not_found(rows.where(ContractRequest.public_id == public_id))


def lock_request(actor: Actor, request_id: uuid.UUID) -> ContractRequest:
    """The request as it is now, kept from changing until the transaction ends. Raises: NotFound."""
    rows = owned_by(actor, ContractRequest).options(*TOLD).where(ContractRequest.id == request_id)
    return one_or_not_found(rows.with_for_update(of=ContractRequest).execution_options(populate_existing=True))


def find_waiting(actor: Actor, wanted: ContractRequest) -> ContractRequest | None:
    """The request for the same thing as `wanted` that waits to be decided, or None."""
    rows = owned_by(actor, ContractRequest).options(*TOLD).where(*_for_the_same(wanted))
    return db.session.scalars(rows.where(ContractRequest.state == RequestState.WAITING)).first()


def find_reopening(actor: Actor, request: ContractRequest) -> ContractRequest | None:
    """The request by which this one was asked again, or None."""
    rows = owned_by(actor, ContractRequest).options(*TOLD).where(ContractRequest.reopens_id == request.id)
    return db.session.scalars(rows).one_or_none()


def earlier(actor: Actor, request: ContractRequest) -> Sequence[ContractRequest]:
    """What was asked before for the same thing, the latest first, as it is shown; at most 100."""
    return _latest(owned_by(actor, ContractRequest).where(*_for_the_same(request), ContractRequest.id < request.id))


def _for_the_same(wanted: ContractRequest) -> list[ColumnElement[bool]]:
    return [
        ContractRequest.contract_id == wanted.contract_id,
        ContractRequest.wish == wanted.wish,
        ContractRequest.project_id.is_not_distinct_from(wanted.project_id),
        ContractRequest.edition_code.is_not_distinct_from(wanted.edition_code),
        ContractRequest.service_code.is_not_distinct_from(wanted.service_code),
    ]


def add_request(actor: Actor, request: ContractRequest) -> ContractRequest:
    """`request`, with its ids, as it is shown."""
    db.session.add(request)
    db.session.flush()
    return lock_request(actor, request.id)


def add_all(rows: Sequence[Entitlement]) -> None:
    """Put new entitlements into the session."""
    db.session.add_all(rows)


def drop(row: Entitlement) -> None:
    """Take the row away: another one takes its place under its contract."""
    db.session.delete(row)
    db.session.flush()
