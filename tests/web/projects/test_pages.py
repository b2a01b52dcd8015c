"""The pages of projects and data spaces, through the door."""

import re

import pytest
from bs4 import BeautifulSoup

from portal.access.roles import Role
from portal.accounts import store as people
from portal.accounts.models import Language
from portal.contracts import store as contracts
from portal.foundation.database import db, transaction
from portal.foundation.words import same_name
from portal.projects import store
from portal.projects.models import Project
from tests.factories import a_contract, a_licensee, a_member, a_tenant, an_integrator, tenant_of
from tests.statements import counted, failing_after

STRANGE = ["\x00", "a\x00b", "a\u202eb", "a\nb", "x" * 256, "  ", "", "Shop [Type: Production]"]


def words(answer):
    return " ".join(BeautifulSoup(answer.text, "html.parser").get_text(" ").split())


def field(answer, name):
    return BeautifulSoup(answer.text, "html.parser").find(attrs={"name": name})


def fields(answer):
    """What a browser would send back of the page's last form."""
    form = BeautifulSoup(answer.text, "html.parser").find("main").find_all("form")[-1]
    found = {row["name"]: row.get("value", "") for row in form.find_all("input") if row.get("type") != "radio"}
    found |= {row["name"]: row["value"] for row in form.find_all("input", type="radio", checked=True)}
    return {name: value for name, value in found.items() if name != "csrf_token"}


def many_projects(owner, count):
    contract_id = contracts.all_of(owner)[0].id
    with transaction():
        for number in range(count):
            name = f"Project {number:04}"
            db.session.add(
                Project(tenant_id=owner.tenant_id, contract_id=contract_id, name=name, name_key=same_name(name))
            )


# The list


def test_an_empty_list_says_what_a_project_is_for_and_offers_one(visitor, account):
    page = visitor.get(f"/{account}/projects")

    assert page.status_code == 200
    assert "No project yet" in words(page)
    assert f'href="/{account}/projects/new"' in page.text


def test_a_list_filtered_to_nothing_offers_to_clear_the_filter(visitor, account, project):
    page = visitor.get(f"/{account}/projects?q=nothing")

    assert "Nothing matches these filters" in words(page)


def test_a_list_that_cannot_be_read_offers_its_beginning(visitor, account, project):
    page = visitor.get(f"/{account}/projects?after=nowhere")

    assert page.status_code == 422
    assert "This list could not be loaded" in words(page)


def test_the_list_shows_contract_data_spaces_and_installations(visitor, account, owner, project, make_installation):
    make_installation(owner, project.data_spaces[1])

    page = words(visitor.get(f"/{account}/projects"))

    for shown in (
        "Storefront",
        "Adobe Commerce",
        "Production, Testing 1, Testing 2",
        "Main shop on Testing 1",
        "1 of 3",
    ):
        assert shown in page


def test_the_list_finds_a_project_by_its_data_spaces_id(visitor, account, owner, project, make_project):
    make_project(owner, "Outlet")
    wanted = store.get(owner, project.public_id).data_spaces[0].public_id

    page = words(visitor.get(f"/{account}/projects?q={wanted}"))

    assert "Storefront" in page
    assert "Outlet" not in page


@pytest.mark.parametrize("wanted", ["%00", "a%00b", "x" * 5000, "%E2%80%AE", "%25", "_"])
def test_the_list_takes_any_search_word(visitor, account, project, wanted):
    assert visitor.get(f"/{account}/projects?q={wanted}").status_code == 200


def test_a_long_list_goes_on_after_100_projects(visitor, account, owner):
    many_projects(owner, 101)

    first = visitor.get(f"/{account}/projects")
    following = re.search(r'href="([^"]*after=[^"]*)" rel="next"', first.text).group(1).replace("&amp;", "&")

    assert "Project 0099" in words(first)
    assert "Project 0100" not in words(first)
    assert "Project 0100" in words(visitor.get(following))


def test_the_list_needs_the_same_statements_for_one_project_and_for_many(visitor, account, owner):
    many_projects(owner, 1)
    with counted() as few:
        visitor.get(f"/{account}/projects")
    with transaction():
        for row in store.page(owner, place=None).rows:
            db.session.delete(row)
    many_projects(owner, 100)

    with counted() as many:
        visitor.get(f"/{account}/projects")

    assert len(many) == len(few) <= 12


def test_a_viewer_sees_why_it_cannot_create_and_who_can(account, owner, signed_in):
    viewer = signed_in(a_member(tenant_of(owner), Role.VIEWER))

    page = viewer.get(f"/{account}/projects")

    assert "Your role does not allow this" in words(page)
    assert "An owner of this account can do it" in words(page)
    assert f"/{account}/projects/new" not in page.text


def test_an_integrators_own_list_says_that_it_has_no_projects_of_its_own(signed_in):
    integrator = an_integrator()

    page = signed_in(integrator).get(f"/{tenant_of(integrator).account_id}/projects")

    assert "No running contract of this account includes projects" in words(page)


