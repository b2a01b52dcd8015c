"""The thread that keeps the door's knowledge fresh: how it starts, what it survives, and what it does not answer by."""

import io
import os
import socket
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from threading import Event
from threading import enumerate as enumerate_threads
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, update
from sqlalchemy.exc import OperationalError

from portal.access.actor import Actor
from portal.access.rows import Reader
from portal.app import create_app
from portal.config import Listener
from portal.foundation import changes, clock
from portal.foundation.changes import CALLS, ChangedRow, ChangeVersion, Gap
from portal.foundation.database import db, transaction
from portal.gateway import following
from portal.gateway.bundles import Offline
from portal.gateway.door import Door, alone
from portal.gateway.following import Following, Outrun
from portal.impact import loading
from portal.keys import operations as keys
from portal.keys import store as key_store
from portal.keys.models import KeyPair
from portal.tenants.models import Tenant
from portal.verifier.decision import Policy
from portal.verifier.tables import Incomplete, Tables
from tests.conftest import settings_for
from tests.connector.shop import Shop
from tests.factories import a_key
from tests.gateway.asking import Gateway, a_credential
from tests.statements import failing_after

SECONDS = 20.0
OFFLINE = Offline("http://localhost")
MakeLive = Callable[..., Gateway]


def until(fact: Callable[[], object], seconds: float = SECONDS) -> float:
    """How long it took until this became true."""
    began = time.monotonic()
    while not fact():
        assert time.monotonic() - began < seconds, "it did not happen"
        time.sleep(0.005)
    return time.monotonic() - began


def revoke(owner: Actor, shop: Shop) -> None:
    with transaction():
        keys.revoke(owner, key_store.get(owner, shop.api_key))


@pytest.fixture
def live(app: Flask, admin: Actor) -> Iterator[MakeLive]:
    """Makes gateways whose thread follows by itself, once it has begun."""
    with transaction():
        credential = a_credential(admin)
    doors: list[Door] = []

    def make(poll: float = 0.05, cut_off: float = 300, surroundings: Any = None, **others: Any) -> Gateway:
        settings = Following(Policy.REPORT, poll, cut_off, **others)
        doors.append(Door(alone, settings, Listener.CREDENTIAL, surroundings or app.app_context, OFFLINE))
        return Gateway(doors[-1], credential)

    yield make
    for door in doors:
        door.follower.end()


# How it starts


def test_whoever_asks_first_hears_not_ready_and_is_answered_soon(live: MakeLive, shop: Shop):
    """No credential is known yet either, and nobody else begins."""
    gateway = live()

    first = gateway.check(shop)
    until(lambda: gateway.check(shop).status == 204)

    assert (first.status, first.reason, first.headers["retry-after"]) == (503, "not_ready", "1")


@pytest.mark.parametrize("path", ["/gateway/ready", "/gateway/metrics", "/gateway/check/live-search"])
def test_every_question_begins(live: MakeLive, path: str):
    gateway = live()

    assert gateway.ask("GET", path).reason == "not_ready"
    until(lambda: gateway.door.follower.is_ready)


def test_many_that_begin_at_once_begin_one_thread(live: MakeLive):
    follower = live().door.follower

    for _each in range(20):
        follower.begin()

    assert sum(thread.name == "follower" for thread in enumerate_threads()) == 1


def test_what_changed_while_everything_was_read_is_known_when_it_is_ready(
    live: MakeLive, owner: Actor, shop: Shop, monkeypatch: pytest.MonkeyPatch
):
    """Loading may take a minute; a key that was revoked in the first second of it never passes."""
    gateway = live()
    load = loading.load

    def loading_slowly(*arguments: Any) -> Any:
        loaded = load(*arguments)
        revoke(owner, shop)
        return loaded

    monkeypatch.setattr(loading, "load", loading_slowly)

    gateway.look()

    assert gateway.check(shop).reason == "key_revoked"
    assert gateway.door.follower.seconds_behind < 1


