"""Looking into a tenant: a reason, four hours at most, the owners told, and an end that either side makes at once."""

import threading
from contextlib import suppress
from datetime import timedelta

import pytest
import time_machine

from portal.access.actor import Actor, system_actor
from portal.access.errors import NotAllowed
from portal.access.roles import Role
from portal.access.rows import Reader, across_tenants
from portal.audit.models import AuditEvent
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.foundation.words import TextHasControls
from portal.lookins import operations as look_ins
from portal.lookins import store
from portal.lookins.errors import HoursOutOfRange, NothingToLookInto, ReasonMissing
from portal.lookins.models import LookIn
from portal.outbox import operations as outbox
from portal.tenants.models import Standing
from tests.factories import a_licensee, a_member, a_tenant, a_vendor, tenant_of
from tests.parallel import at_once

REASON = "An open support case."


def begin(actor: Actor, owner: Actor, reason: str = REASON, hours: int = 2) -> LookIn:
    with transaction():
        return look_ins.begin(actor, tenant_of(owner), reason, hours)


def end(actor: Actor, look_in: LookIn) -> None:
    with transaction():
        look_ins.end(actor, look_in)


def running(owner: Actor) -> list[str]:
    return [row.public_id for row in store.running(owner, clock.now())]


def events_of(owner: Actor) -> list[tuple[str, str]]:
    rows = across_tenants(AuditEvent, reason=Reader.UPKEEP).where(
        AuditEvent.tenant_id == owner.tenant_id, AuditEvent.event.startswith("look_in.")
    )
    return [(row.event, row.actor_label) for row in db.session.scalars(rows.order_by(AuditEvent.seq))]


@pytest.fixture
def owner() -> Actor:
    return a_licensee(name="Client")


@pytest.fixture
def admin() -> Actor:
    return a_vendor()


@pytest.mark.parametrize("role", [Role.PARTNER_ADMIN, Role.OPERATOR])
def test_staff_of_the_vendor_begins_one_with_a_reason(role: Role, owner: Actor):
    look_in = begin(a_vendor(role), owner)

    assert look_in.reason == REASON
    assert look_in.ends_at - look_in.started_at == timedelta(hours=2)
    assert running(owner) == [look_in.public_id]


@pytest.mark.parametrize("role", [Role.OWNER, Role.KEY_MANAGER, Role.DEVELOPER, Role.VIEWER])
def test_nobody_else_can(role: Role, owner: Actor):
    with pytest.raises(NotAllowed):
        begin(a_member(a_tenant(), role), owner)


def test_every_owner_is_told_who_looks_why_and_until_when(owner: Actor, admin: Actor):
    second = a_member(tenant_of(owner))
    a_member(tenant_of(owner), Role.KEY_MANAGER)
    before = {mail.id for mail in outbox.read_all(100)}

    look_in = begin(admin, owner)

    mails = [mail for mail in outbox.read_all(100) if mail.id not in before]
    assert {mail.facts["name"] for mail in mails} == {owner.label, second.label}
    assert {mail.template for mail in mails} == {"look_in_begun"}
    facts = mails[0].facts
    assert (facts["by"], facts["vendor"], facts["reason"]) == (admin.label, "Vendor", REASON)
    assert facts["until_time"] == f"{look_in.ends_at:%H:%M}"


def test_beginning_and_ending_are_events_of_the_tenant(owner: Actor, admin: Actor):
    end(admin, begin(admin, owner))

    assert events_of(owner) == [("look_in.begun", admin.label), ("look_in.ended", admin.label)]


@pytest.mark.parametrize("reason", ["", "  \n "])
def test_without_a_reason_there_is_none(reason: str, owner: Actor, admin: Actor):
    with pytest.raises(ReasonMissing):
        begin(admin, owner, reason)


def test_a_reason_is_text_like_any_other(owner: Actor, admin: Actor):
    with pytest.raises(TextHasControls):
        begin(admin, owner, "a\x00b")


def test_a_long_reason_is_kept_whole(owner: Actor, admin: Actor):
    assert begin(admin, owner, "店鋪 🛒 " * 250).reason == ("店鋪 🛒 " * 250).strip()


@pytest.mark.parametrize("hours", [-1, 0, 5, 1000])
def test_it_lasts_an_hour_to_four(hours: int, owner: Actor, admin: Actor):
    with pytest.raises(HoursOutOfRange):
        begin(admin, owner, hours=hours)


