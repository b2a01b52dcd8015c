"""Pages of personal tokens: shown once, within the role, ended at a click, and who sees whose."""

import re
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup

from portal.access.roles import Role, Scope
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.tokens import operations
from tests.factories import PASSWORD, a_licensee, a_member, tenant_of
from tests.tokens.scenes import a_token

TOKEN = re.compile(r"ppt_[0-9A-Za-z]{36}")
MARK = "frm_00000000000000000001"


@pytest.fixture
def owner():
    return a_licensee(name="Northwind")


@pytest.fixture
def here(owner) -> str:
    return f"/{tenant_of(owner).account_id}/tokens"


def a_form(**others):
    last_day = (clock.now() + timedelta(days=30)).date().isoformat()
    return {"name": "Nightly job", "scopes": ["keys"], "last_day": last_day, "mark": MARK} | others


def said(answer) -> str:
    return " ".join(BeautifulSoup(answer.text, "html.parser").get_text(" ").split())


def found(secret):
    db.session.rollback()
    return operations.find(secret, clock.now())


def test_the_answer_to_the_form_shows_a_token_that_works(signed_in, owner, here):
    answer = signed_in(owner).post(f"{here}/new", data=a_form())

    (secret,) = set(TOKEN.findall(answer.text))
    assert found(secret).scopes == {Scope.READ, Scope.KEYS}
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_form_sent_again_makes_nothing_and_shows_nothing(signed_in, owner, here):
    visitor = signed_in(owner)
    visitor.post(f"{here}/new", data=a_form())

    answer = visitor.post(f"{here}/new", data=a_form(), follow_redirects=True)

    assert "was made already when this form was sent for the first time" in said(answer)
    assert not TOKEN.search(answer.text)


def test_the_list_never_shows_a_token_and_tells_its_beginning(signed_in, owner, here):
    issued = a_token(owner)

    answer = signed_in(owner).get(here)

    assert issued.secret not in answer.text
    assert issued.secret[:8] in answer.text


def test_a_developer_is_offered_the_scopes_of_the_role_only(signed_in, owner, here):
    visitor = signed_in(a_member(tenant_of(owner), Role.DEVELOPER))

    offered = BeautifulSoup(visitor.get(f"{here}/new").text, "html.parser").select("[name=scopes]")
    answer = visitor.post(f"{here}/new", data=a_form())

    assert [box["value"] for box in offered] == ["projects", "installations"]
    assert answer.status_code == 422


def test_a_viewer_makes_a_token_that_reads(signed_in, owner, here):
    answer = signed_in(a_member(tenant_of(owner), Role.VIEWER)).post(f"{here}/new", data=a_form(scopes=[]))

    assert TOKEN.search(answer.text)


def test_a_token_lasts_a_year_at_most(signed_in, owner, here):
    day = (clock.now() + timedelta(days=367)).date().isoformat()

    answer = signed_in(owner).post(f"{here}/new", data=a_form(last_day=day))

    assert answer.status_code == 422
    assert "between tomorrow and 365 days" in said(answer)


def test_who_proved_themselves_long_ago_is_asked_for_the_password(signed_in, owner, here, monkeypatch):
    visitor, real = signed_in(owner), clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(minutes=11))

    refused = visitor.post(f"{here}/new", data=a_form())
    made = visitor.post(f"{here}/new", data=a_form(password=PASSWORD))

    assert (refused.status_code, made.status_code) == (422, 200)


def test_the_page_before_the_end_says_what_it_was_last_used_for(signed_in, owner, here):
    issued = a_token(owner)
    operations.note_use(issued.token, clock.now(), "GET api.keys.list")

    answer = signed_in(owner).get(f"{here}/{issued.token.public_id}/end")

    assert "GET api.keys.list" in said(answer)


def test_a_token_ends_at_a_click(signed_in, owner, here):
    issued, visitor = a_token(owner), signed_in(owner)

    visitor.post(f"{here}/{issued.token.public_id}/end")

    assert found(issued.secret) is None
    assert "It has stopped already" in said(visitor.get(f"{here}/{issued.token.public_id}/end"))


def test_a_found_token_is_flagged_with_what_to_do(signed_in, owner, here):
    issued = a_token(owner)
    with transaction():
        token = operations.find(issued.secret, clock.now())
        token.leaked_at, token.leaked_where = clock.now(), "https://paste.example/1"

    words = said(signed_in(owner).get(here))

    assert "The token “Nightly job” was found" in words
    assert "https://paste.example/1" in words
    assert "Make another one, put it in its place, and end this one." in words
