"""What a door holds in memory: as fresh as the version it saw, and never older than a second."""

import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

from portal.verifier.snapshot import KeyRecord, Snapshot
from tests.verifier.records import a_record

pytestmark = pytest.mark.no_database

API_KEY = "0" * 32


class Source:
    """A database as a snapshot sees it: a version, and records that come and go; it counts what is asked."""

    def __init__(self) -> None:
        self.version, self.changes, self.seconds = 1, 0, 0.0
        self.records: dict[str, KeyRecord] = {}
        self.looks, self.reads = 0, 0
        self.while_reading: Callable[[], None] = lambda: None

    def read_version(self) -> int:
        self.looks += 1
        return self.version

    def read_record(self, api_key: str) -> KeyRecord | None:
        self.reads += 1
        found = self.records.get(api_key)
        self.while_reading()
        return found

    def change(self, *records: KeyRecord) -> None:
        self.version += 1
        self.records = {record.api_key: record for record in records}


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def snapshot(source: Source) -> Snapshot:
    source.change(a_record())
    return Snapshot(source.read_version, source.read_record, lambda: source.changes, lambda: source.seconds)


def test_a_record_is_read_once(snapshot: Snapshot, source: Source):
    found = [snapshot.find(API_KEY) for _call in range(100)]

    assert found == [source.records[API_KEY]] * 100
    assert (source.looks, source.reads) == (1, 1)


def test_the_version_is_looked_at_once_a_second(snapshot: Snapshot, source: Source):
    for tenth in range(50):
        source.seconds = tenth / 10
        snapshot.find(API_KEY)

    assert source.looks == 5
    assert source.reads == 1


def test_a_change_is_seen_within_a_second(snapshot: Snapshot, source: Source):
    snapshot.find(API_KEY)
    source.change()

    source.seconds = 1.0

    assert snapshot.find(API_KEY) is None


def test_a_change_of_this_very_process_is_seen_at_once(snapshot: Snapshot, source: Source):
    snapshot.find(API_KEY)
    source.change()

    source.changes += 1

    assert snapshot.find(API_KEY) is None


def test_an_unknown_key_is_asked_again_each_time(snapshot: Snapshot, source: Source):
    assert snapshot.find("f" * 32) is None
    assert snapshot.find("f" * 32) is None

    assert source.reads == 2


def test_a_record_that_was_read_during_a_change_does_not_outlive_it(snapshot: Snapshot, source: Source):
    """The record is read, then the change commits and another thread sees it, and only then is the record kept."""

    def change_meanwhile() -> None:
        source.while_reading = lambda: None
        source.change()
        source.changes += 1
        snapshot.find("f" * 32)

    source.while_reading = change_meanwhile
    snapshot.find(API_KEY)

    assert snapshot.find(API_KEY) is None


def test_without_its_source_it_answers_nothing_from_memory(snapshot: Snapshot, source: Source):
    snapshot.find(API_KEY)

    def away() -> int:
        raise ConnectionError

    snapshot._read_version = away
    source.seconds = 1.0

    for _call in range(2):
        with pytest.raises(ConnectionError):
            snapshot.find(API_KEY)


def test_many_threads_look_once(snapshot: Snapshot, source: Source):
    barrier = threading.Barrier(8)

    def call() -> None:
        barrier.wait()
        snapshot.find(API_KEY)

    threads = [threading.Thread(target=call) for _number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert source.looks == 1


def test_the_verifier_loads_neither_flask_nor_the_database():
    code = "import sys, portal.verifier.tokens; print({'flask', 'sqlalchemy', 'werkzeug'} & sys.modules.keys())"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert loaded.strip() == "set()"
