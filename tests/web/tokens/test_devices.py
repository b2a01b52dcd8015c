"""The pages on which a person lets a command line in."""

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup

from portal.access.roles import Role, Scope
from portal.accounts import attempts
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.tokens import devices, store
from tests.factories import PASSWORD, a_licensee, a_member, membership_of, tenant_of


@pytest.fixture
def owner():
    return a_licensee(name="Northwind")


@pytest.fixture
def code() -> str:
    with transaction():
        return devices.begin("ada@laptop", frozenset({Scope.READ, Scope.KEYS, Scope.MEMBERS})).user_code


def a_form(**others):
    last_day = (clock.now() + timedelta(days=30)).date().isoformat()
    return {"name": "ada@laptop", "scopes": ["keys"], "last_day": last_day} | others


def said(answer) -> str:
    return " ".join(BeautifulSoup(answer.text, "html.parser").get_text(" ").split())


def at(actor, code: str, more: str = "") -> str:
    return f"/{tenant_of(actor).account_id}/device/{code}{more}"


def test_the_code_in_the_link_is_filled_in_and_nothing_more(signed_in, owner, code):
    answer = signed_in(owner).get(f"/device?user_code={code}")

    assert BeautifulSoup(answer.text, "html.parser").select_one("[name=user_code]")["value"] == code
    assert "ada@laptop" not in said(answer)


@pytest.mark.parametrize("typed", [str.lower, lambda code: code.replace("-", ""), lambda code: f" {code} "])
def test_a_code_is_known_however_it_is_typed(typed, signed_in, owner, code):
    answer = signed_in(owner).post("/device", data={"user_code": typed(code)})

    assert (answer.status_code, answer.location) == (303, at(owner, code))


def test_who_has_several_accounts_chooses_one(signed_in, owner, code):
    other = a_licensee(name="Aurora")
    a_member(tenant_of(other), person=membership_of(owner).person)

    answer = signed_in(owner).post("/device", data={"user_code": code})

    links = [link["href"] for link in BeautifulSoup(answer.text, "html.parser").select("tbody a")]
    assert sorted(links) == sorted([at(owner, code), at(other, code)])


def test_a_code_of_nobody_is_told_at_its_field(signed_in, owner):
    answer = signed_in(owner).post("/device", data={"user_code": "BCDF-GHJK"})

    assert answer.status_code == 422
    assert "No command line waits with this code." in said(answer)


def test_who_types_too_many_wrong_codes_has_to_wait(signed_in, owner, code, monkeypatch):
    monkeypatch.setattr(attempts, "PER_NETWORK", 1)
    visitor = signed_in(owner)
    visitor.post("/device", data={"user_code": "BCDF-GHJK"})

    assert visitor.post("/device", data={"user_code": code}).status_code == 429
    assert visitor.get(at(owner, code)).status_code == 429


def test_the_page_says_what_asks_and_ticks_what_the_role_allows(signed_in, owner, code):
    manager = a_member(tenant_of(owner), Role.KEY_MANAGER)

    answer = signed_in(manager).get(at(owner, code))

    ticked = BeautifulSoup(answer.text, "html.parser").select("[name=scopes][checked]")
    assert [box["value"] for box in ticked] == ["keys"]
    assert "ada@laptop" in said(answer)
    assert "Approve only if you began this yourself" in said(answer)


def test_approving_makes_a_token_of_the_person(signed_in, owner, code):
    signed_in(owner).post(at(owner, code), data=a_form())

    (token,) = store.page(owner, everybodys=False).rows
    assert (token.name, token.scopes) == ("ada@laptop", {Scope.READ, Scope.KEYS})


def test_approving_asks_for_the_password_of_who_proved_themselves_long_ago(signed_in, owner, code, monkeypatch):
    visitor, real = signed_in(owner), clock.now
    with transaction():
        devices.get(code).expires_at += timedelta(hours=1)
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(minutes=11))

    refused = visitor.post(at(owner, code), data=a_form())
    approved = visitor.post(at(owner, code), data=a_form(password=PASSWORD))

    assert (refused.status_code, approved.status_code) == (422, 303)


@pytest.mark.parametrize("first", ["", "/refuse"])
def test_the_second_of_two_tabs_hears_that_it_was_answered(first, signed_in, owner, code):
    visitor = signed_in(owner)
    visitor.post(at(owner, code, first), data=a_form())

    for answer in (visitor.post(at(owner, code), data=a_form()), visitor.get(at(owner, code))):
        assert answer.status_code == 409
        assert "was answered already, perhaps in another tab" in said(answer)


def test_refusing_makes_no_token(signed_in, owner, code):
    answer = signed_in(owner).post(at(owner, code, "/refuse"), follow_redirects=True)

    assert "Refused: that command line gets no token." in said(answer)
    assert not store.page(owner, everybodys=False).rows


def test_the_list_says_that_a_token_waits_for_its_command_line_and_offers_its_end(signed_in, owner, code):
    visitor = signed_in(owner)
    visitor.post(at(owner, code), data=a_form())
    (token,) = store.page(owner, everybodys=False).rows

    told = said(visitor.get(f"/{tenant_of(owner).account_id}/tokens"))
    end = said(visitor.get(f"/{tenant_of(owner).account_id}/tokens/{token.public_id}/end"))

    assert "Waits for its command line" in told
    assert "End the token" in end
