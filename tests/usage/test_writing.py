"""Writing what was gathered: counts that many processes add up to, and what the end of a process leaves behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from flask import Flask
from sqlalchemy import func, text
from sqlalchemy.exc import OperationalError

from portal.access.rows import Reader, across_tenants, owned_by
from portal.contracts import store as contracts
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.projects import operations
from portal.projects import store as projects
from portal.usage import discovery, recording, recording_store, store, traces, writing
from portal.usage.buffer import Buffer, Use, buffer
from portal.usage.clients import client_of
from portal.usage.models import KeyUse, Sighting, UseClient
from portal.usage.traces import Trace
from tests.factories import a_call, a_key, a_licensee
from tests.statements import failing_after
from tests.usage.conftest import attached

ROOT = Path(__file__).resolve().parents[2]
CALLS = 500
Process = subprocess.Popen[str]
# Another process that serves: gathers, says so, and then goes on, ends, or is ended.
PROGRAM = """
import sys, uuid
from wsgi import app
from portal.access.roles import Environment
from portal.foundation import clock
from portal.usage import traces, writing
from portal.usage.traces import Trace

tenant, pair = (uuid.UUID(one) for one in sys.argv[1:3])
space, then = sys.argv[3:5]
for number in range(int(sys.argv[5])):
    agent = "Magento Services Connector (Magento: Community 2.4.8)"
    trace = Trace(tenant, pair, Environment.SANDBOX, space, agent, "192.0.2.7", None, clock.now())
    traces.gather(trace)
    if then == "flush often" and number % 100 == 99:
        with app.app_context():
            traces.flush()
print("gathered", flush=True)
if then == "wait":
    sys.stdin.read()
"""


def total(column=KeyUse.count) -> int:
    db.session.rollback()
    return int(db.session.scalar(across_tenants(func.sum(column), reason=Reader.UPKEEP)) or 0)


def rows(model) -> int:
    db.session.rollback()
    return db.session.scalar(across_tenants(func.count(), reason=Reader.UPKEEP).select_from(model)) or 0


@pytest.fixture
def serving(app: Flask, pair, spaces) -> Iterator[Callable[..., Process]]:
    """Starts another process on this test's database that gathers so many calls, and then does as it is told."""
    settings = app.config["PORTAL"]
    known = {
        "PORTAL_MODE": "production",
        "DATABASE_URL": settings.database_url,
        "MIGRATION_DATABASE_URL": settings.migration_database_url,
        "SECRET_KEY": settings.secret_key,
        "KEK": settings.kek,
        "PASSWORD_PEPPER": settings.password_pepper,
        "EXTERNAL_BASE_URL": "https://portal.example.com",
        "MAIL_BACKEND": "folder",
        "MAIL_FOLDER": str(settings.data_folder),
        "MAIL_FROM": settings.mail_from,
        "DATA_FOLDER": str(settings.data_folder),
    }
    names = [str(one) for one in (pair.tenant_id, pair.id, spaces[1].public_id)]
    known["TRACED"] = " ".join(names)
    db.session.rollback()
    started = []

    def start(then: str, calls: int = CALLS, program: str = PROGRAM, words: Sequence[str] = ()) -> Process:
        command = [sys.executable, *(words or ("-c", program, *names, then, str(calls)))]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ | known, **pipes)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_flush_writes_first_last_and_count(owner, pair, spaces):
    at = datetime(2026, 5, 3, 12, tzinfo=UTC)
    for minutes in (5, 0, 9):
        a_call(pair, spaces[1], at=at + timedelta(minutes=minutes))

    written = traces.flush()

    (use,) = db.session.scalars(owned_by(owner, KeyUse)).all()
    assert written == 1
    assert (use.first_at, use.last_at, use.count, use.day) == (at, at + timedelta(minutes=9), 3, at.date())
    assert (use.holder_id, use.environment) == (pair.holder_id, pair.environment)


def test_later_flushes_add_to_the_same_row(owner, pair, spaces):
    at = datetime(2026, 5, 3, 12, tzinfo=UTC)
    for minutes in (5, 0, 9):
        a_call(pair, spaces[1], at=at + timedelta(minutes=minutes))
        traces.flush()

    (use,) = db.session.scalars(owned_by(owner, KeyUse)).all()
    assert (use.first_at, use.last_at, use.count) == (at, at + timedelta(minutes=9), 3)


