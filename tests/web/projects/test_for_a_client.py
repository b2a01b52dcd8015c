"""An integrator in its client's projects: what the delegation reaches works, and nothing else is there."""

import pytest
from bs4 import BeautifulSoup

from portal.access.roles import Environment, Right, Role
from portal.contracts import store as contracts
from portal.projects import store
from tests.factories import a_delegation, a_licensee, a_member, an_integrator, tenant_of

SANDBOX, PRODUCTION = Environment.SANDBOX, Environment.PRODUCTION
SHOP = {"name": "Main shop", "address": "https://shop.example.com", "side": "sandbox", "version": "1"}


def words(answer):
    return " ".join(BeautifulSoup(answer.text, "html.parser").get_text(" ").split())


@pytest.fixture
def integrator():
    return an_integrator(name="Brightworks")


@pytest.fixture
def guest(owner, integrator, signed_in):
    """Signs the integrator in under a delegation with these terms."""

    def enter(**terms):
        a_delegation(owner, integrator, **terms)
        return signed_in(integrator)

    return enter


def test_with_all_rights_the_integrator_creates_renames_and_attaches(guest, account, owner):
    visitor = guest(environments=[SANDBOX])
    contract = contracts.all_of(owner)[0].public_id

    visitor.post(f"/{account}/projects/new", data={"name": "Storefront", "contract": contract})
    project = store.page(owner, place=None).rows[0]
    where, space = f"/{account}/projects/{project.public_id}", project.data_spaces[1].public_id
    visitor.post(f"{where}/rename", data={"name": "Outlet", "version": "1"})
    visitor.post(f"/{account}/data-spaces/{space}/attach", data=SHOP)

    page = words(visitor.get(where))
    for shown in ("Outlet", "Testing 1", "Main shop"):
        assert shown in page


def test_the_other_side_is_not_on_the_page(guest, account, project):
    page = words(guest(environments=[SANDBOX]).get(f"/{account}/projects/{project.public_id}"))

    assert "Testing 1" in page
    assert "For the data of real customers" not in page


def test_the_other_side_is_a_404(guest, account, owner, project, make_installation):
    production = project.data_spaces[0].public_id
    shop = make_installation(owner, project.data_spaces[0], side=PRODUCTION).public_id
    visitor = guest(environments=[SANDBOX])
    pages = (
        f"/{account}/data-spaces/{production}/rename",
        f"/{account}/data-spaces/{production}/attach",
        f"/{account}/installations/{shop}/change",
        f"/{account}/installations/{shop}/detach",
    )

    answers = [visitor.get(page) for page in pages] + [visitor.post(page, data=SHOP) for page in pages]

    assert [answer.status_code for answer in answers] == [404] * 8


def test_another_project_is_a_404_and_not_in_the_list(guest, account, owner, project, make_project, make_installation):
    reached, other = project.id, make_project(owner, "Outlet")
    other_id, spaces = other.public_id, other.data_spaces
    space = spaces[1].public_id
    shop = make_installation(owner, spaces[2]).public_id
    visitor = guest(project_ids=frozenset({reached}))
    pages = (
        f"/{account}/projects/{other_id}",
        f"/{account}/projects/{other_id}/rename",
        f"/{account}/projects/{other_id}/more",
        f"/{account}/data-spaces/{space}/rename",
        f"/{account}/data-spaces/{space}/attach",
        f"/{account}/installations/{shop}/change",
        f"/{account}/installations/{shop}/detach",
    )

    answers = [visitor.get(page) for page in pages] + [visitor.post(page, data=SHOP) for page in pages[1:]]

    assert [answer.status_code for answer in answers] == [404] * 13
    listed = words(visitor.get(f"/{account}/projects"))
    assert "Storefront" in listed
    assert "Outlet" not in listed


def test_a_delegation_for_certain_projects_creates_none_and_says_who_can(guest, account, project):
    visitor = guest(project_ids=frozenset({project.id}))

    assert visitor.get(f"/{account}/projects/new").status_code == 403
    page = words(visitor.get(f"/{account}/projects"))
    assert "Your delegation is for certain projects" in page
    assert "An owner of the client's account can create the project" in page


def test_a_delegation_for_certain_projects_does_not_tell_how_many_there_are(guest, account, project):
    page = words(guest(project_ids=frozenset({project.id})).get(f"/{account}/projects"))

    assert "1 of 3" not in page


def test_without_the_right_the_acts_are_disabled_with_the_reason(guest, account, project):
    visitor = guest(rights=[Right.VIEW])

    page = visitor.get(f"/{account}/projects/{project.public_id}")

    assert "The delegation or your role in your own account does not allow it" in words(page)
    assert "/rename" not in page.text
    assert visitor.get(f"/{account}/projects/{project.public_id}/rename").status_code == 403


def test_the_right_to_installations_is_not_the_right_to_projects(guest, account, project):
    space = project.data_spaces[1].public_id
    visitor = guest(rights=[Right.VIEW, Right.INSTALLATIONS])

    assert visitor.get(f"/{account}/data-spaces/{space}/attach").status_code == 200
    assert visitor.get(f"/{account}/data-spaces/{space}/rename").status_code == 403


def test_a_viewer_of_the_integrator_changes_nothing_whatever_the_delegation_says(
    owner, account, integrator, project, signed_in
):
    a_delegation(owner, integrator)
    visitor = signed_in(a_member(tenant_of(integrator), Role.VIEWER))

    assert visitor.get(f"/{account}/projects/{project.public_id}").status_code == 200
    assert visitor.get(f"/{account}/projects/{project.public_id}/rename").status_code == 403


def test_the_other_sides_shop_in_a_shared_data_space_is_seen_and_left_alone(
    integrator, signed_in, make_project, make_installation
):
    owner = a_licensee("magento-open-source")
    account, project = tenant_of(owner).account_id, make_project(owner)
    shop = make_installation(owner, project.data_spaces[0], side=PRODUCTION).public_id
    a_delegation(owner, integrator, environments=[SANDBOX])
    visitor = signed_in(integrator)

    page = visitor.get(f"/{account}/projects/{project.public_id}")

    assert "This shop uses the side that your delegation does not reach" in words(page)
    for act in ("change", "detach"):
        assert visitor.get(f"/{account}/installations/{shop}/{act}").status_code == 403


def test_only_the_delegations_sides_can_be_chosen_for_a_shop(guest, account, owner, project):
    space = project.data_spaces[1].public_id
    visitor = guest(environments=[SANDBOX])

    page = visitor.post(f"/{account}/data-spaces/{space}/attach", data=SHOP | {"side": "production"})

    assert page.status_code == 422
    assert store.get_data_space(owner, space).installation is None


def test_only_data_spaces_of_the_delegations_sides_can_be_asked_for(guest, account, project):
    page = guest(environments=[SANDBOX]).get(f"/{account}/projects/{project.public_id}/more")

    assert "Testing data spaces" in words(page)
    assert "Production data spaces" not in words(page)


def test_the_clients_contracts_are_not_reached(guest, account):
    assert guest().get(f"/{account}/contracts").status_code == 404
