"""What bench/gateway.py has served: a trivial app, a trivial Flask route, and the gateway's own door over made-up keys.

`door` is what `wsgi:gateway` is, with three things set, all of them only here: what is loaded are made-up accounts
(bench/gateway_records.py), since a million keys would take hours through the portal; its clock runs in a circle, so
that prepared tokens stay good; and one service credential works. Twice a second a hundred keys change.
"""

import gc
import hashlib
import json
import os
import resource
import time
from collections.abc import Iterable
from typing import Any

from flask import Flask

from bench import gateway_keys, gateway_records
from portal.verifier.records import ACTIVE
from portal.verifier.tables import Delta, Tables

CREDENTIAL = "psc_" + "A" * 43
FORGET, FACTS = "/bench/forget", "/bench/facts"
CHANGED_AT_ONCE = 100
HEADERS = [
    ("X-Portal-Worker", "0123abcd"),
    ("Cache-Control", "no-store"),
    ("X-Portal-Account", "MAG000000001"),
    ("X-Portal-Tenant", "Account 1 of Somewhere"),
    ("X-Portal-Environment", "production"),
    ("X-Portal-Holder", "MAG000000001"),
    ("X-Portal-Data-Space", "00000000-0000-4000-8000-000000000000"),
]

flask = Flask("flask")


def trivial(_environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """The least that a WSGI app can do which answers with as many headers as the door."""
    start_response("204 No Content", HEADERS)
    return []


@flask.route("/gateway/check/<service>")
def hello(service: str) -> tuple[str, int]:
    """The least that a Flask route can do."""
    return "", 204


@flask.route(FORGET)
def nothing() -> tuple[str, int]:
    """What makes the door forget tokens, which nobody else has to."""
    return "", 204


def __getattr__(name: str) -> Any:
    """`door`, made only in the process that serves it."""
    if name != "door":
        raise AttributeError(name)
    globals()[name] = made = _door()
    return made


class Load:
    """Stands in for the portal's reading of its database: made-up accounts, and changes of them."""

    def __init__(self) -> None:
        self.keys, self._turn = int(os.environ["BENCH_KEYS"]), 0
        self._pool = gateway_keys.pool(self.keys, int(os.environ["BENCH_BITS"]))
        self.facts: dict[str, float] = {"longest_collection": 0.0, "longest_change": 0.0}

    def all_of_it(self, tables: Tables) -> None:
        """Load everything, and note what memory it took."""
        began, empty = time.monotonic(), _resident()
        for delta in gateway_records.surroundings(self.keys):
            tables.apply(delta, 0)
        around = _resident()
        for delta in gateway_records.pairs(self._pool, self.keys):
            tables.apply(delta, 0)
        self.facts["bytes_around_a_key"] = (around - empty) / self.keys
        self.facts["bytes_a_key"] = (_resident() - around) / self.keys
        self.facts["seconds_to_load"] = time.monotonic() - began

    def change(self) -> Delta:
        """A hundred keys, of which every other one is as good as before under a new end of its term."""
        self._turn += 1
        first = self._turn * CHANGED_AT_ONCE
        numbers = {number % self.keys for number in range(first, first + CHANGED_AT_ONCE)}
        return Delta(keys=[gateway_records.pair(self._pool, number, ACTIVE) for number in sorted(numbers)])


def _resident() -> int:
    """Octets of this process in memory."""
    gc.collect()
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()


def _door() -> Any:
    from portal.app import create_app, gateway_before
    from portal.config import from_environment
    from portal.credentials import store as credentials
    from portal.credentials.store import Working
    from portal.foundation import clock
    from portal.impact import loading
    from portal.impact.loading import Followed, Loaded

    load = Load()

    def load_all(policy: Any, _tell: Any = None) -> Loaded:
        tables = Tables(policy)
        load.all_of_it(tables)
        return Loaded(tables, (1, clock.now()))

    def load_delta(_tables: Tables, since: Any) -> Followed:
        return Followed(load.change(), (since[0] + 1, clock.now()))

    working = Working(hashlib.sha256(CREDENTIAL.encode()).digest(), "bench", None, None)
    loading.load, loading.delta = load_all, load_delta  # type: ignore[assignment]
    credentials.all_working = lambda _at: [working]  # type: ignore[assignment]
    clock.unix_now = gateway_keys.clock
    door = gateway_before(create_app(from_environment()), lambda environ, start: _ours(door, load, environ, start))
    _time(load, door)
    door.follower.begin()
    gc.collect()
    gc.freeze()
    return door


def _ours(door: Any, load: Load, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """What the bench asks the door's process, behind the door."""
    from bench.gateway_library import forget_tokens

    if environ["PATH_INFO"] == FORGET:
        forget_tokens(door.prove)
        start_response("204 No Content", [])
        return []
    body = json.dumps(load.facts).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def _time(load: Load, door: Any) -> None:
    """Note the longest garbage collection and the longest change, in milliseconds, once everything is loaded."""
    began = [0.0]

    def collected(phase: str, _info: Any) -> None:
        if phase == "start":
            began[0] = time.perf_counter()
        elif door.follower.is_ready:
            _note(load.facts, "longest_collection", began[0])

    def applied(tables: Tables, delta: Delta, version: int) -> None:
        start = time.perf_counter()
        apply(tables, delta, version)
        if door.follower.is_ready:
            _note(load.facts, "longest_change", start)

    apply, Tables.apply = Tables.apply, applied  # type: ignore[method-assign]
    gc.callbacks.append(collected)


def _note(facts: dict[str, float], name: str, began: float) -> None:
    facts[name] = max(facts[name], (time.perf_counter() - began) * 1000)
