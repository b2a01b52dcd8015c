"""What a door holds in memory: as fresh as the version it saw, and never older than a second."""

import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

from portal.verifier.held_keys import HeldKey, HeldKeys
from tests.verifier.records import a_held_key

pytestmark = pytest.mark.no_database

API_KEY = "0" * 32


class Source:
    """A database as a door sees it: a version, and keys that come and go; it counts what is asked."""

    def __init__(self) -> None:
        self.version, self.changes, self.seconds = 1, 0, 0.0
        self.keys: dict[str, HeldKey] = {}
        self.looks, self.reads = 0, 0
        self.while_reading: Callable[[], None] = lambda: None

    def read_version(self) -> int:
        self.looks += 1
        return self.version

    def read_key(self, api_key: str) -> HeldKey | None:
        self.reads += 1
        found = self.keys.get(api_key)
        self.while_reading()
        return found

    def change(self, *keys: HeldKey) -> None:
        self.version += 1
        self.keys = {held.key.api_key: held for held in keys}


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def held_keys(source: Source) -> HeldKeys:
    source.change(a_held_key())
    return HeldKeys(source.read_version, source.read_key, lambda: source.changes, lambda: source.seconds)


def test_a_key_is_read_once(held_keys: HeldKeys, source: Source):
    found = [held_keys.find(API_KEY) for _call in range(100)]

    assert found == [source.keys[API_KEY]] * 100
    assert (source.looks, source.reads) == (1, 1)


def test_the_version_is_looked_at_once_a_second(held_keys: HeldKeys, source: Source):
    for tenth in range(50):
        source.seconds = tenth / 10
        held_keys.find(API_KEY)

    assert source.looks == 5
    assert source.reads == 1


def test_a_change_is_seen_within_a_second(held_keys: HeldKeys, source: Source):
    held_keys.find(API_KEY)
    source.change()

    source.seconds = 1.0

    assert held_keys.find(API_KEY) is None


def test_a_change_of_this_very_process_is_seen_at_once(held_keys: HeldKeys, source: Source):
    held_keys.find(API_KEY)
    source.change()

    source.changes += 1

    assert held_keys.find(API_KEY) is None


def test_an_unknown_key_is_asked_again_each_time(held_keys: HeldKeys, source: Source):
    assert held_keys.find("f" * 32) is None
    assert held_keys.find("f" * 32) is None

    assert source.reads == 2


def test_a_key_that_was_read_during_a_change_does_not_outlive_it(held_keys: HeldKeys, source: Source):
    """The key is read, then the change commits and another thread sees it, and only then is the key kept."""

    def change_meanwhile() -> None:
        source.while_reading = lambda: None
        source.change()
        source.changes += 1
        held_keys.find("f" * 32)

    source.while_reading = change_meanwhile
    held_keys.find(API_KEY)

    assert held_keys.find(API_KEY) is None


def test_without_its_source_it_answers_nothing_from_memory(held_keys: HeldKeys, source: Source):
    held_keys.find(API_KEY)

    def away() -> int:
        raise ConnectionError

    held_keys._read_version = away
    source.seconds = 1.0

    for _call in range(2):
        with pytest.raises(ConnectionError):
            held_keys.find(API_KEY)


def test_many_threads_look_once(held_keys: HeldKeys, source: Source):
    barrier = threading.Barrier(8)

    def call() -> None:
        barrier.wait()
        held_keys.find(API_KEY)

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