def test_the_vendors_own_account_is_not_looked_into(admin: Actor):
    with pytest.raises(NothingToLookInto):
        begin(admin, a_vendor())


def test_a_suspended_account_can_be_looked_into(admin: Actor):
    suspended = a_member(a_tenant(standing=Standing.SUSPENDED))

    assert begin(admin, suspended).is_running(clock.now())


def test_while_one_is_running_beginning_again_neither_prolongs_nor_tells(owner: Actor, admin: Actor):
    first = begin(admin, owner, hours=1)

    again = begin(admin, owner, "Another reason.", hours=4)

    assert (again.id, again.reason, again.ends_at) == (first.id, REASON, first.ends_at)
    assert len(events_of(owner)) == 1


def test_beginning_in_many_threads_at_once_begins_one(owner: Actor, admin: Actor):
    done = at_once(lambda _number: begin(admin, owner))

    assert done == {"done": 16}
    assert len(running(owner)) == len(events_of(owner)) == 1


def test_when_its_time_is_over_it_does_not_run_whether_or_not_the_worker_came(owner: Actor, admin: Actor):
    look_in = begin(admin, owner, hours=1)

    with clock.travelled_to(clock.now() + timedelta(hours=1)):
        assert running(owner) == []
        assert store.find_running(tenant_of(owner).account_id, look_in.person_id, clock.now()) is None


def test_the_worker_stores_that_its_time_is_over_once(owner: Actor, admin: Actor):
    look_in = begin(admin, owner, hours=1)

    with clock.travelled_to(clock.now() + timedelta(hours=2)):
        counts = []
        for _time in range(2):
            with transaction():
                counts.append(look_ins.lapse_due(system_actor("worker")))

    assert counts == [1, 0]
    assert look_in.ended_at == look_in.ends_at
    assert events_of(owner)[1:] == [("look_in.ran_out", "worker")]


def test_after_its_time_another_one_can_begin_although_the_worker_stands_still(owner: Actor, admin: Actor):
    first = begin(admin, owner, hours=1)

    with clock.travelled_to(clock.now() + timedelta(hours=2)):
        second = begin(admin, owner)

    assert second.id != first.id
    assert [event for event, _who in events_of(owner)] == ["look_in.begun", "look_in.ran_out", "look_in.begun"]


def test_beginning_another_one_while_the_worker_stores_the_end_of_the_first_is_told_once(
    owner: Actor, admin: Actor, monkeypatch: pytest.MonkeyPatch
):
    begin(admin, owner, hours=1)
    found, find = threading.Barrier(2), store.find_unended
    monkeypatch.setattr(store, "find_unended", lambda *who: (find(*who), _both_there(found))[0])

    with time_machine.travel(clock.now() + timedelta(hours=2)):
        at_once(lambda number: begin(admin, owner) if number else _lapse(found), 2)

    assert [event for event, _who in events_of(owner)] == ["look_in.begun", "look_in.ran_out", "look_in.begun"]


def _lapse(found: threading.Barrier) -> None:
    with transaction():
        look_ins.lapse_due(system_actor("worker"))
        _both_there(found)  # on PostgreSQL: the other one has read the row, and this has changed it


def _both_there(found: threading.Barrier) -> None:
    with suppress(threading.BrokenBarrierError):  # on SQLite one writes at a time: nobody comes
        found.wait(0.5)


def test_an_owner_ends_it_at_once(owner: Actor, admin: Actor):
    end(owner, begin(admin, owner))

    assert running(owner) == []
    assert events_of(owner)[1:] == [("look_in.ended", owner.label)]


@pytest.mark.parametrize("role", [Role.KEY_MANAGER, Role.DEVELOPER, Role.VIEWER])
def test_others_of_the_tenant_do_not_end_it(role: Role, owner: Actor, admin: Actor):
    look_in = begin(admin, owner)

    with pytest.raises(NotAllowed):
        end(a_member(tenant_of(owner), role), look_in)


def test_a_colleague_at_the_vendor_does_not_end_it(owner: Actor, admin: Actor):
    look_in = begin(admin, owner)

    with pytest.raises(NotAllowed):
        end(a_vendor(), look_in)


def test_ending_what_has_ended_changes_nothing(owner: Actor, admin: Actor):
    look_in = begin(admin, owner)
    end(admin, look_in)

    end(owner, look_in)

    assert len(events_of(owner)) == 2
