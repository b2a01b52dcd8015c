"""Reminders before a key pair stops and after a year: to everybody who holds the role, each once, in both languages."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from portal.access.actor import Actor, system_actor
from portal.access.roles import Role
from portal.accounts import store as accounts
from portal.accounts.models import Language
from portal.delegations import operations as delegations
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.impact import reminders
from portal.impact.notices import people_of
from portal.keys import operations, store
from portal.keys.models import KeyEnding, KeyPair
from portal.keys.rotation import Plan
from portal.outbox import operations as outbox
from portal.outbox.models import OutboxMessage
from portal.web.mail import render
from tests.factories import (
    a_contract,
    a_delegation,
    a_deputy,
    a_key,
    a_licensee,
    a_member,
    a_partner,
    a_successor,
    a_tenant,
    an_integrator,
    for_client,
    tenant_of,
)

WORKER = system_actor("worker")
DAY = timedelta(days=1)


@pytest.fixture
def owner() -> Actor:
    return a_licensee(name="Aurora")


def a_pair_that_expires(owner: Actor, *, days: int = 100) -> KeyPair:
    pair = a_key(owner, name="Storefront")
    with transaction():
        store.get_by_id(owner, pair.id).expires_at = clock.now() + timedelta(days=days)
    return store.get_by_id(owner, pair.id)


def sent(days: float) -> int:
    """How many reminders go out so many days from now."""
    with time_machine.travel(clock.now() + timedelta(days=days)):
        return reminders.run(WORKER)


def mails() -> int:
    return db.session.scalar(select(func.count()).select_from(OutboxMessage))


def addressees() -> list[str]:
    return sorted(message.to for message in outbox.read_all(100) if message.template.startswith("key_"))


def test_a_reminder_goes_out_30_7_and_1_days_before_a_pair_expires_each_once(owner):
    a_pair_that_expires(owner)

    days = [day for day in range(101) if sent(day + 0.01)]

    assert days == [70, 93, 99]


def test_running_again_sends_nothing(owner):
    a_pair_that_expires(owner)

    assert [sent(75), sent(75), sent(75.5)] == [1, 0, 0]


def test_a_worker_that_was_away_sends_the_nearest_only(owner):
    a_pair_that_expires(owner)

    assert [sent(95), sent(96)] == [1, 0]


def test_what_stopped_is_no_longer_spoken_of(owner):
    pair = a_pair_that_expires(owner)
    with transaction():
        operations.revoke(owner, pair)

    assert [sent(75), sent(101)] == [0, 0]


def test_everybody_who_holds_the_role_is_told(owner):
    manager = a_member(tenant_of(owner), Role.KEY_MANAGER)
    a_member(tenant_of(owner), Role.DEVELOPER)
    a_member(tenant_of(owner), Role.VIEWER)
    pair = a_pair_that_expires(owner)

    sent(75)

    expected = sorted(accounts.get_person(actor.person_id).email for actor in (owner, manager))
    assert addressees() == expected == sorted(person.email for person in people_of(store.get_by_id(owner, pair.id)))


def test_on_a_partner_contract_the_signer_and_the_deputies_are_told():
    signer = a_partner()
    deputy = a_deputy(signer, ends_at=clock.now() + 200 * DAY)
    a_member(tenant_of(signer), Role.OWNER)
    a_pair_that_expires(signer)

    sent(75)

    assert addressees() == sorted(accounts.get_person(actor.person_id).email for actor in (signer, deputy))


def test_the_holder_of_a_delegated_pair_is_told(owner):
    integrator = an_integrator()
    a_pair_that_expires(for_client(integrator, a_delegation(owner, integrator)), days=10)

    sent(0)

    assert addressees() == [accounts.get_person(integrator.person_id).email]


def test_who_holds_the_role_later_is_told_then(owner):
    a_pair_that_expires(owner)
    member = a_member(tenant_of(owner), Role.VIEWER)
    with transaction():
        accounts.get_person(owner.person_id).disabled_at = clock.now()
    before = sent(75)
    with transaction():
        accounts.get_membership(member, member.membership_id).role = Role.KEY_MANAGER

    assert (before, sent(76)) == (0, 1)


def test_a_crash_between_two_lines_leaves_neither_mail_nor_note(owner, monkeypatch):
    a_member(tenant_of(owner), Role.KEY_MANAGER)
    a_pair_that_expires(owner)
    real, posted = outbox.post, []

    def crash_at_the_second(*arguments, **named):
        posted.append(arguments)
        if len(posted) == 2:
            raise RuntimeError("killed")
        return real(*arguments, **named)

    with monkeypatch.context() as broken:
        broken.setattr(outbox, "post", crash_at_the_second)
        sent(75)
    between = mails()

    assert (between, sent(75), mails()) == (0, 1, 2)


def test_a_hard_end_of_a_rotation_is_an_end_to_be_reminded_of(owner):
    pair = a_key(owner)
    a_successor(owner, pair, Plan(20 * DAY, KeyEnding.HARD))

    assert [day for day in range(21) if sent(day + 0.01)] == [0, 13, 19]


def test_a_soft_end_is_not(owner):
    a_successor(owner, a_key(owner))

    assert sum(sent(day) for day in range(20)) == 0


@pytest.fixture
def lasting() -> Actor:
    """The owner of a licensee whose contract runs for three years."""
    tenant = a_tenant()
    a_contract(tenant, ends_at=clock.now() + 1095 * DAY)
    return a_member(tenant)


def test_after_a_year_there_is_one_reminder_to_rotate(lasting):
    a_key(lasting)

    assert [sent(364), sent(366), sent(367), sent(800)] == [0, 1, 0, 0]
    assert outbox.read_all(1)[0].template == "key_year_old"


def test_a_pair_that_was_rotated_in_time_needs_no_such_reminder(lasting):
    pair = a_key(lasting)
    with time_machine.travel(clock.now() + 360 * DAY):
        a_successor(lasting, pair)

    assert sent(366) == 0


def test_a_pair_whose_delegation_has_ended_is_not_spoken_of(owner):
    integrator = an_integrator()
    delegation = a_delegation(owner, integrator)
    a_pair_that_expires(for_client(integrator, delegation), days=10)
    with transaction():
        delegations.end(owner, delegation)

    assert sent(1) == 0


def test_more_pairs_than_one_portion_are_all_reminded_of(owner, monkeypatch):
    monkeypatch.setattr(reminders, "BATCH", 1)
    for actor in (owner, owner, a_licensee()):
        pair = a_key(actor)
        with transaction():
            store.get_by_id(actor, pair.id).expires_at = clock.now() + 5 * DAY

    assert (sent(0), sent(0)) == (3, 0)


SUBJECTS = {Language.EN: "The key pair “Storefront” stops on 22 Nov 2027"}


@pytest.mark.parametrize("language", Language)
def test_the_mail_names_pair_owner_and_day_in_the_readers_language(owner, language):
    pair = a_pair_that_expires(owner)
    with transaction():
        accounts.get_person(owner.person_id).language = language
        store.get_by_id(owner, pair.id).expires_at = datetime(2027, 11, 22, 9, 30, tzinfo=UTC)
    with time_machine.travel(datetime(2027, 11, 1, tzinfo=UTC)):
        reminders.run(WORKER)

    drawn = render(outbox.read_all(1)[0])

    text = drawn.get_content()
    assert drawn["Subject"] == SUBJECTS.get(language, drawn["Subject"])
    assert "Storefront" in drawn["Subject"]
    for word in ("Aurora", "09:30", f"/{tenant_of(owner).account_id}/keys/{pair.api_key}"):
        assert word in text
