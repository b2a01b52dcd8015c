"""The console's one search box: it says what a text was taken for, and where each hit belongs."""

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import inspect

from portal.access.roles import Environment
from portal.accounts import people
from portal.accounts.models import Language, Theme
from portal.contracts import store as contracts
from portal.foundation.database import db, transaction
from portal.impact.finding import FIRST, Reading, readings
from portal.projects import installations
from portal.projects import operations as projects
from portal.projects import store as project_store
from portal.projects.models import Installation
from tests.factories import (
    a_delegation,
    a_key,
    a_licensee,
    a_member,
    a_person,
    a_tenant,
    a_vendor,
    an_integrator,
    for_client,
    tenant_of,
)

NAMES = (Reading.TENANT, Reading.PERSON, Reading.EMAIL, Reading.PROJECT, Reading.ADDRESS)


@pytest.fixture
def look(signed_in):
    """The page that a search answers with."""
    vendor = a_vendor()
    browser, account = signed_in(vendor), tenant_of(vendor).account_id

    def page(text: str, **more: str) -> BeautifulSoup:
        answer = browser.get(f"/{account}/console/search", query_string={"q": text, **more})
        assert answer.status_code == 200
        return BeautifulSoup(answer.text, "html.parser")

    return page


@pytest.fixture
def find(look):
    """What a search finds: the rows of each group by the group's id."""

    def rows(text: str, **more: str) -> dict[str, list[str]]:
        groups = look(text, **more).select("section[id^=found-]")
        return {
            group["id"].removeprefix("found-"): [
                " ".join(row.get_text(" ").split()) for row in group.select("tbody tr")
            ]
            for group in groups
        }

    return rows


def a_shop(owner, name: str = "Europe", address: str = "https://www.shop.example") -> Installation:
    with transaction():
        project = projects.create(owner, name, contracts.all_of(owner)[0])
    space = project_store.get(owner, project.public_id).data_spaces[0]
    with transaction():
        return installations.attach(owner, space, "Aurora shop", address, Environment.PRODUCTION)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        ("MAG000000123", (Reading.ACCOUNT_ID,)),
        ("mag12", (Reading.ACCOUNT_ID, *NAMES)),
        ("0123456789abcdef0123456789ABCDEF", (Reading.API_KEY,)),
        ("123e4567-e89b-42d3-a456-426614174000", (Reading.SPACE_ID, Reading.PROJECT_ID)),
        ("ctr_0123456789abcdefghjk", (Reading.CONTRACT_ID,)),
        ("ann@exa", (Reading.EMAIL,)),
        ("Magnolia", NAMES),
        ("竹風", NAMES),
    ],
)
def test_a_text_is_taken_for_all_that_it_may_be(text, expected):
    assert readings(text) == expected


def test_a_beginning_of_a_key_may_be_an_id_or_a_name_too():
    assert readings("deadbeef") == (
        Reading.TENANT,
        Reading.PERSON,
        Reading.EMAIL,
        Reading.API_KEY,
        Reading.SPACE_ID,
        Reading.PROJECT_ID,
        Reading.PROJECT,
        Reading.ADDRESS,
    )


def test_a_name_may_be_a_tenant_a_person_a_project_and_a_shop_at_once(find):
    owner = a_licensee(name="Aurora")
    a_member(tenant_of(owner), person=a_person("Aurora Chen"))
    a_shop(owner, "Aurora relaunch", "https://aurora.example")

    assert list(find("auro")) == ["tenant", "person", "project", "address"]


def test_the_page_says_what_the_text_was_taken_for(look):
    assert "Key pairs by API key" in look("0" * 32).select_one("#taken-for").get_text()


def test_a_person_is_found_with_role_and_tenant(find):
    a_member(a_tenant("Aurora"), person=a_person("Anna Chen", email="anna@example.com"))

    (row,) = find("ANNA C")["person"]

    assert all(words in row for words in ("Person Anna Chen", "anna@example.com", "Owner at Aurora"))


@pytest.mark.parametrize("text", ["anna@example.com", "Anna@Ex", "anna.ch"])
def test_an_e_mail_address_is_found_whole_or_by_its_beginning(text, find):
    a_member(a_tenant("Aurora"), person=a_person("Chen", email="anna@example.com"))
    a_member(a_tenant("Bamboo"), person=a_person("Wu", email="anna.chen@example.com"))

    (row,) = find(text)["email"]

    assert ("Bamboo" if text == "anna.ch" else "Aurora") in row


def test_who_belongs_to_no_account_is_found_and_said_to(find):
    a_person("Anna Chen")

    (row,) = find("anna")["person"]

    assert "belongs to no account" in row


def test_a_person_who_changed_the_name_is_found_by_the_new_one_alone(find):
    person = a_person("Anna Chen")
    with transaction():
        people.change_profile(
            person, name="Berta Wu", language=Language.EN, time_zone="UTC", theme=Theme.AUTO, version=person.version
        )

    assert ("person" in find("anna"), "person" in find("berta")) == (False, True)


