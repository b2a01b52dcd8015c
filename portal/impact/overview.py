"""What the overview of a tenant shows: everything that hangs together there, in a constant number of statements."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select

from portal.access.actor import Actor
from portal.access.rows import scoped_to
from portal.contracts import store as contracts
from portal.contracts.models import Contract, ContractKind, Service
from portal.delegations import store as delegations
from portal.delegations.models import OPEN_STATES, Delegation, DelegationProposal, DelegationState, Side
from portal.delegations.store import PARTIES, PROJECTS
from portal.foundation.database import db
from portal.impact import readiness
from portal.impact.readiness import KeysReady
from portal.keys import store as keys
from portal.keys.models import KeyPair, KeyState
from portal.projects import store as projects
from portal.projects.models import Project

SHOWN = 10
ENDS_SOON = timedelta(days=30)


@dataclass(frozen=True)
class Overview:
    """One tenant at a moment, as far as the actor's reach goes.

    `pairs` are the tenant's own, whoever holds them; `held` are those it holds for its clients.
    """

    at: datetime
    contracts: Sequence[Contract]
    services: Sequence[Service]
    pairs: Sequence[KeyPair]
    held: Sequence[KeyPair]
    ready: KeysReady
    projects: Sequence[Project]
    more_projects: bool
    given: Sequence[Delegation]
    taken: Sequence[Delegation]
    proposals: Sequence[DelegationProposal]

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
    def ending_contracts(self) -> list[Contract]:
        return [row for row in self.running if row.ends_at - self.at <= ENDS_SOON]

    @property
    def ending_delegations(self) -> list[Delegation]:
        running = (DelegationState.ACTIVE, DelegationState.PAUSED)
        return [
            row for row in [*self.given, *self.taken] if row.state in running and row.ends_at - self.at <= ENDS_SOON
        ]

    @property
    def expiring_pairs(self) -> list[KeyPair]:
        return [pair for pair in self.pairs if pair.expires_at and pair.expires_at - self.at <= ENDS_SOON]

    @property
    def retiring_pairs(self) -> list[KeyPair]:
        """The old pairs of rotations, those that are held open past their date among them."""
        return [pair for pair in self.pairs if pair.state is KeyState.RETIRING]

    def pairs_of(self, delegation: Delegation) -> list[KeyPair]:
        """The live pairs under one delegation, given or taken."""
        return [pair for pair in [*self.pairs, *self.held] if pair.delegation_id == delegation.id]


def of_tenant(actor: Actor, at: datetime) -> Overview:
    """The overview of the actor's tenant, within its reach."""
    all_pairs = keys.live(actor, at) if actor.acts_for_client else keys.live_owned_or_held(actor, at)
    pairs = [pair for pair in all_pairs if pair.tenant_id == actor.tenant_id]
    shown = projects.page(actor, place=None)
    given, taken = _delegations(actor)
    return Overview(
        at=at,
        contracts=contracts.all_with_signers(actor),
        proposals=delegations.proposals_around(actor),
        services=readiness.services_of(actor),
        pairs=pairs,
        held=[pair for pair in all_pairs if pair.tenant_id != actor.tenant_id],
        ready=readiness.of_pairs(actor, pairs),
        projects=shown.rows[:SHOWN],
        more_projects=len(shown.rows) > SHOWN,
        given=given,
        taken=taken,
    )


def _delegations(actor: Actor) -> tuple[list[Delegation], list[Delegation]]:
    if actor.acts_for_client or actor.tenant_id is None:
        return [], []
    rows = (
        select(Delegation)
        .where(
            or_(Delegation.tenant_id == actor.tenant_id, Delegation.integrator_id == actor.tenant_id),
            Delegation.state.in_(OPEN_STATES),
        )
        .options(*PARTIES, PROJECTS)
        .order_by(Delegation.id.desc())
        .limit(100)
    )
    found = db.session.scalars(rows, execution_options=scoped_to(actor.tenant_id)).all()
    given = [row for row in found if row.tenant_id == actor.tenant_id]
    return given, [row for row in found if row.tenant_id != actor.tenant_id]
