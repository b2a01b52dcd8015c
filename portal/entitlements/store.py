"""Every query on entitlements and on requests for more."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload

from portal.access.actor import Actor
from portal.access.rows import one_or_not_found, owned_by, scoped_to
from portal.contracts.models import Contract, EditionService, Service
from portal.contracts.store import in_term
from portal.entitlements.models import AllotmentRequest, AllotmentWish, Entitlement, RequestState
from portal.foundation.database import db

SHOWN_REQUESTS = 100


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
    """The entitlements under the contract whose term ends when the contract's does."""
    rows = select(Entitlement).where(
        Entitlement.tenant_id == contract.tenant_id,
        Entitlement.contract_id == contract.id,
        Entitlement.ends_at == contract.ends_at,
    )
    return db.session.scalars(rows, execution_options=scoped_to(contract.tenant_id)).all()


def under(contract: Contract) -> Sequence[Entitlement]:
    """All entitlements under the contract."""
    rows = select(Entitlement).where(
        Entitlement.tenant_id == contract.tenant_id, Entitlement.contract_id == contract.id
    )
    return db.session.scalars(rows, execution_options=scoped_to(contract.tenant_id)).all()


def services_included(contract: Contract) -> frozenset[str]:
    """The codes of the services in the contract's edition."""
    rows = select(EditionService.service_code).where(EditionService.edition_code == contract.edition_code)
    return frozenset(db.session.scalars(rows))


def approved_projects(actor: Actor, contract_ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, int]:
    """How many projects beyond the edition were approved, by contract; a contract without any is left out."""
    rows = (
        owned_by(actor, AllotmentRequest)
        .where(
            AllotmentRequest.contract_id.in_(contract_ids),
            AllotmentRequest.wish == AllotmentWish.PROJECT,
            AllotmentRequest.state == RequestState.APPROVED,
        )
        .group_by(AllotmentRequest.contract_id)
        .with_only_columns(AllotmentRequest.contract_id, func.sum(AllotmentRequest.amount))
    )
    return {contract_id: int(amount) for contract_id, amount in db.session.execute(rows)}


def requests_for_projects(actor: Actor) -> Sequence[AllotmentRequest]:
    """The latest 100 requests for more projects of the actor's tenant."""
    rows = owned_by(actor, AllotmentRequest).where(AllotmentRequest.project_id.is_(None))
    return db.session.scalars(rows.order_by(AllotmentRequest.id.desc()).limit(SHOWN_REQUESTS)).all()


def requests_for_spaces(actor: Actor, project_id: uuid.UUID) -> Sequence[AllotmentRequest]:
    """The latest 100 requests for more data spaces in a project."""
    rows = owned_by(actor, AllotmentRequest).where(AllotmentRequest.project_id == project_id)
    return db.session.scalars(rows.order_by(AllotmentRequest.id.desc()).limit(SHOWN_REQUESTS)).all()


def get_request(actor: Actor, public_id: str) -> AllotmentRequest:
    """The request for more. Raises: NotFound."""
    return one_or_not_found(owned_by(actor, AllotmentRequest).where(AllotmentRequest.public_id == public_id))


def find_waiting(
    actor: Actor, contract_id: uuid.UUID, project_id: uuid.UUID | None, wish: AllotmentWish
) -> AllotmentRequest | None:
    """The request for the same thing that waits to be decided, or None."""
    rows = owned_by(actor, AllotmentRequest).where(
        AllotmentRequest.contract_id == contract_id,
        AllotmentRequest.project_id.is_not_distinct_from(project_id),
        AllotmentRequest.wish == wish,
        AllotmentRequest.state == RequestState.WAITING,
    )
    return db.session.scalars(rows).first()


def add(row: AllotmentRequest) -> AllotmentRequest:
    """`row`, with its ids."""
    db.session.add(row)
    db.session.flush()
    return row


def add_all(rows: Sequence[Entitlement]) -> None:
    """Put new entitlements into the session."""
    db.session.add_all(rows)
