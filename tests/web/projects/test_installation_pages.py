"""The pages that attach, change and detach installations, and those that ask for more."""

import pytest
from bs4 import BeautifulSoup

from portal.access.roles import Environment, Role
from portal.contracts import store as contracts
from portal.entitlements import asking
from portal.entitlements import store as entitlements
from portal.entitlements.models import Wish
from portal.foundation.database import transaction
from portal.projects import store
from tests.factories import a_licensee, a_member, tenant_of

SHOP = {"name": "Main shop", "address": "https://shop.example.com", "side": "sandbox"}


def words(answer):
    return " ".join(BeautifulSoup(answer.text, "html.parser").get_text(" ").split())


def field(answer, name):
    return BeautifulSoup(answer.text, "html.parser").find(attrs={"name": name})


@pytest.fixture
def space(project):
    return project.data_spaces[1].public_id


@pytest.fixture
def installation(owner, project, make_installation):
    return make_installation(owner, project.data_spaces[1]).public_id


def attached(owner, space):
    return store.get_data_space(owner, space).installation


def test_an_installation_is_attached_and_shown(visitor, account, owner, project, space):
    page = visitor.post(f"/{account}/data-spaces/{space}/attach", data=SHOP, follow_redirects=True)

    assert "“Main shop” now uses this data space" in words(page)
    assert attached(owner, space).address == "https://shop.example.com"


def test_the_side_that_fits_the_data_space_is_chosen_already(visitor, account, project):
    production, testing = (space.public_id for space in project.data_spaces[:2])

    for space, side in ((production, "production"), (testing, "sandbox")):
        page = BeautifulSoup(visitor.get(f"/{account}/data-spaces/{space}/attach").text, "html.parser")

        assert page.find(attrs={"name": "side"}, checked=True)["value"] == side


def test_a_double_click_attaches_one_installation(visitor, account, space):
    answers = [visitor.post(f"/{account}/data-spaces/{space}/attach", data=SHOP) for _time in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]


def test_s13_an_occupied_data_space_is_refused_by_the_name_of_its_installation(visitor, account, space, installation):
    where = f"/{account}/data-spaces/{space}/attach"

    for page in (visitor.get(where), visitor.post(where, data=SHOP | {"name": "Outlet"})):
        assert page.status_code == 409
        assert "The installation “Main shop” uses this data space" in words(page)
        assert "detach that installation first" in words(page)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("name", text) for text in ("", " ", "\x00", "a\u202eb", "x" * 256, "a\nb")),
        *(("address", text) for text in ("", "\x00", "ftp://x", "x" * 2001, "https://a b", "javascript:alert(1)")),
        *(("side", text) for text in ("", "both", "\x00")),
    ],
)
def test_unfit_content_is_refused_at_its_field_and_kept(visitor, account, owner, space, name, value):
    page = visitor.post(f"/{account}/data-spaces/{space}/attach", data=SHOP | {name: value})

    assert page.status_code == 422
    assert "There is a problem" in words(page)
    assert attached(owner, space) is None
    if name != "name":
        assert field(page, "name")["value"] == "Main shop"


def test_an_installation_is_changed(visitor, account, owner, space, installation):
    where = f"/{account}/installations/{installation}/change"
    version = field(visitor.get(where), "version")["value"]

    answer = visitor.post(where, data=SHOP | {"name": "Outlet", "side": "production", "version": version})

    assert answer.status_code == 303
    assert (attached(owner, space).name, attached(owner, space).side) == ("Outlet", Environment.PRODUCTION)


def test_a_shop_on_the_other_side_is_flagged(visitor, account, owner, project, space, make_installation):
    where = f"/{account}/projects/{project.public_id}"
    make_installation(owner, project.data_spaces[1], side=Environment.PRODUCTION)

    assert "This shop uses production keys with a testing data space" in words(visitor.get(where))


def test_the_second_of_two_tabs_gets_both_versions(visitor, account, installation):
    where = f"/{account}/installations/{installation}/change"
    version = field(visitor.get(where), "version")["value"]
    visitor.post(where, data=SHOP | {"name": "Outlet", "version": version})

    page = visitor.post(where, data=SHOP | {"name": "Bazaar", "version": version})

    assert page.status_code == 409
    assert "Outlet" in words(page)
    assert "Bazaar" in words(page)


def test_before_detaching_the_page_says_what_it_does_and_what_stays(visitor, account, installation):
    page = words(visitor.get(f"/{account}/installations/{installation}/detach"))

    assert "The data space “Testing 1” stays, with its id and all its data" in page
    assert "Main shop" in page


def test_an_installation_is_detached_by_its_typed_name(visitor, account, owner, space, installation):
    where = f"/{account}/installations/{installation}/detach"
    version = field(visitor.get(where), "version")["value"]

    page = visitor.post(where, data={"typed_name": "Main shop", "version": version}, follow_redirects=True)

    assert "The data space and its data are still there" in words(page)
    assert attached(owner, space) is None


def test_a_repeated_detaching_is_no_error(visitor, account, installation):
    where = f"/{account}/installations/{installation}/detach"
    form = {"typed_name": "Main shop", "version": field(visitor.get(where), "version")["value"]}

    assert [visitor.post(where, data=form).status_code for _time in range(2)] == [303, 303]


