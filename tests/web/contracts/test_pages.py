"""The pages of contracts and deputies, through the door."""

import uuid
from datetime import timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup

from portal.access.actor import system_actor
from portal.access.roles import Role
from portal.accounts import store as accounts
from portal.contracts import operations, store
from portal.entitlements import operations as entitlements
from portal.entitlements import store as granted
from portal.foundation import clock
from portal.foundation.database import transaction
from tests.factories import (
    a_contract,
    a_deputy,
    a_licensee,
    a_member,
    a_partner,
    a_tenant,
    an_integrator,
    tenant_of,
)
from tests.statements import counted

DAY = timedelta(days=1)


def words(answer):
    return " ".join(BeautifulSoup(answer.text, "html.parser").get_text(" ").split())


@pytest.fixture
def signer():
    return a_partner(name="Cedar")


@pytest.fixture
def account(signer):
    return tenant_of(signer).account_id


@pytest.fixture
def contract(signer):
    return store.all_of(signer)[0].public_id


@pytest.fixture
def visitor(signer, signed_in):
    return signed_in(signer)


@pytest.fixture
def member(signer):
    return a_member(tenant_of(signer), Role.VIEWER, name="Mira Member")


def page_of(signed_in, actor):
    return words(signed_in(actor).get(f"/{tenant_of(actor).account_id}/contracts"))


def days(first=0, last=30):
    today = clock.now().date()
    return {"first_day": (today + first * DAY).isoformat(), "last_day": (today + last * DAY).isoformat()}


def name(visitor, account, contract, member, /, **others):
    form = {"member": str(member.membership_id)} | days() | others
    return visitor.post(f"/{account}/contracts/{contract}/deputies/new", data=form)


def test_a_service_that_was_narrowed_and_ran_out_can_be_asked_for(signed_in):
    owner = a_licensee()
    contract = store.all_of(owner)[0].public_id
    (row,) = [row for row in granted.all_of(owner) if row.service_code == "live-search"]
    with transaction():
        entitlements.narrow(system_actor("tests"), row, clock.now() + DAY)

    with time_machine.travel(clock.now() + 2 * DAY):
        page = signed_in(owner).get(f"/{tenant_of(owner).account_id}/contracts/{contract}/ask")

    offered = {field["value"] for field in BeautifulSoup(page.text, "html.parser").select("input[name=wanted]")}
    assert {value for value in offered if value.startswith("service:")} == {"service:live-search"}


def test_a_licensee_sees_edition_allotment_services_and_until_when(signed_in):
    page = page_of(signed_in, a_licensee())

    for shown in (
        "Adobe Commerce",
        "Licence",
        "Running",
        "Projects: 0 of 3 in use. Each project gets 1 production and 2 testing data spaces.",
        "Live Search",
        "Active",
    ):
        assert shown in page


def test_an_ended_contract_is_shown_as_such(signed_in):
    licensee = a_licensee()
    with transaction():
        operations.end(system_actor("tests"), store.all_of(licensee)[0])

    page = page_of(signed_in, licensee)

    assert "Ended early" in page
    assert "Active" not in page


def test_an_integrator_sees_that_its_agreement_includes_no_projects(signed_in):
    assert "It includes no projects and no services of your own" in page_of(signed_in, an_integrator())


def test_an_account_without_contract_is_told_who_records_one(signed_in):
    assert "Contracts are recorded by the vendor's partner admin" in page_of(signed_in, a_member(a_tenant()))


def test_s9_the_page_names_the_signer_and_the_deputies_with_their_dates(signer, signed_in):
    a_deputy(signer)

    page = page_of(signed_in, signer)

    assert "Signer: Sanna Signer" in page
    assert "Dora Deputy" in page
    assert "May make keys" in page


def test_who_is_not_the_signer_is_told_who_names_deputies(signer, signed_in):
    owner = a_member(tenant_of(signer), Role.OWNER)

    page = page_of(signed_in, owner)

    assert "Only the signer of this contract names and withdraws its deputies. That is Sanna Signer." in page
    assert "Ask Sanna Signer to do it." in page


