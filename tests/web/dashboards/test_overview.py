"""The overview: what each kind of tenant finds on it, and what it no longer shows once it is done."""

from datetime import timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup

from portal.access.roles import Environment, Role
from portal.contracts import store as contracts
from portal.delegations import operations as delegations
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.projects import installations
from portal.projects import operations as projects
from portal.projects import store as project_store
from tests.factories import (
    a_contract,
    a_delegation,
    a_deputy,
    a_key,
    a_licensee,
    a_member,
    a_partner,
    a_tenant,
    a_vendor,
    an_integrator,
    for_client,
    tenant_of,
)


@pytest.fixture
def overview(signed_in):
    """The words of the overview that this actor's person finds, by default of its own tenant."""

    def read(actor, account: str = "") -> str:
        answer = signed_in(actor).get(f"/{account or tenant_of(actor).account_id}")
        assert answer.status_code == 200
        return " ".join(BeautifulSoup(answer.text, "html.parser").get_text(" ").split())

    return read


def a_project(actor, name: str = "Web shop"):
    """A project of the actor's tenant under its first contract, with its data spaces."""
    with transaction():
        return projects.create(actor, name, contracts.running(actor, clock.now())[0])


def set_up(owner) -> None:
    for environment in Environment:
        a_key(owner, environment=environment)
    project = a_project(owner)
    space = project_store.get(owner, project.public_id).data_spaces[0]
    with transaction():
        installations.attach(owner, space, name="Shop", address="https://shop.example", side=Environment.PRODUCTION)


def test_s18_the_steps_show_until_the_shop_is_configured(overview):
    owner = a_licensee()
    before = overview(owner)

    set_up(owner)

    assert "Set up your shop" in before
    assert "Set up your shop" not in overview(owner)


def test_a_licensee_finds_its_projects_with_data_spaces_and_installation(overview):
    owner = a_licensee()
    set_up(owner)

    page = overview(owner)

    for word in ("Web shop", "Testing 1", "Testing 2", "Shop"):
        assert word in page


def test_a_request_waits_for_the_owners_answer(overview):
    owner, integrator = a_licensee(), an_integrator(name="Harbour")
    a_delegation(owner, integrator, accepted=False)

    assert "offers you to work as their integrator" in overview(integrator)


def test_a_proposal_to_widen_waits_for_the_other_sides_answer(overview):
    owner, integrator = a_licensee(name="Aurora"), an_integrator()
    delegation = a_delegation(owner, integrator, environments={Environment.SANDBOX})
    with transaction():
        delegations.propose_widening(
            owner,
            delegation,
            environments=frozenset(Environment),
            rights=delegation.rights,
            project_ids=None,
            ends_at=delegation.ends_at,
            message="",
        )

    assert "Aurora proposes to widen the delegation" in overview(integrator)
    assert "proposes to widen" not in overview(owner)


def test_the_owner_sees_the_account_id_of_an_integrator_that_has_not_answered(overview):
    owner, integrator = a_licensee(), an_integrator(name="Harbour")
    a_delegation(owner, integrator, accepted=False)

    page = overview(owner)

    assert tenant_of(integrator).account_id in page
    assert "Harbour" not in page


def test_an_integrator_finds_its_clients_with_rights_and_the_way_in(overview):
    owner, integrator = a_licensee(name="Aurora"), an_integrator()
    a_delegation(owner, integrator)

    page = overview(integrator)

    for word in ("Aurora", "Work in their account", "Make, rotate, rename and revoke its own key pairs"):
        assert word in page


def test_an_integrator_is_told_which_clients_delegation_ends_soon(overview):
    owner, integrator = a_licensee(name="Aurora"), an_integrator()
    a_delegation(owner, integrator, days=10)

    assert "Your delegation from Aurora ends in" in overview(integrator)


def test_s8_an_integrator_works_in_its_clients_place_under_a_bar_that_says_so(overview):
    owner, integrator = a_licensee(name="Aurora"), an_integrator(name="Harbour")
    delegation = a_delegation(owner, integrator)
    a_key(for_client(integrator, delegation), name="Theirs")
    a_key(owner, name="Owner's own")

    page = overview(integrator, tenant_of(owner).account_id)

    assert "You act for Aurora as their integrator until" in page
    assert "Theirs" in page
    assert "Owner's own" not in page


def test_a_partner_finds_contract_signer_and_deputy(overview):
    signer = a_partner()
    a_deputy(signer)

    page = overview(a_member(tenant_of(signer)))

    for word in ("Solution Partner", "Sanna Signer", "Dora Deputy", "The signer is Sanna Signer"):
        assert word in page


def test_a_tenant_without_a_contract_is_told_who_can_record_one(overview):
    assert "No contract is recorded for this account" in overview(a_member(a_tenant()))


def test_an_ended_contract_takes_no_way_away(signed_in):
    owner = a_licensee()
    with time_machine.travel(clock.now() + timedelta(days=4000)):
        page = signed_in(owner).get(f"/{tenant_of(owner).account_id}").text

    menu = [link.get_text(strip=True) for link in BeautifulSoup(page, "html.parser").select("nav a")]
    assert {"Keys", "Projects & data spaces", "Integrators"} <= set(menu)
    assert "Clients" not in menu


def test_a_viewer_finds_the_action_disabled_with_the_reason(overview):
    owner = a_licensee()

    page = overview(a_member(tenant_of(owner), Role.VIEWER))

    assert "Your role does not allow this: Make key pairs" in page


def test_a_licensee_that_is_also_an_integrator_finds_both(overview):
    owner = a_licensee()
    a_contract(tenant_of(owner), "integrator")

    page = overview(owner)

    assert "Nobody works for you here" in page
    assert "No client yet" in page


def test_vendor_staff_find_the_console_instead(signed_in):
    admin = a_vendor()

    answer = signed_in(admin).get(f"/{tenant_of(admin).account_id}")

    assert answer.location == f"/{tenant_of(admin).account_id}/console/overview"


@pytest.mark.parametrize("path", ["", "/keys", "/projects", "/contracts", "/integrators", "/activity", "/settings"])
def test_s2_the_account_id_stands_on_every_page_of_the_account(path, signed_in):
    owner = a_licensee()
    account = tenant_of(owner).account_id

    page = BeautifulSoup(signed_in(owner).get(f"/{account}{path}").text, "html.parser")

    assert account in page.header.get_text()
