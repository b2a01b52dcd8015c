"""Delegations as calls tell them: to one of their sides, and nothing that this side should not know."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, TypeVar

from pydantic import Field

from portal.access.actor import Actor
from portal.access.roles import Environment, Right
from portal.api.calls import Calls
from portal.api.shapes import Moment, Shown
from portal.delegations import store
from portal.delegations.models import (
    RUNNING_STATES,
    Delegation,
    DelegationProject,
    DelegationProposal,
    DelegationState,
    ProposalProject,
    Side,
)
from portal.delegations.notices import party_as_seen_by
from portal.delegations.states import Act, allows, state_at
from portal.foundation import clock
from portal.foundation.database import version_of
from portal.impact.clients import live_pairs
from portal.keys import tickets
from portal.keys.models import KeyPair

Kind = TypeVar("Kind", bound=StrEnum)
# Acts on a widening: which of them is possible depends on whether one waits, and whose it is.
PROPOSING = frozenset({Act.PROPOSE_WIDENING})
ANSWERS = frozenset({Act.ACCEPT_WIDENING, Act.DECLINE_WIDENING})
TAKING_BACK = frozenset({Act.WITHDRAW_WIDENING})

calls = Calls("delegations", "Delegations and tickets")


class ProjectNamed(Shown):
    """A project that is reached. The integrator is told its `id` while the delegation runs."""

    id: str | None
    name: str


class ProposalShown(Shown):
    """A widening that one side proposed, and that waits for the other's answer."""

    id: str
    proposed_by: Side
    environments: list[Environment]
    rights: list[Right]
    projects: Annotated[list[ProjectNamed] | None, Field(description="Null: all, later ones too.")]
    ends_at: Moment
    message: str
    created_at: Moment


class PairMade(Shown):
    """The key pair that was made with a ticket, the latest successor where it was rotated."""

    environment: Environment
    name: str


class DelegationShown(Shown):
    """A delegation, or a ticket, as `side` sees it. `version` is its ETag.

    `party_name` is the account id as long as an offer has no answer. `acts` are those that its state allows this side
    now; a person's role may allow fewer.
    """

    id: str
    side: Side
    is_ticket: bool
    party: str
    party_name: str
    state: DelegationState
    started_by: Side
    environments: list[Environment]
    rights: list[Right]
    projects: Annotated[
        list[ProjectNamed] | None,
        Field(description="Null: all, later ones too. Empty in a request that leaves the choice to the owner."),
    ]
    message: str
    created_at: Moment
    lapses_at: Annotated[Moment | None, Field(description="While it waits for an answer: until when.")]
    ends_at: Moment
    paused_at: Moment | None
    paused_by: Side | None
    ended_at: Moment | None
    ended_by: Annotated[Side | None, Field(description="Null also where it ended by itself.")]
    live_key_pairs: int
    made: list[PairMade]
    proposal: ProposalShown | None
    acts: list[Act]
    version: int


@dataclass(frozen=True)
class Beside:
    """What hangs on a delegation: the widening that waits, the pairs made with a ticket, how many pairs work."""

    proposal: DelegationProposal | None
    made: Mapping[Environment, KeyPair]
    pairs: int


def find(actor: Actor, side: Side, delegation_id: str) -> Delegation:
    """The delegation with this public id that the actor's tenant gives, or takes. Raises: NotFound."""
    return (store.get_given if side is Side.OWNER else store.get_taken)(actor, delegation_id)


def changed(actor: Actor, side: Side, row: Delegation) -> DelegationShown:
    """`row` as `side` sees it after an act: read again, with what was just changed in it."""
    store.hold(row)
    return seen(actor, side, row)


def seen(actor: Actor, side: Side, row: Delegation) -> DelegationShown:
    """`row`, its parties and projects loaded, as `side` sees it now."""
    now = clock.now()
    made, pairs = tickets.made_under(actor, [row], now), live_pairs(actor, [row], now)
    return told(actor, side, row, Beside(store.waiting_proposal(row), made.get(row.id, {}), pairs.get(row.id, 0)))


def told(actor: Actor, side: Side, row: Delegation, beside: Beside) -> DelegationShown:
    """As `seen`, where it is known already what hangs on it."""
    state = state_at(row, clock.now())
    waits, runs = state in store.WAITING_STATES, state in RUNNING_STATES
    proposal = beside.proposal if runs else None
    return DelegationShown(
        id=row.public_id,
        side=side,
        is_ticket=row.one_pair,
        party=row.integrator_account_id if side is Side.OWNER else row.owner.account_id,
        party_name=party_as_seen_by(side, row),
        state=state,
        started_by=row.started_by,
        environments=_in_order(Environment, row.environments),
        rights=_in_order(Right, row.rights),
        projects=_projects(row, with_ids=side is Side.OWNER or runs),
        message=row.message,
        created_at=row.created_at,
        lapses_at=row.lapses_at if waits else None,
        ends_at=row.ends_at,
        paused_at=row.paused_at,
        paused_by=row.paused_by,
        ended_at=row.ended_at,
        ended_by=row.ended_by,
        live_key_pairs=beside.pairs,
        made=[PairMade(environment=one, name=pair.name) for one, pair in sorted(beside.made.items())],
        proposal=None if proposal is None else _proposal(side, proposal),
        acts=[] if actor.acts_for_client else _acts(row, side, proposal),
        version=version_of(row),
    )


def _acts(row: Delegation, side: Side, proposal: DelegationProposal | None) -> list[Act]:
    if proposal is None:
        unfit = ANSWERS | TAKING_BACK
    else:
        unfit = PROPOSING | (ANSWERS if proposal.proposed_by is side else TAKING_BACK)
    return [act for act in Act if allows(row, act, side) and act not in unfit]


def _proposal(side: Side, proposal: DelegationProposal) -> ProposalShown:
    return ProposalShown(
        id=proposal.public_id,
        proposed_by=proposal.proposed_by,
        environments=_in_order(Environment, proposal.environments),
        rights=_in_order(Right, proposal.rights),
        projects=_projects(proposal, with_ids=side is Side.OWNER),
        ends_at=proposal.ends_at,
        message=proposal.message,
        created_at=proposal.created_at,
    )


def _in_order(kinds: type[Kind], given: frozenset[Kind]) -> list[Kind]:
    return [one for one in kinds if one in given]


def _projects(row: Delegation | DelegationProposal, *, with_ids: bool) -> list[ProjectNamed] | None:
    if row.all_projects:
        return None
    parts: list[DelegationProject] | list[ProposalProject] = row.projects
    projects = sorted((part.project for part in parts), key=lambda project: project.name)
    return [ProjectNamed(id=one.public_id if with_ids else None, name=one.name) for one in projects]
