"""What the clock does to delegations, stored by the worker. Where it matters it is derived at once (`state_at`)."""

from datetime import datetime

from portal.access.actor import Actor
from portal.audit.events import Event
from portal.delegations import acting, notices, store
from portal.delegations.models import Delegation, DelegationProposal, DelegationState, ProposalState, Side
from portal.delegations.states import due_at, state_at
from portal.foundation import clock
from portal.foundation.database import db

BATCH = 100
EVENT_OF = {DelegationState.LAPSED: Event.DELEGATION_LAPSED, DelegationState.ENDED: Event.DELEGATION_RAN_OUT}


def lapse_due(actor: Actor) -> int:
    """Store what the clock did: unanswered delegations lapse, and those whose end has come end. One event each.

    Returns how many there were, at most 100: the worker calls again until it is fewer.
    """
    due = store.due(clock.now(), BATCH)
    for delegation in due:
        settle(actor, delegation)
    return len(due)


def settle(actor: Actor, delegation: Delegation) -> bool:
    """Store what the clock did to this one, with its parties loaded; False when it did nothing."""
    state = state_at(delegation, clock.now())
    if state is delegation.state:
        return False
    delegation.ended_at, delegation.state = due_at(delegation), state
    close_proposal(delegation, clock.now())
    acting.record(actor, delegation, EVENT_OF[state])
    for side in Side:
        notices.post(delegation, EVENT_OF[state], side)
    # A successor may be opened in this very transaction; the index has to see that this one is over.
    db.session.flush()
    return True


def close_proposal(delegation: Delegation, at: datetime, by: Side | None = None) -> None:
    """A proposal that waits beside it is over: declined when the other side of it closes it, else withdrawn."""
    proposal = store.waiting_proposal(delegation)
    if proposal is not None:
        proposal.state, proposal.answered_at = _closed_as(proposal, by), at


def _closed_as(proposal: DelegationProposal, by: Side | None) -> ProposalState:
    return ProposalState.WITHDRAWN if by in {None, proposal.proposed_by} else ProposalState.DECLINED
