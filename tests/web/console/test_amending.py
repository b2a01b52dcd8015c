"""Changing the edition of a contract on the console's page, and deciding what lies beyond its allotment."""

import pytest
from bs4 import BeautifulSoup

from portal.access.roles import Role
from portal.contracts import store as contracts
from portal.foundation.database import transaction
from portal.projects import operations, store
from portal.projects.models import Surplus
from tests.factories import a_licensee, a_vendor, tenant_of

SMALLER = "magento-open-source"


@pytest.fixture
def admin():
    return a_vendor()


@pytest.fixture
def owner():
    return a_licensee()


@pytest.fixture
def project(owner):
    with transaction():
        return operations.create(owner, "Storefront", contracts.all_of(owner)[0])


@pytest.fixture
def browser(admin, signed_in):
    return signed_in(admin)


@pytest.fixture
def console(admin):
    return f"/{tenant_of(admin).account_id}/console"


def edition_page(console, owner):
    return f"{console}/contracts/{contracts.all_of(owner)[0].public_id}/edition"


def version_on(page):
    return BeautifulSoup(page.text, "html.parser").select_one("form[method=post] [name=version]")["value"]


def amend(browser, console, owner):
    where = edition_page(console, owner)
    version = version_on(browser.get(f"{where}?edition={SMALLER}"))
    return browser.post(where, data={"edition": SMALLER, "version": version})


def space(owner, project, name="Testing 1"):
    return next(one for one in store.get(owner, project.public_id).data_spaces if one.name == name)


def decide(browser, console, found, decision, version=None):
    where = f"{console}/data-spaces/{found.public_id}/surplus"
    return browser.post(where, data={"decision": decision, "version": str(version or found.version)})


def test_looking_at_an_edition_changes_nothing(owner, project, browser, console):
    page = browser.get(f"{edition_page(console, owner)}?edition={SMALLER}").text

    assert "Testing 1: lies beyond the allotment" in page
    assert contracts.all_of(owner)[0].edition_code == "adobe-commerce"


def test_changing_it_marks_what_lies_beyond_and_leads_to_the_tenants_page(owner, project, browser, console):
    answer = amend(browser, console, owner)
    page = browser.get(answer.headers["Location"])

    assert answer.status_code == 303
    assert page.text.count("Beyond the allotment") == 2


def test_a_preview_that_is_old_is_a_conflict(owner, browser, console):
    answer = browser.post(edition_page(console, owner), data={"edition": SMALLER, "version": "99"})

    assert answer.status_code == 409


def test_another_kinds_edition_is_no_choice(owner, browser, console):
    answer = browser.post(edition_page(console, owner), data={"edition": "solution-partner", "version": "1"})

    assert answer.status_code == 422


def test_a_surplus_data_space_is_kept(owner, project, browser, console):
    amend(browser, console, owner)

    answer = decide(browser, console, space(owner, project), "kept")

    assert answer.status_code == 303
    assert space(owner, project).surplus is Surplus.KEPT


def test_an_old_page_about_a_surplus_data_space_is_a_conflict(owner, project, browser, console):
    amend(browser, console, owner)

    assert decide(browser, console, space(owner, project), "kept", version=99).status_code == 409


def test_the_project_page_says_what_lies_beyond_and_what_becomes_of_it(owner, project, browser, console, signed_in):
    amend(browser, console, owner)
    decide(browser, console, space(owner, project), "let_go")

    page = signed_in(owner).get(f"/{tenant_of(owner).account_id}/projects/{project.public_id}").text

    assert "Let go" in page
    assert "Beyond the allotment, to be decided" in page


def test_an_operator_changes_no_edition(owner, console, signed_in):
    operator = signed_in(a_vendor(Role.OPERATOR))

    assert operator.get(edition_page(console, owner)).status_code == 403
