"""Every query on delegations and the proposals to widen them."""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from portal.access.actor import Actor
from portal.access.rows import Reader, across_tenants, one_or_not_found, owned_by, received_by, scoped_to
from portal.delegations.models import (
    OPEN_STATES,
    RUNNING_STATES,
    Delegation,
    DelegationProject,
    DelegationProposal,
    DelegationState,
    ProposalProject,
    ProposalState,
)
from portal.delegations.states import DELEGATION
from portal.foundation import clock
from portal.foundation.database import Base, db
from portal.foundation.errors import NotFound
from portal.foundation.paging import Page, page_of
from portal.foundation.states import keep
from portal.projects.models import Project
from portal.tenants.models import Tenant

keep(Delegation.state, DELEGATION)

Row = TypeVar("Row", bound=Base)

PARTIES = (joinedload(Delegation.owner, innerjoin=True), joinedload(Delegation.integrator))
PROJECTS = selectinload(Delegation.projects).joinedload(DelegationProject.project, innerjoin=True)
PROPOSED_PROJECTS = selectinload(DelegationProposal.projects).joinedload(ProposalProject.project, innerjoin=True)
WAITING_STATES = (DelegationState.REQUESTED, DelegationState.OFFERED)


def running_for(owner_account_id: str, integrator_ids: list[uuid.UUID]) -> Sequence[Delegation]:
    """The delegations of the tenant with this account id to one of these integrators that are active or paused and
    whose end has not come; with owner and projects. Two statements, whatever is found.
    """
    if not integrator_ids:
        return []
    rows = (
        across_tenants(Delegation, reason=Reader.SIGN_IN)
        .join(Tenant, Delegation.tenant_id == Tenant.id)
        .where(
            Tenant.account_id == owner_account_id,
            Delegation.integrator_id.in_(integrator_ids),
            Delegation.state.in_(RUNNING_STATES),
            Delegation.ends_at > clock.now(),
        )
        .order_by(Delegation.id)
        .options(joinedload(Delegation.owner), selectinload(Delegation.projects))
    )
    return db.session.scalars(rows).all()


def running_given(actor: Actor, at: datetime) -> Sequence[Delegation]:
    """The delegations of the actor's tenant that are active or paused and whose end has not come."""
    rows = owned_by(actor, Delegation).where(Delegation.state.in_(RUNNING_STATES), Delegation.ends_at > at)
    return db.session.scalars(rows.order_by(Delegation.id)).all()


def running_that_ask(integrator_ids: list[uuid.UUID], at: datetime) -> Sequence[Delegation]:
    """The delegations to one of these integrators that are active or paused, whose end has not come, and whose owner
    asks for a second factor; with the owner."""
    if not integrator_ids:
        return []
    rows = (
        across_tenants(Delegation, reason=Reader.SIGN_IN)
        .join(Delegation.owner)
        .where(
            Delegation.integrator_id.in_(integrator_ids),
            Delegation.state.in_(RUNNING_STATES),
            Delegation.ends_at > at,
            Tenant.factor_asked_at.is_not(None),
        )
        .options(contains_eager(Delegation.owner))
    )
    return db.session.scalars(rows.order_by(Delegation.id)).all()


def given_by(actor: Actor) -> Select[Delegation]:
    """The delegations that the actor's tenant gives, open or past, with both parties and the projects.

    An integrator acting there finds its own only.
    """
    return owned_by(actor, Delegation).options(*PARTIES, PROJECTS)


def taken_by(actor: Actor) -> Select[Delegation]:
    """The delegations that others give to the actor's tenant, open or past, with both parties and the projects.

    Raises: NotFound while the actor acts for a client: its other clients are no business of that one's pages.
    """
    if actor.acts_for_client:
        raise NotFound()
    return received_by(actor, Delegation).options(*PARTIES, PROJECTS)


def get_given(actor: Actor, public_id: str) -> Delegation:
    """One of the delegations that the actor's tenant gives. Raises: NotFound."""
    found: Delegation = one_or_not_found(given_by(actor).where(Delegation.public_id == public_id))
    return found


def get_taken(actor: Actor, public_id: str) -> Delegation:
    """One of the delegations that others give to the actor's tenant. Raises: NotFound."""
    found: Delegation = one_or_not_found(taken_by(actor).where(Delegation.public_id == public_id))
    return found


def page(rows: Select[Delegation], *, past: bool, place: str | None) -> Page[Delegation]:
    """A page of `given_by` or `taken_by`, newest first: those that are open, or those that are over."""
    wanted = Delegation.state.not_in(OPEN_STATES) if past else Delegation.state.in_(OPEN_STATES)
    return page_of(rows.where(wanted), Delegation.id, place=place, newest_first=True)


