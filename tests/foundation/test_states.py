"""A table of moves: what it allows, and that a model which it keeps takes nothing else."""

from enum import StrEnum

import pytest
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from portal.foundation.database import enum_type
from portal.foundation.states import IllegalMove, Machine, Move, keep

pytestmark = pytest.mark.no_database


class Light(StrEnum):
    RED = "red"
    GREEN = "green"
    DARK = "dark"


LIGHTS = Machine(
    name="Light",
    states=Light,
    begins={Light.RED: "put up"},
    moves=(
        Move(Light.RED, Light.GREEN, "go"),
        Move(Light.GREEN, Light.RED, "stop"),
        Move(Light.RED, Light.DARK, "cut"),
    ),
)


class LightBase(DeclarativeBase):
    pass


class Crossing(LightBase):
    __tablename__ = "crossings"

    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[Light] = mapped_column(enum_type(Light))
    beside: Mapped[int | None] = mapped_column(ForeignKey("crossings.id"))


keep(Crossing.state, LIGHTS)


@pytest.mark.parametrize("before", Light)
@pytest.mark.parametrize("after", Light)
def test_a_move_is_allowed_when_the_table_has_it_or_nothing_moves(before: Light, after: Light):
    moves = {("red", "green"), ("green", "red"), ("red", "dark")}

    assert LIGHTS.is_allowed(before, after) == (before is after or (before.value, after.value) in moves)


def test_nothing_leaves_a_final_state():
    assert LIGHTS.finals == [Light.DARK]


def test_a_move_of_the_table_is_written():
    crossing = Crossing(state=Light.RED)

    crossing.state = Light.GREEN

    assert crossing.state is Light.GREEN


def test_a_move_that_is_not_in_the_table_is_a_bug_and_leaves_the_state_as_it_was():
    crossing = Crossing(state=Light.DARK)

    with pytest.raises(IllegalMove, match="Light: dark -> red"):
        crossing.state = Light.RED

    assert crossing.state is Light.DARK


def test_nothing_begins_in_a_state_that_is_no_beginning():
    with pytest.raises(IllegalMove, match="Light: begins as green"):
        LIGHTS.require_beginning(Light.GREEN)
