"""A wider delegation needs both sides: one proposes it beside the running one, the other answers."""

from datetime import datetime

from portal.access.actor import Actor
from portal.access.roles import Environment, Right
from portal.audit.events import Event
from portal.delegations import store
from portal.delegations.acting import Move, begin, conclude
from portal.delegations.errors import NotWider, ProposalClosed, ProposalOfOwnSide, ProposalWaiting
from portal.delegations.models import Delegation, DelegationProposal, ProposalState, Side
from portal.delegations.states import Act
from portal.delegations.terms import Projects, Terms, check_asked, check_given, put_on, write_on
from portal.foundation.marking import N_
from portal.foundation.words import clean_text

PROPOSAL_STATE_NAMES: dict[ProposalState, str] = {
    ProposalState.WAITING: N_("waiting"),
    ProposalState.ACCEPTED: N_("accepted"),
    ProposalState.DECLINED: N_("declined"),
    ProposalState.WITHDRAWN: N_("withdrawn"),
}


def propose_widening(
    actor: Actor,
    delegation: Delegation,
    *,
    environments: frozenset[Environment],
    rights: frozenset[Right],
    project_ids: Projects,
    ends_at: datetime,
    message: str = "",
) -> DelegationProposal:
    """Propose terms that keep all that is given now and add to it. Nothing changes before the other side agrees.

    Of a ticket the same terms are wider: agreeing to them makes it a delegation, for any number of pairs.
    An integrator knows only the projects it reaches: it proposes those, or all. Repeating a proposal returns the first.
    Raises: NotAllowed, OnlyFromHome, NotFound, WrongState, AgreementMissing, NotWider, ProposalWaiting, and the
    refusals of `check_given`.
    """
    move = begin(actor, delegation, Act.PROPOSE_WIDENING)
    now, wider = Terms.of(delegation), Terms.asked(environments, rights, project_ids, ends_at)
    if not now.is_within(wider) or (now == wider and not delegation.one_pair):
        raise NotWider()
    _check(actor, move.side, now, wider)
    waiting = store.waiting_proposal(delegation)
    if waiting is not None:
        return _repeated(waiting, move.side, wider)
    return _propose(actor, delegation, move, wider, clean_text(message))


def _check(actor: Actor, side: Side, now: Terms, wider: Terms) -> None:
    if side is Side.OWNER:
        check_given(actor, wider, kept_end=now.ends_at)
    else:
        check_asked(wider, kept_end=now.ends_at)
        if wider.project_ids not in (None, now.project_ids):
            raise NotWider()


def _repeated(waiting: DelegationProposal, side: Side, wider: Terms) -> DelegationProposal:
    if waiting.proposed_by is side and Terms.of(waiting) == wider:
        return waiting
    raise ProposalWaiting()


def _propose(actor: Actor, delegation: Delegation, move: Move, wider: Terms, message: str) -> DelegationProposal:
    proposal = DelegationProposal(
        tenant_id=delegation.tenant_id,
        delegation_id=delegation.id,
        integrator_id=delegation.integrator_id,
        proposed_by=move.side,
        message=message,
    )
    write_on(proposal, wider)
    store.add(proposal)
    facts = wider.as_facts() | {"proposal": proposal.public_id}
    conclude(actor, delegation, Event.WIDENING_PROPOSED, move.side, **facts)
    return proposal


def accept_widening(actor: Actor, delegation: Delegation, proposal_id: str) -> None:
    """The other side agrees: the proposed terms hold from now on. An owner gives no more than it may do itself.

    A ticket is a delegation like any other from now on.
    Raises: NotAllowed, OnlyFromHome, NotFound, WrongState, AgreementMissing, ProposalOfOwnSide, ProposalClosed,
    RightsNotHeld.
    """
    move = begin(actor, delegation, Act.ACCEPT_WIDENING)
    proposal = to_answer(move.side, delegation, proposal_id)
    wider = Terms.of(proposal)
    if move.side is Side.OWNER:
        check_given(actor, wider, kept_end=wider.ends_at)
    put_on(delegation, wider)
    _close(actor, delegation, proposal, move, ProposalState.ACCEPTED, Event.WIDENING_ACCEPTED)
    delegation.one_pair = False  # only now: record and mail tell of the ticket that it was


def decline_widening(actor: Actor, delegation: Delegation, proposal_id: str) -> None:
    """The other side says no; the delegation runs on as it is.

    Raises: NotAllowed, OnlyFromHome, NotFound, WrongState, ProposalOfOwnSide, ProposalClosed.
    """
    move = begin(actor, delegation, Act.DECLINE_WIDENING)
    proposal = to_answer(move.side, delegation, proposal_id)
    _close(actor, delegation, proposal, move, ProposalState.DECLINED, Event.WIDENING_DECLINED)


def withdraw_widening(actor: Actor, delegation: Delegation, proposal_id: str) -> None:
    """The side that proposed takes it back; the delegation runs on as it is.

    Raises: NotAllowed, OnlyFromHome, NotFound, WrongState, ProposalOfOwnSide, ProposalClosed.
    """
    move = begin(actor, delegation, Act.WITHDRAW_WIDENING)
    proposal = _waiting(delegation, proposal_id)
    if proposal.proposed_by is not move.side:
        raise ProposalOfOwnSide()
    _close(actor, delegation, proposal, move, ProposalState.WITHDRAWN, Event.WIDENING_WITHDRAWN)


def to_answer(side: Side, delegation: Delegation, proposal_id: str) -> DelegationProposal:
    """The proposal with this public id, which waits for the answer of `side`.

    Raises: NotFound, ProposalClosed, ProposalOfOwnSide.
    """
    proposal = _waiting(delegation, proposal_id)
    if proposal.proposed_by is side:
        raise ProposalOfOwnSide()
    return proposal


def _waiting(delegation: Delegation, proposal_id: str) -> DelegationProposal:
    proposal = store.get_proposal(delegation, proposal_id)
    if proposal.state is not ProposalState.WAITING:
        raise ProposalClosed(state=PROPOSAL_STATE_NAMES[proposal.state])
    return proposal


def _close(
    actor: Actor, delegation: Delegation, proposal: DelegationProposal, move: Move, state: ProposalState, event: Event
) -> None:
    proposal.state, proposal.answered_at = state, move.at
    conclude(actor, delegation, event, move.side, proposal=proposal.public_id)