def test_a_loading_that_fails_half_way_leaves_it_not_ready_and_is_tried_again(live: MakeLive, shop: Shop):
    gateway = live()
    db.session.rollback()

    for count in range(1, 6):
        with failing_after(count), pytest.raises(Exception):  # noqa: B017, PT011 - whatever the database says
            gateway.look()
        assert gateway.check(shop).reason == "not_ready"
    gateway.door.follower.end()

    assert gateway.look().check(shop).status == 204


# What it survives


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_died_is_replaced(live: MakeLive, shop: Shop, monkeypatch: pytest.MonkeyPatch):
    gateway = live(cut_off=0.3)
    died = Event()

    def die(*_arguments: Any) -> None:
        died.set()
        raise SystemExit

    gateway.door.follower.begin()
    until(lambda: gateway.check(shop).status == 204)
    with monkeypatch.context() as broken:
        broken.setattr(gateway.door.follower, "look", die)
        assert died.wait(SECONDS)
        until(lambda: not gateway.door.follower._thread.is_alive())

    until(lambda: gateway.check(shop).reason == "cut_off")
    until(lambda: gateway.check(shop).status == 204)


def test_a_log_that_is_closed_does_not_end_it(live: MakeLive, shop: Shop, monkeypatch: pytest.MonkeyPatch):
    def closed(*_arguments: Any, **_named: Any) -> None:
        raise BrokenPipeError

    gateway = live()
    gateway.door.follower.begin()
    until(lambda: gateway.check(shop).status == 204)
    with monkeypatch.context() as broken:
        broken.setattr(following.log, "warning", closed)
        broken.setattr(loading, "delta", closed)
        until(lambda: gateway.door.follower.seconds_behind > 0.3)

    until(lambda: gateway.door.follower.seconds_behind < 0.3)
    assert gateway.door.follower._thread.is_alive()


@pytest.mark.parametrize("error", [KeyError("x"), ValueError("x"), RuntimeError("x"), MemoryError()])
def test_whatever_goes_wrong_is_seen_in_the_figures_and_cuts_off_in_time(
    live: MakeLive, shop: Shop, error: Exception, monkeypatch: pytest.MonkeyPatch
):
    def fail(*_arguments: Any) -> None:
        raise error

    gateway = live(cut_off=0.3)
    gateway.door.follower.begin()
    until(lambda: gateway.check(shop).status == 204)
    monkeypatch.setattr(loading, "delta", fail)

    took = until(lambda: gateway.check(shop).reason == "cut_off")

    metrics = gateway.ask("GET", "/gateway/metrics").body.decode()
    assert took > 0.2
    assert f'portal_cut_off{{worker="{gateway.door.worker}"}} 1.0' in metrics
    assert f'portal_ready{{worker="{gateway.door.worker}"}} 0.0' in metrics


def test_a_change_that_does_not_fit_has_everything_loaded_anew(
    live: MakeLive, owner: Actor, shop: Shop, monkeypatch: pytest.MonkeyPatch
):
    gateway = live().look()
    known, apply = gateway.door.follower.tables, Tables.apply

    def fitting(tables: Tables, *arguments: Any) -> None:
        if tables is known:
            raise Incomplete
        apply(tables, *arguments)

    monkeypatch.setattr(Tables, "apply", fitting)
    revoke(owner, shop)

    assert gateway.look().check(shop).reason == "key_revoked"


def test_without_end_to_be_loaded_anew_counts_as_cut_off(live: MakeLive, shop: Shop, monkeypatch: pytest.MonkeyPatch):
    gateway = live(cut_off=0.2).look()
    monkeypatch.setattr(loading, "delta", lambda *_arguments: Gap())

    with pytest.raises(Outrun):
        gateway.look()
    time.sleep(0.3)

    assert gateway.check(shop).reason == "cut_off"


# What it does not answer by


def _move_back(_owner: Actor, _shop: Shop) -> None:
    """As a database does that was restored from a copy."""
    row = db.session.get_one(ChangeVersion, CALLS)
    row.version -= 1
    db.session.execute(delete(ChangedRow).where(ChangedRow.version > row.version))


