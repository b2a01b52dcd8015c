"""Deliveries to real receivers: what is sent, in which order, how often, and until when."""

import signal
import socket
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from contextvars import Context
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import count, pairwise

import pytest
import time_machine
from flask import Flask
from sqlalchemy.exc import OperationalError
from standardwebhooks.webhooks import Webhook

from portal.access.actor import Actor
from portal.access.errors import NotAllowed
from portal.access.roles import Role
from portal.accounts import operations as accounts
from portal.foundation import clock, ids, outgoing
from portal.foundation.database import db, transaction
from portal.outbox import operations as outbox
from portal.tenants import operations as tenants
from portal.webhooks import delivering, operations, posting, sending, sending_store, store
from portal.webhooks.delivering import Deliverer
from portal.webhooks.models import WebhookEndpoint
from portal.webhooks.sending import KEPT_OF_ANSWER, Outcome, Parcel
from portal.webhooks.states import DeliveryState, EndpointState, Pause
from tests.factories import a_licensee, a_member, tenant_of
from tests.webhooks.conftest import HERE, again, all_of, an_endpoint, deliver, happens, posted
from tests.webhooks.receivers import OK, receiving, says

CODES = ["tenant.request_code_made"]


def later(**time) -> time_machine.travel:
    return time_machine.travel(clock.now() + timedelta(**time))


def test_what_happened_is_told_with_what_the_activity_page_shows(owner):
    with receiving() as receiver:
        an_endpoint(owner, receiver.url)
        happens(owner)
        assert deliver() == 1

    tenant = tenant_of(owner)
    (message,) = receiver.messages
    assert message["type"] == "tenant.request_code_made"
    assert message["timestamp"].endswith("Z")
    assert message["data"] == {
        "id": receiver.requests[0].headers["webhook-id"],
        "account": tenant.account_id,
        "number": message["data"]["number"],
        "subject": {"kind": "tenant", "id": tenant.account_id, "label": tenant.name},
        "actor": {"label": owner.label, "account": tenant.name},
        "refused": False,
        "facts": {},
    }


def test_a_receiver_verifies_it_with_the_secret(owner):
    with receiving() as receiver:
        shown = an_endpoint(owner, receiver.url)
        happens(owner)
        deliver()

    (request,) = receiver.requests
    assert Webhook(shown.secret).verify(request.body, request.headers) == request.message


def test_during_an_overlap_it_is_signed_with_both_secrets(owner):
    with receiving() as receiver:
        first = an_endpoint(owner, receiver.url, events=CODES)
        with transaction():
            second = operations.rotate(owner, first.endpoint)
        happens(owner)
        deliver()

    (request,) = receiver.requests
    for shown in (first, second):
        Webhook(shown.secret).verify(request.body, request.headers)
    assert request.headers["webhook-signature"].count("v1,") == 2


def test_only_chosen_events_are_told(owner):
    with receiving() as receiver:
        an_endpoint(owner, receiver.url, events=["member.invited"])
        happens(owner)
        with transaction():
            accounts.invite(owner, "ann@example.com", Role.VIEWER)
        deliver()

    assert [message["type"] for message in receiver.messages] == ["member.invited"]


def test_nobody_is_told_of_another_tenant(owner):
    stranger = a_licensee()
    with receiving() as receiver:
        an_endpoint(owner, receiver.url)
        happens(stranger)
        deliver()

    assert receiver.requests == []


def test_a_change_that_is_rolled_back_is_not_told(owner):
    with receiving() as receiver:
        an_endpoint(owner, receiver.url)
        with pytest.raises(NotAllowed):
            _both_or_none(owner, a_member(tenant_of(owner), Role.VIEWER))
        deliver()

    assert CODES[0] not in [message["type"] for message in receiver.messages]


def _both_or_none(may: Actor, may_not: Actor) -> None:
    with transaction():
        tenants.make_request_code(may)
        tenants.make_request_code(may_not)


def test_what_failed_is_tried_again_under_the_same_id(owner):
    answers = iter([says(500, b"sorry"), OK])
    with receiving(lambda stream, request: next(answers)(stream, request)) as receiver:
        endpoint = an_endpoint(owner, receiver.url).endpoint
        happens(owner)
        assert deliver() == 0
        assert deliver() == 0
        with later(seconds=7):
            assert deliver() == 1

    first, second = receiver.requests
    (row,) = all_of(owner, endpoint)
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    assert (row.state, row.attempts) == (DeliveryState.DELIVERED, 2)
    assert [(one.status, one.answer) for one in store.attempts(owner, row)] == [(200, ""), (500, "sorry")]


