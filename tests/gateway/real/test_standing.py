"""Workers that are killed, a database that goes away and comes back: nothing passes after the figure that applies."""

import time
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPException

import pytest

from tests.conftest import DATABASE
from tests.gateway.real.shops import Answered
from tests.gateway.real.standing import Door, Shops, Store, a_door, a_store, shops_in, until

pytestmark = pytest.mark.own_database

CONNECTED, TOLD = 1.0, 0.5  # seconds; told it is aimed at a tenth, which a busy machine need not keep
POLL = {"GATEWAY_POLL_SECONDS": "0.5"}
SLACK = 0.3  # what asking and answering may take on a busy machine


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with a_store(tmp_path_factory.mktemp("standing")) as store:
        yield store


@pytest.fixture(scope="module")
def shops(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shops]:
    with shops_in(store, tmp_path_factory.mktemp("standing")) as shops:
        yield shops


@pytest.fixture(scope="module")
def door(shops: Shops) -> Iterator[Door]:
    """A door of two workers that is cut off after two seconds."""
    with a_door(shops, GATEWAY_CUT_OFF_SECONDS="2", **POLL) as door:
        yield door


def seconds_until_refused(door: Door, shops: Shops, shop: tuple) -> list[float]:
    """How long after its revocation a key passed for the last time, in each of the workers."""
    headers = shops.headers(shop)
    with door.one_each(headers) as connections:
        done = shops.revoke(shop[0])
        passed, unaware = dict.fromkeys(connections, done), set(connections)
        while unaware:
            for worker in list(unaware):
                asked = time.monotonic()
                answer = door.over(connections[worker], headers)
                if answer.status == 204:
                    passed[worker] = asked
                else:
                    assert answer.reason == "key_revoked"
                    unaware.discard(worker)
            assert time.monotonic() - done < 10
    return [last - done for last in passed.values()]


def answers(door: Door, headers: dict[str, str], seconds: float) -> list[tuple[float, Answered]]:
    """What is answered over new connections for so long, and when it was asked; none where nobody answers."""
    found, began = [], time.monotonic()
    while (asked := time.monotonic()) - began < seconds:
        with suppress(OSError, HTTPException):
            found.append((asked, door.ask(headers)))
        time.sleep(0.005)
    return found


def test_a_revoked_key_is_refused_in_every_worker_within_a_second(door: Door, shops: Shops):
    for _each in range(3):
        assert max(seconds_until_refused(door, shops, shops.next())) < CONNECTED + SLACK


@pytest.mark.skipif(DATABASE == "sqlite", reason="SQLite tells nobody")
def test_a_revoked_key_is_refused_at_once_where_postgresql_tells(shops: Shops):
    with a_door(shops, LISTEN_DATABASE_URL=shops.store.url, GATEWAY_POLL_SECONDS="1") as door:
        door.names(shops.headers(shops.unused[0]))
        time.sleep(1)

        assert max(seconds_until_refused(door, shops, shops.next())) < TOLD


def test_a_worker_that_is_killed_leaves_the_other_and_is_followed_by_one_that_knows(door: Door, shops: Shops):
    stays, goes = shops.headers(shops.unused[0]), shops.next()
    before = door.names(stays)

    killed = door.kill_one()
    done = shops.revoke(goes[0])
    refused = answers(door, shops.headers(goes), 3)

    assert {answer.reason for asked, answer in refused if asked > done + CONNECTED} <= {"key_revoked", "not_ready"}
    until(lambda: killed not in door.workers() and len(door.workers()) == 2)
    assert len(door.names(stays) - before) == 1


def test_while_the_database_is_away_it_answers_for_the_stated_time_and_then_nothing_passes(
    door: Door, shops: Shops, store: Store
):
    stays, goes = shops.headers(shops.unused[0]), shops.next()
    door.names(shops.headers(goes))

    store.shut()
    began = time.monotonic()
    try:
        shops.revoke_beside(goes[0])
        told = answers(door, shops.headers(goes), 5 - (time.monotonic() - began))
        ready, metrics = door.ask({}, "/gateway/ready"), door.ask(stays, "/gateway/metrics")
    finally:
        store.open()
    opened = time.monotonic()

    assert {answer.status for asked, answer in told if asked - began > 2} == {503}
    assert {answer.reason for _asked, answer in told if answer.status != 204} == {"cut_off"}
    assert (ready.status, ready.reason) == (503, "cut_off")
    assert b"portal_cut_off" in metrics.body
    until(lambda: door.ask(stays).status == 204)
    assert time.monotonic() - opened < CONNECTED + SLACK
    assert {answer.reason for _asked, answer in answers(door, shops.headers(goes), 1)} <= {"key_revoked", "cut_off"}


def test_within_the_stated_time_it_goes_on_and_learns_what_changed(door: Door, shops: Shops, store: Store):
    stays, goes = shops.headers(shops.unused[0]), shops.next()
    door.names(shops.headers(goes))

    store.shut()
    try:
        meanwhile = answers(door, stays, 0.5)
        shops.revoke_beside(goes[0])
    finally:
        store.open()
    opened = time.monotonic()
    told = answers(door, shops.headers(goes), 2)

    assert {answer.status for _asked, answer in meanwhile} == {204}
    assert {answer.reason for asked, answer in told if asked > opened + CONNECTED} == {"key_revoked"}


def test_it_starts_without_the_database_and_is_not_ready_until_it_is_there(shops: Shops, store: Store):
    headers = shops.headers(shops.unused[0])
    store.shut()
    opened = False
    try:
        with a_door(shops, **POLL) as door:
            until(lambda: _reason(door, headers) is not None)
            told = answers(door, headers, 1)
            store.open()
            opened = True
            took = until(lambda: _reason(door, headers) == "passed")
    finally:
        if not opened:
            store.open()

    assert {answer.reason for _asked, answer in told} == {"not_ready"}
    assert took < 5


def test_after_a_restart_it_knows_what_changed_meanwhile(shops: Shops):
    stays, goes = shops.headers(shops.unused[0]), shops.next()
    with a_door(shops, **POLL) as door:
        door.names(stays)
    shops.revoke(goes[0])

    with a_door(shops, **POLL) as door:
        until(lambda: _reason(door, stays) is not None)
        first = [answer for _asked, answer in answers(door, shops.headers(goes), 1)]
        door.names(stays)

    assert {answer.reason for answer in first} <= {"not_ready", "key_revoked"}


def test_with_the_pages_in_the_same_processes_the_same_holds(shops: Shops):
    with a_door(shops, "wsgi:app", **POLL) as door:
        until(lambda: _reason(door, shops.headers(shops.unused[0])) == "passed")

        assert max(seconds_until_refused(door, shops, shops.next())) < CONNECTED + SLACK


def _reason(door: Door, headers: dict[str, str]) -> str | None:
    """Why nothing passes, or `passed`; None where nobody answers."""
    with suppress(OSError, HTTPException):
        answer = door.ask(headers)
        return "passed" if answer.status == 204 else answer.reason
    return None
