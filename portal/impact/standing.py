"""What hangs on the standing of a tenant, or on one of its contracts: what stops with it (rule 12)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select

from portal.access.rows import Reader, across_tenants
from portal.accounts import store as accounts
from portal.accounts.models import Membership
from portal.accounts.sessions import IDLE
from portal.contracts.models import Contract
from portal.delegations.models import RUNNING_STATES, Delegation
from portal.foundation.database import db
from portal.handoffs.models import LIVE_STATES, HandOff
from portal.keys.models import KeyPair
from portal.keys.store import Holder, live_conditions
from portal.projects.models import Installation, Project
from portal.tenants.models import Tenant
from portal.tokens.models import PersonalToken
from portal.tokens.store import working

Counted = Installation | Delegation | Membership | Project | PersonalToken | HandOff


@dataclass(frozen=True)
class Hanging:
    """Counts: live key pairs that a tenant owns, whoever holds them; those it holds for clients; its installations;
    running delegations it gives and takes; its members, the sessions in which they work there, and their tokens; sealed
    private keys that wait on either side.
    """

    own_pairs: int
    pairs_for_clients: int
    installations: int
    integrators: int
    clients: int
    members: int
    sessions: int
    tokens: int
    hand_offs: int


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
        sessions=accounts.count_sessions_in(tenant.id, at, IDLE),
        tokens=_count(PersonalToken, PersonalToken.tenant_id == tenant.id, *working(at)),
        hand_offs=_count(
            HandOff,
            or_(HandOff.tenant_id == tenant.id, HandOff.receiver_id == tenant.id),
            HandOff.state.in_(LIVE_STATES),
            HandOff.lapses_at > at,
        ),
    )


@dataclass(frozen=True)
class UnderContract:
    """Counts: live key pairs that the contract's tenant holds itself, and its integrators hold; projects, and the
    installations in them."""

    own_pairs: int
    pairs_of_integrators: int
    projects: int
    installations: int


def hanging_on_contract(contract: Contract, at: datetime) -> UnderContract:
    """What works now because this contract runs."""
    under = KeyPair.tenant_id == contract.tenant_id, KeyPair.contract_id == contract.id
    projects = select(Project.id).where(Project.tenant_id == contract.tenant_id, Project.contract_id == contract.id)
    return UnderContract(
        own_pairs=_pairs(at, *under, KeyPair.delegation_id.is_(None)),
        pairs_of_integrators=_pairs(at, *under, KeyPair.delegation_id.is_not(None)),
        projects=_count(Project, Project.tenant_id == contract.tenant_id, Project.contract_id == contract.id),
        installations=_count(
            Installation,
            Installation.tenant_id == contract.tenant_id,
            Installation.detached_at.is_(None),
            Installation.project_id.in_(projects),
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


def _count(model: type[Counted], *conditions: ColumnElement[bool]) -> int:
    rows = across_tenants(func.count(), reason=Reader.CONSOLE).select_from(model).where(*conditions)
    return db.session.scalar(rows) or 0
