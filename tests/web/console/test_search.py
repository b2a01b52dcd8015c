"""The console's one search box: finds tenants by whatever somebody on the telephone reads out."""

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import inspect

from portal.accounts import operations as accounts
from portal.accounts import store as people
from portal.contracts import store as contracts
from portal.foundation.database import db, transaction
from portal.foundation.paging import PAGE_ROWS
from portal.impact.search import Sought, sought
from portal.projects import operations as projects
from portal.projects import store as project_store
from portal.tenants import operations as tenants
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


@pytest.fixture
def find(signed_in):
    """The names of the tenants that a search finds."""
    vendor = a_vendor()
    browser, account = signed_in(vendor), tenant_of(vendor).account_id

    def names(text: str) -> list[str]:
        answer = browser.get(f"/{account}/console/tenants", query_string={"q": text})
        found = BeautifulSoup(answer.text, "html.parser").select("table.rows tbody th a")
        return [link.get_text(strip=True) for link in found]

    return names


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", Sought.NOTHING),
        ("MAG000000123", Sought.ACCOUNT_ID),
        ("mag12", Sought.ACCOUNT_ID),
        ("Magnolia", Sought.NAME),
        ("0123456789abcdef0123456789ABCDEF", Sought.API_KEY),
        ("123e4567-e89b-42d3-a456-426614174000", Sought.SPACE_ID),
        ("ctr_0123456789abcdefghjk", Sought.CONTRACT_ID),
        ("ann@example.com", Sought.EMAIL),
        ("竹風", Sought.NAME),
    ],
)
def test_a_text_is_taken_for_what_its_shape_says(text, kind):
    assert sought(text) is kind


def test_an_empty_search_lists_all_by_name(find):
    a_tenant("Zebra")
    a_tenant("Aurora")

    assert find("") == ["Aurora", "Vendor", "Zebra"]


@pytest.mark.parametrize("text", ["Aurora", "aur", "AURORA OUT", "  aurora ", "ＡＵＲ"])
def test_a_name_is_found_by_its_beginning_however_it_is_written(text, find):
    a_tenant("Aurora Outfitters")
    a_tenant("The Aurora")

    assert find(text) == ["Aurora Outfitters"]


@pytest.mark.parametrize("text", ["竹", "竹風茶行"])
def test_a_chinese_name_is_found_by_its_beginning(text, find):
    a_tenant("竹風茶行")

    assert find(text) == ["竹風茶行"]


@pytest.mark.parametrize("text", ["100%", "a_b", "x'y", "[a", "*"])
def test_signs_of_a_pattern_are_just_characters(text, find):
    a_tenant(f"{text} Company")
    a_tenant("1000 aXb Company")

    assert find(text) == [f"{text} Company"]


def test_an_account_id_is_found_whole_or_by_its_beginning(find):
    tenant = a_tenant("Aurora")

    assert find(tenant.account_id.lower()) == ["Aurora"]
    assert "Aurora" in find(tenant.account_id[:6])


def test_an_api_key_finds_owner_and_holder(find):
    owner, integrator = a_licensee(name="Aurora"), an_integrator(name="Harbour")
    pair = a_key(for_client(integrator, a_delegation(owner, integrator)))

    assert find(pair.api_key.upper()) == ["Aurora", "Harbour"]


def test_a_part_of_an_api_key_finds_nothing(find):
    pair = a_key(a_licensee(name="Aurora"))

    assert find(pair.api_key[:-1]) == []


def test_a_data_space_or_project_id_finds_its_owner(find):
    owner = a_licensee(name="Aurora")
    with transaction():
        project = projects.create(owner, "Shop", contracts.all_of(owner)[0])
    (loaded,) = project_store.page(owner, place=None).rows
    ids = [project.public_id, loaded.data_spaces[0].public_id]

    assert [find(public_id) for public_id in ids] == [["Aurora"], ["Aurora"]]


def test_a_contract_id_finds_its_tenant(find):
    owner = a_licensee(name="Aurora")

    assert find(contracts.all_of(owner)[0].public_id) == ["Aurora"]


def test_an_e_mail_address_finds_all_tenants_of_its_person(find):
    person = a_person(email="ann@example.com")
    a_member(a_tenant("Aurora"), person=person)
    a_member(a_tenant("Bamboo"), person=person)

    assert find("Ann@Example.com") == ["Aurora", "Bamboo"]


def test_who_has_left_is_not_found_where_they_were(find):
    owner = a_licensee(name="Aurora")
    person = a_person(email="ann@example.com")
    leaver = a_member(tenant_of(owner), person=person)
    with transaction():
        accounts.remove(owner, people.get_membership(owner, leaver.membership_id))

    assert find("ann@example.com") == []


def test_a_renamed_tenant_is_found_by_its_new_name_alone(find):
    owner = a_licensee(name="Aurora")
    with transaction():
        tenants.rename(owner, "Borealis", tenant_of(owner).version)

    assert (find("borealis"), find("aurora")) == (["Borealis"], [])


@pytest.mark.parametrize("text", ["\x00", "a\x00b", "\u202e", "x" * 400, "\U0010ffff", "'; drop table tenants; --"])
def test_a_strange_text_finds_nothing(text, find):
    a_tenant("Aurora")

    assert find(text) == []


def test_many_tenants_of_one_name_are_paged(signed_in):
    vendor = a_vendor()
    for _number in range(PAGE_ROWS + 1):
        a_tenant("Same")
    browser, account = signed_in(vendor), tenant_of(vendor).account_id

    first = BeautifulSoup(browser.get(f"/{account}/console/tenants?q=same").text, "html.parser")
    second = BeautifulSoup(browser.get(first.select_one("a[rel=next]")["href"]).text, "html.parser")

    assert [len(page.select("table.rows tbody tr")) for page in (first, second)] == [PAGE_ROWS, 1]


def test_a_names_beginning_is_found_whatever_the_servers_locale():
    connection = db.session.connection()
    if connection.dialect.name == "sqlite":
        pytest.skip("SQLite sorts by code point")

    columns = {column["name"]: column["type"] for column in inspect(connection).get_columns("tenants")}

    assert columns["name_key"].collation == "C"
