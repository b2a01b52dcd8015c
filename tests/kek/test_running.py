"""A rotation beside a portal that runs: readers and writers go on, a kill costs nothing, and nothing secret is told."""

import base64
import contextlib
import os
import re
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

import pytest
from flask import Flask

from portal.access.actor import Actor
from portal.foundation import signing
from portal.foundation.database import db, transaction
from portal.foundation.sealing import Sealer
from portal.foundation.signing import Purpose
from portal.kek import operations as keks
from portal.outbox import operations as outbox
from tests.factories import a_licensee, a_vendor
from tests.kek.scenes import (
    NEW,
    NEW_ID,
    OLD,
    OLD_ID,
    REFUSAL,
    ROOT,
    SECRET,
    STRANGE,
    STRANGE_ID,
    a_mail,
    begin_with,
    ended,
    environment_of,
    fill,
    flask,
    ids_in_use,
    opened,
    stored,
    text_of,
)

ROTATE, STATUS, WORKER = flask("portal", "kek", "rotate"), flask("portal", "kek", "status"), flask("worker", "--once")
SERVE = [sys.executable, "-c", "import wsgi"]  # as a server's process does
# Whatever would be too much to tell: keys in any common spelling, what is sealed, and texts that only open with them.
SPELLINGS = (base64.b64encode, base64.urlsafe_b64encode, base64.b16encode, bytes.hex)


@pytest.fixture
def owner() -> Actor:
    return a_licensee()


def many_mails(count: int) -> None:
    with transaction():
        outbox.post_many([outbox.Letter("digest", "ann@example.com", "en", {"token": SECRET})] * count)


def under(key_id: str) -> int:
    db.session.rollback()
    return sum(use.values for use in keks.in_use() if use.key_id == key_id)


@contextmanager
def again_and_again(app: Flask, *acts: Callable[[], object]) -> Iterator[list[list[float | Exception]]]:
    """Each act in a thread of its own, until the block ends; how long each turn took, or how it failed."""
    stop, told = Event(), [list[float | Exception]() for _ in acts]

    def work(act: Callable[[], object], noted: list[float | Exception]) -> None:
        with app.app_context():
            while not stop.is_set():
                began = time.monotonic()
                try:
                    act()
                    noted.append(time.monotonic() - began)
                except Exception as error:
                    noted.append(error)
                finally:
                    db.session.remove()
                stop.wait(0.002)

    threads = [Thread(target=work, args=pair) for pair in zip(acts, told, strict=True)]
    for thread in threads:
        thread.start()
    try:
        yield told
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_readers_and_writers_go_on_while_everything_is_sealed_anew(app: Flask, owner: Actor):
    fill(owner, 5)
    many_mails(1500)
    begin_with(app, NEW, OLD)
    db.session.remove()
    told: set[str] = set()

    def write() -> None:
        with transaction():
            a_mail(owner)

    def read() -> None:
        assert len(opened()) > 1500

    def deliver() -> None:
        outbox.deliver_due(lambda message: told.add(str(message.facts["token"])), limit=5)

    def sign() -> None:
        for purpose in Purpose:
            with transaction():
                signed = signing.sign(purpose, b"words")
            assert signing.verify(purpose, signed.key_id, b"words", signed.signature)

    with again_and_again(app, write, read, deliver, sign) as turns:
        done = ended(ROTATE, environment_of(app, NEW, OLD))

    names = ("wrote", "read", "delivered", "signed")
    failures = {
        name: [str(one) for one in noted if isinstance(one, Exception)]
        for name, noted in zip(names, turns, strict=True)
    }
    for name, noted in zip(names, turns, strict=True):
        took = [one * 1000 for one in noted if isinstance(one, float)]
        print(f"{name}: {len(took)} times, median {statistics.median(took):.1f} ms, longest {max(took):.1f} ms")
    assert not any(failures.values()), failures
    assert all(noted for noted in turns)
    assert told == {SECRET}
    assert done.returncode == 0, done.stderr
    assert ids_in_use() == {NEW_ID}
    begin_with(app, NEW)
    assert len(opened()) == len(stored())


