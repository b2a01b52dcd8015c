"""What the overview of a tenant shows: everything that hangs together there, in a constant number of statements."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, literal, or_, select
from sqlalchemy.orm import joinedload

from portal.access.actor import Actor
from portal.access.roles import Environment
from portal.access.rows import scoped_to
from portal.contracts import store as contracts
from portal.contracts.models import Contract, ContractKind, Service
from portal.delegations.models import (
    OPEN_STATES,
    Delegation,
    DelegationProject,
    DelegationProposal,
    DelegationState,
    ProposalState,
    Side,
)
from portal.delegations.store import PARTIES
from portal.foundation.database import db
from portal.handoffs import store as hand_offs
from portal.handoffs.models import HandOff, KeyCopy
from portal.impact import clients, readiness
from portal.impact.readiness import KeysReady
from portal.keys import store as keys
from portal.keys import tickets
from portal.keys.models import KeyPair, KeyState
from portal.keys.tickets import MadeUnder
from portal.projects import store as projects
from portal.projects.models import Claim, Installation, Project
from portal.reviews import store as reviews
from portal.tenants.models import Tenant
from portal.usage import store as usage
from portal.usage.store import Seen

SHOWN = 10
SHOWN_PAIRS = 5
ENDS_SOON = timedelta(days=30)


@dataclass(frozen=True)
class Overview:
    """One tenant at a moment, as far as the actor's reach goes.

    `pairs` are some live ones of the environment that is looked at, whoever holds them; `live_pairs` says how many
    hang on each delegation, given or taken; `with_tickets` are the pairs of tickets. `retiring_pairs` are the old ones
    of rotations in both environments, those that are held open past their date among them.
    """

    at: datetime
    contracts: Sequence[Contract]
    services: Sequence[Service]
    pairs: Sequence[KeyPair]
    live_pairs: dict[uuid.UUID, int]
    with_tickets: MadeUnder
    retiring_pairs: Sequence[KeyPair]
    ready: KeysReady
    projects: Sequence[Project]
    more_projects: bool
    given: Sequence[Delegation]
    taken: Sequence[Delegation]
    proposals: Sequence[DelegationProposal]
    seen: Sequence[Seen]
    copies_to_rotate: Sequence[KeyCopy]
    hand_offs_waiting: Sequence[HandOff]
    questions_waiting: int

    @property
    def in_use(self) -> dict[uuid.UUID, Seen]:
        """What was seen of the primary installation of each data space, by the data space's id."""
        return {one.installation.data_space_id: one for one in self.seen if one.installation.claim is Claim.PRIMARY}

    @property
    def alarming(self) -> list[Installation]:
        """Installations that collide, or that reached a production data space from testing; here and at clients."""
        return [one.installation for one in self.seen if one.installation.needs_somebody]

    def owner_of(self, installation: Installation) -> Tenant | None:
        """The client whose installation it is; None for the tenant's own."""
        return next((row.owner for row in self.taken if row.tenant_id == installation.tenant_id), None)

    @property
    def running(self) -> list[Contract]:
        return [contract for contract in self.contracts if contract.is_running(self.at)]

    @property
    def uses_services(self) -> bool:
        """Whether the tenant has, or had, a contract that key pairs and projects hang on."""
        return any(contract.kind is not ContractKind.INTEGRATOR for contract in self.contracts)

    @property
    def is_integrator(self) -> bool:
        return bool(self.taken) or any(contract.kind is ContractKind.INTEGRATOR for contract in self.contracts)

    @property
    def partner_contracts(self) -> list[Contract]:
        return [contract for contract in self.running if contract.kind is ContractKind.PARTNER]

    @property
    def has_installation(self) -> bool:
        return any(space.installation for project in self.projects for space in project.data_spaces)

    @property
    def configured(self) -> bool:
        """Whether a shop can work: both key pairs, a project, and an installation on one of its data spaces (S18)."""
        return self.ready.complete and bool(self.projects) and self.has_installation

    @property
    def to_answer(self) -> list[Delegation]:
        """Delegations that wait for this tenant's answer."""
        return [row for row in self.given if row.state is DelegationState.REQUESTED] + [
            row for row in self.taken if row.state is DelegationState.OFFERED
        ]

    @property
    def to_widen(self) -> list[Delegation]:
        """Running delegations whose other side proposes to widen them."""
        by_owner = {row.delegation_id for row in self.proposals if row.proposed_by is Side.OWNER}
        by_integrator = {row.delegation_id for row in self.proposals if row.proposed_by is Side.INTEGRATOR}
        return [row for row in self.given if row.id in by_integrator] + [
            row for row in self.taken if row.id in by_owner
        ]

    @property
    def to_make(self) -> list[Delegation]:
        """Tickets of others that are redeemed, and none of whose key pairs is made yet."""
        return [
            row
            for row in self.taken
            if row.one_pair and row.state is DelegationState.ACTIVE and row.id not in self.with_tickets
        ]

    @property
    def ending_contracts(self) -> list[Contract]:
        return [row for row in self.running if row.ends_at - self.at <= ENDS_SOON]

    @property
    def ending_delegations(self) -> list[Delegation]:
        running = (DelegationState.ACTIVE, DelegationState.PAUSED)
        return [
            row for row in [*self.given, *self.taken] if row.state in running and row.ends_at - self.at <= ENDS_SOON
        ]


