"""A lost second step, in a browser: asking, vouching, carrying out, stopping."""

from datetime import timedelta

import pytest
import time_machine

from portal.access.roles import Role
from portal.accounts import factor_store, recovery_store, store
from portal.accounts import operations as accounts
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.outbox import operations as outbox
from tests.accounts.factors import an_app
from tests.accounts.record import events_in
from tests.factories import PASSWORD, a_licensee, a_member, a_vendor, tenant_of
from tests.web.accounts.browsing import send, sign_in


@pytest.fixture
def owner(app):
    return a_licensee(name="Acme")


@pytest.fixture
def mine(owner):
    """What a member of Acme lost."""
    return an_app(store.get_person(a_member(tenant_of(owner), Role.DEVELOPER).person_id))


@pytest.fixture
def asked(client, mine):
    sign_in(client, mine.person)
    assert send(client, "/sign-in/lost").status_code == 303
    found = recovery_store.find_open(mine.person.id)
    assert found is not None
    return found.id


def browser_of(app, actor):
    browser = app.test_client()
    sign_in(browser, store.get_person(actor.person_id))
    return browser


def test_without_the_password_the_way_leads_to_sign_in(client):
    answer = client.get("/sign-in/lost")

    assert (answer.status_code, answer.location) == (302, "/sign-in")


def test_the_code_page_leads_there(client, mine):
    sign_in(client, mine.person)

    assert "/sign-in/lost" in client.get("/sign-in/code").text
    assert "24 hours" in client.get("/sign-in/lost").text


def test_who_asked_sees_what_happens_next_and_is_not_signed_in(client, asked):
    assert "You asked on" in client.get("/sign-in/lost").text
    assert client.get("/profile").status_code == 302


def test_an_owner_vouches_and_an_operator_carries_it_out_a_day_later(client, app, mine, asked, owner):
    operator = a_vendor(Role.OPERATOR)
    acme, vendor = tenant_of(owner).account_id, tenant_of(operator).account_id
    owners = browser_of(app, owner)
    assert "lost the second step" in owners.get(f"/{acme}/settings/members").text
    page = f"/{acme}/settings/recoveries/{asked}"

    assert send(owners, page, decision="vouch").status_code == 422  # the password is asked for each time
    assert send(owners, page, decision="vouch", password=PASSWORD).status_code == 303

    page = f"/{vendor}/console/recoveries/{asked}"
    early = send(browser_of(app, operator), page, decision="carry_out", password=PASSWORD)
    assert (early.status_code, "Remove the second step now" in early.text) == (422, False)
    with time_machine.travel(clock.now() + timedelta(hours=25), tick=False):
        staff = browser_of(app, operator)
        assert mine.person.email in staff.get(f"/{vendor}/console/recoveries").text
        assert send(staff, page, decision="carry_out", password=PASSWORD).status_code == 303
        assert not factor_store.has_second_factor(mine.person.id)
        assert sign_in(client, mine.person).status_code == 422
        new_password_of(client, mine.person)


def new_password_of(client, person):
    """The mail's link asks for the password until now, too."""
    with transaction():
        accounts.ask_for_reset(person.email)
    with transaction():
        accounts.answer_reset_requests()
    found = next(one for one in outbox.read_all(20) if one.template == "password_reset_link")
    address = f"/sign-in/reset/{found.facts['token']}"

    for former, expected in (("", 422), ("not the password at all", 422), (PASSWORD, 303)):
        answer = send(client, address, new="entirely different umbrella", former=former)
        assert answer.status_code == expected
    assert sign_in(client, person, "entirely different umbrella").status_code == 303


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_looking_at_the_link_stops_nothing(client, mine, asked, method):
    address, before = link(), events_in(mine.person.id)

    getattr(client, method)(address)

    assert events_in(mine.person.id) == before
    assert recovery_store.find_open(mine.person.id) is not None


def link():
    return f"/sign-in/lost/{next(one for one in outbox.read_all(9) if one.template == 'recovery_asked').facts['token']}"


def test_the_link_stops_it_once(app, mine, asked):
    elsewhere, address = app.test_client(), link()

    assert send(elsewhere, address).status_code == 303

    assert recovery_store.find_open(mine.person.id) is None
    assert elsewhere.get(address).status_code == 404


def test_for_an_only_owner_one_of_the_vendor_vouches_and_another_one_removes(client, app, owner):
    sign_in(client, an_app(store.get_person(owner.person_id)).person)
    first, second = a_vendor(Role.OPERATOR), a_vendor(Role.OPERATOR)
    send(client, "/sign-in/lost")
    page = f"/{tenant_of(first).account_id}/console/recoveries/{recovery_store.find_open(owner.person_id).id}"

    assert send(browser_of(app, first), page, decision="vouch", password=PASSWORD).status_code == 303

    with time_machine.travel(clock.now() + timedelta(hours=25), tick=False):
        assert "Remove the second step now" not in browser_of(app, first).get(page).text
        assert send(browser_of(app, second), page, decision="carry_out", password=PASSWORD).status_code == 303
    assert not factor_store.has_second_factor(owner.person_id)


def test_a_partner_admin_has_nothing_to_decide_where_somebody_else_can_vouch(app, asked):
    admin = a_vendor(Role.PARTNER_ADMIN)
    page = f"/{tenant_of(admin).account_id}/console/recoveries/{asked}"

    assert "There is nothing here for you to decide" in browser_of(app, admin).get(page).text
    assert send(browser_of(app, admin), page, decision="refuse", password=PASSWORD).status_code == 422