# Creating


def test_s14_a_new_project_is_shown_with_the_data_spaces_of_its_edition(visitor, account):
    form = fields(visitor.get(f"/{account}/projects/new"))

    page = visitor.post(f"/{account}/projects/new", data=form | {"name": "Storefront"}, follow_redirects=True)

    assert page.status_code == 200
    for name in ("Storefront", "Production", "Testing 1", "Testing 2"):
        assert name in words(page)


def test_a_double_click_creates_one_project(visitor, account, owner):
    form = fields(visitor.get(f"/{account}/projects/new")) | {"name": "Storefront"}

    answers = [visitor.post(f"/{account}/projects/new", data=form) for _time in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].location == answers[1].location
    assert len(store.page(owner, place=None).rows) == 1


def test_a_double_click_on_the_last_place_creates_one_project(signed_in):
    owner = a_licensee("magento-open-source")
    account, visitor = tenant_of(owner).account_id, signed_in(owner)
    form = fields(visitor.get(f"/{account}/projects/new")) | {"name": "Storefront"}

    answers = [visitor.post(f"/{account}/projects/new", data=form) for _time in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]


@pytest.mark.parametrize("name", STRANGE)
def test_an_unfit_name_is_refused_at_the_field_and_nothing_is_created(visitor, account, owner, name):
    form = fields(visitor.get(f"/{account}/projects/new"))

    page = visitor.post(f"/{account}/projects/new", data=form | {"name": name})

    assert page.status_code == 422
    assert field(page, "name")["aria-invalid"] == "true"
    assert not store.page(owner, place=None).rows


def test_a_name_that_is_taken_is_refused_at_the_field_and_kept(visitor, account, owner, make_project):
    make_project(owner, "Outlet")
    form = fields(visitor.get(f"/{account}/projects/new"))

    page = visitor.post(f"/{account}/projects/new", data=form | {"name": "OUTLET"})

    assert page.status_code == 422
    assert "There is a project named “Outlet” in this account already" in words(page)
    assert field(page, "name")["value"] == "OUTLET"


@pytest.mark.parametrize("contract", ["", "ctr_nothing", "\x00"])
def test_an_unknown_contract_is_refused_at_the_field(visitor, account, owner, contract):
    page = visitor.post(f"/{account}/projects/new", data={"name": "Storefront", "contract": contract})

    assert page.status_code == 422
    assert not store.page(owner, place=None).rows


def test_another_tenants_contract_is_an_unknown_one(visitor, account, owner):
    foreign = contracts.all_of(a_licensee())[0].public_id

    page = visitor.post(f"/{account}/projects/new", data={"name": "Storefront", "contract": foreign})

    assert page.status_code == 422
    assert not store.page(owner, place=None).rows


def test_the_form_offers_each_running_contract_with_what_it_gives(visitor, account, owner):
    a_contract(tenant_of(owner), "magento-open-source")

    page = words(visitor.get(f"/{account}/projects/new"))

    assert "0 of 3 projects are in use. A new one gets 1 production and 2 testing data spaces." in page
    assert "0 of 1 projects are in use. A new one gets 1 production and 0 testing data spaces." in page


def test_a_used_up_allotment_is_refused_with_the_way_on(signed_in, make_project):
    owner = a_licensee("magento-open-source")
    make_project(owner)

    page = signed_in(owner).get(f"/{tenant_of(owner).account_id}/projects/new")

    assert page.status_code == 409
    assert "Ask for more projects" in words(page)


def test_a_tenant_without_a_contract_is_told_who_can_mend_it(signed_in):
    owner = a_member(a_tenant())

    page = signed_in(owner).get(f"/{tenant_of(owner).account_id}/projects/new")

    assert page.status_code == 409
    assert "The vendor's partner admin can record a contract" in words(page)


# One project, its name and those of its data spaces


def test_s17_rename_this_project(visitor, account, project):
    where = f"/{account}/projects/{project.public_id}/rename"

    page = visitor.post(where, data=fields(visitor.get(where)) | {"name": "Outlet"}, follow_redirects=True)

    assert "The project is now called “Outlet”" in words(page)


def test_s17_rename_data_space(visitor, account, owner, project):
    space = project.data_spaces[1].public_id
    where = f"/{account}/data-spaces/{space}/rename"

    page = visitor.post(where, data=fields(visitor.get(where)) | {"name": "Staging"}, follow_redirects=True)

    assert "The data space is now called “Staging”" in words(page)
    assert store.get_data_space(owner, space).name == "Staging"


