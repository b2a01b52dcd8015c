"""A door of two workers on a database of its own, both of which a test may take away and give back."""

import http.client
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask
from flask_migrate import upgrade
from psycopg import sql

from portal.access.actor import Actor
from portal.accounts import passwords
from portal.app import create_app
from portal.contracts import catalogue
from portal.credentials import operations as credentials
from portal.foundation.database import db, transaction
from portal.keys import operations as keys
from portal.keys import store as key_store
from tests.conftest import DATABASE, settings_for
from tests.connector.shop import LIFETIME_SECONDS, USER_AGENT, a_token
from tests.database import Cluster, postgres_cluster
from tests.factories import a_key, a_licensee, a_private_key, a_vendor
from tests.gateway.real.doors import ROOT, environment
from tests.gateway.real.programs import POLL_SECONDS, READY_SECONDS, end, free_port
from tests.gateway.real.shops import Answered

CHECK = "/gateway/check/live-search"
# As script/server starts them.
OPTIONS = "--interface wsgi --host 127.0.0.1 --blocking-threads 2 --log-level warning --respawn-failed-workers"
KEYS = 12


class Store:
    """The database: `url` is the doors' way to it, `beside` another one, which stays open while that one is shut."""

    def __init__(self, url: str, migration_url: str, beside: str) -> None:
        self.url, self.migration_url, self.beside = url, migration_url, beside

    def shut(self) -> None:
        raise NotImplementedError

    def open(self) -> None:
        raise NotImplementedError


class SqliteStore(Store):
    """A file; it is shut by moving it away with its folder, so that nobody makes an empty one in its place."""

    def __init__(self, folder: Path) -> None:
        self.here, self.away = folder / "here", folder / "away"
        self.here.mkdir()
        super().__init__(f"sqlite:///{self.here}/portal.sqlite3", "", f"sqlite:///{self.away}/portal.sqlite3")

    def shut(self) -> None:
        self.here.rename(self.away)

    def open(self) -> None:
        self.away.rename(self.here)


class PostgresStore(Store):
    """A database that lets nobody in but the superuser, and puts out who is in."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        self.cluster, self.name = cluster, name
        super().__init__(*cluster.create_database(name), cluster.superuser_url(name))

    def shut(self) -> None:
        self._limit(0)
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
        self._run(others, [self.name])

    def open(self) -> None:
        self._limit(-1)

    def _limit(self, connections: int) -> None:
        allow = sql.SQL("ALTER DATABASE {} CONNECTION LIMIT {}")
        self._run(allow.format(sql.Identifier(self.name), sql.Literal(connections)))

    def _run(self, statement: Any, values: list[str] | None = None) -> None:
        url = self.cluster.superuser_url().replace("postgresql+psycopg://", "postgresql://", 1)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statement, values)


@dataclass
class Shops:
    """An owner's shops, by API key and private half, each with a key of its own; `next` gives one not used before."""

    app: Flask
    store: Store
    folder: Path
    owner: Actor
    credential: str
    unused: list[tuple[str, rsa.RSAPrivateKey]] = field(repr=False)

    def next(self) -> tuple[str, rsa.RSAPrivateKey]:
        return self.unused.pop()

    def revoke(self, api_key: str) -> float:
        """Revoke this key as another process does it; when it was done."""
        _revoke(self.app, self.owner, api_key)
        return time.monotonic()

    def revoke_beside(self, api_key: str) -> None:
        """Revoke it while nobody else reaches the database."""
        app = create_app(settings_for(self.store.beside, "", self.folder))
        _revoke(app, self.owner, api_key)
        _let_go(app)

    def headers(self, shop: tuple[str, rsa.RSAPrivateKey]) -> dict[str, str]:
        """What a gateway sends on of a call by this shop."""
        api_key, private = shop
        return {
            "X-Portal-Credential": self.credential,
            "magento-api-key": api_key,
            "x-api-key": api_key,
            "x-gw-signature": a_token(private, int(time.time()) + LIFETIME_SECONDS),
            "User-Agent": USER_AGENT,
        }


def _revoke(app: Flask, owner: Actor, api_key: str) -> None:
    with app.app_context(), transaction():
        keys.revoke(owner, key_store.get(owner, api_key))


def _let_go(app: Flask) -> None:
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()


