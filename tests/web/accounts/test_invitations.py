"""Accepting an invitation, in a browser."""

import pytest

from portal.access.roles import Role
from portal.accounts import operations as accounts
from portal.accounts import store
from portal.foundation.database import transaction
from portal.outbox import operations as outbox
from tests.accounts.record import events_in
from tests.factories import PASSWORD, a_licensee, a_member, a_person, a_tenant, tenant_of
from tests.web.accounts.browsing import send, sign_in

EMAIL = "nina@example.com"


@pytest.fixture
def owner():
    return a_licensee(name="Acme")


@pytest.fixture
def address(owner):
    """The link as the mail has it."""
    with transaction():
        accounts.invite(owner, EMAIL, Role.DEVELOPER)
    return f"/invitations/{outbox.read_all(1)[0].facts['token']}"


def test_a_new_person_sees_what_the_invitation_is(client, address):
    page = client.get(address)

    assert page.status_code == 200
    assert "Join Acme" in page.text
    assert EMAIL in page.text
    assert page.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_looking_changes_nothing(client, address, owner, method):
    before = events_in(owner.tenant_id)

    for _ in range(3):
        getattr(client, method)(address)

    assert events_in(owner.tenant_id) == before
    assert len(store.open_invitations(owner)) == 1


def test_a_new_person_joins_and_is_signed_in(client, address, owner):
    answer = send(client, address, name="Nina New", password=PASSWORD)

    account = tenant_of(owner).account_id
    assert (answer.status_code, answer.location) == (303, f"/{account}")
    assert "Nina New" in client.get(f"/{account}/settings/members").text


def test_a_link_is_good_once(client, app, address):
    send(client, address, name="Nina New", password=PASSWORD)

    answer = app.test_client().get(address)

    assert answer.status_code == 404
    assert "This invitation cannot be used" in answer.text


@pytest.mark.parametrize(
    ("name", "password", "sentence"),
    [
        ("", PASSWORD, "Give a name."),
        ("a\x00b", PASSWORD, "control characters"),
        ("\u202eNina", PASSWORD, "reading direction"),
        ("x" * 256, PASSWORD, "at most 255 characters"),
        ("Nina", "", "Choose a password."),
        ("Nina", "short", "at least 15 characters"),
        ("Nina", "nina@example.com", "easy to guess"),
    ],
)
def test_what_is_missing_is_said_and_nobody_joins(client, address, name, password, sentence):
    answer = send(client, address, name=name, password=password)

    assert answer.status_code == 422
    assert sentence in answer.text
    assert store.person_by_email(EMAIL) is None


def test_somebody_with_a_sign_in_signs_in_first_and_comes_back(client, address):
    person = a_person(email=EMAIL)

    page = client.get(address)
    assert "Sign in to accept" in page.text
    answer = sign_in(client, person, address=f"/sign-in?next={address}")

    assert answer.location == address


def test_a_sign_in_is_not_replaced_by_an_invitation(client, address):
    person = a_person(email=EMAIL)
    before = person.password_hash

    answer = send(client, address, name="Evil", password="another violin umbrella")

    assert answer.status_code == 403
    assert store.get_person(person.id).password_hash == before


def test_somebody_who_is_signed_in_accepts_as_themselves(client, address, owner):
    person = a_person(email=EMAIL)
    sign_in(client, person)
    before = client.get_cookie("sid").value

    answer = send(client, address)

    assert answer.location == f"/{tenant_of(owner).account_id}"
    assert [row.tenant_id for row in store.memberships_of(person.id)] == [owner.tenant_id]
    assert client.get_cookie("sid").value != before


def test_somebody_else_cannot_accept(client, address, owner):
    other = a_person(email="other@example.com")
    sign_in(client, other)

    assert "This invitation is for somebody else" in client.get(address).text
    assert send(client, address).status_code == 403
    assert store.memberships_of(other.id) == []


def test_who_is_a_member_already_is_told(client, address, owner):
    person = a_person(email=EMAIL)
    a_member(tenant_of(owner), Role.VIEWER, person=person)
    sign_in(client, person)

    assert send(client, address).status_code == 409


@pytest.mark.parametrize("token", ["x", "%00", "%F0%9F%98%80", "a" * 500])
def test_a_made_up_link_is_not_found(client, token):
    assert client.get(f"/invitations/{token}").status_code == 404


def test_an_invitation_into_one_account_says_nothing_of_others(client, address):
    a_tenant("Foreign")

    assert "Foreign" not in client.get(address).text
