"""From a revocation to its refusal: two workers, asked until they refuse; and what they do without their database.

The time runs from the end of the revoking transaction to the first refusal that arrives. The revocation is this
process's own, so that no worker hears of it but through the database.
"""

import argparse
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask
from sqlalchemy import select

from bench import gateway_keys
from bench.accounts import an_owner, prepared
from bench.connector import a_pair, shops_headers
from bench.serving import environment, free_port, served
from portal.access.actor import Actor
from portal.contracts.models import Contract
from portal.delegations.people import as_of_now
from portal.foundation.database import db, transaction
from portal.keys import operations as keys
from portal.keys import store

SERVICE = "live-search"
WORKERS = 2
BITS = 2048
CUT_OFF_SECONDS = 5.0
PATIENCE_SECONDS = 30.0
POLL, LISTEN = "poll", "LISTEN"
AIMS = {POLL: 1.0, LISTEN: 0.1}
SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"
WAYS = [(SQLITE, POLL), (POSTGRESQL, POLL), (POSTGRESQL, LISTEN)]


@dataclass(frozen=True)
class Made:
    """A key pair."""

    api_key: str
    private: rsa.RSAPrivateKey

    def headers(self) -> dict[str, str]:
        """What its shop sends now."""
        return shops_headers(self.api_key, self.private)


@dataclass(frozen=True)
class Measured:
    """What one worker did upon all revocations, in seconds."""

    way: str
    worker: str
    seconds: list[float]
    aim: float

    def __str__(self) -> str:
        ordered = sorted(self.seconds)
        figures = statistics.median(ordered), ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))], ordered[-1]
        p50, p99, most = (f"{figure * 1000:,.0f} ms" for figure in figures)
        met = "met" if figures[1] <= self.aim else "MISSED"
        return f"| {self.way} | {self.worker} | {p50} | {p99} | {most} | {self.aim * 1000:,.0f} ms | {met} |"


class Asker:
    """One connection to a worker, whose name is `worker`."""

    def __init__(self, port: int, headers: dict[str, str]) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=10)
        self.worker = ""
        self.ask(headers)

    def ask(self, headers: dict[str, str]) -> tuple[int, str | None]:
        """Status and reason of the answer."""
        self._connection.request("GET", f"/gateway/check/{SERVICE}", headers=headers)
        response = self._connection.getresponse()
        response.read()
        self.worker = response.getheader("X-Portal-Worker", "")
        return response.status, response.getheader("X-Portal-Reason")

    def until(self, status: int, headers: dict[str, str]) -> float:
        """The moment at which such an answer came. Raises: SystemExit, when none comes."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if self.ask(headers)[0] == status:
                return time.monotonic()
            time.sleep(0.001)
        raise SystemExit(f"worker {self.worker} did not answer with {status} within {PATIENCE_SECONDS:.0f} s")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the probe may be told."""
    parser.add_argument("--revocation", action="store_true", help="from revocation to refusal instead")
    parser.add_argument("--times", type=int, default=100, help="how many keys are revoked")
    parser.add_argument("--on", choices=(SQLITE, POSTGRESQL), help="this database only")


def main(wish: argparse.Namespace) -> None:
    """Probe and print."""
    lines = []
    for database, way in WAYS:
        if wish.on in (None, database):
            lines += [str(measured) for measured in _probe(database, way, wish.times)]
    print("\n| database, way | worker | p50 | p99 | longest | aim for p99 | |")
    print("| --- | --- | ---: | ---: | ---: | ---: | --- |")
    print("\n".join(lines), flush=True)
    if wish.on in (None, POSTGRESQL):
        for worker, seconds in _cut_off():
            late = "met" if seconds <= CUT_OFF_SECONDS + 1 else "MISSED"
            print(f"Database stopped, GATEWAY_CUT_OFF_SECONDS={CUT_OFF_SECONDS:.0f}: worker {worker} ", end="")
            print(f"answers with 503 cut_off after {seconds:.1f} s ({late})")