def _move_in_time(_owner: Actor, _shop: Shop) -> None:
    """As one that was restored, and then changed as often as the one before."""
    db.session.get_one(ChangeVersion, CALLS).changed_at -= timedelta(seconds=1)


def _forget_the_version(_owner: Actor, _shop: Shop) -> None:
    db.session.execute(delete(ChangeVersion).where(ChangeVersion.id == CALLS))


def _all_tenants(_owner: Actor, _shop: Shop) -> None:
    db.session.execute(update(Tenant).values(version=Tenant.version + 1))


def _behind_the_portals_back(owner: Actor, shop: Shop) -> None:
    key = KeyPair.__table__
    revoked = update(key).where(key.c.api_key == shop.api_key).values(state="revoked")
    with db.engine.begin() as connection:
        connection.execute(revoked.execution_options(scope=Reader.UPKEEP))


@pytest.mark.parametrize("break_off", [_move_back, _move_in_time, _forget_the_version, _all_tenants])
def test_what_the_log_cannot_tell_is_loaded_anew(
    live: MakeLive, owner: Actor, shop: Shop, break_off: Callable[[Actor, Shop], None]
):
    """Another database, or another past of it: what stands there decides, not what was known."""
    a_key(owner)
    gateway = live().look()
    known = gateway.door.follower.tables

    db.session.rollback()
    _behind_the_portals_back(owner, shop)
    with transaction():
        break_off(owner, shop)
    told = gateway.look().check(shop)

    assert gateway.door.follower.tables is not known
    assert (told.status, told.reason) == (403, "key_revoked")


def test_a_log_that_was_pruned_meanwhile_is_a_gap_and_all_is_loaded(live: MakeLive, owner: Actor, shop: Shop):
    gateway = live().look()
    known = gateway.door.follower.tables

    revoke(owner, shop)
    a_key(owner)
    with transaction():
        changes.prune(clock.now())
    told = gateway.look().check(shop)

    assert gateway.door.follower.tables is not known
    assert told.reason == "key_revoked"


def test_a_gap_that_cannot_be_loaded_counts_as_cut_off(
    live: MakeLive, owner: Actor, shop: Shop, monkeypatch: pytest.MonkeyPatch
):
    def away(*_arguments: Any) -> None:
        raise OSError

    gateway = live(cut_off=0.3).look()
    revoke(owner, shop)
    a_key(owner)
    with transaction():
        changes.prune(clock.now())
    monkeypatch.setattr(loading, "load", away)
    gateway.door.follower.begin()

    until(lambda: gateway.check(shop).reason == "cut_off")


def test_one_follower_that_stands_still_is_cut_off_and_the_other_goes_on(live: MakeLive, owner: Actor, shop: Shop):
    """Two workers of different versions at once: each is within its own figure."""
    going, still = live(poll=0.05), live(cut_off=60).look()
    going.door.follower.begin()
    until(lambda: going.check(shop).status == 204)

    revoke(owner, shop)
    until(lambda: going.check(shop).reason == "key_revoked")
    meanwhile = still.check(shop).status

    still.door.follower._seen_at -= 60
    assert meanwhile == 204
    assert still.check(shop).reason == "cut_off"
    assert still.look().check(shop).reason == "key_revoked"


def test_the_time_without_the_database_counts_while_the_machine_sleeps_too(
    live: MakeLive, shop: Shop, monkeypatch: pytest.MonkeyPatch
):
    gateway = live().look()
    seconds = following._seconds
    monkeypatch.setattr(following, "_seconds", lambda: seconds() + 301)

    assert gateway.check(shop).reason == "cut_off"
    assert following._seconds is not time.monotonic


def test_a_clock_that_is_set_back_does_not_make_it_young(live: MakeLive, shop: Shop, monkeypatch: pytest.MonkeyPatch):
    gateway = live(cut_off=0.2).look()
    monkeypatch.setattr(clock, "unix_now", lambda: time.time() - 3600)
    time.sleep(0.3)

    assert gateway.check(shop).reason == "cut_off"


