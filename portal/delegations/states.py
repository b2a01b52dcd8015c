"""Which act of which side moves a delegation from one state to the next (design 2.2). Every other move is refused."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum

from portal.delegations.errors import PausedByOtherSide, TicketWrongState, WrongState
from portal.delegations.models import RUNNING_STATES, Delegation, DelegationState, Side
from portal.foundation import clock
from portal.foundation.marking import N_
from portal.foundation.states import Machine, Move


class Act(StrEnum):
    """What a side can do with a delegation once it is there."""

    APPROVE = "approve"
    NARROW = "narrow"
    ACCEPT = "accept"
    DECLINE = "decline"
    WITHDRAW = "withdraw"
    PAUSE = "pause"
    RESUME = "resume"
    END = "end"
    PROPOSE_WIDENING = "propose_widening"
    ACCEPT_WIDENING = "accept_widening"
    DECLINE_WIDENING = "decline_widening"
    WITHDRAW_WIDENING = "withdraw_widening"


REQUESTED, OFFERED = DelegationState.REQUESTED, DelegationState.OFFERED
ACTIVE, PAUSED, ENDED = DelegationState.ACTIVE, DelegationState.PAUSED, DelegationState.ENDED
DECLINED, WITHDRAWN, LAPSED = DelegationState.DECLINED, DelegationState.WITHDRAWN, DelegationState.LAPSED
WIDENING = (Act.PROPOSE_WIDENING, Act.ACCEPT_WIDENING, Act.DECLINE_WIDENING, Act.WITHDRAW_WIDENING)

Moves = dict[tuple[DelegationState, Act, Side], DelegationState]

ANSWERS: Moves = {
    (REQUESTED, Act.APPROVE, Side.OWNER): ACTIVE,
    (REQUESTED, Act.NARROW, Side.OWNER): OFFERED,
    (REQUESTED, Act.DECLINE, Side.OWNER): DECLINED,
    (REQUESTED, Act.WITHDRAW, Side.INTEGRATOR): WITHDRAWN,
    (OFFERED, Act.ACCEPT, Side.INTEGRATOR): ACTIVE,
    (OFFERED, Act.DECLINE, Side.INTEGRATOR): DECLINED,
    (OFFERED, Act.WITHDRAW, Side.OWNER): WITHDRAWN,
}
RUNNING: Moves = {
    (ACTIVE, Act.NARROW, Side.OWNER): ACTIVE,
    (PAUSED, Act.NARROW, Side.OWNER): PAUSED,
    **{(ACTIVE, Act.PAUSE, side): PAUSED for side in Side},
    # Of the two sides only the one that paused: `move` looks at that.
    **{(PAUSED, Act.RESUME, side): ACTIVE for side in Side},
    **{(state, Act.END, side): ENDED for state in RUNNING_STATES for side in Side},
    **{(state, act, side): state for state in RUNNING_STATES for act in WIDENING for side in Side},
}
MOVES: Moves = ANSWERS | RUNNING

# What the clock does: to what waits for an answer, and to what runs.
BY_CLOCK: dict[DelegationState, DelegationState] = {REQUESTED: LAPSED, OFFERED: LAPSED, ACTIVE: ENDED, PAUSED: ENDED}

STATE_NAMES: dict[DelegationState, str] = {
    REQUESTED: N_("requested"),
    OFFERED: N_("offered"),
    ACTIVE: N_("active"),
    PAUSED: N_("paused"),
    DECLINED: N_("declined"),
    WITHDRAWN: N_("withdrawn"),
    LAPSED: N_("lapsed"),
    ENDED: N_("ended"),
}


def other(side: Side) -> Side:
    """The side across the table."""
    return Side.INTEGRATOR if side is Side.OWNER else Side.OWNER


def due_at(delegation: Delegation) -> datetime:
    """When the clock moves it: the end of its term once it runs, before that the day on which it lapses."""
    return delegation.ends_at if delegation.state in RUNNING_STATES else delegation.lapses_at


def state_at(delegation: Delegation, at: datetime) -> DelegationState:
    """Its state at this moment, whether or not the worker has stored it yet."""
    if delegation.state in BY_CLOCK and due_at(delegation) <= at:
        return BY_CLOCK[delegation.state]
    return delegation.state


def is_live(delegation: Delegation, at: datetime) -> bool:
    """Whether the integrator may act under it, and the keys made under it verify, at this moment."""
    return state_at(delegation, at) is ACTIVE


def allows(delegation: Delegation, act: Act, side: Side) -> bool:
    """Whether `side` may do `act` now, as far as the state goes."""
    state = state_at(delegation, clock.now())
    held = act is Act.RESUME and delegation.paused_by is not side
    return (state, act, side) in MOVES and not held


def move(delegation: Delegation, act: Act, side: Side) -> DelegationState:
    """The state that follows when `side` does `act` now. Raises: WrongState, PausedByOtherSide."""
    state = state_at(delegation, clock.now())
    following = MOVES.get((state, act, side))
    if following is None:
        raise (TicketWrongState if delegation.one_pair else WrongState)(state=STATE_NAMES[state])
    if act is Act.RESUME and delegation.paused_by is not side:
        raise PausedByOtherSide(state=STATE_NAMES[state])
    return following


def _told() -> Iterator[Move[DelegationState]]:
    """The table as moves, the clock's too: one for each act, with the sides that may do it."""
    by: dict[tuple[DelegationState, DelegationState, Act], list[str]] = {}
    for (before, act, side), after in MOVES.items():
        by.setdefault((before, after, act), []).append(side.value)
    for (before, after, act), sides in by.items():
        who = "the side that paused" if act is Act.RESUME else " or ".join(sides)
        yield Move(before, after, f"{act.value.replace('_', ' ')}: {who}")
    for before, after in BY_CLOCK.items():
        yield Move(before, after, "the clock: 30 days without an answer" if after is LAPSED else "the clock: its end")


DELEGATION = Machine(
    name="Delegation",
    states=DelegationState,
    begins={REQUESTED: "the integrator requests it", OFFERED: "the owner offers it"},
    moves=tuple(_told()),
)
