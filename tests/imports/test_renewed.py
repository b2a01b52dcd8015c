"""A file again, once a contract of it was renewed: the same line is unchanged, and the contract's days stay."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from portal.access.actor import system_actor
from portal.contracts import store
from portal.contracts.models import Contract
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.impact import renewal
from portal.impact.opening import Term
from portal.tenants.models import Tenant
from tests.factories import a_contract, a_tenant, a_vendor
from tests.imports.files import applied, checked, codes, report

START, END = datetime(2031, 1, 1, tzinfo=UTC), datetime(2032, 1, 1, tzinfo=UTC)
AGREED = "Aurora,,adobe-commerce,2031-01-01,2031-12-31"
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def within_the_term():
    with time_machine.travel(START + 300 * DAY, tick=False) as traveller:
        yield traveller


@pytest.fixture
def admin():
    return a_vendor()


@pytest.fixture
def tenant() -> Tenant:
    return a_tenant("Aurora")


@pytest.fixture
def contract(tenant) -> Contract:
    return a_contract(tenant, starts_at=START, ends_at=END)


def renewed(contract: Contract, begins: datetime = END, edition: str = "adobe-commerce") -> str:
    """The public id of the contract that follows on this one."""
    with transaction():
        found = renewal.renew(system_actor("tests"), contract, Term(edition, begins, END + 365 * DAY))
        return found.public_id


def hand_over() -> None:
    with transaction():
        assert renewal.run_due(clock.now()) == 1


def test_the_line_of_a_contract_that_is_to_be_renewed_is_unchanged(admin, contract):
    renewed(contract)

    row = checked(admin, AGREED)

    assert codes(admin, row) == [["contract_unchanged"]]
    assert (row.problems, row.changes) == (0, 0)


def test_it_is_so_after_the_hand_over_too_and_nobody_ended_it_early(admin, contract, within_the_term):
    renewed(contract)
    within_the_term.move_to(END + DAY)
    hand_over()

    assert codes(admin, checked(admin, AGREED)) == [["contract_unchanged"]]


def test_a_file_with_both_contracts_puts_in_what_is_new_in_it_and_no_doubles(admin, contract, tenant):
    renewed(contract, edition="magento-open-source")
    following, new = "Aurora,,magento-open-source,2032-01-01,2032-12-30", "Aurora,,integrator,2032-01-01,2032-12-31"

    applied(admin, AGREED, following, new)

    editions = {row.edition_code for row in store.all_of(system_actor("tests", tenant.id))}
    assert editions == {"adobe-commerce", "magento-open-source", "integrator"}
    assert len(store.all_of(system_actor("tests", tenant.id))) == len(editions)


@pytest.mark.parametrize("last_day", ["2031-12-30", "2032-01-07", "2033-12-31"])
@pytest.mark.parametrize("is_handed_over", [False, True])
def test_another_last_day_is_a_problem_that_names_the_one_that_follows(
    last_day, is_handed_over, admin, contract, within_the_term
):
    successor = renewed(contract)
    if is_handed_over:
        within_the_term.move_to(END + DAY)
        hand_over()

    row = checked(admin, f"Aurora,,adobe-commerce,2031-01-01,{last_day}")

    assert codes(admin, row) == [["line_contract_renewed"]]
    (line,) = report(admin, row)
    assert line.details[0]["facts"]["successor"] == successor


def test_the_one_that_follows_is_extended_though_it_began_before_the_end_of_the_other(admin, contract):
    renewed(contract, END - 5 * DAY)

    row = checked(admin, "Aurora,,adobe-commerce,2031-12-27,2033-12-31")

    assert codes(admin, row) == [["contract_extended"]]


def test_a_contract_for_the_next_day_does_not_overlap_with_the_days_that_a_renewal_lets_it_run_on(admin, contract):
    renewed(contract, edition="magento-open-source")

    row = checked(admin, "Aurora,,adobe-commerce,2032-01-01,2032-12-31")

    assert codes(admin, row) == [["contract_new"]]