def worked_under(actor: Actor, at: datetime, place: str | None) -> Page[Delegation]:
    """A page of those of `taken_by` that run or are paused and whose end has not come, newest first.

    Raises: NotFound, BadPlace.
    """
    rows = taken_by(actor).where(Delegation.state.in_(RUNNING_STATES), Delegation.ends_at > at)
    return page_of(rows, Delegation.id, place=place, newest_first=True)


def has_any(rows: Select[Delegation]) -> bool:
    """Whether there is any row at all."""
    return db.session.scalars(rows.with_only_columns(Delegation.id).limit(1)).first() is not None


def find_open(tenant_id: uuid.UUID, integrator_account_id: str) -> Delegation | None:
    """The owner's one open delegation with the account of that id, with parties and projects; or None."""
    rows = (
        select(Delegation)
        .where(
            Delegation.tenant_id == tenant_id,
            Delegation.integrator_account_id == integrator_account_id,
            Delegation.state.in_(OPEN_STATES),
        )
        .options(*PARTIES, PROJECTS)
    )
    return db.session.scalars(rows.execution_options(**scoped_to(tenant_id))).one_or_none()


def hold(delegation: Delegation) -> None:
    """Read the row again with parties and projects, and keep others from changing it until the transaction ends."""
    rows = (
        select(Delegation)
        .where(Delegation.tenant_id == delegation.tenant_id, Delegation.id == delegation.id)
        .options(*PARTIES, PROJECTS)
        .with_for_update(of=Delegation)
    )
    db.session.scalars(rows.execution_options(populate_existing=True, **scoped_to(delegation.tenant_id))).one()


def due(at: datetime, limit: int) -> Sequence[Delegation]:
    """Delegations that wait too long or whose end has come, oldest first, locked; those another worker holds are left
    to it."""
    rows = (
        across_tenants(Delegation, reason=Reader.WORKER)
        .where(
            or_(
                and_(Delegation.state.in_(WAITING_STATES), Delegation.lapses_at <= at),
                and_(Delegation.state.in_(RUNNING_STATES), Delegation.ends_at <= at),
            )
        )
        .options(*PARTIES)
        .order_by(Delegation.id)
        .limit(limit)
        .with_for_update(of=Delegation, skip_locked=True)
    )
    return db.session.scalars(rows).all()


def waiting_proposal(delegation: Delegation) -> DelegationProposal | None:
    """The proposal to widen that waits for its answer, with its projects; or None."""
    rows = _proposals_of(delegation).where(DelegationProposal.state == ProposalState.WAITING)
    return db.session.scalars(rows).one_or_none()


def get_proposal(delegation: Delegation, public_id: str) -> DelegationProposal:
    """A proposal to widen this delegation, whatever its state, with its projects. Raises: NotFound."""
    found: DelegationProposal = one_or_not_found(
        _proposals_of(delegation).where(DelegationProposal.public_id == public_id)
    )
    return found


def _proposals_of(delegation: Delegation) -> Select[DelegationProposal]:
    rows = select(DelegationProposal).where(
        DelegationProposal.tenant_id == delegation.tenant_id, DelegationProposal.delegation_id == delegation.id
    )
    return rows.options(PROPOSED_PROJECTS).execution_options(populate_existing=True, **scoped_to(delegation.tenant_id))


def proposals_given(actor: Actor, *, with_projects: bool = False) -> dict[uuid.UUID, DelegationProposal]:
    """The proposals that wait beside the delegations the actor's tenant gives, by the delegation's id."""
    return _waiting(owned_by(actor, DelegationProposal), with_projects)


def proposals_taken(actor: Actor, *, with_projects: bool = False) -> dict[uuid.UUID, DelegationProposal]:
    """The proposals that wait beside the delegations others give to the actor's tenant, by the delegation's id."""
    return _waiting(received_by(actor, DelegationProposal), with_projects)


def _waiting(rows: Select[DelegationProposal], with_projects: bool) -> dict[uuid.UUID, DelegationProposal]:
    rows = rows.options(PROPOSED_PROJECTS) if with_projects else rows
    found = db.session.scalars(rows.where(DelegationProposal.state == ProposalState.WAITING))
    return {row.delegation_id: row for row in found}


def projects_of(actor: Actor) -> Sequence[Project]:
    """The projects that the actor's tenant can let somebody reach, by name."""
    return db.session.scalars(owned_by(actor, Project).order_by(Project.name_key, Project.id)).all()


def count_projects(actor: Actor, project_ids: Collection[uuid.UUID]) -> int:
    """How many of these ids are projects of the actor's tenant."""
    rows = select(func.count()).select_from(Project)
    rows = rows.where(Project.tenant_id == actor.tenant_id, Project.id.in_(project_ids))
    return db.session.scalar(rows, execution_options=scoped_to(_tenant_of(actor))) or 0


def _tenant_of(actor: Actor) -> uuid.UUID:
    if actor.tenant_id is None:
        raise NotFound()
    return actor.tenant_id


def add(row: Row) -> Row:
    """`row`, with its id."""
    db.session.add(row)
    db.session.flush()
    return row
