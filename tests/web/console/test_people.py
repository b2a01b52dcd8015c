"""A person in the console, and the end of a sign-in, in a browser."""

import pytest

from portal.access.roles import Role
from portal.accounts import store
from portal.foundation.database import transaction
from portal.impact.disabling import disable_person
from tests.factories import PASSWORD, a_licensee, a_member, a_vendor, tenant_of
from tests.web.accounts.browsing import send, sign_in

WHY = "They left the house."


@pytest.fixture
def operator(app):
    return a_vendor(Role.OPERATOR)


@pytest.fixture
def staff(client, operator):
    """The operator's browser."""
    sign_in(client, store.get_person(operator.person_id))
    return client


@pytest.fixture
def owner(app):
    return a_licensee(name="Acme")


def page_of(operator, actor, act=""):
    return f"/{tenant_of(operator).account_id}/console/people/{actor.person_id}{act}"


def test_the_page_says_where_the_person_belongs(staff, operator, owner):
    page = staff.get(page_of(operator, owner)).text

    assert "Acme" in page
    assert "Disable the sign-in" in page


def test_the_search_leads_to_the_person(staff, operator, owner):
    email = store.get_person(owner.person_id).email

    found = staff.get(f"/{tenant_of(operator).account_id}/console/search", query_string={"q": email}).text

    assert page_of(operator, owner) in found


def test_nobody_is_disabled_without_the_password_however_fresh_the_sign_in(staff, operator, owner):
    member = a_member(tenant_of(owner), Role.VIEWER)

    answer = send(staff, page_of(operator, member, "/disable"), reason=WHY)

    assert answer.status_code == 422
    assert store.get_person(member.person_id).is_active


def test_the_person_is_out_with_the_next_request(staff, app, operator, owner):
    member = a_member(tenant_of(owner), Role.VIEWER)
    theirs = app.test_client()
    sign_in(theirs, store.get_person(member.person_id))

    answer = send(staff, page_of(operator, member, "/disable"), reason=WHY, password=PASSWORD)

    assert (answer.status_code, answer.location) == (303, page_of(operator, member))
    assert theirs.get("/profile").status_code == 302
    assert sign_in(theirs, store.get_person(member.person_id)).status_code == 422
    activity = sign_in_as(app, owner).get(f"/{tenant_of(owner).account_id}/activity").text
    assert f"Reason: {WHY}" in activity


def sign_in_as(app, actor):
    browser = app.test_client()
    sign_in(browser, store.get_person(actor.person_id))
    return browser


def test_enabled_again_the_person_signs_in(staff, app, operator, owner):
    member = a_member(tenant_of(owner), Role.VIEWER)
    with transaction():
        disable_person(operator, store.get_person(member.person_id), why=WHY)

    answer = send(staff, page_of(operator, member, "/enable"), reason="They are back.", password=PASSWORD)

    assert answer.status_code == 303
    assert sign_in(app.test_client(), store.get_person(member.person_id)).status_code == 303


def test_the_last_owner_is_asked_for_a_successor(staff, operator, owner):
    viewer = a_member(tenant_of(owner), Role.VIEWER)
    address, proof = page_of(operator, owner, "/disable"), {"reason": WHY, "password": PASSWORD}

    assert "Nobody else can manage: Acme" in staff.get(address).text
    assert send(staff, address, **proof).status_code == 422
    assert store.get_person(owner.person_id).is_active
    assert send(staff, address, **proof, successors=str(viewer.membership_id)).status_code == 303
    assert [one.id for one in store.people_with(owner.tenant_id, Role.OWNER)] == [viewer.person_id]


def test_an_operator_does_not_find_a_button_for_themselves(staff, operator):
    assert "Nobody disables or enables their own sign-in." in staff.get(page_of(operator, operator)).text
    assert staff.get(page_of(operator, operator, "/disable")).status_code == 403