def test_a_key_is_found_whole_or_by_its_beginning_with_owner_and_holder(find):
    owner, integrator = a_licensee(name="Aurora"), an_integrator(name="Harbour")
    pair = a_key(for_client(integrator, a_delegation(owner, integrator)), name="Theirs")

    rows = [find(text)["api_key"] for text in (pair.api_key.upper(), pair.api_key[:8])]

    assert rows[0] == rows[1]
    assert all(word in rows[0][0] for word in ("Theirs", "held by Harbour", "Aurora", "Active"))


def test_five_figures_are_too_few_for_a_key(find):
    pair = a_key(a_licensee())

    assert "api_key" not in find(pair.api_key[:5])


def test_a_data_space_is_found_with_its_project_and_installation(find):
    owner = a_licensee(name="Aurora")
    a_shop(owner)
    (project,) = project_store.page(owner, place=None).rows

    (row,) = find(project.data_spaces[0].public_id)["space_id"]

    assert all(words in row for words in ("in the project “Europe”", "used by Aurora shop", "Aurora"))


def test_a_project_is_found_by_id_and_by_the_beginning_of_its_name(find):
    owner = a_licensee(name="Aurora")
    with transaction():
        project = projects.create(owner, "Europe relaunch", contracts.all_of(owner)[0])

    assert "Adobe Commerce" in find(project.public_id)["project_id"][0]
    assert "Europe relaunch" in find("europe")["project"][0]


@pytest.mark.parametrize(
    "text", ["https://www.shop.example", "SHOP.example", "shop.", "www.shop.example/", "http://shop.example"]
)
def test_a_shop_is_found_by_its_address_however_it_is_written(text, find):
    a_shop(a_licensee(name="Aurora"))

    (row,) = find(text)["address"]

    assert all(
        words in row for words in ("Aurora shop", "https://www.shop.example", "of the project “Europe”", "Aurora")
    )


@pytest.mark.parametrize("text", ["bücher.example", "xn--bcher-kva.example", "BÜCHER", "https://xn--bcher-kva"])
def test_an_international_address_is_found_in_letters_and_in_ascii(text, find):
    a_shop(a_licensee(), address="https://bücher.example")

    assert len(find(text)["address"]) == 1


def test_a_shop_that_was_detached_is_not_found(find):
    owner = a_licensee()
    shop = a_shop(owner)
    with transaction():
        installations.detach(owner, shop, shop.name, shop.version)

    assert "address" not in find("shop.example")


def test_a_contract_is_found_by_the_beginning_of_its_id(find):
    owner = a_licensee(name="Aurora")
    public_id = contracts.all_of(owner)[0].public_id

    rows = [find(text)["contract_id"] for text in (public_id, public_id[:9])]

    assert rows[0] == rows[1]
    assert "Licence: Adobe Commerce" in rows[0][0]


def test_each_kind_shows_ten_and_leads_to_all(look):
    for number in range(FIRST + 1):
        a_tenant(f"Aurora {number}")

    few = look("aurora")
    link = few.select_one("#found-tenant p a[href*='kind=tenant']")
    all_of_them = look("aurora", kind="tenant")

    assert len(few.select("#found-tenant tbody tr")) == FIRST
    assert link is not None
    assert len(all_of_them.select("#found-tenant tbody tr")) == FIRST + 1


def test_all_of_a_kind_are_paged(look):
    for number in range(101):
        a_tenant(f"Aurora {number}")

    first = look("aurora", kind="tenant")
    place = first.select_one("a[rel=next]")["href"].partition("after=")[2]
    second = look("aurora", kind="tenant", after=place)

    assert [len(page.select("#found-tenant tbody tr")) for page in (first, second)] == [100, 1]


@pytest.mark.parametrize("text", ["\x00", "a\x00b", "\u202e", "x" * 400, "\U0010ffff", "'; drop --", "ctr_", "mag"])
def test_a_strange_text_finds_nothing(text, find):
    a_licensee(name="Aurora")

    assert {kind for kind in find(text) if kind not in {"contract_id"}} == set()


@pytest.mark.parametrize("where", ["kind=nonsense", "kind=tenant", "kind=", "q=a&kind=%00"])
def test_an_unknown_kind_breaks_nothing(where, signed_in):
    vendor = a_vendor()

    assert signed_in(vendor).get(f"/{tenant_of(vendor).account_id}/console/search?{where}").status_code == 200


def test_a_place_that_is_none_is_refused(signed_in):
    vendor = a_vendor()
    address = f"/{tenant_of(vendor).account_id}/console/search?q=a&kind=tenant&after=x"

    assert signed_in(vendor).get(address).status_code == 422


@pytest.mark.parametrize(
    ("table", "column"), [("people", "name_key"), ("people", "email_key"), ("projects", "name_key")]
)
def test_a_beginning_is_found_whatever_the_servers_locale(table, column):
    connection = db.session.connection()
    if connection.dialect.name == "sqlite":
        pytest.skip("SQLite sorts by code point")

    columns = {one["name"]: one["type"] for one in inspect(connection).get_columns(table)}

    assert columns[column].collation == "C"
