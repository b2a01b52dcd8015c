"""The week's digest: once a week to every partner admin who wants it, and only when there is something to tell."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from portal.access.actor import system_actor
from portal.access.roles import Role
from portal.accounts import store as accounts
from portal.accounts.models import Language, Person
from portal.contracts import store as contracts
from portal.entitlements import asking
from portal.entitlements.models import Wish
from portal.foundation.database import db, transaction
from portal.impact import digest
from portal.impact.models import Digest
from portal.outbox import operations as outbox
from portal.web.mail import render
from tests.credentials.scenes import a_credential
from tests.factories import a_contract, a_licensee, a_member, a_tenant, a_vendor, tenant_of
from tests.parallel import at_once

WORKER = system_actor("worker")
MONDAY = datetime(2027, 3, 8, 0, 5, tzinfo=UTC)
WEEK = timedelta(days=7)


@pytest.fixture
def admin():
    with time_machine.travel(MONDAY - timedelta(days=1), tick=True):
        return a_vendor()


@pytest.fixture
def something(admin):
    """A contract that ends in the middle of the week after."""
    with time_machine.travel(MONDAY - timedelta(days=1), tick=True):
        a_contract(a_tenant(), "integrator", ends_at=MONDAY + timedelta(days=10))


def run_at(moment: datetime) -> int:
    with time_machine.travel(moment, tick=True):
        return digest.run(WORKER)


def mails() -> list[outbox.Message]:
    return [mail for mail in outbox.read_all(50) if mail.template == "digest"]


@pytest.mark.no_database
@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (datetime(2027, 3, 8, tzinfo=UTC), date(2027, 3, 8)),
        (datetime(2027, 3, 14, 23, 59, tzinfo=UTC), date(2027, 3, 8)),
        (datetime(2027, 3, 15, tzinfo=UTC), date(2027, 3, 15)),
        (datetime(2027, 1, 1, tzinfo=UTC), date(2026, 12, 28)),
    ],
)
def test_a_week_begins_on_monday_in_utc(at, expected):
    assert digest.monday(at) == expected


def test_each_partner_admin_gets_one_and_no_operator(admin, something):
    vendor = tenant_of(admin)
    other = a_member(vendor, Role.PARTNER_ADMIN)
    a_member(vendor, Role.OPERATOR)

    assert run_at(MONDAY) == 2
    assert {mail.to for mail in mails()} == {accounts.get_person(who.person_id).email for who in (admin, other)}


def test_it_goes_out_once_a_week(admin, something):
    counts = [run_at(MONDAY + after) for after in (timedelta(), timedelta(hours=1), timedelta(days=6, hours=23), WEEK)]

    assert counts == [1, 0, 0, 1]


def test_a_worker_that_was_away_on_monday_sends_it_later(admin, something):
    assert run_at(MONDAY + timedelta(days=2)) == 1


def test_two_workers_at_once_send_one(admin, something):
    with time_machine.travel(MONDAY, tick=True):
        at_once(lambda _number: digest.run(WORKER), times=4)

    assert len(mails()) == 1


def test_a_crash_between_row_and_mail_leaves_neither(admin, something, monkeypatch):
    monkeypatch.setattr(outbox, "post", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run_at(MONDAY)
    monkeypatch.undo()

    assert db.session.scalars(select(Digest)).all() == []
    assert run_at(MONDAY) == 1


def test_nothing_to_tell_is_no_mail(admin):
    assert (run_at(MONDAY), mails()) == (0, [])


def test_a_service_credential_that_ends_is_something_to_tell(admin):
    with time_machine.travel(MONDAY - timedelta(days=1), tick=True):
        a_credential(admin, expires_at=MONDAY + timedelta(days=3))

    assert run_at(MONDAY) == 1
    assert "Service credentials: 1, of these 1 within 7 days." in render(mails()[0]).get_content()


def test_a_week_without_news_is_settled(admin):
    run_at(MONDAY)
    with time_machine.travel(MONDAY, tick=True):
        a_contract(a_tenant(), "integrator", ends_at=MONDAY + timedelta(days=10))

    assert (run_at(MONDAY + timedelta(days=1)), run_at(MONDAY + WEEK)) == (0, 1)


def test_without_a_vendor_there_is_none():
    assert run_at(MONDAY) == 0


def test_who_switched_it_off_gets_none(admin, something):
    with transaction():
        db.session.get_one(Person, admin.person_id).wants_digest = False

    assert run_at(MONDAY) == 0


@pytest.mark.parametrize(
    ("language", "subject"), [(Language.EN, "This week: what ends soon, and who waits"), (Language.ZH_HANT, "")]
)
def test_it_is_in_the_readers_language(language, subject, admin, something):
    with transaction():
        db.session.get_one(Person, admin.person_id).language = language
    run_at(MONDAY)

    (mail,) = mails()

    assert mail.language == language.value
    assert subject in render(mail)["Subject"]


def test_it_tells_how_much_ends_and_leads_to_the_lists(admin, something):
    run_at(MONDAY)

    text = render(mails()[0]).get_content()

    assert "Contracts: 1, of these 0 within 7 days." in text
    assert f"http://localhost/{tenant_of(admin).account_id}/console/contracts?ends=30" in text
    assert "Key pairs" not in text


def test_it_tells_how_long_requests_have_waited(admin):
    with time_machine.travel(MONDAY - timedelta(days=12, hours=1), tick=True):
        owner = a_licensee()
        with transaction():
            asking.request_more(owner, contracts.all_of(owner)[0], Wish.PROJECT, 2, "Two more shops")

    run_at(MONDAY)

    text = render(mails()[0]).get_content()
    assert "Requests that wait: 1. The oldest has waited for 12 days." in text