# Other processes


def _in_a_child(act: Callable[[], str]) -> str:
    """What `act` says in a process of its own, forked from this one."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            said = act()
        except BaseException as error:
            said = repr(error)
        os.write(writing, said.encode())
        os._exit(0)
    os.close(writing)
    with io.FileIO(reading) as said:
        answer = said.readall().decode()
    os.waitpid(child, 0)
    return answer


def test_a_fork_knows_nothing_and_follows_by_itself(live: MakeLive, owner: Actor, shop: Shop):
    """As under a server that loads the application first and forks then."""
    gateway = live(poll=0.01)
    gateway.door.follower.begin()
    until(lambda: gateway.check(shop).status == 204)
    worker = gateway.door.worker

    def act() -> str:
        first = gateway.check(shop)
        until(lambda: gateway.check(shop).status == 204)
        revoke(owner, shop)
        until(lambda: gateway.check(shop).reason == "key_revoked")
        return f"{first.reason} {gateway.door.worker != worker}"

    db.session.rollback()
    db.session.remove()
    assert _in_a_child(act) == "not_ready True"
    until(lambda: gateway.check(shop).reason == "key_revoked")


def test_a_fork_leaves_the_connections_to_its_parent(live: MakeLive, shop: Shop, app: Flask):
    live()
    db.session.execute(db.select(1))
    db.session.rollback()

    pools = {name: id(engine.pool) for name, engine in db.engines.items()}

    def act() -> str:
        with app.app_context():
            return str(any(id(engine.pool) == pools[name] for name, engine in db.engines.items()))

    assert _in_a_child(act) == "False"


def test_what_was_ended_does_not_begin_again(live: MakeLive, shop: Shop):
    gateway = live(cut_off=0.1)
    gateway.door.follower.begin()
    until(lambda: gateway.door.follower.is_ready)
    gateway.door.follower.end()
    time.sleep(0.2)

    assert gateway.check(shop).reason == "cut_off"
    assert not gateway.door.follower._thread.is_alive()


def test_a_database_that_says_nothing_is_not_waited_for_long(app: Flask, tmp_path: Path):
    """A machine that is gone sends no refusal; what takes its place may answer at the same address."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql+psycopg://portal_app@127.0.0.1:{silent.getsockname()[1]}/portal"
        elsewhere = create_app(settings_for(url, "", tmp_path))
        door = Door(alone, Following(Policy.REPORT, 0.05, 300), Listener.CREDENTIAL, elsewhere.app_context, OFFLINE)

        began = time.monotonic()
        with elsewhere.app_context(), pytest.raises(OperationalError):
            door.follower.look()

    assert time.monotonic() - began < 10


# Being told


def test_an_address_that_is_none_does_not_keep_it_from_looking(live: MakeLive, owner: Actor, shop: Shop):
    gateway = live(listen_url="postgresql+psycopg://nobody@127.0.0.1:1/none")
    gateway.door.follower.begin()
    until(lambda: gateway.check(shop).status == 204)

    revoke(owner, shop)

    until(lambda: gateway.check(shop).reason == "key_revoked")


def test_a_change_is_told_on_postgresql_at_once(live: MakeLive, owner: Actor, shop: Shop, app: Flask):
    if db.engine.dialect.name != "postgresql":
        pytest.skip("SQLite tells nobody")
    gateway = live(poll=30, listen_url=app.config["PORTAL"].database_url)
    gateway.door.follower.begin()
    until(lambda: gateway.check(shop).status == 204)
    time.sleep(0.5)  # listening begins beside the loading

    def act() -> str:
        revoke(owner, shop)
        return "revoked"

    db.session.rollback()
    db.session.remove()
    assert _in_a_child(act) == "revoked"
    until(lambda: gateway.check(shop).reason == "key_revoked")  # long before its next look would have come
