"""Every query on contracts, deputies and the catalogue."""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, exists, or_, select
from sqlalchemy.orm import joinedload

from portal.access.actor import Actor
from portal.access.rows import Reader, across_tenants, owned_by, scoped_to
from portal.accounts.models import Membership
from portal.contracts.models import Contract, ContractKind, Deputy
from portal.foundation.database import db


def in_term(at: datetime) -> list[ColumnElement[bool]]:
    """What `Contract.is_running(at)` says, as conditions of a statement."""
    return [Contract.starts_at <= at, Contract.ends_at > at, or_(Contract.ended_at.is_(None), Contract.ended_at > at)]


def signed_by(membership: Membership, at: datetime) -> frozenset[uuid.UUID]:
    """The running partner contracts that this member may make keys under: as signer, or as deputy inside the dates."""
    named = exists().where(
        Deputy.tenant_id == Contract.tenant_id,
        Deputy.contract_id == Contract.id,
        Deputy.membership_id == membership.id,
        Deputy.starts_at <= at,
        Deputy.ends_at > at,
        or_(Deputy.withdrawn_at.is_(None), Deputy.withdrawn_at > at),
    )
    rows = select(Contract.id).where(
        Contract.tenant_id == membership.tenant_id,
        Contract.kind == ContractKind.PARTNER,
        *in_term(at),
        or_(Contract.signer_id == membership.id, named),
    )
    return frozenset(db.session.scalars(rows, execution_options=scoped_to(membership.tenant_id)))


def running(
    whose: Actor | uuid.UUID, at: datetime, kinds: Collection[ContractKind] | None = None
) -> Sequence[Contract]:
    """The running contracts of the actor's tenant, or of the tenant with this id, oldest first, editions loaded."""
    rows = _of(whose).where(*in_term(at)).options(joinedload(Contract.edition))
    if kinds is not None:
        rows = rows.where(Contract.kind.in_(kinds))
    return db.session.scalars(rows.order_by(Contract.starts_at, Contract.id)).all()


def is_integrator(tenant_id: uuid.UUID, at: datetime) -> bool:
    """Whether the tenant has a running integrator agreement. Asked by the other party too, hence across tenants."""
    rows = across_tenants(Contract.id, reason=Reader.NOTICE).where(
        Contract.tenant_id == tenant_id, Contract.kind == ContractKind.INTEGRATOR, *in_term(at)
    )
    return db.session.scalars(rows.limit(1)).first() is not None


def _of(whose: Actor | uuid.UUID) -> Select[tuple[Contract]]:
    if isinstance(whose, Actor):
        return owned_by(whose, Contract)
    return select(Contract).where(Contract.tenant_id == whose).execution_options(**scoped_to(whose))
