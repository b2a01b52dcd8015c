"""State machines as tables: which moves there are, which act makes each of them, and that no other one is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

from sqlalchemy import event, inspect
from sqlalchemy.orm import InstrumentedAttribute

State = TypeVar("State", bound=StrEnum)


class IllegalMove(RuntimeError):
    """A state was to follow another one that it does not follow: a bug of the portal, never a refusal."""


@dataclass(frozen=True)
class Move(Generic[State]):
    """One state follows another. `act` says what makes it so, in plain English."""

    before: State
    after: State
    act: str


@dataclass(frozen=True)
class Machine(Generic[State]):
    """All states of one kind of thing, those in which it begins, and every move there is.

    `derived` says where the state comes from when no column holds it; nothing has to be kept from being written then.
    """

    name: str
    states: type[State]
    begins: Mapping[State, str]
    moves: Sequence[Move[State]]
    derived: str = ""

    def is_allowed(self, before: State, after: State) -> bool:
        """Whether `after` may follow `before`. That nothing moves is always allowed."""
        return before is after or any((move.before, move.after) == (before, after) for move in self.moves)

    def require_move(self, before: State, after: State) -> None:
        """Nothing, when `after` may follow `before`. Raises: IllegalMove."""
        if not self.is_allowed(before, after):
            raise IllegalMove(f"{self.name}: {before.value} -> {after.value}")

    def require_beginning(self, state: State) -> None:
        """Nothing, when a new one may be in this state. Raises: IllegalMove."""
        if state not in self.begins:
            raise IllegalMove(f"{self.name}: begins as {state.value}")

    @property
    def all(self) -> list[State]:
        """Every state, in the order of the design."""
        return list(self.states)

    @property
    def finals(self) -> list[State]:
        """The states that nothing leaves."""
        left = {move.before for move in self.moves if move.before is not move.after}
        return [state for state in self.all if state not in left]


def keep(column: InstrumentedAttribute[State], machine: Machine[State]) -> None:
    """From now on nothing is written into this column of a model but what the machine's table allows."""

    def check(_row: Any, value: State, before: Any, _initiator: Any) -> None:
        if isinstance(before, machine.states):
            machine.require_move(before, machine.states(value))

    def check_new(_mapper: Any, _connection: Any, row: Any) -> None:
        state = inspect(row).attrs[column.key].value
        machine.require_beginning(machine.states(state))

    event.listen(column, "set", check, active_history=True)
    event.listen(column.class_, "before_insert", check_new)