@pytest.mark.parametrize("typed", ["", "main shop", "\x00", "x" * 5000, "🛒"])
def test_another_name_detaches_nothing(visitor, account, owner, space, installation, typed):
    where = f"/{account}/installations/{installation}/detach"
    version = field(visitor.get(where), "version")["value"]

    page = visitor.post(where, data={"typed_name": typed, "version": version})

    assert page.status_code == 422
    assert attached(owner, space) is not None


def test_what_is_detached_already_says_so(visitor, account, owner, installation):
    where = f"/{account}/installations/{installation}"
    version = field(visitor.get(f"{where}/detach"), "version")["value"]
    visitor.post(f"{where}/detach", data={"typed_name": "Main shop", "version": version})

    for page in (visitor.get(f"{where}/detach"), visitor.get(f"{where}/change")):
        assert page.status_code == 409
        assert "is detached already" in words(page)


# Asking for more


def ask(visitor, where, **others):
    return visitor.post(where, data={"wish": "project", "amount": "2", "reason": "Two more shops."} | others)


@pytest.fixture
def more_projects(account, owner):
    return f"/{account}/contracts/{contracts.all_of(owner)[0].public_id}/more-projects"


def test_a_request_for_projects_is_shown_until_it_is_decided(visitor, account, more_projects):
    ask(visitor, more_projects)

    page = words(visitor.get(f"/{account}/projects"))

    assert "2 × Projects" in page
    assert "Waiting for the partner admin" in page


def test_a_request_for_data_spaces_is_shown_with_its_project(visitor, account, project):
    where = f"/{account}/projects/{project.public_id}"

    ask(visitor, f"{where}/more", wish="testing_space", amount="1")

    assert "1 × Testing data spaces" in words(visitor.get(where))


def test_a_double_click_stores_one_request(visitor, account, owner, more_projects):
    assert [ask(visitor, more_projects).status_code for _time in range(2)] == [303, 303]
    assert len(entitlements.requests_for_projects(owner)) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": ""},
        {"amount": "x"},
        {"amount": "0"},
        {"amount": "101"},
        {"amount": "9" * 400},
        {"amount": "\x00"},
        {"reason": ""},
        {"reason": " \n "},
        {"reason": "a\x00b"},
        {"reason": "a\u202eb"},
        {"reason": "x" * 2001},
        {"wish": ""},
        {"wish": "testing_space"},
        {"wish": "everything"},
    ],
)
def test_an_unfit_request_is_refused_at_its_field(visitor, owner, more_projects, wrong):
    page = ask(visitor, more_projects, **wrong)

    assert page.status_code == 422
    assert "There is a problem" in words(page)
    assert not entitlements.requests_for_projects(owner)


def test_a_request_is_withdrawn(visitor, account, owner, more_projects):
    ask(visitor, more_projects)
    request = entitlements.requests_for_projects(owner)[0].public_id

    page = visitor.post(f"/{account}/requests/{request}/withdraw", follow_redirects=True)

    assert "Your request is withdrawn" in words(page)


def test_a_request_for_data_spaces_leads_back_to_its_project(visitor, account, owner, project):
    where = f"/{account}/projects/{project.public_id}"
    ask(visitor, f"{where}/more", wish="testing_space")
    request = entitlements.requests_for_spaces(owner, project.id)[0].public_id

    assert visitor.post(f"/{account}/requests/{request}/withdraw").location == where


def test_another_tenants_thing_is_a_404_like_a_missing_one(visitor, account, owner, make_project, make_installation):
    other = a_licensee()
    project = make_project(other)
    project_id, spaces = project.public_id, project.data_spaces
    space = spaces[1].public_id
    installation = make_installation(other, spaces[1]).public_id
    with transaction():
        contract = contracts.all_of(other)[0]
        contract_id = contract.public_id
        request = asking.request_more(other, contract, Wish.PROJECT, 1, "more").public_id

    def answers(project_id, space, installation, contract_id, request):
        pages = (
            f"projects/{project_id}",
            f"projects/{project_id}/rename",
            f"projects/{project_id}/more",
            f"data-spaces/{space}/rename",
            f"data-spaces/{space}/attach",
            f"installations/{installation}/change",
            f"installations/{installation}/detach",
            f"contracts/{contract_id}/more-projects",
        )
        yield from (visitor.get(f"/{account}/{page}") for page in pages)
        yield from (visitor.post(f"/{account}/{page}", data=SHOP | {"version": "1"}) for page in pages[1:])
        yield visitor.post(f"/{account}/requests/{request}/withdraw")

    foreign = [answer.status_code for answer in answers(project_id, space, installation, contract_id, request)]
    missing = [answer.status_code for answer in answers("x", "x", "x", "x", "x")]

    assert foreign == missing == [404] * 16


@pytest.mark.parametrize("role", [Role.VIEWER, Role.KEY_MANAGER])
def test_a_role_without_the_right_is_refused_at_each_page(
    account, owner, project, space, installation, signed_in, role, more_projects
):
    visitor = signed_in(a_member(tenant_of(owner), role))
    pages = (
        f"/{account}/projects/new",
        f"/{account}/projects/{project.public_id}/rename",
        f"/{account}/projects/{project.public_id}/more",
        f"/{account}/data-spaces/{space}/rename",
        f"/{account}/data-spaces/{space}/attach",
        f"/{account}/installations/{installation}/change",
        f"/{account}/installations/{installation}/detach",
        more_projects,
    )

    answers = [visitor.get(page) for page in pages] + [visitor.post(page, data=SHOP) for page in pages]

    assert {answer.status_code for answer in answers} == {403}
