"""The signed cookie of a visitor, and what survives signing in and out."""

import pytest
from flask import Flask
from itsdangerous import URLSafeTimedSerializer

from portal.web.session import FORM_COOKIE_SECONDS, LONGEST_FORM_COOKIE
from tests.conftest import PortalClient
from tests.factories import a_licensee, a_person, tenant_of
from tests.statements import counted
from tests.web.accounts.browsing import TOKEN, sign_in


def form_cookie(client: PortalClient) -> str:
    cookie = client.get_cookie("form")
    assert cookie is not None
    return cookie.value


def kept_in(app: Flask, client: PortalClient) -> dict[str, object]:
    """What the signed cookie holds."""
    return dict(_signer(app).loads(form_cookie(client)))


def _signer(app: Flask, key: str = "") -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(key or app.config["SECRET_KEY"], salt="portal-form-cookie")


def sign_out(client: PortalClient) -> None:
    token = TOKEN.search(client.get("/profile").text)[1]
    client.post("/sign-out", data={"csrf_token": token})


def test_a_visitor_gets_no_session_row_and_costs_no_statement(client: PortalClient):
    with counted() as sent:
        client.get("/sign-in")

    assert sent == []
    assert client.get_cookie("sid") is None


def test_a_visitors_cookie_holds_the_token_of_its_forms_and_nothing_of_a_person(app: Flask, client: PortalClient):
    client.get("/sign-in")

    assert kept_in(app, client).keys() == {"csrf_token"}


def test_signed_in_the_token_of_forms_is_the_sessions_own(app: Flask, client: PortalClient):
    client.get("/sign-in")
    before = kept_in(app, client)["csrf_token"]

    sign_in(client, a_person())

    assert "csrf_token" not in kept_in(app, client)
    assert str(before) not in client.get("/profile").text


@pytest.mark.parametrize("change", ["", "x", "cut", "another key", "not a dictionary", "old"])
def test_a_cookie_that_is_not_ours_counts_for_nothing(change: str, app: Flask, client: PortalClient):
    client.get("/sign-in")
    good = form_cookie(client)
    values = {
        "": "",
        "x": good + "x",
        "cut": good[:-1],
        "another key": _signer(app, "another secret key of somebody else").dumps({"csrf_token": "known"}),
        "not a dictionary": _signer(app).dumps(["csrf_token"]),
        "old": good.replace(good.split(".")[-2], "AAAAAA"),
    }
    client.set_cookie("form", values[change])
    client.csrf_secret = "known"

    answer = client.post("/sign-in", data={"email": "a@example.com", "password": "x"})

    assert answer.status_code == 400


def test_a_cookie_holds_nothing_but_what_it_is_for(app: Flask, client: PortalClient):
    """Whatever else is signed with the same key does not make somebody signed in."""
    person = a_person()
    client.set_cookie("form", _signer(app).dumps({"_user_id": str(person.id), "_fresh": True}))

    assert client.get("/profile").status_code == 302


def test_a_language_chosen_by_a_visitor_survives_signing_out(client: PortalClient):
    token = TOKEN.search(client.get("/sign-in").text)[1]
    client.post("/preferences", data={"language": "zh_Hant", "csrf_token": token})
    assert 'lang="zh-Hant"' in client.get("/sign-in").text

    sign_in(client, a_person())
    sign_out(client)

    assert 'lang="zh-Hant"' in client.get("/sign-in").text


def test_a_message_is_shown_on_the_next_page_and_once(client: PortalClient):
    sign_in(client, a_person())

    sign_out(client)

    assert "You are signed out." in client.get("/sign-in").text
    assert "You are signed out." not in client.get("/sign-in").text


def test_a_message_that_makes_the_cookie_too_large_is_dropped_and_the_token_kept(app: Flask, client: PortalClient):
    """Browsers drop a cookie above 4096 bytes, and with it the token: the next form would be refused."""
    client.set_cookie("form", _signer(app).dumps({"csrf_token": "known", "_flashes": [("info", "店鋪" * 1500)]}))
    client.csrf_secret = "known"

    client.post("/preferences", data={"theme": "dark"})

    assert len(form_cookie(client)) <= LONGEST_FORM_COOKIE
    assert kept_in(app, client)["csrf_token"] == "known"


def test_the_cookie_lives_as_long_as_a_working_day(client: PortalClient):
    answer = client.get("/sign-in")

    assert f"Max-Age={FORM_COOKIE_SECONDS}" in answer.headers["Set-Cookie"]


def test_a_file_asks_nothing_of_the_database(signed_in):
    browser = signed_in(a_licensee())

    with counted() as sent:
        browser.get("/static/css/tokens.css", buffered=True)

    assert sent == []


def test_a_page_that_is_only_looked_at_sets_no_cookie_anew(signed_in):
    owner = a_licensee()
    browser = signed_in(owner)
    browser.get(f"/{tenant_of(owner).account_id}/keys")

    answer = browser.get(f"/{tenant_of(owner).account_id}/keys")

    assert "Set-Cookie" not in answer.headers
