"""Which act moves a hand-off from one state to the next (design 2.2). Every other move is refused."""

from datetime import datetime
from enum import StrEnum

from portal.foundation.marking import N_
from portal.foundation.states import Machine, Move
from portal.handoffs.errors import HandOffOver
from portal.handoffs.models import HandOff, HandOffState


class Act(StrEnum):
    """What is done with a hand-off that was offered."""

    OPEN = "open"
    FINISH = "finish"
    WITHDRAW = "withdraw"
    LAPSE = "lapse"
    FREEZE = "freeze"
    CLOSE = "close"


OFFERED, OPENED, DONE = HandOffState.OFFERED, HandOffState.OPENED, HandOffState.DONE
WITHDRAWN, LAPSED, FROZEN = HandOffState.WITHDRAWN, HandOffState.LAPSED, HandOffState.FROZEN

# Opening may be repeated until it is proved. What was opened and never proved is closed like what was not opened: the
# copy is on record either way, and the ciphertext does not stay for ever.
MOVES: dict[tuple[HandOffState, Act], HandOffState] = {
    (OFFERED, Act.OPEN): OPENED,
    (OPENED, Act.OPEN): OPENED,
    (OPENED, Act.FINISH): DONE,
    **{(state, Act.WITHDRAW): WITHDRAWN for state in (OFFERED, OPENED)},
    **{(state, Act.LAPSE): LAPSED for state in (OFFERED, OPENED)},
    **{(state, Act.FREEZE): FROZEN for state in (OFFERED, OPENED)},
    **{(state, Act.CLOSE): WITHDRAWN for state in (OFFERED, OPENED)},
}

ACT_WORDS: dict[Act, str] = {
    Act.OPEN: "opened, or fetched again, by its receiver",
    Act.FINISH: "opening proved by a signature of the private key",
    Act.WITHDRAW: "withdrawn by its giver",
    Act.LAPSE: "not opened, or not proved, within 72 hours",
    Act.FREEZE: "its link opened from another account",
    Act.CLOSE: "its receiver left, or its delegation ended",
}
HAND_OFF = Machine(
    name="Hand-off",
    states=HandOffState,
    begins={OFFERED: "sealed and deposited by its giver"},
    moves=tuple(Move(before, after, ACT_WORDS[act]) for (before, act), after in MOVES.items()),
)

STATE_NAMES: dict[HandOffState, str] = {
    OFFERED: N_("offered"),
    OPENED: N_("opened"),
    DONE: N_("opened and proved"),
    WITHDRAWN: N_("withdrawn"),
    LAPSED: N_("lapsed"),
    FROZEN: N_("frozen"),
}


def state_at(hand_off: HandOff, at: datetime) -> HandOffState:
    """Its state at this moment, whether or not the worker has stored it yet."""
    is_due = (hand_off.state, Act.LAPSE) in MOVES and hand_off.lapses_at <= at
    return LAPSED if is_due else hand_off.state


def allows(hand_off: HandOff, act: Act, at: datetime) -> bool:
    """Whether `act` may be done at this moment, as far as the state goes."""
    return (state_at(hand_off, at), act) in MOVES


def move(hand_off: HandOff, act: Act, at: datetime) -> HandOffState:
    """The state that follows when `act` is done at this moment. Raises: HandOffOver."""
    state = state_at(hand_off, at)
    following = MOVES.get((state, act))
    if following is None:
        raise HandOffOver(state=STATE_NAMES[state])
    return following