def test_of_an_answer_the_first_kilobyte_is_on_record(owner):
    with receiving(says(200, "é".encode() * 5000 + b"\x00")) as receiver:
        endpoint = an_endpoint(owner, receiver.url).endpoint
        happens(owner)
        deliver()

    (row,) = all_of(owner, endpoint)
    (attempt,) = store.attempts(owner, row)
    assert attempt.answer == "é" * (KEPT_OF_ANSWER // 2)


def test_waits_grow_and_differ():
    waits = [posting.wait_after(number).total_seconds() for number in range(1, 9)]

    assert all(early < late for early, late in pairwise(waits))
    assert len({posting.wait_after(1) for _ in range(20)}) > 10


def test_after_the_last_attempt_it_is_a_dead_letter(owner):
    with receiving(says(500)) as receiver:
        endpoint = an_endpoint(owner, receiver.url, events=CODES).endpoint
        happens(owner)
        deliver()
        with transaction():
            (row,) = all_of(owner, endpoint)
            store.get_delivery(owner, endpoint, row.public_id).attempts = len(posting.WAITS)
        with later(days=1):
            deliver()

    (row,) = all_of(owner, endpoint)
    assert (row.state, row.due_at, row.last_status) == (DeliveryState.DEAD, None, 500)


def test_later_messages_of_a_subject_wait_behind_one_that_failed_and_others_go_on(owner):
    def answer(stream, request):
        is_code = request.message["type"] == CODES[0]
        (says(503) if is_code and not recovered.is_set() else OK)(stream, request)

    recovered = threading.Event()
    with receiving(answer) as receiver:
        an_endpoint(owner, receiver.url)
        happens(owner, 2)
        with transaction():
            accounts.invite(owner, "ann@example.com", Role.VIEWER)
        deliver()
        kinds = [message["type"] for message in receiver.messages]
        recovered.set()
        with later(seconds=7):
            deliver()

    numbers = [message["data"]["number"] for message in receiver.messages if message["type"] == CODES[0]]
    assert sorted(kinds) == ["member.invited", *CODES]
    assert numbers == [numbers[0], numbers[0], numbers[0] + 1]


def test_messages_of_one_subject_arrive_in_order_though_many_are_sent_at_once(owner):
    with receiving() as receiver:
        an_endpoint(owner, receiver.url)
        for number in range(5):
            happens(owner, 2)
            with transaction():
                accounts.invite(owner, f"a{number}@example.com", Role.VIEWER)
        deliver()

    by_subject = defaultdict(list)
    for message in receiver.messages:
        by_subject[message["data"]["subject"]["id"]].append(message["data"]["number"])
    assert len(receiver.messages) == 15
    assert all(numbers == sorted(numbers) for numbers in by_subject.values())


def test_410_pauses_the_endpoint_and_tells_its_owners(owner, events_of):
    with receiving(says(410)) as receiver:
        endpoint = an_endpoint(owner, receiver.url).endpoint
        happens(owner)
        deliver()

    found = again(owner, endpoint)
    (mail,) = outbox.read_all(10)
    (row,) = all_of(owner, endpoint)
    assert (found.state, found.paused_because) == (EndpointState.PAUSED, Pause.GONE)
    assert (mail.template, mail.facts["gone"]) == ("webhook_stopped", True)
    assert (row.state, row.due_at) == (DeliveryState.WAITING, None)
    assert events_of(owner)[0] == "webhook.stopped"


def test_after_three_days_without_a_delivery_the_endpoint_is_paused(owner):
    with receiving(says(500)) as receiver:
        endpoint = an_endpoint(owner, receiver.url).endpoint
        happens(owner)
        deliver()
        with later(days=3, minutes=1):
            deliver()

    assert (again(owner, endpoint).state, again(owner, endpoint).paused_because) == (
        EndpointState.PAUSED,
        Pause.FAILING,
    )
    assert [mail.template for mail in outbox.read_all(10)] == ["webhook_stopped"]


def test_one_delivery_within_three_days_keeps_the_endpoint_going(owner):
    answers = iter([says(500), OK, says(500)])
    with receiving(lambda stream, request: next(answers)(stream, request)) as receiver:
        endpoint = an_endpoint(owner, receiver.url, events=CODES).endpoint
        happens(owner)
        deliver()
        with later(days=2):
            deliver()
        happens(owner)
        with later(days=4):
            deliver()

    assert again(owner, endpoint).is_active


def test_failing_is_no_change_that_a_form_would_miss(owner):
    with receiving(says(500)) as receiver:
        endpoint = an_endpoint(owner, receiver.url).endpoint
        happens(owner)
        deliver()

    found = again(owner, endpoint)
    assert (found.version, found.failing_since is None) == (endpoint.version, False)


def test_a_redirect_is_a_failure(owner):
    with receiving() as inner, receiving(says(307, b"", f"Location: {inner.url}")) as receiver:
        endpoint = an_endpoint(owner, receiver.url).endpoint
        happens(owner)
        deliver()

    (row,) = all_of(owner, endpoint)
    assert (row.last_status, row.last_problem, inner.requests) == (307, "redirect", [])


def test_an_address_that_turned_out_to_be_inside_is_not_called(owner):
    endpoint = an_endpoint(owner, "https://localhost.:9999/").endpoint
    happens(owner)
    operations.configure(operations.setup().sealer, loopback=False)
    try:
        deliver()
    finally:
        operations.configure(operations.setup().sealer, loopback=True)

    (row,) = all_of(owner, endpoint)
    assert row.last_problem in ("address", "name")


def test_a_lease_that_ran_out_is_taken_over_and_settled_once(owner):
    endpoint = an_endpoint(owner).endpoint
    happens(owner)
    posted()
    with transaction():
        (first,) = posting.claim(clock.now(), 10)
    with transaction():
        assert posting.claim(clock.now(), 10) == []
    with later(seconds=61), transaction():
        (second,) = posting.claim(clock.now(), 10)

    with transaction():
        posting.settle([Outcome(first, clock.now(), 1, 500, None, "")])
    assert [row.state for row in all_of(owner, endpoint)] == [DeliveryState.WAITING]
    with transaction():
        posting.settle([Outcome(second, clock.now(), 1, 200, None, "")])
    (row,) = all_of(owner, endpoint)
    assert (first.message, row.state, row.attempts) == (second.message, DeliveryState.DELIVERED, 2)


def test_more_waits_in_the_record_than_is_posted_at_once(owner, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sending_store, "WINDOW", 3)
    monkeypatch.setattr(sending_store, "PORTION", 3)
    with receiving() as receiver:
        an_endpoint(owner, receiver.url)
        happens(owner, 10)
        assert (posted(), posted()) == (3, 0)
        deliver()

    numbers = [message["data"]["number"] for message in receiver.messages]
    assert numbers == sorted(numbers)
    assert len(numbers) == 10


def test_several_workers_at_once_send_each_message_once(owner, app: Flask):
    with receiving() as receiver:
        an_endpoint(owner, receiver.url)
        for number in range(30):
            with transaction():
                accounts.invite(owner, f"a{number}@example.com", Role.VIEWER)
        stop = threading.Event()

        def work() -> None:
            with app.app_context():
                Deliverer(threads=4).run(stop)

        workers = [threading.Thread(target=work) for _ in range(3)]
        for worker in workers:
            worker.start()
        until = time.monotonic() + 20
        while len(receiver.requests) < 30 and time.monotonic() < until:
            time.sleep(0.05)
        stop.set()
        for worker in workers:
            worker.join()

    assert len({request.headers["webhook-id"] for request in receiver.requests}) == 30
    assert len(receiver.requests) == 30


def test_a_worker_that_is_told_to_stop_settles_what_it_sends(owner, app: Flask):
    taken = threading.Event()

    def slowly(stream, request) -> None:
        taken.set()
        time.sleep(0.5)
        OK(stream, request)

    with receiving(slowly) as receiver:
        endpoint = an_endpoint(owner, receiver.url).endpoint
        happens(owner)
        db.session.rollback()
        stop = threading.Event()

        def work() -> None:
            with app.app_context():
                Deliverer().run(stop)

        worker = threading.Thread(target=work)
        worker.start()
        taken.wait(10)
        stop.set()
        worker.join()

    assert [row.state for row in all_of(owner, endpoint)] == [DeliveryState.DELIVERED]


def test_a_receiver_that_hangs_does_not_keep_another_one_waiting(owner):
    told, in_time = threading.Event(), []

    def hang(_stream, _request) -> None:
        in_time.append(told.wait(8))

    def take(stream, request) -> None:
        told.set()
        OK(stream, request)

    with receiving(hang) as slow, receiving(take) as fast:
        an_endpoint(owner, slow.url)
        for number in range(20):
            with transaction():
                accounts.invite(owner, f"a{number}@example.com", Role.VIEWER)
        an_endpoint(owner, fast.url, events=CODES)
        happens(owner)
        Deliverer(threads=48).run_until_done()

    assert len(fast.requests) == 1
    assert all(in_time)


def invites(owner: Actor, times: int) -> None:
    """So many events, each about a subject of its own."""
    for number in range(times):
        with transaction():
            accounts.invite(owner, f"a{number}@example.com", Role.VIEWER)


def test_one_tenant_keeps_no_more_than_a_quarter_of_the_senders_busy(owner):
    under_way, most, lock = Counter(), Counter(), threading.Lock()

    def send(parcel: Parcel) -> Outcome:
        with lock:
            under_way[parcel.tenant_id] += 1
            most[parcel.tenant_id] = max(most[parcel.tenant_id], under_way[parcel.tenant_id])
        time.sleep(0.1)
        with lock:
            under_way[parcel.tenant_id] -= 1
        return Outcome(parcel, clock.now(), 1, 200, None, "")

    for number in range(3):
        an_endpoint(owner, f"{HERE}/{number}", events=["member.invited"])
    invites(owner, 15)
    Deliverer(send).run_until_done()

    assert most == {owner.tenant_id: posting.OF_TENANT}


def test_what_is_due_to_one_tenant_holds_up_no_other_and_is_taken_from_its_endpoints_by_turns(owner):
    stranger = a_licensee()
    for number in range(2):
        an_endpoint(owner, f"{HERE}/{number}", events=["member.invited"])
    invites(owner, 20)
    an_endpoint(stranger, events=["member.invited"])
    invites(stranger, 1)
    posted()

    with transaction():
        parcels = posting.claim(clock.now(), 64)

    tenants = Counter(parcel.tenant_id for parcel in parcels)
    endpoints = Counter(parcel.endpoint_id for parcel in parcels if parcel.tenant_id == owner.tenant_id)
    assert tenants == {owner.tenant_id: posting.OF_TENANT, stranger.tenant_id: 1}
    assert set(endpoints.values()) == {posting.OF_TENANT // 2}


def working(app: Flask, deliverer: Deliverer, is_done: Callable[[], bool]) -> None:
    """A worker delivers until this is so, or for 20 seconds."""
    stop = threading.Event()

    def work() -> None:
        with app.app_context():
            deliverer.run(stop)

    worker = threading.Thread(target=work)
    worker.start()
    until = time.monotonic() + 20
    while not is_done() and time.monotonic() < until:
        time.sleep(0.05)
    stop.set()
    worker.join()


# As after a return to a backup that knows neither what was sent nor, perhaps, to whom.
@pytest.mark.parametrize("unknown", ["id", "endpoint_id"])
def test_an_outcome_that_cannot_be_settled_holds_up_nothing_else(
    unknown: str, owner, app: Flask, monkeypatch: pytest.MonkeyPatch
):
    def send(parcel: Parcel) -> Outcome:
        told = replace(parcel, **{unknown: ids.uuid7()}) if next(numbers) == 0 else parcel
        return Outcome(told, clock.now(), 1, 200, None, "")

    def states() -> Counter[DeliveryState]:
        return Counter(row.state for row in all_of(owner, endpoint))

    numbers = count()
    monkeypatch.setattr(delivering, "AFTER_FAILURE_SECONDS", 0.1)
    endpoint = an_endpoint(owner, events=["member.invited"]).endpoint
    invites(owner, 10)

    working(app, Deliverer(send, threads=4), lambda: states()[DeliveryState.DELIVERED] == 9)

    assert states() == {DeliveryState.DELIVERED: 9, DeliveryState.WAITING: 1}


def test_outcomes_are_kept_while_the_database_is_away(owner, app: Flask, monkeypatch: pytest.MonkeyPatch):
    def away(outcomes) -> None:
        if outcomes and next(numbers) < 3:
            raise OperationalError("settle", {}, ConnectionError())
        settle(outcomes)

    numbers, settle = count(), posting.settle
    monkeypatch.setattr(delivering, "AFTER_FAILURE_SECONDS", 0.1)
    with receiving() as receiver:
        endpoint = an_endpoint(owner, receiver.url).endpoint
        happens(owner)
        monkeypatch.setattr(posting, "settle", away)
        working(app, Deliverer(), lambda: [row.state for row in all_of(owner, endpoint)] == [DeliveryState.DELIVERED])

    assert [row.state for row in all_of(owner, endpoint)] == [DeliveryState.DELIVERED]
    assert len(receiver.requests) == 1


def test_what_cannot_be_told_holds_up_nothing_else(owner, monkeypatch: pytest.MonkeyPatch):
    an_endpoint(owner, events=["member.invited"])
    invites(owner, 3)
    posted()
    events_of = sending_store.events_of
    monkeypatch.setattr(sending_store, "events_of", lambda rows: dict(list(events_of(rows).items())[1:]))

    with transaction():
        assert len(posting.claim(clock.now(), 10)) == 2


def test_the_worker_stops_when_nothing_delivers_any_more(app: Flask, monkeypatch: pytest.MonkeyPatch):
    def end(_deliverer, _stop) -> None:
        raise MemoryError

    monkeypatch.setattr(Deliverer, "run", end)
    handlers = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        # With the test's own application context in place, the command would run in that one.
        result = Context().run(app.test_cli_runner().invoke, args=["worker"])
    finally:
        for each, handler in handlers.items():
            signal.signal(each, handler)

    assert result.exit_code == 1


def test_what_waits_behind_one_that_failed_is_not_due(owner):
    with receiving(says(500)) as receiver:
        an_endpoint(owner, receiver.url, events=CODES)
        happens(owner, 2)
        deliver()

    assert not sending_store.is_anything_due(clock.now())
    assert sending_store.is_anything_due(clock.now() + timedelta(seconds=7))


def settled(parcel: Parcel, status: int) -> None:
    """This is what came of it."""
    with transaction():
        posting.settle([Outcome(parcel, clock.now(), 1, status, None, "")])


def claimed() -> Parcel:
    """The one that is due."""
    posted()
    with transaction():
        (parcel,) = posting.claim(clock.now(), 10)
    return parcel


def test_a_failure_long_after_one_that_was_given_up_does_not_pause_the_endpoint(owner):
    endpoint = an_endpoint(owner, events=CODES).endpoint
    happens(owner)
    for _number in range(len(posting.WAITS) + 1):
        settled(claimed(), 500)
        _make_due(owner, endpoint)
    given_up = [row.state for row in all_of(owner, endpoint)]
    with later(days=20):
        happens(owner)
        settled(claimed(), 500)

    assert given_up == [DeliveryState.DEAD]
    assert again(owner, endpoint).is_active


def _make_due(owner: Actor, endpoint: WebhookEndpoint) -> None:
    with transaction():
        for row in all_of(owner, endpoint):
            if row.state is DeliveryState.WAITING:
                row.due_at = clock.now()


def test_while_something_waits_one_that_was_given_up_leaves_the_endpoint_failing(owner):
    endpoint = an_endpoint(owner, events=CODES).endpoint
    happens(owner)
    settled(claimed(), 500)
    happens(owner)
    for _number in range(len(posting.WAITS)):
        _make_due(owner, endpoint)
        settled(claimed(), 500)

    states = [row.state for row in all_of(owner, endpoint)]
    assert states == [DeliveryState.DEAD, DeliveryState.WAITING]
    assert again(owner, endpoint).failing_since is not None


@pytest.mark.parametrize("status", [410, 500, 200])
def test_what_an_address_answered_that_was_changed_meanwhile_does_not_count(owner, status: int):
    endpoint = an_endpoint(owner, events=CODES).endpoint
    happens(owner)
    settled(claimed(), 500)
    since = again(owner, endpoint).failing_since
    with later(days=4):
        parcel = claimed()
        with transaction():
            operations.change(owner, endpoint, f"{HERE}/new", "Ticket system", CODES, endpoint.version)
        settled(parcel, status)

    found = again(owner, endpoint)
    assert (found.is_active, found.failing_since) == (True, since)


def test_a_name_whose_first_addresses_are_silent_is_delivered_to_at_its_last(owner, monkeypatch: pytest.MonkeyPatch):
    def connect(address, timeout: float) -> socket.socket:
        if address[0] != "127.0.0.3":
            time.sleep(timeout)
            raise TimeoutError
        return connected(address, timeout)

    connected, addresses = socket.create_connection, ["127.0.0.1", "127.0.0.2", "127.0.0.3"]
    monkeypatch.setattr(outgoing, "CONNECT_SECONDS", 1.0)
    monkeypatch.setattr(outgoing.socket, "create_connection", connect)
    post = partial(outgoing.post, loopback=True, look_up=lambda *_: addresses)
    with receiving(host="127.0.0.3") as receiver:
        an_endpoint(owner, f"http://three.example:{receiver.port}/", events=CODES)
        happens(owner)
        assert Deliverer(partial(sending.send, post=post)).run_until_done() == 1