def of_tenant(actor: Actor, side: Environment, at: datetime) -> Overview:
    """The overview of the actor's tenant, within its reach; `side` is the environment that is looked at."""
    shown = projects.page(actor, place=None)
    given, taken, proposals = _delegations(actor)
    projects_shown = shown.rows[:SHOWN]
    asked = literal(0) if actor.acts_for_client else reviews.waiting_questions(actor)
    ready, questions = readiness.of_keys_beside(actor, at, asked)
    pairs = keys.live_here_or_retiring(actor, at, side, limit=SHOWN + SHOWN_PAIRS)
    return Overview(
        at=at,
        contracts=contracts.all_with_signers(actor),
        proposals=proposals,
        services=readiness.services_of(actor),
        pairs=[pair for pair in pairs if pair.environment is side][:SHOWN_PAIRS],
        live_pairs=clients.live_pairs(actor, [*given, *taken], at),
        with_tickets=tickets.made_under(actor, [*given, *taken], at),
        retiring_pairs=[pair for pair in pairs if pair.state is KeyState.RETIRING],
        ready=ready,
        projects=projects_shown,
        more_projects=len(shown.rows) > SHOWN,
        given=given,
        taken=taken,
        seen=usage.around(actor, [project.id for project in projects_shown], taken),
        copies_to_rotate=hand_offs.copies_to_rotate(actor),
        hand_offs_waiting=hand_offs.waiting_for(actor, at),
        questions_waiting=questions,
    )


def _delegations(actor: Actor) -> tuple[list[Delegation], list[Delegation], list[DelegationProposal]]:
    """Those given, those taken, and the proposals that wait beside them: at most one beside each."""
    if actor.acts_for_client or actor.tenant_id is None:
        return [], [], []
    waiting = and_(
        DelegationProposal.tenant_id == Delegation.tenant_id,
        DelegationProposal.delegation_id == Delegation.id,
        DelegationProposal.state == ProposalState.WAITING,
    )
    rows = (
        select(Delegation, DelegationProposal)
        .outerjoin(DelegationProposal, waiting)
        .where(
            or_(Delegation.tenant_id == actor.tenant_id, Delegation.integrator_id == actor.tenant_id),
            Delegation.state.in_(OPEN_STATES),
        )
        .options(*PARTIES, joinedload(Delegation.projects).joinedload(DelegationProject.project))
        .order_by(Delegation.id.desc())
        .limit(100)
    )
    found = db.session.execute(rows, execution_options=scoped_to(actor.tenant_id)).unique().all()
    given = [row for row, _proposal in found if row.tenant_id == actor.tenant_id]
    taken = [row for row, _proposal in found if row.tenant_id != actor.tenant_id]
    return given, taken, [proposal for _row, proposal in found if proposal is not None]
