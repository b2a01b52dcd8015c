"""A library at the real door: it answers as the door does, goes on without it for the stated time, and then no more."""

import http.client
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from portal.foundation import signing
from portal.foundation.database import transaction
from portal.foundation.signing import Purpose
from portal.verifier.decision import Call
from portal.verifier.library import Library
from tests.gateway.real.doors import a_door
from tests.gateway.real.world import Caller, World

pytestmark = [pytest.mark.own_database, pytest.mark.either_database]

SERVICE = "live-search"
MakeLibrary = Callable[..., Library]


@pytest.fixture
def a_library(world: World, tmp_path: Path) -> Iterator[MakeLibrary]:
    """Makes libraries, which keep what they know in one folder, and ends them."""
    made = []

    def make(port: int, environment: str = "sandbox", now: Callable[[], float] = time.time) -> Library:
        named = world.settings.external_base_url
        url = f"http://localhost:{port}"
        library = Library(url, environment, world.credential, named=named, folder=tmp_path, now=now)
        library.start = lambda: None  # type: ignore[method-assign]
        made.append(library)
        return library

    yield make
    for library in made:
        library.stop()


def reason_of(library: Library, caller: Caller) -> str | None:
    token = caller.headers()["x-gw-signature"]
    return library.decide(Call(caller.api_key, token, SERVICE, caller.space or None)).reason


def reason_at(port: int, world: World, caller: Caller) -> str | None:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        headers = caller.headers() | {"X-Portal-Credential": world.credential, "Host": "localhost"}
        connection.request("GET", f"/gateway/check/{SERVICE}", headers=headers)
        return connection.getresponse().headers["X-Portal-Reason"]


def test_it_answers_as_the_door_does(door: int, world: World, a_library: MakeLibrary):
    sandbox, production = a_library(door), a_library(door, "production")
    assert sandbox.refresh(), sandbox.problem
    assert production.refresh(), production.problem

    told = {name: reason_of(sandbox, caller) for name, caller in world.callers.items()}
    told["production"] = reason_of(production, world.callers["production"])

    assert told == {name: reason_at(door, world, caller) for name, caller in world.callers.items()}
    assert len(set(told.values())) > 6


def test_its_thread_fetches_by_itself_and_reports_at_the_end(door: int, world: World):
    library = Library(f"http://localhost:{door}", "sandbox", world.credential, named=world.settings.external_base_url)
    try:
        deadline = time.monotonic() + 20
        while reason_of(library, world.callers["good"]) == "not_ready" and time.monotonic() < deadline:
            time.sleep(0.05)
        assert reason_of(library, world.callers["good"]) is None, library.problem
    finally:
        library.stop()

    assert len(library.uses) == 0


def test_rotating_the_portals_key_elsewhere_interrupts_nothing(door: int, world: World, a_library: MakeLibrary):
    library = a_library(door)
    assert library.refresh(), library.problem
    with world.app.app_context(), transaction():
        signing.rotate(Purpose.BUNDLE_SANDBOX)

    assert library.refresh(), library.problem
    assert reason_of(library, world.callers["good"]) is None


def test_without_the_door_it_goes_on_until_its_time_is_over(world: World, a_library: MakeLibrary, tmp_path: Path):
    later = [0.0]
    (tmp_path / "door").mkdir()
    with a_door(world.settings, tmp_path / "door", "report") as port:
        library = a_library(port, now=lambda: time.time() + later[0])
        assert library.refresh(), library.problem
    good = world.callers["good"]

    away = library.refresh()
    told = [away, reason_of(library, good), reason_of(a_library(port), good)]
    later[0] = 301

    assert told == [False, None, None]
    assert library.decide(Call(good.api_key, "", SERVICE)).reason == "cut_off"


def test_another_worker_goes_on_where_one_left_off(door: int, world: World, a_library: MakeLibrary, tmp_path: Path):
    library = a_library(door)
    assert library.refresh(), library.problem
    version = library.version
    (tmp_path / "door").mkdir()
    with a_door(world.settings, tmp_path / "door", "report") as port:
        other = a_library(port)

        assert other.version == version
        assert other.refresh(), other.problem
        assert other.version is not None
        assert version is not None
        assert other.version >= version
        assert reason_of(other, world.callers["revoked"]) == "key_revoked"