def killed(app: Flask, after: int) -> int:
    """Start a rotation, kill it once that many more values are sealed anew; how many are by then."""
    begun_with = under(NEW_ID)
    process = subprocess.Popen(
        ROTATE, cwd=ROOT, env=environment_of(app, NEW, OLD), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while process.poll() is None and under(NEW_ID) < begun_with + after:
            time.sleep(0.005)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert process.returncode == -signal.SIGKILL, "it was over before it could be killed"
    return under(NEW_ID)


def test_a_rotation_that_is_killed_goes_on_where_it_was(app: Flask, owner: Actor):
    fill(owner, 3)
    many_mails(2000)
    before = opened()
    begin_with(app, NEW, OLD)

    reached = []
    for after in (1, 300, 400):
        reached.append(killed(app, after))
        assert opened() == before
    done = ended(ROTATE, environment_of(app, NEW, OLD))

    print(f"killed with {reached} of {len(before)} values sealed anew; then finished")
    assert 0 < reached[0] < reached[1] < reached[2] < len(before)
    assert done.returncode == 0, done.stderr
    begin_with(app, NEW)
    assert ids_in_use() == {NEW_ID}
    assert opened() == before


def test_two_rotations_at_once_share_the_work(app: Flask, owner: Actor):
    fill(owner, 3)
    many_mails(1500)
    begin_with(app, NEW, OLD)
    before = opened()
    settings = environment_of(app, NEW, OLD)

    both = [
        subprocess.Popen(ROTATE, cwd=ROOT, env=settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    told = [process.communicate(timeout=60)[0] for process in both]

    anew = [sum(int(number.replace(",", "")) for number in re.findall(r"([\d,]+) sealed anew", text)) for text in told]
    print(f"sealed anew by each of the two: {anew}")
    assert [process.returncode for process in both] == [0, 0]
    assert sum(anew) == len(before)
    assert opened() == before


def test_a_portal_with_a_wrong_key_does_not_start(app: Flask, owner: Actor):
    fill(owner)

    refused = [ended(command, environment_of(app, STRANGE)) for command in (SERVE, WORKER)]
    started = ended(SERVE, environment_of(app, OLD))

    assert refused[0].stderr.startswith(f"The portal does not start:\n- {REFUSAL}")
    assert refused[1].stderr.startswith(f"Error: {REFUSAL}")
    assert [each.returncode for each in refused] == [1, 1]
    assert not [each.stderr for each in refused if "Traceback" in each.stderr]
    assert started.returncode == 0, started.stderr


def test_with_a_wrong_key_what_helps_still_works(app: Flask, owner: Actor):
    fill(owner)
    wrong = environment_of(app, STRANGE)

    upgraded, told = ended(flask("db", "upgrade"), wrong), ended(STATUS, wrong)

    assert upgraded.returncode == 0, upgraded.stderr
    assert told.returncode == 1
    assert re.search(rf"outbox.sealed +{OLD_ID} +2  CANNOT BE OPENED", told.stdout)


def test_a_server_starts_while_its_database_is_away(app: Flask, tmp_path):
    away = environment_of(app, OLD) | {"DATABASE_URL": f"sqlite:///{tmp_path}/nowhere/portal.sqlite3"}

    started = ended(SERVE, away)

    assert started.returncode == 0, started.stderr


def test_nothing_secret_is_told(app: Flask, owner: Actor):
    a_vendor()
    fill(owner, 2)
    secrets = [*stored(), SECRET, "ann@example.com"]
    keks = [OLD, NEW, STRANGE]
    with transaction():  # one that does not open, so that this is told, too
        mail = outbox.post("digest", "ann@example.com", "en", {"token": SECRET})
        mail.sealed = Sealer(STRANGE).seal(SECRET.encode(), outbox._place(mail.id, None))
    ring = environment_of(app, NEW, OLD)

    told = [
        ended(ROTATE, ring),
        ended(STATUS, ring),
        ended(SERVE, environment_of(app, STRANGE)),
        ended(WORKER, environment_of(app, OLD, KEK_CHECK=NEW_ID)),
    ]

    assert [each.returncode for each in told] == [1, 1, 1, 1]
    words = "\n".join(each.stdout + each.stderr for each in told)
    spelled = [spelling(kek) for kek in keks for spelling in SPELLINGS]
    too_much = [*secrets, *stored(), *(each.decode() if isinstance(each, bytes) else each for each in spelled)]
    assert not [each for each in too_much if each in words]
    assert text_of(NEW).rstrip("=") not in words
    assert {OLD_ID, NEW_ID, STRANGE_ID} <= set(re.findall(r"\b[0-9a-f]{8}\b", words))
