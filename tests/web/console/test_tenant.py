"""The console's page of one tenant: everything that hangs on it, in a constant number of statements."""

import pytest
from bs4 import BeautifulSoup

from portal.access.roles import Environment
from portal.contracts import store as contracts
from portal.foundation.database import transaction
from portal.impact import holdings
from portal.projects import installations
from portal.projects import operations as projects
from portal.projects import store as project_store
from portal.projects.models import DataSpace
from portal.usage import traces
from tests.factories import (
    a_call,
    a_contract,
    a_delegation,
    a_deputy,
    a_key,
    a_licensee,
    a_partner,
    a_tenant,
    a_vendor,
    an_integrator,
    for_client,
    tenant_of,
)
from tests.handoffs.scenes import a_hand_off, a_scene, fetched
from tests.statements import counted


@pytest.fixture
def look(signed_in):
    """What the console says of a tenant."""
    vendor = a_vendor()
    browser, account = signed_in(vendor), tenant_of(vendor).account_id
    return lambda tenant: browser.get(f"/{account}/console/tenants/{tenant.account_id}")


def card(answer, id_: str) -> str:
    found = BeautifulSoup(answer.text, "html.parser").select_one(f"section[id^={id_}]")
    return " ".join(found.get_text(" ").split())


def branch(answer, place: str) -> str:
    (found,) = BeautifulSoup(answer.text, "html.parser").select(place)
    return " ".join(found.get_text(" ").split())


def a_space(owner, position: int = 0) -> DataSpace:
    (project,) = project_store.page(owner, place=None).rows
    return project.data_spaces[position]


def a_shop(owner) -> None:
    with transaction():
        projects.create(owner, "Europe", contracts.all_of(owner)[0])
    (project,) = project_store.page(owner, place=None).rows
    space = project.data_spaces[0]
    with transaction():
        installations.attach(owner, space, "Aurora shop", "https://aurora.example", Environment.PRODUCTION)


def test_a_contract_shows_its_services_keys_spaces_and_installations(look):
    owner = a_licensee(name="Aurora")
    a_key(owner, name="Storefront")
    a_shop(owner)

    shown = card(look(tenant_of(owner)), "contract-")

    assert all(
        word in shown for word in ("Adobe Commerce", "Running", "Live Search", "Storefront", "Europe", "Aurora shop")
    )


def test_a_delegated_key_shows_its_holder(look):
    owner, integrator = a_licensee(), an_integrator(name="Harbour")
    a_key(for_client(integrator, a_delegation(owner, integrator)), name="Theirs")

    shown = card(look(tenant_of(owner)), "contract-")

    assert all(word in shown for word in ("Theirs", "Harbour", "Active"))


def test_the_page_is_one_tree_from_contract_to_shop(look):
    owner = a_licensee()
    pair = a_key(owner, name="Storefront", environment=Environment.PRODUCTION)
    a_shop(owner)
    space = a_space(owner)
    a_call(pair, space)
    traces.flush()

    twig = branch(look(tenant_of(owner)), f"section[id^=contract-] .tree li#key-{pair.api_key}")

    assert "Holders of the private key the owner" in twig
    assert "Used by Aurora shop https://aurora.example in the data space" in twig


def test_a_data_space_says_which_keys_were_used_in_it_or_that_none_was(look):
    owner = a_licensee()
    a_shop(owner)
    used, unused = a_space(owner), a_space(owner, 1)
    a_call(a_key(owner, name="Storefront"), used)
    traces.flush()

    page = look(tenant_of(owner))

    assert "used with Storefront" in branch(page, f"li#space-{used.public_id}")
    assert "Not used yet" in branch(page, f"li#space-{unused.public_id}")


def test_who_was_given_a_copy_is_a_holder_too(look):
    scene = a_scene()
    fetched(scene, a_hand_off(scene))

    twig = branch(look(tenant_of(scene.owner)), f"li#key-{scene.pair.api_key}")

    assert "Agency Copy since" in twig


def test_a_partner_contract_shows_signer_and_deputies(look):
    signer = a_partner()
    a_deputy(signer)

    shown = card(look(tenant_of(signer)), "contract-")

    assert all(word in shown for word in ("Sanna Signer", "Dora Deputy", "May make keys"))


def test_a_partner_contract_without_signer_says_what_follows(look):
    tenant = a_tenant()
    a_contract(tenant, "solution-partner")

    assert "nobody yet: no keys can be made" in card(look(tenant), "contract-")


def test_delegations_are_shown_on_both_sides(look):
    owner, integrator = a_licensee(name="Aurora"), an_integrator(name="Harbour")
    a_delegation(owner, integrator)

    at_owner = card(look(tenant_of(owner)), "delegations")
    at_integrator = card(look(tenant_of(integrator)), "delegations")

    assert "Harbour" in at_owner
    assert "lets it act" in at_owner
    assert "Aurora" in at_integrator
    assert "acts for it" in at_integrator


def test_members_are_shown_with_their_roles(look):
    owner = a_licensee()

    shown = card(look(tenant_of(owner)), "members")

    assert owner.label in shown
    assert "Owner" in shown


def test_a_tenant_with_nothing_says_so(look):
    answer = look(a_tenant())

    assert "No contract" in card(answer, "contracts")
    assert "Nobody acts for this tenant" in card(answer, "delegations")
    assert "Nobody has accepted an invitation yet" in card(answer, "members")


def test_a_page_that_does_not_show_all_says_so(look, monkeypatch):
    monkeypatch.setattr(holdings, "SHOWN", 2)
    owner = a_licensee()

    answer = look(tenant_of(owner))

    assert "more than fits here" in answer.text


@pytest.mark.parametrize("account", ["MAG000000000", "nonsense", "%00"])
def test_a_tenant_that_is_missing_is_a_404(account, signed_in):
    vendor = a_vendor()

    assert signed_in(vendor).get(f"/{tenant_of(vendor).account_id}/console/tenants/{account}").status_code == 404


def test_the_number_of_statements_does_not_grow_with_what_hangs_on_it(look):
    owner = a_licensee()
    look(tenant_of(owner))
    with counted() as few:
        look(tenant_of(owner))
    a_shop(owner)
    for _time in range(3):
        integrator = an_integrator()
        a_key(for_client(integrator, a_delegation(owner, integrator)))
        a_contract(tenant_of(owner), "magento-open-source")

    with counted() as many:
        look(tenant_of(owner))

    assert len(many) == len(few) <= 14
