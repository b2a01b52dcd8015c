"""Rotation by many at once: one successor, one effect, one notice."""

from datetime import timedelta

from sqlalchemy import func, select

from portal.access.actor import system_actor
from portal.audit import operations as audit
from portal.audit.models import AuditEvent
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.impact import leaks, reminders, retiring
from portal.keys import intent_store, making, rotation, store
from portal.keys.errors import NotInService, OldPairChanged
from portal.keys.models import BlockedKey, KeyIntent, KeyNotice, KeyOrigin, KeyPair, KeyState
from portal.keys.rotation import Plan
from portal.outbox.models import OutboxMessage
from tests.factories import (
    a_key,
    a_licensee,
    a_member,
    a_private_key,
    a_successor,
    a_successor_intent,
    live_pairs,
    public_of,
    tenant_of,
)
from tests.keys.test_parallel import count
from tests.parallel import AT_ONCE, at_once


def test_beginning_the_same_rotation_at_once_is_one_intent():
    owner = a_licensee()
    api_key, before = a_key(owner).api_key, count(KeyIntent)

    def begin(_number: int) -> None:
        pair = store.get(owner, api_key)
        with transaction():
            rotation.begin(owner, pair, Plan(), origin=KeyOrigin.SERVER)

    outcomes = at_once(begin)

    assert outcomes == {"done": AT_ONCE}
    assert count(KeyIntent) == before + 1


def test_of_many_successors_that_are_confirmed_at_once_one_takes_over():
    owner = a_licensee()
    pair, members = a_key(owner), [a_member(tenant_of(owner)) for _ in range(AT_ONCE)]
    intents = []
    for number, member in enumerate(members):
        intent = a_successor_intent(member, pair)
        with transaction():
            making.issue(member, intent, public_of(a_private_key(800 + number)))
        intents.append(intent.public_id)

    def confirm(number: int) -> None:
        intent = intent_store.get(members[number], intents[number])
        with transaction():
            making.confirm(members[number], intent)

    outcomes = at_once(confirm)

    assert outcomes == {"done": 1, OldPairChanged.code: AT_ONCE - 1}
    assert len(live_pairs(owner)) == 2


def test_rolling_back_and_ending_at_once_is_one_of_both():
    owner = a_licensee()
    pair = a_key(owner)
    successor = a_successor(owner, pair)
    api_key, version = pair.api_key, store.get(owner, pair.api_key).version

    def act(number: int) -> None:
        row = store.get(owner, api_key)
        with transaction():
            (rotation.roll_back if number % 2 else rotation.end_early)(owner, row, version=version)

    before = count(AuditEvent)
    at_once(act)

    assert count(AuditEvent) == before + 1
    assert store.get(owner, api_key).state in (KeyState.ACTIVE, KeyState.RETIRED)
    assert store.get(owner, successor.api_key).state is KeyState.ACTIVE


def test_rolling_back_while_the_successor_is_rotated_blocks_nobody():
    owner = a_licensee()
    pair = a_key(owner)
    successor = a_successor(owner, pair)
    keys, version = (pair.api_key, successor.api_key), store.get(owner, pair.api_key).version

    def act(number: int) -> None:
        row = store.get(owner, keys[number % 2])
        with transaction():
            if number % 2:
                rotation.begin(owner, row, Plan(), origin=KeyOrigin.SERVER, forced=True)
            else:
                rotation.roll_back(owner, row, version=version)

    outcomes = at_once(act)

    assert outcomes == {"done": AT_ONCE}


def test_many_workers_at_the_date_end_a_pair_once(monkeypatch):
    owner = a_licensee()
    pair = a_key(owner)
    a_successor(owner, pair)
    late = clock.now() + Plan().overlap
    monkeypatch.setattr(clock, "now", lambda: late)
    before = count(AuditEvent)

    outcomes = at_once(lambda _number: retiring.run(system_actor("worker")))

    assert outcomes == {"done": AT_ONCE}
    assert store.get(owner, pair.api_key).state is KeyState.RETIRED
    assert count(AuditEvent) == before + 1


def test_many_workers_remind_once(monkeypatch):
    owner = a_licensee()
    pair = a_key(owner)
    with transaction():
        store.get_by_id(owner, pair.id).expires_at = clock.now() + Plan().overlap

    outcomes = at_once(lambda _number: reminders.run(system_actor("worker")))

    assert outcomes == {"done": AT_ONCE}
    assert (count(KeyNotice), count(OutboxMessage)) == (1, 1)


def test_the_chains_are_whole_after_all_of_it():
    owner = a_licensee()
    pair = a_key(owner)
    a_successor(owner, pair)
    at_once(lambda _number: retiring.run(system_actor("worker")))

    assert list(audit.verify()) == []
    assert count(KeyPair) == 2


def test_declaring_a_leak_at_once_is_one_block_one_event_and_one_mail():
    owner = a_licensee()
    api_key, before = a_key(owner).api_key, count(AuditEvent)

    def stop(_number: int) -> None:
        pair = store.get(owner, api_key)
        with transaction():
            leaks.stop(owner, pair)

    outcomes = at_once(stop)

    assert outcomes == {"done": AT_ONCE}
    assert (count(AuditEvent), count(OutboxMessage)) == (before + 1, 1)
    assert db.session.scalar(select(func.count()).select_from(BlockedKey)) == 1


def test_stopping_and_replacing_what_leaked_at_once_ends_in_a_stopped_pair_and_one_intent():
    owner = a_licensee()
    api_key, before = a_key(owner).api_key, count(KeyIntent)

    def act(number: int) -> None:
        pair = store.get(owner, api_key)
        with transaction():
            if number % 2:
                leaks.stop(owner, pair)
            else:
                leaks.replace(owner, pair, timedelta(), origin=KeyOrigin.BROWSER)

    outcomes = at_once(act)

    assert set(outcomes) <= {"done", NotInService.code}
    assert store.get(owner, api_key).state is KeyState.COMPROMISED
    assert count(KeyIntent) - before <= 1
    assert db.session.scalar(select(func.count()).select_from(BlockedKey)) == 1