def _probe(database: str, way: str, times: int) -> Iterator[Measured]:
    print(f"{database}, {way}: {times} revocations", flush=True)
    with ExitStack() as stack:
        app, settings, folder = portal_on(stack, database)
        if way == LISTEN:
            settings["LISTEN_DATABASE_URL"] = settings["DATABASE_URL"]
        actor, made = filled(app, times + 1)
        askers = _two_workers(stack, settings, made[-1], folder)
        seconds: dict[str, list[float]] = {asker.worker: [] for asker in askers}
        for one in made[:-1]:
            for asker in askers:
                asker.until(204, one.headers())
            # At any time between two looks.
            time.sleep(random.random())  # noqa: S311 - no secret
            for worker, taken in _revoked(app, actor, one, askers):
                seconds[worker].append(taken)
        for worker, all_of_it in sorted(seconds.items()):
            yield Measured(f"{database}, {way}", worker, all_of_it, AIMS[way])


def _revoked(app: Flask, actor: Actor, made: Made, askers: list[Asker]) -> list[tuple[str, float]]:
    """Revoke it, and how long each worker let it pass."""
    refused_at: dict[str, float] = {}
    headers = made.headers()

    def ask(asker: Asker) -> None:
        refused_at[asker.worker] = asker.until(403, headers)

    threads = [threading.Thread(target=ask, args=(asker,)) for asker in askers]
    for thread in threads:
        thread.start()
    with app.app_context():
        with transaction():
            keys.revoke(actor, store.get(actor, made.api_key))
        done_at = time.monotonic()
    for thread in threads:
        thread.join()
    if len(refused_at) < len(askers):
        raise SystemExit("a worker never refused")
    return [(worker, max(0.0, at - done_at)) for worker, at in refused_at.items()]


def _cut_off() -> Iterator[tuple[str, float]]:
    """How long each worker answers from memory once the database is gone."""
    print("PostgreSQL is stopped", flush=True)
    with ExitStack() as stack, ExitStack() as database:
        app, settings, folder = portal_on(database, POSTGRESQL)
        settings |= {"GATEWAY_CUT_OFF_SECONDS": str(CUT_OFF_SECONDS)}
        _actor, made = filled(app, 1)
        askers = _two_workers(stack, settings, made[0], folder)
        with app.app_context():
            db.engine.dispose()
        database.close()
        stopped_at = time.monotonic()
        for asker in askers:
            yield asker.worker, asker.until(503, made[0].headers()) - stopped_at


def portal_on(stack: ExitStack, database: str) -> tuple[Flask, dict[str, str], Path]:
    """An application on an empty database of this kind, its settings, and a folder for its files."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    port = free_port()
    settings = environment(f"sqlite:///{folder}/bench.sqlite3", port, str(folder))
    settings |= {"GATEWAY_LISTENER": "local", "GATEWAY": "off"}
    if database == POSTGRESQL:
        settings["DATABASE_URL"], settings["MIGRATION_DATABASE_URL"] = stack.enter_context(_postgresql())
    return prepared(settings), settings, folder


@contextmanager
def _postgresql() -> Iterator[tuple[str, str]]:
    """An empty database in a server that ends with the block: URLs of the application and of migrations."""
    from tests.database import postgres_cluster

    with postgres_cluster() as cluster:
        yield cluster.create_database("bench")


def filled(app: Flask, number: int) -> tuple[Actor, list[Made]]:
    """An owner with so many key pairs."""
    pool = gateway_keys.pool(max(number, 3), BITS)
    with app.app_context():
        person_id, tenant_id = an_owner("bench@example.com")
        actor = as_of_now(person_id, home_id=tenant_id, tenant_id=tenant_id, under=None)
        with transaction():
            contract = db.session.scalars(
                select(Contract).where(Contract.tenant_id == tenant_id).execution_options(scope=tenant_id)
            ).one()
            return actor, [_made(contract, pool.private(place), place) for place in range(number)]


def _made(contract: Contract, private: rsa.RSAPrivateKey, place: int) -> Made:
    return Made(a_pair(contract, private, f"Shop {place}").api_key, private)


def _two_workers(stack: ExitStack, settings: dict[str, str], made: Made, folder: Path) -> list[Asker]:
    """A connection to each of the two workers, once they answer. Raises: SystemExit."""
    port = free_port()
    stack.enter_context(served("wsgi:gateway", port, settings, WORKERS))
    found: dict[str, Asker] = {}
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(found) < WORKERS and time.monotonic() < deadline:
        with suppress(OSError):
            asker = Asker(port, made.headers())
            asker.until(204, made.headers())
            found.setdefault(asker.worker, asker)
    if len(found) < WORKERS:
        raise SystemExit(f"{len(found)} of {WORKERS} workers answer")
    return list(found.values())