@contextmanager
def a_store(folder: Path) -> Iterator[Store]:
    """An empty database, until the block ends."""
    if DATABASE == "sqlite":
        yield SqliteStore(folder)
        return
    name = f"portal_standing_{os.getpid()}_{folder.name.replace('-', '_')}"[:60]
    with postgres_cluster() as cluster:
        try:
            yield PostgresStore(cluster, name)
        finally:
            cluster.drop_database(name)


@contextmanager
def shops_in(store: Store, folder: Path) -> Iterator[Shops]:
    """Shops in this database, until the block ends."""
    passwords.use_cheap_profile()
    app = create_app(settings_for(store.url, store.migration_url, folder))
    with app.app_context():
        upgrade()
        with transaction():
            catalogue.load()
        owner, vendor = a_licensee(), a_vendor()
        made = []
        for number in range(KEYS):
            private = a_private_key(800 + number)
            made.append((a_key(owner, private=private).api_key, private))
        with transaction():
            token = credentials.issue(vendor, "Gateways of the tests", None).token
        db.session.rollback()
    _let_go(app)
    try:
        yield Shops(app, store, folder, owner, token, made)
    finally:
        _let_go(app)


@dataclass
class Door:
    """Granian with some workers. Every question comes over a connection of its own unless it says otherwise."""

    port: int
    process: subprocess.Popen[bytes]
    output: Path

    def ask(self, headers: dict[str, str], path: str = CHECK, method: str = "GET") -> Answered:
        with closing(self.connection()) as connection:
            return self.over(connection, headers, path, method)

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)

    @staticmethod
    def over(
        connection: http.client.HTTPConnection, headers: dict[str, str], path: str = CHECK, method: str = "GET"
    ) -> Answered:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        named = {name.lower(): value for name, value in answer.getheaders()}
        return Answered(answer.status, named, answer.read())

    @contextmanager
    def one_each(self, headers: dict[str, str], workers: int = 2) -> Iterator[dict[str, http.client.HTTPConnection]]:
        """A connection to each of the workers, by the worker's name, once all of them let this call pass."""
        found: dict[str, http.client.HTTPConnection] = {}
        deadline = time.monotonic() + READY_SECONDS
        with ExitStack() as stack:
            while len(found) < workers:
                assert time.monotonic() < deadline, self.said
                connection = stack.enter_context(closing(self.connection()))
                with suppress(OSError, http.client.HTTPException):
                    answer = self.over(connection, headers)
                    if answer.status == 204:
                        found.setdefault(answer.headers["x-portal-worker"], connection)
                time.sleep(POLL_SECONDS)
            yield found

    def names(self, headers: dict[str, str]) -> set[str]:
        """The names of both workers, once both of them let this call pass."""
        with self.one_each(headers) as found:
            return set(found)

    def workers(self) -> list[int]:
        """The processes that answer."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [int(child) for child in children if b"spawn_main" in _words_of(child) or b"granian" in _words_of(child)]

    def kill_one(self) -> int:
        """SIGKILL for one of the workers."""
        worker = self.workers()[-1]
        os.kill(worker, signal.SIGKILL)
        return worker

    @property
    def said(self) -> str:
        return self.output.read_text(errors="replace")[-4000:]


def _words_of(process: str) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{process}/cmdline").read_bytes()
    return b""


@contextmanager
def a_door(shops: Shops, target: str = "wsgi:gateway", workers: int = 2, **more: str) -> Iterator[Door]:
    """A door on the shops' database, with further settings; it may not be ready yet. Until the block ends."""
    port = free_port()
    front = [setpriv, "--pdeathsig", "TERM"] if (setpriv := shutil.which("setpriv")) else []
    options = [*OPTIONS.split(), "--respawn-interval", "0.1", "--workers", str(workers), "--port", str(port)]
    command = [*front, sys.executable, "-m", "granian", *options, target]
    settings = environment(settings_for(shops.store.url, "", shops.folder), shops.folder, "report") | more
    output = shops.folder / f"{port}.log"
    with output.open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=settings, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield Door(port, process, output)
    finally:
        end(process)


def until(fact: Callable[[], object], seconds: float = 30.0) -> float:
    """How long it took until this became true."""
    began = time.monotonic()
    while not fact():
        assert time.monotonic() - began < seconds, "it did not happen"
        time.sleep(POLL_SECONDS / 4)
    return time.monotonic() - began
