"""The outbox: messages leave with their transaction, at least once, and are not lost."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.foundation.sealing import Sealer
from portal.outbox import operations as outbox
from portal.outbox.models import OutboxMessage
from portal.outbox.worker import run_once
from tests.factories import a_tenant

KEK = bytes(range(32))


def posted(count=1, **facts):
    with transaction():
        for number in range(count):
            outbox.post("invitation", f"person{number}@example.com", "en", {"token": "a secret", **facts})


def rows():
    db.session.rollback()
    return db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).all()


def refuse(_message):
    raise ConnectionRefusedError("no mail server")


class Killed(BaseException):
    """Stands for the end of the process: nothing catches it."""


def test_a_message_arrives_as_it_was_posted():
    tenant, sent = a_tenant(), []
    with transaction():
        outbox.post("invitation", "nina@example.com", "zh_Hant", {"tenant": "商店", "days": 7}, tenant.id)

    outbox.deliver_due(sent.append)

    message = sent[0]
    assert (message.template, message.to, message.language) == ("invitation", "nina@example.com", "zh_Hant")
    assert message.facts == {"tenant": "商店", "days": 7}


def test_a_message_of_a_transaction_that_failed_does_not_exist():
    try:
        with transaction():
            outbox.post("invitation", "nina@example.com", "en", {})
            raise TimeoutError
    except TimeoutError:
        pass

    assert rows() == []


def test_neither_address_nor_facts_can_be_read_in_the_database():
    posted()

    stored = str(db.session.connection().exec_driver_sql("SELECT * FROM outbox").all())
    assert "a secret" not in stored
    assert "person0@example.com" not in stored


def test_a_sealed_message_moved_to_another_row_does_not_open():
    posted(2)
    first, second = rows()
    with transaction():
        second.sealed = first.sealed

    assert [message.id for message in outbox.read_all(9)] == [first.id]


def test_a_delivered_message_is_not_sent_again():
    sent = []
    posted()

    delivered = [outbox.deliver_due(sent.append), outbox.deliver_due(sent.append)]

    assert delivered == [1, 0]
    assert len(sent) == 1


def test_what_left_is_forgotten_after_30_days_and_what_waits_is_kept():
    posted()
    outbox.deliver_due(lambda _message: None)
    posted()

    for days, left in ((29, 2), (31, 1)):
        with time_machine.travel(clock.now() + timedelta(days=days)), transaction():
            outbox.tidy_up()
        assert len(rows()) == left

    assert rows()[0].delivered_at is None


def test_messages_leave_in_the_order_they_were_posted():
    sent = []
    posted(5)

    run_once(sent.append)

    assert [message.to for message in sent] == [f"person{number}@example.com" for number in range(5)]


def test_the_worker_delivers_all_that_is_due_in_portions():
    sent = []
    posted(45)

    assert run_once(sent.append) == 45
    assert len({message.id for message in sent}) == 45


def test_a_failed_message_waits_longer_each_time():
    posted()
    waits, now = [], clock.now()
    for _ in range(7):
        with time_machine.travel(now, tick=False):
            outbox.deliver_due(refuse)
        waits.append(rows()[0].due_at - now)
        now = rows()[0].due_at

    assert [wait.total_seconds() / 60 for wait in waits] == [1, 5, 30, 120, 360, 720, 1260]


def test_a_message_is_given_up_after_eight_attempts_and_stays():
    posted()
    for _ in range(9):
        with time_machine.travel(rows()[0].due_at + timedelta(seconds=1), tick=False):
            outbox.deliver_due(refuse)

    row = rows()[0]
    assert (row.attempts, row.delivered_at, row.given_up_at is not None) == (8, None, True)
    assert row.last_error == "ConnectionRefusedError: no mail server"


def test_a_message_that_failed_is_not_tried_before_its_time():
    posted()
    outbox.deliver_due(refuse)

    assert outbox.deliver_due(lambda _message: None) == 0


def test_one_message_that_fails_does_not_hold_up_the_others():
    posted(3)
    sent = []

    def send(message):
        if message.to.startswith("person1"):
            refuse(message)
        sent.append(message.to)

    run_once(send)

    assert sent == ["person0@example.com", "person2@example.com"]


def test_who_is_killed_while_sending_leaves_the_message_to_the_next_one():
    posted()

    def die(_message):
        raise Killed

    with pytest.raises(Killed):
        outbox.deliver_due(die)
    sent, later = [], clock.now() + outbox.LEASE + timedelta(seconds=1)

    assert outbox.deliver_due(sent.append) == 0
    with time_machine.travel(later, tick=False):
        assert outbox.deliver_due(sent.append) == 1


def test_a_message_sent_twice_is_the_same_message():
    posted()
    sent = []

    def die(message):
        sent.append(message)
        raise Killed

    with pytest.raises(Killed):
        outbox.deliver_due(die)
    with time_machine.travel(clock.now() + outbox.LEASE + timedelta(seconds=1), tick=False):
        outbox.deliver_due(sent.append)

    assert sent[0] == sent[1]


def test_the_late_end_of_an_attempt_does_not_settle_the_next_one():
    posted()

    def outlive_the_lease(_message):
        with time_machine.travel(clock.now() + outbox.LEASE + timedelta(seconds=1), tick=False):
            outbox.deliver_due(lambda _message: None)
        refuse(_message)

    outbox.deliver_due(outlive_the_lease)

    row = rows()[0]
    assert (row.delivered_at is not None, row.last_error) == (True, None)


def test_several_workers_deliver_each_message_once(app):
    posted(60)
    db.session.remove()
    sent = []

    def work(_number):
        with app.app_context():
            try:
                return run_once(sent.append)
            finally:
                db.session.remove()

    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(work, range(4)))

    assert sum(counts) == len(sent) == len({message.id for message in sent}) == 60


def test_a_message_under_another_key_is_kept_and_tried_again(app):
    posted()
    outbox.configure(Sealer(bytes(32)))
    outbox.deliver_due(lambda _message: None)
    outbox.configure(Sealer(KEK))

    assert "CannotUnseal" in rows()[0].last_error
    with time_machine.travel(rows()[0].due_at, tick=False):
        assert outbox.deliver_due(lambda _message: None) == 1


def test_the_mailbox_shows_the_newest_messages_first_delivered_or_not():
    posted(3)
    outbox.deliver_due(lambda _message: None, limit=1)

    assert [message.to for message in outbox.read_all(2)] == ["person2@example.com", "person1@example.com"]
