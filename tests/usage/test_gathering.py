"""Counting in the process: quick, bounded, safe among threads, and never in the way of a call."""

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest

from portal.access.roles import Environment
from portal.usage.buffer import Buffer, Count, Use, buffer
from portal.usage.clients import NOBODY, client_of
from portal.usage.traces import Trace, gather

pytestmark = pytest.mark.no_database

TENANT, PAIR, SPACE = uuid.UUID(int=1), uuid.UUID(int=2), str(uuid.UUID(int=3))
NOON = datetime(2026, 5, 3, 12, tzinfo=UTC)


def call(at: datetime = NOON, **others) -> None:
    values = {"user_agent": "curl/8", "address": "192.0.2.7", "cloud_id": None, "data_space": SPACE} | others
    gather(Trace(tenant_id=TENANT, key_pair_id=PAIR, environment=Environment.SANDBOX, at=at, **values))


def test_calls_of_one_client_on_one_day_are_counted_together():
    for hours in (3, 1, 2):
        call(NOON + timedelta(hours=hours))

    (counted,) = buffer.take().values()
    assert counted == Count(NOON + timedelta(hours=1), NOON + timedelta(hours=3), 3)


@pytest.mark.parametrize(
    "others",
    [{"data_space": None}, {"user_agent": "wget"}, {"address": "198.51.100.1"}, {"cloud_id": "abc"}, {"listed": True}],
)
def test_another_data_space_or_client_is_counted_apart(others):
    call()
    call(**others)

    assert [counted.calls for counted in buffer.take().values()] == [1, 1]


@pytest.mark.parametrize("odd", ["", "x" * 100_000, "../etc", "\x00", str(uuid.UUID(int=0xABC)).upper()])
def test_what_is_no_id_of_a_data_space_names_none(odd: str):
    call(data_space=odd)

    assert [use.data_space for use in buffer.take()] == [None]


def test_two_addresses_of_one_network_are_one_client():
    call(address="192.0.2.7")
    call(address="192.0.2.8")

    assert len(buffer.take()) == 1


def test_a_day_ends_at_midnight_utc():
    midnight = datetime(2026, 5, 4, tzinfo=UTC)
    call(midnight - timedelta(microseconds=1))
    call(midnight)

    assert [use.day.day for use in buffer.take()] == [3, 4]


def test_a_moment_of_another_zone_belongs_to_its_day_in_utc():
    call(datetime(2026, 5, 4, 7, 59, tzinfo=timezone(timedelta(hours=8))))

    (use,) = buffer.take()
    assert use.day.isoformat() == "2026-05-03"


def test_threads_lose_no_call():
    def many(_number: int) -> None:
        for _time in range(1000):
            call()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(many, range(8)))

    assert [counted.calls for counted in buffer.take().values()] == [8000]


def a_use(number: int) -> Use:
    return Use(TENANT, uuid.UUID(int=number), None, client_of("", "", None), NOON.date())


def test_the_buffer_keeps_what_it_knows_and_refuses_what_is_beyond_its_bound():
    small = Buffer(most=2)

    for number in (1, 2, 3, 2, 3):
        small.count(a_use(number), NOON, NOON)

    assert {use.key_pair_id.int: counted.calls for use, counted in small.take().items()} == {1: 1, 2: 2}


def test_what_is_put_back_is_added_to_what_came_meanwhile():
    call()
    taken = buffer.take()
    call()

    buffer.put_back(taken)

    assert [counted.calls for counted in buffer.take().values()] == [2]


@pytest.mark.parametrize(
    "others",
    [
        {"user_agent": "x" * 1_000_000},
        {"user_agent": "\x00\ud800"},
        {"address": "x" * 1_000_000},
        {"cloud_id": "x" * 1_000_000},
        {"address": "\x00"},
    ],
)
def test_no_header_can_make_a_call_fail(others):
    call(**others)

    assert len(buffer.take()) == 1


def test_a_trace_takes_microseconds():
    call()
    begun = time.perf_counter()
    for _time in range(20_000):
        call()
    each = (time.perf_counter() - begun) / 20_000

    print(f"a trace takes {each * 1e6:.1f} µs")
    assert each < 50e-6  # some 4 on an idle machine


def test_unknown_clients_beyond_fifty_of_a_pair_and_day_count_as_one_without_words():
    kept, at = Buffer(), datetime(2026, 5, 3, 12, tzinfo=UTC)
    pairs = [uuid.uuid4(), uuid.uuid4()]

    def call(pair: uuid.UUID, agent: str, at: datetime) -> None:
        kept.count(Use(uuid.uuid4(), pair, None, client_of(agent, "192.0.2.7", None), at.date()), at, at)

    for number in range(60):
        call(pairs[0], f"curl/{number}", at)
    call(pairs[1], "curl/59", at)
    call(pairs[0], "Magento Services Connector (Magento: Community 2.4.8)", at)
    call(pairs[0], "curl/3", at)
    call(pairs[0], "curl/59", at + timedelta(days=1))

    batch = kept.take()
    first = [use.client for use in batch if use.key_pair_id == pairs[0] and use.day == at.date()]
    assert len(set(first)) == 50 + 1 + 1
    assert sum(counted.calls for use, counted in batch.items() if use.client == NOBODY) == 10
    assert {use.client.words for use in batch if use.key_pair_id == pairs[1]} == {"curl/59"}
    assert {use.client.words for use in batch if use.day > at.date()} == {"curl/59"}