@pytest.mark.parametrize("name", STRANGE)
def test_an_unfit_new_name_is_refused_at_the_field(visitor, account, owner, project, name):
    spaces = [space.public_id for space in project.data_spaces]

    for where in (f"/{account}/projects/{project.public_id}/rename", f"/{account}/data-spaces/{spaces[0]}/rename"):
        page = visitor.post(where, data=fields(visitor.get(where)) | {"name": name})

        assert page.status_code == 422
        assert field(page, "name")["aria-invalid"] == "true"


def test_a_new_name_that_is_taken_is_refused_at_the_field(visitor, account, owner, project, make_project):
    space = project.data_spaces[0].public_id
    make_project(owner, "Outlet")

    for where, name in (
        (f"/{account}/projects/{project.public_id}/rename", "outlet"),
        (f"/{account}/data-spaces/{space}/rename", "testing 1"),
    ):
        page = visitor.post(where, data=fields(visitor.get(where)) | {"name": name})

        assert page.status_code == 422
        assert field(page, "name")["value"] == name


def test_a_name_in_a_refusal_is_not_translated_though_it_is_a_word_of_ours(
    visitor, account, owner, project, make_project
):
    make_project(owner, "Production")
    with transaction():
        people.get_person(owner.person_id).language = Language.ZH_HANT
    where = f"/{account}/projects/{project.public_id}/rename"

    page = visitor.post(where, data=fields(visitor.get(where)) | {"name": "Production"})

    assert "「Production」" in words(page)
    assert "「正式環境」" not in words(page)


def test_an_act_in_a_refusal_is_translated(account, project, owner, signed_in):
    viewer = a_member(tenant_of(owner), Role.VIEWER)
    with transaction():
        people.get_person(viewer.person_id).language = Language.ZH_HANT

    page = signed_in(viewer).get(f"/{account}/projects/{project.public_id}/rename")

    assert page.status_code == 403
    assert "建立及重新命名專案與資料空間" in words(page)


def test_the_second_of_two_tabs_gets_both_versions(visitor, account, project):
    where = f"/{account}/projects/{project.public_id}/rename"
    form = fields(visitor.get(where))
    visitor.post(where, data=form | {"name": "Outlet"})

    page = visitor.post(where, data=form | {"name": "Bazaar"})

    assert page.status_code == 409
    assert "Outlet" in words(page)
    assert "Bazaar" in words(page)


def test_a_database_that_fails_at_any_statement_of_a_change_is_answered_by_a_page(visitor, account, project):
    where = f"/{account}/projects/{project.public_id}/rename"
    form = fields(visitor.get(where)) | {"name": "Outlet"}
    statuses = []

    while 303 not in statuses:
        with failing_after(len(statuses)):
            page = visitor.post(where, data=form)
        statuses.append(page.status_code)

        assert page.status_code in (303, 503)
        assert page.headers["X-Request-Id"] in page.text or page.status_code == 303

    assert len(statuses) > 5


def test_a_repeated_submit_of_the_same_name_is_no_conflict(visitor, account, project):
    where = f"/{account}/projects/{project.public_id}/rename"
    form = fields(visitor.get(where)) | {"name": "Outlet"}

    assert [visitor.post(where, data=form).status_code for _time in range(2)] == [303, 303]


@pytest.mark.parametrize("version", ["", "x", "-1", "\x00", "9" * 30, "١"])
def test_a_broken_version_is_refused(visitor, account, project, version):
    where = f"/{account}/projects/{project.public_id}/rename"

    page = visitor.post(where, data={"name": "Outlet", "version": version})

    assert page.status_code == 422


def test_the_project_page_says_what_the_environment_does_not_say(visitor, account, project):
    page = words(visitor.get(f"/{account}/projects/{project.public_id}"))

    assert "which side the data is on, not where your shop runs" in page


def test_the_project_page_of_an_edition_without_testing_spaces_says_that_one_serves_both(signed_in, make_project):
    owner = a_licensee("magento-open-source")
    project = make_project(owner)

    page = signed_in(owner).get(f"/{tenant_of(owner).account_id}/projects/{project.public_id}")

    assert "keys of both environments may use this one" in words(page)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.KEY_MANAGER])
def test_who_may_change_nothing_sees_the_acts_disabled_with_the_reason(account, owner, project, signed_in, role):
    visitor = signed_in(a_member(tenant_of(owner), role))

    page = visitor.get(f"/{account}/projects/{project.public_id}")

    assert "An owner or a developer of this account can do it" in words(page)
    assert "/rename" not in page.text
    assert "/attach" not in page.text


def test_the_project_page_needs_at_most_12_statements(visitor, account, owner, project, make_installation):
    make_installation(owner, project.data_spaces[1])
    where = f"/{account}/projects/{project.public_id}"

    with counted() as statements:
        assert visitor.get(where).status_code == 200

    assert len(statements) <= 12


def test_looking_at_a_form_changes_nothing(visitor, account, owner, project):
    where = f"/{account}/projects/{project.public_id}/rename"
    version = project.version

    visitor.get(where)

    assert store.get(owner, project.public_id).version == version