def test_a_day_has_a_row_of_its_own(owner, pair):
    midnight = datetime(2026, 5, 4, tzinfo=UTC)
    for at in (midnight - timedelta(microseconds=1), midnight):
        a_call(pair, at=at)
    traces.flush()

    assert [row.day.day for row in db.session.scalars(owned_by(owner, KeyUse).order_by(KeyUse.day))] == [3, 4]


def test_a_flush_of_nothing_asks_the_database_nothing():
    with failing_after(0):
        assert traces.flush() == 0


def test_many_clients_are_written_in_portions(owner, pair):
    for number in range(2500):
        a_call(pair, address=f"10.{number // 250}.{number % 250}.1")
    traces.flush()

    assert total() == rows(UseClient) == 2500


def test_a_key_pair_that_is_not_there_is_left_out(pair, project):
    a_call(pair)
    ghost = Trace(pair.tenant_id, project.id, pair.environment, None, "", "", None, clock.now())
    traces.gather(ghost)
    traces.flush()

    assert total() == 1


def test_a_data_space_of_another_tenant_counts_as_none(pair, spaces):
    theirs = a_key(a_licensee())
    a_call(theirs, spaces[1])
    a_call(pair, user_agent="-")
    traces.flush()

    assert (total(), rows(Sighting)) == (2, 0)


@pytest.mark.parametrize("answered", range(8))
def test_a_database_that_goes_away_leaves_everything_for_the_next_time(answered, owner, pair, spaces):
    for _time in range(3):
        a_call(pair, spaces[1])
    with failing_after(answered), pytest.raises(OperationalError):
        traces.flush()
    db.session.rollback()

    traces.flush()

    assert total() == 3
    assert list(attached(owner)) == ["Shop (Community)"]


@pytest.fixture
def poisoned(monkeypatch, spaces) -> list[str]:
    """Discovery stumbles over everything that was seen on the data space Testing 1; these editions it was asked for."""
    asked, real = [], discovery.discover

    def stumbling(seen):
        if any(one.data_space_id == spaces[1].id for one in seen):
            asked.extend(one.client.edition for one in seen)
            raise RuntimeError("a mistake")
        real(seen)

    monkeypatch.setattr(discovery, "discover", stumbling)
    return asked


def test_a_mistake_in_discovery_loses_no_count(poisoned, pair, spaces):
    a_call(pair, spaces[1])
    traces.flush()

    assert total() == 1
    assert not buffer


def test_what_cannot_be_discovered_does_not_starve_other_data_spaces(poisoned, owner, pair, spaces):
    theirs = a_licensee()
    for space in (spaces[1], spaces[2]):
        a_call(pair, space)
    traces.flush()
    their_pair = a_key(theirs)
    a_call(their_pair, _a_space(theirs))
    traces.flush()

    assert list(attached(owner)) == list(attached(theirs)) == ["Shop (Community)"]


def _a_space(owner):
    with transaction():
        made = operations.create(owner, "Shops", contracts.all_of(owner)[0])
    return projects.get(owner, made.public_id).data_spaces[1]


def test_what_cannot_be_discovered_is_tried_once_more_and_then_dropped(poisoned, pair, spaces):
    a_call(pair, spaces[1])
    for _time in range(4):
        traces.flush()
    assert poisoned == ["Community"] * 2

    a_call(pair, spaces[1], edition="Enterprise")
    for _time in range(4):
        traces.flush()

    assert poisoned == ["Community"] * 2 + ["Enterprise"] * 2
    assert total() == 2


def test_a_data_space_that_the_database_refuses_lets_the_others_go_first(monkeypatch, owner, pair, spaces):
    real = discovery.discover

    def refusing(seen):
        if seen[0].data_space_id == spaces[1].id:
            raise OperationalError("SELECT", None, Exception("canceling statement due to lock timeout"))
        real(seen)

    monkeypatch.setattr(discovery, "discover", refusing)
    for space in (spaces[1], spaces[2]):
        a_call(pair, space)
    for _time in range(2):
        with pytest.raises(OperationalError):
            traces.flush()
    assert list(attached(owner)) == ["Shop (Community)"]

    monkeypatch.setattr(discovery, "discover", real)
    traces.flush()

    assert len(store.installations(owner)) == 2


def test_counting_waits_for_nobody_who_looks_at_the_data_space(app, owner, pair, spaces):
    if db.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    wanted = [(owner.tenant_id, space.id) for space in spaces]
    with _held(app, lambda: recording_store.lock_spaces(wanted)):
        _count_at_once(pair, spaces)
    with _held(app, lambda: recording_store.lock_space(owner, spaces[1].id)):
        _count_at_once(pair, spaces)

    assert total() == 2 * len(spaces)


