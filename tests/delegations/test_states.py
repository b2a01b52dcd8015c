"""The table of moves: what it allows, and that everything else is refused with the present state."""

from datetime import timedelta

import pytest

from portal.access.actor import Actor
from portal.delegations.errors import PausedByOtherSide, WrongState
from portal.delegations.models import Delegation, DelegationState, Side
from portal.delegations.states import BY_CLOCK, STATE_NAMES, Act, allows, is_live, move, state_at
from portal.foundation import clock
from tests.delegations.scenes import attempt, in_state, seen_by

# Written out here once more, from design 2.2: requested, offered, active, paused and what each side may do there.
ALLOWED = {
    ("requested", "approve", "owner"): "active",
    ("requested", "narrow", "owner"): "offered",
    ("requested", "decline", "owner"): "declined",
    ("requested", "withdraw", "integrator"): "withdrawn",
    ("offered", "accept", "integrator"): "active",
    ("offered", "decline", "integrator"): "declined",
    ("offered", "withdraw", "owner"): "withdrawn",
    ("active", "narrow", "owner"): "active",
    ("active", "pause", "owner"): "paused",
    ("active", "pause", "integrator"): "paused",
    ("active", "end", "owner"): "ended",
    ("active", "end", "integrator"): "ended",
    ("active", "propose_widening", "owner"): "active",
    ("active", "propose_widening", "integrator"): "active",
    ("active", "accept_widening", "owner"): "active",
    ("active", "accept_widening", "integrator"): "active",
    ("active", "decline_widening", "owner"): "active",
    ("active", "decline_widening", "integrator"): "active",
    ("active", "withdraw_widening", "owner"): "active",
    ("active", "withdraw_widening", "integrator"): "active",
    ("paused", "narrow", "owner"): "paused",
    ("paused", "resume", "owner"): "active",
    ("paused", "resume", "integrator"): "active",
    ("paused", "end", "owner"): "ended",
    ("paused", "end", "integrator"): "ended",
    ("paused", "propose_widening", "owner"): "paused",
    ("paused", "propose_widening", "integrator"): "paused",
    ("paused", "accept_widening", "owner"): "paused",
    ("paused", "accept_widening", "integrator"): "paused",
    ("paused", "decline_widening", "owner"): "paused",
    ("paused", "decline_widening", "integrator"): "paused",
    ("paused", "withdraw_widening", "owner"): "paused",
    ("paused", "withdraw_widening", "integrator"): "paused",
}
PRODUCT = [(state, act, side) for state in DelegationState for act in Act for side in Side]
FORBIDDEN = [case for case in PRODUCT if case not in ALLOWED]


def a_row(state: DelegationState, *, paused_by: Side | None = None, ends_in: int = 9, lapses_in: int = 9) -> Delegation:
    now = clock.now()
    return Delegation(
        state=state,
        paused_by=paused_by,
        ends_at=now + timedelta(days=ends_in),
        lapses_at=now + timedelta(days=lapses_in),
    )


@pytest.mark.no_database
@pytest.mark.parametrize(("state", "act", "side"), ALLOWED)
def test_the_table_allows(state: str, act: str, side: str) -> None:
    row = a_row(DelegationState(state), paused_by=Side(side))

    following = move(row, Act(act), Side(side))

    assert following == ALLOWED[state, act, side]
    assert allows(row, Act(act), Side(side))


@pytest.mark.no_database
@pytest.mark.parametrize(("state", "act", "side"), FORBIDDEN)
def test_the_table_refuses(state: DelegationState, act: Act, side: Side) -> None:
    row = a_row(state, paused_by=side)

    with pytest.raises(WrongState) as refusal:
        move(row, act, side)

    assert refusal.value.status == 409
    assert refusal.value.facts["state"] == STATE_NAMES[state]
    assert not allows(row, act, side)


@pytest.mark.parametrize("state", DelegationState)
def test_no_operation_moves_what_the_table_does_not_move(
    owner: Actor, integrator: Actor, state: DelegationState
) -> None:
    row = in_state(state, owner, integrator)
    before, sides = row.version, {Side.OWNER: owner, Side.INTEGRATOR: integrator}

    refused = []
    for at, act, side in FORBIDDEN:
        if at is state:
            with pytest.raises(WrongState):
                attempt(act, sides[side], seen_by(sides[side], row))
            refused.append(act)

    now = seen_by(owner, row)
    assert refused
    assert (now.state, now.version) == (state, before)


@pytest.mark.no_database
@pytest.mark.parametrize("side", Side)
def test_only_the_side_that_paused_resumes(side: Side) -> None:
    paused_by = Side.OWNER if side is Side.INTEGRATOR else Side.INTEGRATOR
    row = a_row(DelegationState.PAUSED, paused_by=paused_by)

    with pytest.raises(PausedByOtherSide):
        move(row, Act.RESUME, side)

    assert not allows(row, Act.RESUME, side)


@pytest.mark.no_database
@pytest.mark.parametrize("state", [DelegationState.REQUESTED, DelegationState.OFFERED])
def test_what_waits_has_lapsed_once_its_days_are_over(state: DelegationState) -> None:
    row = a_row(state, lapses_in=0)

    assert state_at(row, clock.now()) is DelegationState.LAPSED


@pytest.mark.no_database
@pytest.mark.parametrize("state", [DelegationState.ACTIVE, DelegationState.PAUSED])
def test_what_runs_has_ended_once_its_end_has_come(state: DelegationState) -> None:
    row = a_row(state, ends_in=0, lapses_in=-30)

    assert state_at(row, clock.now()) is DelegationState.ENDED


@pytest.mark.no_database
@pytest.mark.parametrize("state", sorted(set(DelegationState) - set(BY_CLOCK)))
def test_the_clock_moves_nothing_that_is_over(state: DelegationState) -> None:
    assert state_at(a_row(state, ends_in=-9, lapses_in=-9), clock.now()) is state


@pytest.mark.no_database
def test_nothing_can_be_done_after_the_end_has_come_even_before_the_worker_notes_it() -> None:
    row = a_row(DelegationState.ACTIVE, ends_in=0)

    assert not is_live(row, clock.now())
    with pytest.raises(WrongState):
        move(row, Act.PAUSE, Side.OWNER)


@pytest.mark.no_database
@pytest.mark.parametrize("state", DelegationState)
def test_only_an_active_delegation_is_live(state: DelegationState) -> None:
    assert is_live(a_row(state), clock.now()) is (state is DelegationState.ACTIVE)
