"""A delegation as one of its sides sees it: what templates need, in words, and nothing that side should not know."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flask_babel import gettext

from portal.access.actor import Actor
from portal.access.roles import RIGHT_NAMES, Environment, Right
from portal.delegations import store
from portal.delegations.models import (
    RUNNING_STATES,
    Delegation,
    DelegationProposal,
    DelegationState,
    Side,
)
from portal.delegations.notices import party_as_seen_by
from portal.delegations.states import Act, allows, state_at
from portal.foundation import clock
from portal.foundation.marking import N_
from portal.keys import tickets
from portal.keys.models import KeyPair

STATE_LABELS = {
    DelegationState.REQUESTED: N_("Requested"),
    DelegationState.OFFERED: N_("Offered"),
    DelegationState.ACTIVE: N_("Active"),
    DelegationState.PAUSED: N_("Paused"),
    DelegationState.DECLINED: N_("Declined"),
    DelegationState.WITHDRAWN: N_("Withdrawn"),
    DelegationState.LAPSED: N_("Lapsed"),
    DelegationState.ENDED: N_("Ended"),
}
TICKET_LABELS = STATE_LABELS | {DelegationState.OFFERED: N_("Waiting"), DelegationState.ACTIVE: N_("Redeemed")}
RIGHT_WORDS = {
    Right.VIEW: N_("see"),
    Right.KEYS: N_("key pairs"),
    Right.PROJECTS: N_("projects"),
    Right.INSTALLATIONS: N_("installations"),
}
# What the right to keys means under a ticket.
ONE_PAIR = N_("Make one key pair in each environment; rotate, rename and revoke it")
ONE_PAIR_WORD = N_("one key pair")
ANSWERED_BY = {DelegationState.REQUESTED: Side.OWNER, DelegationState.OFFERED: Side.INTEGRATOR}


@dataclass(frozen=True)
class Given:
    """What a delegation or a proposal gives, in sentences and in short words. `projects` is None for all of them."""

    environments: list[Environment]
    rights: list[str]
    words: list[str]
    projects: list[str] | None
    ends_at: datetime

    @classmethod
    def by(cls, row: Delegation | DelegationProposal) -> "Given":
        """What `row` gives; its projects are loaded."""
        return cls(
            environments=[side for side in Environment if side in row.environments],
            rights=_said(row, RIGHT_NAMES, ONE_PAIR),
            words=_said(row, RIGHT_WORDS, ONE_PAIR_WORD),
            projects=None if row.all_projects else sorted(part.project.name for part in row.projects),
            ends_at=row.ends_at,
        )


def _said(row: Delegation | DelegationProposal, names: Mapping[Right, str], one_pair: str) -> list[str]:
    is_ticket = isinstance(row, Delegation) and row.one_pair
    return [
        gettext(one_pair if is_ticket and right is Right.KEYS else names[right])
        for right in Right
        if right in row.rights
    ]


@dataclass(frozen=True)
class Seen:
    """A delegation as `side` sees it now. `party` is the other side's name, `proposal` the widening that waits; `made`
    are the key pairs of a ticket.
    """

    row: Delegation
    side: Side
    state: DelegationState
    state_label: str
    party: str
    party_account: str
    given: Given
    proposal: DelegationProposal | None
    acts: frozenset[Act]
    made: Mapping[Environment, KeyPair] = field(default_factory=dict)

    @property
    def is_owners(self) -> bool:
        return self.side is Side.OWNER

    @property
    def is_running(self) -> bool:
        return self.state in RUNNING_STATES

    @property
    def is_live(self) -> bool:
        return self.state is DelegationState.ACTIVE

    @property
    def is_ticket(self) -> bool:
        return self.row.one_pair

    @property
    def unmade(self) -> list[Environment]:
        """The environments of a ticket whose pair is not made yet."""
        return [side for side in self.given.environments if self.is_ticket and side not in self.made]

    @property
    def paused_here(self) -> bool:
        return self.row.paused_by is self.side

    @property
    def ended_here(self) -> bool:
        return self.row.ended_by is self.side

    @property
    def waits_for_us(self) -> bool:
        return ANSWERED_BY.get(self.state) is self.side

    @property
    def proposal_for_us(self) -> bool:
        return self.is_running and self.proposal is not None and self.proposal.proposed_by is not self.side

    @property
    def choice_is_owners(self) -> bool:
        """Whether a request leaves the choice of projects to the owner."""
        return self.given.projects == []

    @property
    def days_left(self) -> int:
        return max(0, (self.row.ends_at - clock.now()) // timedelta(days=1))


def seen(
    row: Delegation,
    side: Side,
    proposal: DelegationProposal | None,
    made: Mapping[Environment, KeyPair] | None = None,
) -> Seen:
    """`row` as `side` sees it now; parties and projects are loaded. made: its pairs, where it is a ticket."""
    state = state_at(row, clock.now())
    owners = side is Side.OWNER
    return Seen(
        row=row,
        side=side,
        state=state,
        state_label=gettext((TICKET_LABELS if row.one_pair else STATE_LABELS)[state]),
        party=party_as_seen_by(side, row),
        party_account=row.integrator_account_id if owners else row.owner.account_id,
        given=Given.by(row),
        proposal=proposal,
        acts=frozenset(act for act in Act if allows(row, act, side)),
        made=made or {},
    )


def find(actor: Actor, side: Side, delegation_id: str) -> Delegation:
    """The delegation with this public id that the actor's tenant gives, or takes. Raises: NotFound."""
    return (store.get_given if side is Side.OWNER else store.get_taken)(actor, delegation_id)


def look(actor: Actor, side: Side, delegation_id: str) -> Seen:
    """The same as its side sees it. Raises: NotFound."""
    row = find(actor, side, delegation_id)
    made = tickets.made_under(actor, [row], clock.now())
    return seen(row, side, store.waiting_proposal(row), made.get(row.id))
