"""What hangs on the standing of a tenant: what stops when it is suspended, and comes back when it is not (rule 12)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select

from portal.access.rows import Reader, across_tenants
from portal.accounts.models import Membership
from portal.delegations.models import RUNNING_STATES, Delegation
from portal.foundation.database import db
from portal.keys.models import KeyPair
from portal.keys.store import Holder, live_conditions
from portal.projects.models import Installation
from portal.tenants.models import Tenant


@dataclass(frozen=True)
class Hanging:
    """Counts: live key pairs that a tenant owns, whoever holds them; those it holds for clients; its installations;
    running delegations it gives and takes; its members."""

    own_pairs: int
    pairs_for_clients: int
    installations: int
    integrators: int
    clients: int
    members: int


def hanging_on(tenant: Tenant, at: datetime) -> Hanging:
    """What works now because the tenant is not suspended."""
    given, taken = Delegation.tenant_id == tenant.id, Delegation.integrator_id == tenant.id
    running = Delegation.state.in_(RUNNING_STATES)
    return Hanging(
        own_pairs=_pairs(at, KeyPair.tenant_id == tenant.id),
        pairs_for_clients=_pairs(at, KeyPair.holder_id == tenant.id, KeyPair.delegation_id.is_not(None)),
        installations=_count(Installation, Installation.tenant_id == tenant.id, Installation.detached_at.is_(None)),
        integrators=_count(Delegation, given, running),
        clients=_count(Delegation, taken, running),
        members=_count(
            Membership,
            Membership.tenant_id == tenant.id,
            or_(Membership.ended_at.is_(None), Membership.ended_at > at),
        ),
    )


def _pairs(at: datetime, *whose: ColumnElement[bool]) -> int:
    live = (
        across_tenants(KeyPair.id, reason=Reader.CONSOLE)
        .join(KeyPair.contract)
        .join(KeyPair.owner)
        .join(KeyPair.holder.of_type(Holder))
        .outerjoin(KeyPair.delegation)
        .where(*whose, *live_conditions(at))
    )
    counted = select(func.count()).select_from(live.subquery())
    return db.session.scalar(counted, execution_options=live.get_execution_options()) or 0


def _count(model: type[Installation | Delegation | Membership], *conditions: ColumnElement[bool]) -> int:
    rows = across_tenants(func.count(), reason=Reader.CONSOLE).select_from(model).where(*conditions)
    return db.session.scalar(rows) or 0
