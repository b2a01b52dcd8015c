"""Signing in and out, in a browser."""

import pytest
from sqlalchemy import select

from portal.accounts.models import UserSession
from portal.foundation import clock
from portal.foundation.database import db, transaction
from tests.factories import a_licensee, a_person, tenant_of
from tests.web.accounts.browsing import sign_in

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


def rows():
    db.session.rollback()
    return db.session.scalars(select(UserSession)).all()


def test_a_visitor_is_asked_to_sign_in(client):
    answer = client.get("/")

    assert (answer.status_code, answer.location) == (302, "/sign-in")


def test_the_right_password_leads_in(client):
    answer = sign_in(client, a_person("Mara Lind"))

    assert (answer.status_code, answer.location) == (303, "/")
    assert "Mara Lind" in client.get("/profile").text


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(client):
    answer = sign_in(client, a_person())

    cookie = next(value for value in answer.headers.getlist("Set-Cookie") if value.startswith("sid="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie


def test_a_session_is_known_by_its_browser_and_system(client):
    person = a_person()
    client.environ_base["HTTP_USER_AGENT"] = FIREFOX

    sign_in(client, person)

    assert rows()[0].device == "Firefox · Linux"


@pytest.mark.parametrize("email", ["known@example.com", "unknown@example.com"])
def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(client, email):
    a_person(email="known@example.com")

    answer = sign_in(client, email, "wrong")

    assert answer.status_code == 422
    assert "E-mail address and password do not match." in answer.text
    assert f'value="{email}"' in answer.text
    assert "wrong" not in answer.text.replace("field-wrong", "")
    assert rows() == []


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("", ""),
        ("nobody", "x"),
        ("a\x00b@example.com", "x"),
        ("\u202ea@example.com", "x"),
        ("a" * 5000 + "@example.com", "x"),
        ("mara@example.com", ""),
        ("😀@example.com", "😀"),
    ],
)
def test_odd_input_is_answered_at_the_field(client, email, password):
    answer = sign_in(client, email, password)

    assert answer.status_code == 422
    assert "There is a problem" in answer.text


def test_odd_passwords_are_just_wrong(client):
    person = a_person()
    for password in ("a\x00b", "\u202e", "x" * 9000):
        answer = sign_in(client, person, password)

        assert (answer.status_code, "do not match" in answer.text) == (422, True)


def test_too_many_attempts_are_told_to_wait(client):
    person = a_person()
    for _ in range(10):
        sign_in(client, person, "wrong")

    answer = sign_in(client, person)

    assert answer.status_code == 429
    assert "Too many attempts. Wait 15 minutes, then try again." in answer.text
    assert 0 < int(answer.headers["Retry-After"]) <= 900


@pytest.mark.parametrize(
    ("wanted", "way_on"),
    [
        ("/profile", "/profile"),
        ("/accounts?q=a", "/accounts?q=a"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/profile\nX: y", "/"),
        ("/\t/evil.example", "/"),
        ("profile", "/"),
        ("", "/"),
    ],
)
def test_nobody_is_sent_elsewhere_after_signing_in(client, wanted, way_on):
    person = a_person()
    page = client.get("/sign-in", query_string={"next": wanted})
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]

    answer = client.post(
        "/sign-in",
        query_string={"next": wanted},
        data={"email": person.email, "password": "a long enough password for tests", "csrf_token": token},
    )

    assert (answer.status_code, answer.location) == (303, way_on)


def test_a_page_that_needs_a_sign_in_is_come_back_to(client):
    owner = a_licensee()
    address = f"/{tenant_of(owner).account_id}/settings"

    answer = client.get(address)

    assert (answer.status_code, answer.location) == (302, f"/sign-in?next={address}")


def test_somebody_who_is_signed_in_is_not_asked_again(signed_in):
    answer = signed_in(a_licensee()).get("/sign-in?next=/profile")

    assert (answer.status_code, answer.location) == (302, "/profile")


def test_signing_in_without_the_forms_token_is_refused(client):
    person = a_person()

    answer = client.post("/sign-in", data={"email": person.email, "password": "x"})

    assert answer.status_code == 400


def test_signing_in_gives_the_browser_a_new_session_and_ends_its_old_one(client):
    person = a_person()
    sign_in(client, person)
    first = client.get_cookie("sid").value
    token = client.get("/profile").text.split('name="csrf_token" value="')[1].split('"')[0]

    client.post(
        "/sign-in",
        data={"email": person.email, "password": "a long enough password for tests", "csrf_token": token},
    )

    assert client.get_cookie("sid").value != first
    assert sorted(row.ended_at is None for row in rows()) == [False, True]


def test_signing_out_ends_the_session_and_takes_the_cookie(client):
    sign_in(client, a_person())

    answer = send_sign_out(client)

    assert (answer.status_code, answer.location) == (303, "/sign-in")
    assert client.get_cookie("sid") is None
    assert rows()[0].ended_at is not None
    assert "You are signed out." in client.get("/sign-in").text


def send_sign_out(client, **data):
    token = client.get("/profile").text.split('name="csrf_token" value="')[1].split('"')[0]
    return client.post("/sign-out", data={"csrf_token": token, **data})


def test_an_old_cookie_opens_nothing_after_signing_out(client, app):
    sign_in(client, a_person())
    stolen = client.get_cookie("sid").value
    send_sign_out(client)

    thief = app.test_client()
    thief.set_cookie("sid", stolen)

    assert thief.get("/profile").status_code == 302


def test_signing_out_by_a_link_is_not_possible(signed_in):
    window = signed_in(a_licensee())

    assert window.get("/sign-out").status_code in {404, 405}
    assert window.get("/profile").status_code == 200


@pytest.mark.parametrize(("wanted", "way_on"), [("/invitations/x", "/invitations/x"), ("//evil.example", "/sign-in")])
def test_signing_out_may_lead_on_to_a_page_of_ours_only(client, wanted, way_on):
    sign_in(client, a_person())

    assert send_sign_out(client, next=wanted).location == way_on


def test_a_visitor_who_signs_out_is_not_an_error(client):
    token = client.get("/sign-in").text.split('name="csrf_token" value="')[1].split('"')[0]

    assert client.post("/sign-out", data={"csrf_token": token}).status_code == 303


def test_a_disabled_person_is_out_with_the_next_request(client):
    person = a_person()
    sign_in(client, person)
    with transaction():
        person.disabled_at = clock.now()

    assert client.get("/profile").status_code == 302


def test_signed_in_pages_are_not_kept_by_the_browser(client):
    sign_in(client, a_person())

    assert client.get("/profile").headers["Cache-Control"] == "no-store"


def test_the_sign_in_page_speaks_the_chosen_language(client):
    token = client.get("/sign-in").text.split('name="csrf_token" value="')[1].split('"')[0]

    client.post("/preferences", data={"language": "zh_Hant", "next": "/sign-in", "csrf_token": token})

    assert '<html lang="zh-Hant"' in client.get("/sign-in").text
