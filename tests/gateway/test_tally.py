"""Uses of keys, counted on the way of a call and made traces of later."""

import os
from datetime import UTC, datetime

from portal.usage import traces
from portal.usage.buffer import buffer
from tests.connector.shop import Shop
from tests.gateway import test_checks
from tests.gateway.asking import Gateway

AGENT, ADDRESS = "curl/8", "198.51.100.9"


def test_calls_that_are_alike_become_one_trace(gateway: Gateway, owner, shop: Shop):
    space = test_checks.a_space(owner)
    gateway.look()
    for _call in range(5):
        gateway.check(shop, space=space)

    gateway.door.tally.hand_over()

    ((use, count),) = buffer.take().items()
    assert (use.data_space, count.calls) == (space, 5)
    assert count.first_at < count.last_at


def test_what_was_counted_is_written_with_the_traces(gateway: Gateway, shop: Shop):
    gateway.look().check(shop)

    assert traces.flush() == 1
    assert traces.flush() == 0


def test_calls_of_two_days_are_two_traces(gateway: Gateway, shop: Shop):
    key = gateway.look().door.follower.tables.keys[shop.api_key]
    midnight = datetime(2026, 11, 24, tzinfo=UTC).timestamp()

    for at in (midnight - 1, midnight):
        gateway.door.tally.count(key, None, AGENT, ADDRESS, at)
    gateway.door.tally.hand_over()

    assert sorted(use.day.day for use in buffer.take()) == [23, 24]


def test_many_different_ones_never_pile_up(gateway: Gateway, shop: Shop, monkeypatch):
    monkeypatch.setattr("portal.gateway.tally.MOST_KINDS", 10)
    key, tally = gateway.look().door.follower.tables.keys[shop.api_key], gateway.door.tally

    for number in range(1000):
        tally.count(key, None, f"agent {number}", ADDRESS, 0.0)
        assert len(tally._counted) <= 11


def test_a_forked_process_does_not_hand_over_its_parents_calls(gateway: Gateway, shop: Shop):
    gateway.look().check(shop)

    child = os.fork()
    if not child:
        os._exit(len(gateway.door.tally._counted))

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert len(gateway.door.tally._counted) == 1


def test_what_a_client_says_of_itself_is_kept_only_as_far_as_it_is_looked_at(gateway: Gateway, shop: Shop):
    gateway.look().check(shop, x_portal_client_address="x" * 100_000, user_agent="y" * 100_000)

    ((_api_key, _data_space, user_agent, address, _day),) = gateway.door.tally._counted
    assert len(address) + len(user_agent) < 1000
