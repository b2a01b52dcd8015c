"""A forgotten password, in a browser."""

import pytest

from portal.accounts import operations as accounts
from portal.accounts import store
from portal.accounts.attempts import MAILS_PER_ACCOUNT
from portal.foundation.database import transaction
from portal.outbox import operations as outbox
from portal.web.mail import render
from tests.accounts.factors import an_app
from tests.accounts.record import events_in
from tests.factories import PASSWORD, a_person
from tests.web.accounts.browsing import send, sign_in

NEW = "entirely different umbrella"
ASK = "/sign-in/forgotten"


def mailed() -> int:
    with transaction():
        return accounts.answer_reset_requests()


@pytest.fixture
def person():
    return a_person()


@pytest.fixture
def address(client, person):
    """The link as the mail has it."""
    return address_for(client, person)


def address_for(client, person) -> str:
    send(client, ASK, email=person.email)
    mailed()
    return f"/sign-in/reset/{outbox.read_all(1)[0].facts['token']}"


def test_the_sign_in_page_leads_there_and_keeps_where_one_was_going(client):
    page = client.get("/sign-in?next=/invitations/abc")

    assert "/sign-in/forgotten?next=/invitations/abc" in page.text


def test_the_answer_is_the_same_for_everybody(client, person):
    answers = [send(client, ASK, email=email) for email in (person.email, "nobody@example.com")]

    assert {(one.status_code, one.location, one.text) for one in answers} == {
        (303, "/sign-in/forgotten/sent", answers[0].text)
    }
    page = client.get(answers[0].location).text
    assert "If there is a sign-in for this address" in page
    assert "accepting an invitation" in page


def test_too_many_mails_are_refused_alike(client, person):
    for email in (person.email, "nobody@example.com"):
        for _time in range(MAILS_PER_ACCOUNT):
            assert send(client, ASK, email=email).status_code == 303
        refused = send(client, ASK, email=email)
        assert (refused.status_code, "Retry-After" in refused.headers) == (429, True)


def test_the_link_begins_with_the_address_of_the_settings(client, app, address):
    mail = render(outbox.read_all(1)[0]).get_content()

    assert f"{app.config['PORTAL'].external_base_url.rstrip('/')}{address}" in mail


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_looking_changes_nothing(client, address, person, method):
    before = events_in(person.id)

    for _time in range(3):
        page = getattr(client, method)(address)

    assert method == "options" or page.headers["Cache-Control"] == "no-store"
    assert events_in(person.id) == before
    assert send(client, address, new=NEW).status_code == 303


def test_who_has_the_link_signs_in_with_the_new_password(client, address, person):
    answer = send(client, address, new=NEW)

    assert (answer.status_code, answer.location) == (303, "/sign-in")
    assert sign_in(client, person).status_code == 422
    assert sign_in(client, person, NEW).status_code == 303


def test_a_session_elsewhere_is_over(client, app, person, address):
    elsewhere = app.test_client()
    sign_in(elsewhere, person)

    send(client, address, new=NEW)

    assert elsewhere.get("/profile").status_code == 302


def test_a_link_that_was_used_says_so(client, address):
    send(client, address, new=NEW)

    answer = client.get(address)

    assert answer.status_code == 404
    assert "This link cannot be used" in answer.text


@pytest.mark.parametrize(
    ("new", "sentence"),
    [("", "Give a new password."), ("short", "at least 15 characters"), ("password" * 3, "easy to guess")],
    ids=["none", "short", "guessable"],
)
def test_the_rules_of_passwords_hold_here_too(client, address, person, new, sentence):
    answer = send(client, address, new=new)

    assert (answer.status_code, sentence in answer.text) == (422, True)
    assert sign_in(client, person, PASSWORD).status_code == 303


def test_a_second_factor_is_asked_for_before_anything_changes(client):
    mine = an_app()
    address, before = address_for(client, mine.person), mine.person.password_hash

    assert "Code from your authenticator app" in client.get(address).text
    refused = [send(client, address, new=NEW), send(client, address, new=NEW, code="000000")]

    assert [one.status_code for one in refused] == [422, 422]
    assert store.get_person(mine.person.id).password_hash == before
    assert send(client, address, new=NEW, code=mine.code()).status_code == 303


def test_a_refused_password_spends_no_code(client):
    mine = an_app()
    address = address_for(client, mine.person)

    send(client, address, new="short", code=mine.codes[0])

    assert send(client, address, new=NEW, code=mine.codes[0]).status_code == 303
