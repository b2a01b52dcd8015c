"""The page for several pairs: names in, codes out, once; what is wrong stands at its line."""

import re
from html import unescape

import pytest
from bs4 import BeautifulSoup

from portal.access.actor import Actor
from portal.access.rows import Reader, across_tenants
from portal.audit.models import AuditEvent
from portal.foundation.database import db
from portal.keys import commanding
from portal.keys.models import KeyIntent
from tests.conftest import PortalClient
from tests.factories import PASSWORD, a_contract, a_key, a_licensee, tenant_of
from tests.statements import counted

LINE = re.compile(r"^((?:[0-9a-z]{4}-){6}[0-9a-z]{4})\t(.+)$", re.MULTILINE)


@pytest.fixture
def owner() -> Actor:
    return a_licensee(name="Aurora")


@pytest.fixture
def visitor(owner: Actor, signed_in) -> PortalClient:
    return signed_in(owner)


def place(owner: Actor, side: str = "sandbox") -> str:
    return f"/{tenant_of(owner).account_id}/keys/batch?environment={side}"


def ask_for(visitor: PortalClient, owner: Actor, names: str, side: str = "sandbox", **others: str):
    form = BeautifulSoup(visitor.get(place(owner, side)).text, "html.parser")
    contract = (form.select_one("input[name=contract]") or form.select_one("select[name=contract] option"))["value"]
    return visitor.post(place(owner, side), data={"names": names, "contract": contract} | others)


def codes_on(answer) -> list[tuple[str, str]]:
    found = BeautifulSoup(answer.text, "html.parser").select_one("pre[data-copy-from]")
    return LINE.findall(found.text) if found else []


def test_the_page_for_one_pair_leads_here(visitor: PortalClient, owner: Actor):
    page = visitor.get(f"/{tenant_of(owner).account_id}/keys/new?environment=production")

    assert place(owner, "production") in unescape(page.text)


def test_one_page_shows_a_code_for_each_name_and_is_not_kept(visitor: PortalClient, owner: Actor):
    shown = ask_for(visitor, owner, "Storefront 1\r\n\r\n店鋪\r\n")

    assert shown.headers["Cache-Control"] == "no-store"
    assert [name for _code, name in codes_on(shown)] == ["Storefront 1", "店鋪"]
    assert [commanding.find(code, None).intent.name for code, _name in codes_on(shown)] == ["Storefront 1", "店鋪"]


def test_the_file_is_made_of_the_page_and_says_whose_codes_it_holds(visitor: PortalClient, owner: Actor):
    page = BeautifulSoup(ask_for(visitor, owner, "Storefront").text, "html.parser")

    assert page.select_one("[data-download]")["data-download"] == "portal-key-codes-sandbox.txt"
    assert page.select_one("pre[data-copy-from]").text.startswith("# portal-key batch http://localhost sandbox\n")
    assert "portal-key batch portal-key-codes-sandbox.txt --portal http://localhost" in page.text


def test_asked_for_twice_the_same_intents_get_other_codes_and_the_page_says_so(visitor: PortalClient, owner: Actor):
    ask_for(visitor, owner, "One\nTwo")

    again = ask_for(visitor, owner, "One\nTwo")

    assert "Those are void from now on" in again.text
    assert len(db.session.scalars(across_tenants(KeyIntent, reason=Reader.UPKEEP)).all()) == 2


def test_what_is_wrong_is_said_by_line_and_what_was_typed_stays(visitor: PortalClient, owner: Actor):
    a_key(owner, name="Taken")
    typed = "One\nTaken\nTwo"

    answer = ask_for(visitor, owner, typed)

    page = BeautifulSoup(answer.text, "html.parser")
    assert answer.status_code == 422
    assert "Line 2: There is already a key pair “Taken”" in page.select_one(".error-summary").text
    assert page.select_one("textarea[name=names]").text.strip() == typed
    assert codes_on(answer) == []


def test_of_very_many_wrong_lines_the_first_are_said(visitor: PortalClient, owner: Actor):
    answer = ask_for(visitor, owner, "\n".join(["One"] * 30))

    page = BeautifulSoup(answer.text, "html.parser")
    assert len(page.select(".field-error p")) == 21
    assert "9 more lines cannot be used." in page.text


def test_production_asks_for_the_password(visitor: PortalClient, owner: Actor):
    without = ask_for(visitor, owner, "One", "production")
    wrong = ask_for(visitor, owner, "One", "production", password="another password")
    right = ask_for(visitor, owner, "One", "production", password=PASSWORD)

    assert (without.status_code, wrong.status_code, right.status_code) == (422, 422, 200)
    assert len(codes_on(right)) == 1


def test_where_there_are_several_contracts_one_is_chosen(visitor: PortalClient, owner: Actor):
    a_contract(tenant_of(owner))

    page = BeautifulSoup(visitor.get(place(owner)).text, "html.parser")

    assert len(page.select("select[name=contract] option")) == 2
    assert len(codes_on(ask_for(visitor, owner, "One"))) == 1


def test_five_hundred_names_in_chinese_take_one_request_and_few_statements(visitor: PortalClient, owner: Actor):
    names = "\n".join(f"很長的店鋪名稱第{number}號，二○二七年春天開幕的那一家" for number in range(500))

    with counted() as statements:
        shown = ask_for(visitor, owner, names)

    events = db.session.scalars(across_tenants(AuditEvent, reason=Reader.UPKEEP)).all()
    assert len(codes_on(shown)) == 500
    assert len([event for event in events if event.event == "key.code_shown"]) == 500
    assert len(statements) < 60


def test_more_than_that_is_too_large(visitor: PortalClient, owner: Actor):
    assert visitor.post(place(owner), data={"names": "x" * 300_000}).status_code == 413
