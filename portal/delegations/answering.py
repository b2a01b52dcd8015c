"""How an offer or a request is answered, or taken back."""

from portal.access.actor import Actor
from portal.audit.events import Event
from portal.delegations.acting import Move, begin, conclude
from portal.delegations.models import Delegation
from portal.delegations.states import Act
from portal.delegations.terms import CHOSEN_BY_OWNER, Projects, Terms, check_given, put_on


def approve(actor: Actor, delegation: Delegation, project_ids: Projects = CHOSEN_BY_OWNER) -> None:
    """The owner grants a request as it was asked; it runs from now on.

    project_ids: the owner's choice where the request leaves it to the owner, None for all projects.
    Raises: NotAllowed, OnlyFromHome, NotFound, WrongState, AgreementMissing, ProjectsMissing, ProjectUnknown,
    RightsNotHeld.
    """
    move = begin(actor, delegation, Act.APPROVE)
    asked = Terms.of(delegation)
    if asked.project_ids == CHOSEN_BY_OWNER:
        asked = Terms(asked.environments, asked.rights, project_ids, asked.ends_at)
    check_given(actor, asked, kept_end=delegation.ends_at)
    put_on(delegation, asked)
    _answer(actor, delegation, move, Event.DELEGATION_APPROVED)


def accept(actor: Actor, delegation: Delegation) -> None:
    """The integrator accepts an offer, or a request that the owner narrowed; it runs from now on.

    Raises: NotAllowed, OnlyFromHome, NotFound, WrongState, AgreementMissing.
    """
    _answer(actor, delegation, begin(actor, delegation, Act.ACCEPT), Event.DELEGATION_ACCEPTED)


def decline(actor: Actor, delegation: Delegation) -> None:
    """The side that was asked says no. Raises: NotAllowed, OnlyFromHome, NotFound, WrongState."""
    move = begin(actor, delegation, Act.DECLINE)
    delegation.ended_at, delegation.ended_by = move.at, move.side
    _answer(actor, delegation, move, Event.DELEGATION_DECLINED)


def withdraw(actor: Actor, delegation: Delegation) -> None:
    """The side whose offer or request waits takes it back. Raises: NotAllowed, OnlyFromHome, NotFound, WrongState."""
    move = begin(actor, delegation, Act.WITHDRAW)
    delegation.state, delegation.ended_at, delegation.ended_by = move.state, move.at, move.side
    conclude(actor, delegation, Event.DELEGATION_WITHDRAWN, move.side)


def _answer(actor: Actor, delegation: Delegation, move: Move, event: Event) -> None:
    delegation.state, delegation.answered_at = move.state, move.at
    conclude(actor, delegation, event, move.side)
