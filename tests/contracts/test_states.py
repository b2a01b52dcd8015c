"""Where a contract stands follows from its dates, by moves that are in the table."""

import itertools
from datetime import timedelta

import pytest
import time_machine

from portal.access.actor import system_actor
from portal.contracts import operations as contracts
from portal.contracts import store
from portal.contracts.models import Contract
from portal.contracts.states import CONTRACT, ContractState, state_of
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.keys.liveness import AT, CONTRACTS
from tests.factories import a_contract, a_member, a_tenant

DAY = timedelta(days=1)
VENDOR = system_actor("tests")


@pytest.mark.no_database
@pytest.mark.parametrize("name", CONTRACTS)
def test_a_contract_runs_exactly_where_it_stands_as_running(name: str):
    contract = Contract(**CONTRACTS[name])

    assert state_of(contract, AT) == name
    assert contract.is_running(AT) == (name == ContractState.RUNNING)


def walk(*, ended_after: int | None = None, extended_after: int | None = None) -> list[ContractState]:
    """Where a contract from tomorrow for two days stands, each day once, when this is done to it."""
    tenant = a_tenant()
    owner, start = a_member(tenant), clock.now()
    contract = a_contract(tenant, starts_at=start + DAY, ends_at=start + 3 * DAY)
    stands = []
    for day in range(7):
        with time_machine.travel(start + day * DAY + timedelta(hours=1)), transaction():
            row = store.get_by_id(owner, contract.id)
            if day == ended_after:
                contracts.end(VENDOR, row)
            if day == extended_after:
                contracts.extend(VENDOR, row, start + 6 * DAY)
            stands.append(state_of(row, clock.now()))
    return stands


@pytest.mark.parametrize(
    "done", [{}, {"ended_after": 0}, {"ended_after": 2}, {"extended_after": 0}, {"extended_after": 4}], ids=str
)
def test_whatever_is_done_to_it_every_move_is_in_the_table(done: dict[str, int]):
    stands = walk(**done)

    for before, after in itertools.pairwise(stands):
        CONTRACT.require_move(before, after)


def test_a_contract_that_ended_by_its_date_runs_again_when_it_is_extended():
    stands = walk(extended_after=4)

    assert [state.value for state in stands] == ["coming", "running", "running", "over", "running", "running", "over"]


def test_a_contract_that_was_ended_early_does_not_run_again():
    assert walk(ended_after=2)[2:] == [ContractState.ENDED] * 5
