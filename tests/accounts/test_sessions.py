"""Sessions: how long they live, and that using them is noted without breaking a page."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy.exc import OperationalError

from portal.access.roles import Role
from portal.accounts import operations as accounts
from portal.accounts import store
from portal.accounts.models import UserSession
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.foundation.sealing import token_hash
from tests.factories import a_member, a_person, a_tenant, a_vendor


def begun(person, **more):
    with transaction():
        row, token = accounts.begin_session(person, "Firefox · Linux", **more)
    return row, token


def used_until(token, start, end, every=timedelta(minutes=50)):
    """The session after it was used again and again from `start` to `end`."""
    moment = start
    while moment < end:
        moment = min(moment + every, end)
        with time_machine.travel(moment, tick=False):
            found = accounts.session_for(token)
    return found


def test_a_session_opens_with_its_token_and_brings_its_person():
    person = a_person("Mara Lind")
    row, token = begun(person)

    found = accounts.session_for(token)

    assert (found.id, found.person.name) == (row.id, "Mara Lind")


def test_only_the_hash_of_the_token_is_kept():
    _row, token = begun(a_person())

    assert accounts.session_for(token).token_hash == token_hash(token)


@pytest.mark.parametrize("token", ["", "x", "\x00", "é" * 5000])
def test_an_unknown_token_opens_nothing(token):
    begun(a_person())

    assert accounts.session_for(token) is None


def test_a_session_ends_after_an_hour_without_use():
    now = clock.now()
    _row, token = begun(a_person())

    with time_machine.travel(now + timedelta(minutes=61), tick=False):
        assert accounts.session_for(token) is None


def test_a_session_that_is_used_lives_on_for_a_day_and_no_longer():
    now = clock.now()
    _row, token = begun(a_person())

    assert used_until(token, now, now + timedelta(hours=23, minutes=55)) is not None
    assert used_until(token, now + timedelta(hours=23, minutes=55), now + timedelta(hours=24, minutes=1)) is None


def test_a_session_of_the_vendors_staff_lives_for_twelve_hours():
    now = clock.now()
    admin = a_vendor()
    row, token = begun(store.get_person(admin.person_id))

    assert row.expires_at - now < timedelta(hours=12, minutes=1)
    assert used_until(token, now, now + timedelta(hours=11, minutes=55)) is not None
    assert used_until(token, now + timedelta(hours=11, minutes=55), now + timedelta(hours=12, minutes=1)) is None


def test_an_ended_session_opens_nothing():
    row, token = begun(a_person())

    with transaction():
        accounts.sign_out(row)

    assert accounts.session_for(token) is None


def test_a_disabled_person_is_out_with_the_next_request():
    person = a_person()
    _row, token = begun(person)

    with transaction():
        person.disabled_at = clock.now()

    assert accounts.session_for(token) is None


def test_its_last_use_is_noted_at_most_once_a_minute():
    start = clock.now()
    with time_machine.travel(start, tick=False):
        _row, token = begun(a_person())
    with time_machine.travel(start + timedelta(seconds=50), tick=False):
        soon = accounts.session_for(token).last_seen_at
    with time_machine.travel(start + timedelta(seconds=70), tick=False):
        later = accounts.session_for(token).last_seen_at

    assert (soon, later) == (start, start + timedelta(seconds=70))


def test_a_page_is_served_though_the_last_use_cannot_be_noted(monkeypatch):
    _row, token = begun(a_person("Mara Lind"))

    def locked(*_args):
        raise OperationalError("UPDATE sessions", {}, Exception("database is locked"))

    monkeypatch.setattr(store, "mark_seen", locked)
    with time_machine.travel(clock.now() + timedelta(minutes=5), tick=False):
        found = accounts.session_for(token)

    assert found.person.name == "Mara Lind"


def test_a_session_found_stays_usable_after_a_transaction():
    _row, token = begun(a_person("Mara Lind"))
    found = accounts.session_for(token)
    person = found.person

    with transaction():
        pass

    assert found.person is person


def test_two_sessions_never_share_a_token_or_a_csrf_token():
    person = a_person()
    (first, one), (second, two) = begun(person), begun(person)

    assert one != two
    assert first.csrf_token != second.csrf_token


def test_a_renewed_session_has_a_new_token_and_ends_the_old_one():
    person, tenant = a_person(), a_tenant()
    row, old = begun(person, home_id=tenant.id)

    with transaction():
        renewed, new = accounts.renew_session(row, "Firefox · Linux")

    assert accounts.session_for(old) is None
    assert accounts.session_for(new).id == renewed.id
    assert renewed.home_id == tenant.id


def test_a_renewed_session_is_as_fresh_as_the_old_one_and_ends_with_it():
    with time_machine.travel(clock.now() - timedelta(minutes=30), tick=False):
        row, _token = begun(a_person())
    signed_in_at, ends_at = row.reauthenticated_at, row.expires_at

    with transaction():
        renewed, _new = accounts.renew_session(row, "Firefox · Linux")

    assert (renewed.reauthenticated_at, renewed.expires_at) == (signed_in_at, ends_at)


def test_sessions_that_can_no_longer_be_used_are_not_listed():
    person = a_person()
    with time_machine.travel(clock.now() - timedelta(hours=2), tick=False):
        begun(person)
    row, _token = begun(person)
    begun(a_person())

    assert [found.id for found in accounts.sessions_of(person)] == [row.id]


def test_tidying_up_deletes_what_ran_out_a_month_ago():
    person = a_person()
    with time_machine.travel(clock.now() - timedelta(days=32), tick=False):
        begun(person)
    row, _token = begun(person)

    with transaction():
        accounts.tidy_up()

    assert db.session.scalars(db.select(UserSession.id)).all() == [row.id]


def test_memberships_are_found_with_tenant_and_person_in_one_statement(statements):
    person = a_person("Mara Lind")
    for name in ("Beta", "acme"):
        a_member(a_tenant(name), Role.VIEWER, person=person)
    with statements() as count:
        rows = store.memberships_of(person.id)
        seen = [(row.tenant.name, row.person.name) for row in rows]

    assert seen == [("acme", "Mara Lind"), ("Beta", "Mara Lind")]
    assert count() == 1
