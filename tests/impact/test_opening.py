"""Opening an account: tenant, first owner, first contract; sent twice it is one."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from portal.access.actor import system_actor
from portal.access.errors import NotAllowed
from portal.access.roles import Role
from portal.accounts import store as accounts
from portal.contracts import store as contracts
from portal.contracts.errors import TermOutOfOrder
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.impact.opening import Opening, Term, open_account
from portal.tenants.errors import NamesakeThere
from portal.tenants.models import Tenant
from tests.factories import a_vendor
from tests.parallel import at_once

YEAR = timedelta(days=365)


def opened(actor, name="Aurora", email="ann@example.com", **others):
    with transaction():
        tenant, _contract = open_account(actor, Opening(name, email, **others))
        return tenant


def count() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Tenant).where(Tenant.name_key == "aurora")) or 0


def a_term() -> Term:
    return Term("adobe-commerce", clock.now(), clock.now() + YEAR)


def test_an_account_comes_with_contract_and_invited_owner():
    tenant = opened(a_vendor(), term=a_term())

    at_home = system_actor("tests", tenant.id)
    assert [row.edition_code for row in contracts.all_of(at_home)] == ["adobe-commerce"]
    assert [(row.email, row.role) for row in accounts.open_invitations(at_home)] == [("ann@example.com", Role.OWNER)]


def test_it_may_wait_for_its_contract():
    tenant = opened(a_vendor(Role.OPERATOR))

    assert contracts.all_of(system_actor("tests", tenant.id)) == []


def test_an_operator_records_no_contract_by_it():
    operator = a_vendor(Role.OPERATOR)

    with pytest.raises(NotAllowed):
        opened(operator, term=a_term())

    assert count() == 0


def test_twice_within_a_minute_is_one_account():
    admin = a_vendor()

    first, second = opened(admin).id, opened(admin, "  aurora ").id

    assert first == second


def test_with_a_corrected_address_the_first_one_is_not_taken_for_it():
    admin = a_vendor()
    first = opened(admin, email="an@example.com").account_id

    with pytest.raises(NamesakeThere) as refused:
        opened(admin)

    assert refused.value.facts["account"] == first


def test_with_a_corrected_address_another_one_can_be_meant_at_once():
    admin = a_vendor()
    first = opened(admin, email="an@example.com").id

    second, repeated = opened(admin, another=True), opened(admin, email="ANN@example.com", another=True)

    invited = accounts.open_invitations(system_actor("tests", second.id))
    assert first != second.id == repeated.id
    assert [row.email for row in invited] == ["ann@example.com"]


def test_another_person_is_told_of_the_namesake():
    first, other = opened(a_vendor()).account_id, a_vendor()

    with pytest.raises(NamesakeThere) as refused:
        opened(other)

    assert refused.value.facts["account"] == first


def test_later_a_second_one_has_to_be_meant():
    admin = a_vendor()
    first = opened(admin).id

    with time_machine.travel(clock.now() + timedelta(minutes=2)):
        with pytest.raises(NamesakeThere):
            opened(admin)
        second, repeated = opened(admin, another=True).id, opened(admin, another=True).id

    assert first != second == repeated


def test_a_term_that_cannot_be_leaves_nothing():
    admin, now = a_vendor(), clock.now()

    with pytest.raises(TermOutOfOrder):
        opened(admin, term=Term("adobe-commerce", now, now - YEAR))

    assert count() == 0


def test_many_at_once_are_one_account():
    admin = a_vendor()

    outcomes = at_once(lambda _number: opened(admin), 8)

    assert (outcomes, count()) == ({"done": 8}, 1)