def test_when_the_signer_has_left_the_page_says_who_can_mend_it(signer, signed_in):
    owner, row = a_member(tenant_of(signer), Role.OWNER), accounts.get_membership(signer, signer.membership_id)
    with transaction():
        row.ended_at = clock.now()

    page = page_of(signed_in, owner)

    assert "This contract has no signer" in page
    assert "The vendor's partner admin can record a new signer" in page


def test_the_page_of_contracts_needs_at_most_13_statements(signer, signed_in):
    a_deputy(signer)
    a_contract(tenant_of(signer), "adobe-commerce")
    visitor, where = signed_in(signer), f"/{tenant_of(signer).account_id}/contracts"

    with counted() as statements:
        assert visitor.get(where).status_code == 200

    assert len(statements) <= 13


def test_the_signer_names_a_deputy(visitor, account, contract, member):
    assert name(visitor, account, contract, member).status_code == 303

    page = words(visitor.get(f"/{account}/contracts"))

    assert "Mira Member" in page
    assert "May make keys" in page


def test_a_double_click_names_one_deputy(visitor, account, contract, member, signer):
    assert [name(visitor, account, contract, member).status_code for _time in range(2)] == [303, 303]
    assert len(store.all_of(signer)[0].deputies) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"member": ""},
        {"member": str(uuid.uuid4())},
        {"member": "\x00"},
        {"first_day": ""},
        {"first_day": "tomorrow"},
        {"first_day": "\x00"},
        {"last_day": ""},
        {"last_day": "2027-02-30"},
        {"last_day": "9999-12-31"},
        days(5, 4),
        days(-9, -2),
        days(0, 4000),
    ],
)
def test_an_unfit_deputy_is_refused_at_its_field(visitor, account, contract, member, signer, wrong):
    page = name(visitor, account, contract, member, **wrong)

    assert page.status_code == 422
    assert "There is a problem" in words(page)
    assert not store.all_of(signer)[0].deputies


def test_a_member_of_another_tenant_is_an_unknown_choice(visitor, account, contract, signer):
    assert name(visitor, account, contract, a_licensee()).status_code == 422


def test_without_another_member_the_page_says_who_can_invite_one(visitor, account, contract):
    page = visitor.get(f"/{account}/contracts/{contract}/deputies/new")

    assert "There is nobody else in this account" in words(page)


@pytest.mark.parametrize("role", [Role.OWNER, Role.VIEWER])
def test_nobody_but_the_signer_names_or_withdraws_deputies(signer, account, contract, member, signed_in, role):
    a_deputy(signer)
    other, deputy = a_member(tenant_of(signer), role), store.all_of(signer)[0].deputies[0].public_id
    visitor = signed_in(other)

    assert visitor.get(f"/{account}/contracts/{contract}/deputies/new").status_code == 403
    assert name(visitor, account, contract, member).status_code == 403
    assert visitor.get(f"/{account}/deputies/{deputy}/withdraw").status_code == 403
    assert visitor.post(f"/{account}/deputies/{deputy}/withdraw").status_code == 403


def test_a_deputy_is_withdrawn_after_a_question(visitor, account, signer):
    a_deputy(signer)
    where = f"/{account}/deputies/{store.all_of(signer)[0].deputies[0].public_id}/withdraw"

    assert "Keys that they made stay and keep working" in words(visitor.get(where))
    page = words(visitor.post(where, follow_redirects=True))

    assert "Dora Deputy can no longer make keys under this contract" in page
    assert "Withdrawn" in page


def test_another_tenants_contract_and_deputy_are_a_404_like_missing_ones(signer, contract, signed_in):
    a_deputy(signer)
    deputy, other = store.all_of(signer)[0].deputies[0].public_id, a_partner()
    visitor, account = signed_in(other), tenant_of(other).account_id

    for where in (
        f"contracts/{contract}/deputies/new",
        "contracts/x/deputies/new",
        f"deputies/{deputy}/withdraw",
        f"deputies/{uuid.uuid4()}/withdraw",
    ):
        assert visitor.get(f"/{account}/{where}").status_code == 404
        assert visitor.post(f"/{account}/{where}").status_code == 404
