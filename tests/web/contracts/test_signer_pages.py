"""The pages on which another signer is proposed, seen, stopped and withdrawn: at home, and in the vendor's console."""

import pytest
from bs4 import BeautifulSoup

from portal.access.roles import Role
from portal.contracts import signer_store, signers, store
from portal.foundation.database import transaction
from tests.factories import a_contract, a_member, a_partner, a_vendor, membership_of, tenant_of


@pytest.fixture
def admin():
    return a_vendor()


@pytest.fixture
def signer(admin):
    return a_partner(name="Cedar")


@pytest.fixture
def owner(signer):
    return a_member(tenant_of(signer), Role.OWNER, name="Olga Owner")


@pytest.fixture
def other(signer):
    return a_member(tenant_of(signer), Role.VIEWER, name="Nils Next")


@pytest.fixture
def contract(signer):
    return store.all_of(signer)[0]


@pytest.fixture
def home(signer):
    return f"/{tenant_of(signer).account_id}"


@pytest.fixture
def console(admin, signer):
    return f"/{tenant_of(admin).account_id}/console/tenants/{tenant_of(signer).account_id}"


def words(answer) -> str:
    return " ".join(BeautifulSoup(answer.text, "html.parser").select_one("main").get_text(" ").split())


def proposed(actor, contract, other):
    with transaction():
        change = signers.propose(actor, contract, membership_of(other), "She left the house.")
        return change.public_id


def test_an_owner_proposes_and_everybody_sees_it(owner, other, contract, home, signed_in):
    form = {"member": str(other.membership_id), "reason": "She left the house."}

    answer = signed_in(owner).post(f"{home}/contracts/{contract.public_id}/signer", data=form)

    shown = words(signed_in(other).get(f"{home}/contracts"))
    assert answer.status_code == 303
    assert "Nils Next is to sign from" in shown
    assert "Proposed by Olga Owner. Reason: She left the house." in shown


def test_the_present_signer_stops_it_on_their_page(signer, owner, other, contract, home, signed_in):
    change, browser = proposed(owner, contract, other), signed_in(signer)

    page = browser.get(f"{home}/contracts")
    done = browser.post(f"{home}/signer-changes/{change}/stop", data={"reason": "I stay."})

    assert f"/signer-changes/{change}/stop" in page.text
    assert done.status_code == 303
    assert signer_store.waiting(owner) == []


def test_the_proposer_withdraws_it(owner, other, contract, home, signed_in):
    change = proposed(owner, contract, other)

    answer = signed_in(owner).post(f"{home}/signer-changes/{change}/withdraw")

    assert answer.status_code == 303
    assert signer_store.waiting(owner) == []


def test_a_viewer_sees_why_they_cannot_propose(other, home, signed_in):
    page = signed_in(other).get(f"{home}/contracts")

    assert "Propose another signer" in words(page)
    assert "Your role does not allow this" in words(page)


def test_a_second_proposal_is_refused_at_the_field(owner, other, contract, home, signed_in):
    proposed(owner, contract, other)
    form = {"member": str(owner.membership_id), "reason": "Rather me."}

    answer = signed_in(owner).post(f"{home}/contracts/{contract.public_id}/signer", data=form)

    assert answer.status_code == 422
    assert "It is proposed already that Nils Next" in words(answer)


def test_the_vendor_proposes_and_stops_in_the_console(admin, other, contract, console, signed_in):
    browser = signed_in(admin)
    form = {"member": str(other.membership_id), "reason": "She left the house."}

    browser.post(f"{console}/contracts/{contract.public_id}/signer", data=form)
    shown = browser.get(console)
    (change,) = signer_store.waiting(other)
    done = browser.post(f"{console}/signer-changes/{change.public_id}/stop", data={"reason": "Not so."})

    assert "Nils Next is to sign from" in words(shown)
    assert done.status_code == 303
    assert signer_store.waiting(other) == []


def test_the_vendor_records_the_first_signer(admin, other, console, signed_in):
    contract = a_contract(tenant_of(other), "solution-partner")
    browser = signed_in(admin)
    form = {"member": str(other.membership_id), "reason": "As signed."}

    answer = browser.post(f"{console}/contracts/{contract.public_id}/signer", data=form)

    assert "Nils Next signs this contract now" in words(browser.get(answer.location))


def test_a_change_of_another_tenant_is_not_found(admin, owner, other, contract, console, signed_in):
    change, elsewhere = proposed(owner, contract, other), tenant_of(a_partner()).account_id

    address = f"{console.rsplit('/', 1)[0]}/{elsewhere}/signer-changes/{change}/stop"

    assert signed_in(admin).get(address).status_code == 404