@contextmanager
def _held(app: Flask, lock: Callable[[], object]) -> Iterator[None]:
    locked, done = Event(), Event()

    def work() -> None:
        with app.app_context(), transaction():
            lock()
            locked.set()
            done.wait(60)

    thread = Thread(target=work)
    thread.start()
    try:
        assert locked.wait(60)
        yield
    finally:
        done.set()
        thread.join()


def _count_at_once(pair, spaces) -> None:
    for space in spaces:
        a_call(pair, space)
    with transaction():
        db.session.execute(text("SET LOCAL lock_timeout = '3s'"), execution_options={"scope": Reader.UPKEEP})
        recording.record(buffer.take())


def test_many_threads_that_count_and_discover_on_the_same_data_spaces_never_block_each_other(app, owner, pair, spaces):
    if db.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    tenant_id, pair_id = pair.tenant_id, pair.id
    db.session.rollback()
    failed: list[BaseException] = []

    def work(number: int) -> None:
        own, order = writing.Writer(Buffer()), spaces[number % 3 :] + spaces[: number % 3]
        with app.app_context():
            for time_ in range(30):
                for space in order:
                    client = client_of(f"Magento Services Connector (Magento: E{number} {time_})", "192.0.2.7", None)
                    use = Use(tenant_id, pair_id, space.public_id, client, clock.now().date())
                    own.kept.count(use, clock.now(), clock.now())
                try:
                    own.flush()
                except OperationalError as error:
                    failed.append(error)

    threads = [Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    assert total() == 4 * 30 * 3


def test_what_threads_gather_and_flush_at_once_is_counted_once(app, pair, spaces):
    at = clock.now()
    trace = Trace(pair.tenant_id, pair.id, pair.environment, spaces[1].public_id, "", "192.0.2.7", None, at)
    db.session.rollback()

    def work() -> None:
        with app.app_context():
            for number in range(CALLS):
                traces.gather(trace)
                if number % 100 == 99:
                    traces.flush()

    threads = [Thread(target=work) for _number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert total() == 2 * CALLS


def test_two_processes_add_up_and_discover_one_shop(owner, serving):
    processes = [serving("flush often") for _number in range(2)]

    assert [process.wait(60) for process in processes] == [0, 0]
    assert total() == 2 * CALLS
    assert list(attached(owner)) == ["Shop (Community)"]


def test_a_process_that_ends_writes_what_it_has(serving):
    process = serving("end")

    assert process.wait(60) == 0
    assert total() == CALLS


def test_a_forked_worker_writes_its_own_calls_and_not_its_parents_again(serving):
    """A server may fork its workers after the application was loaded; multiprocessing ends them without `atexit`."""
    forking = PROGRAM + (
        "\nimport multiprocessing\n"
        "child = multiprocessing.get_context('fork').Process(target=traces.gather, args=(trace,))\n"
        "child.start(); child.join()\n"
    )
    process = serving("end", 1, forking)

    assert process.wait(60) == 0
    assert total() == 2


def test_the_servers_workers_write_when_they_are_stopped(serving):
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = str(free.getsockname()[1])
    options = ["--interface", "wsgi", "--workers", "2", "--port", port, "--workers-kill-timeout", "10"]
    server = serving("", words=["-m", "granian", *options, "tests.usage.server:app"])
    answered = [_ask(port) for _time in range(40)]

    server.terminate()

    server.wait(60)
    assert answered == ["seen"] * 40
    assert total() == 40


def _ask(port: str) -> str:
    deadline = time.monotonic() + 60
    while True:
        try:
            with urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
                return answer.read().decode()
        except URLError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def test_kill_9_loses_what_was_not_written_and_nothing_else(pair, spaces, serving):
    a_call(pair, spaces[1])
    traces.flush()
    process = serving("wait")
    assert process.stdout.readline() == "gathered\n"

    process.send_signal(signal.SIGKILL)
    process.wait(60)

    assert total() == 1


def test_the_thread_writes_by_itself(serving):
    quick = PROGRAM.replace("import traces, writing", "import traces, writing\nwriting.WAIT_SECONDS = 0.2")
    process = serving("wait", CALLS, quick)
    assert process.stdout.readline() == "gathered\n"

    deadline = time.monotonic() + 30
    while total() < CALLS and time.monotonic() < deadline:
        time.sleep(0.1)

    assert total() == CALLS


def test_no_thread_starts_where_nobody_said_how_it_may_write(pair):
    a_call(pair)

    assert writing.writer._thread is None
