"""What either side does with a running delegation, and how its owner narrows it."""

from datetime import datetime

from portal.access.actor import Actor
from portal.access.roles import Environment, Right
from portal.audit.events import Event
from portal.delegations import upkeep
from portal.delegations.acting import Move, begin, conclude
from portal.delegations.errors import NothingNarrowed, NotNarrower
from portal.delegations.models import Delegation, DelegationState
from portal.delegations.offering import UNANSWERED
from portal.delegations.states import Act
from portal.delegations.terms import CHOSEN_BY_OWNER, Projects, Terms, check_given, differences, put_on
from portal.foundation.errors import Changed


def narrow(
    actor: Actor,
    delegation: Delegation,
    *,
    environments: frozenset[Environment],
    rights: frozenset[Right],
    project_ids: Projects,
    ends_at: datetime,
    version: int,
) -> None:
    """The owner takes something away. From a running delegation at once; a narrowed request becomes an offer that the
    integrator has to accept. Terms that change nothing change nothing, and are no event.

    version: of the delegation as the owner saw it. Raises: NotAllowed, OnlyFromHome, NotFound, WrongState, Changed,
    NotNarrower, NothingNarrowed, and the refusals of `check_given`.
    """
    move = begin(actor, delegation, Act.NARROW)
    before, after = Terms.of(delegation), Terms.asked(environments, rights, project_ids, ends_at)
    if delegation.version != version:
        raise Changed(versions=differences(after, before))
    if not after.is_within(_outer(before)):
        raise NotNarrower()
    if after == before and move.state is DelegationState.OFFERED:
        raise NothingNarrowed()
    check_given(actor, after, kept_end=before.ends_at)
    if after != before:
        _narrow(actor, delegation, move, before, after)


def _outer(before: Terms) -> Terms:
    # A request that leaves the projects to the owner may be answered with any of them.
    if before.project_ids == CHOSEN_BY_OWNER:
        return Terms(before.environments, before.rights, None, before.ends_at)
    return before


def _narrow(actor: Actor, delegation: Delegation, move: Move, before: Terms, after: Terms) -> None:
    put_on(delegation, after)
    if move.state is DelegationState.OFFERED:
        delegation.lapses_at = min(move.at + UNANSWERED, after.ends_at)
    delegation.state = move.state
    # What was proposed before builds on terms that are gone: agreeing to it would undo the narrowing.
    upkeep.close_proposal(delegation, move.at, move.side)
    earlier = {f"before_{name}": value for name, value in before.as_facts().items()}
    conclude(actor, delegation, Event.DELEGATION_NARROWED, move.side, **after.as_facts(), **earlier)


def pause(actor: Actor, delegation: Delegation) -> None:
    """Stop it for a while: nobody acts under it, its keys do not verify. The same side resumes it.

    Raises: NotAllowed, OnlyFromHome, NotFound, WrongState.
    """
    move = begin(actor, delegation, Act.PAUSE)
    delegation.state, delegation.paused_by, delegation.paused_at = move.state, move.side, move.at
    conclude(actor, delegation, Event.DELEGATION_PAUSED, move.side)


def resume(actor: Actor, delegation: Delegation) -> None:
    """Let it run again, by the side that paused it.

    Raises: NotAllowed, OnlyFromHome, NotFound, WrongState, PausedByOtherSide.
    """
    move = begin(actor, delegation, Act.RESUME)
    delegation.state, delegation.paused_by, delegation.paused_at = move.state, None, None
    conclude(actor, delegation, Event.DELEGATION_RESUMED, move.side)


def end(actor: Actor, delegation: Delegation) -> None:
    """End it for good, alone. The owner's keys and those of other integrators are not touched (rule 15).

    Raises: NotAllowed, OnlyFromHome, NotFound, WrongState.
    """
    move = begin(actor, delegation, Act.END)
    delegation.state, delegation.ended_at, delegation.ended_by = move.state, move.at, move.side
    delegation.paused_by, delegation.paused_at = None, None
    upkeep.close_proposal(delegation, move.at, move.side)
    conclude(actor, delegation, Event.DELEGATION_ENDED, move.side)
