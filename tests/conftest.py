"""One real database per test run and worker, SQLite or PostgreSQL, emptied between tests; a browser-like client."""

import base64
import gc
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from pathlib import Path
from typing import Any

import flask.globals
import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import Engine, QueuePool, create_engine, event

from portal.access.actor import Actor
from portal.accounts import passwords, sessions
from portal.accounts import store as accounts
from portal.app import create_app, tell_rooms
from portal.config import MailBackend, Mode, Receivers, Settings
from portal.contracts import catalogue
from portal.delegations import pace
from portal.foundation import clock
from portal.foundation.database import Base, db, transaction
from portal.keys import material
from portal.providers import txt_records
from tests import factories, sqlite
from tests.access import furnishing
from tests.access.snapshot import Snapshot
from tests.access.world import World
from tests.database import postgres_cluster

# A commit waits for the disk, and tests commit often; a file in memory is the same SQLite.
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
DATABASE = os.environ.get("PORTAL_TEST_DATABASE", "sqlite")
CATALOGUE = {"services", "editions", "edition_services"}


class PortalClient(FlaskClient):
    """A browser: keeps cookies, adds the CSRF token to forms, and runs each request in a context of its own."""

    csrf_secret: str | None = None

    def open(self, *args: Any, **kwargs: Any) -> Any:
        if self.csrf_secret and kwargs.get("method") == "POST" and "data" in kwargs:
            kwargs["data"] = {"csrf_token": self.csrf_token} | (kwargs["data"] or {})
        answer = copy_context().run(self._alone, super().open, args, kwargs)
        if flask.globals._cv_app.get(None) is not None:
            db.session.rollback()  # the test sees what the request changed
        return answer

    @property
    def csrf_token(self) -> str:
        """What its forms send along; good as long as its session."""
        signer = URLSafeTimedSerializer(self.application.config["SECRET_KEY"], salt="wtf-csrf-token")
        return str(signer.dumps(self.csrf_secret))

    @staticmethod
    def _alone(call: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        # With the test's own application context in place, request and test would share `g` and the session.
        flask.globals._cv_app.set(None)
        return call(*args, **kwargs)

    def post(self, *args: Any, **kwargs: Any) -> Any:
        kwargs.setdefault("data", {})
        return super().post(*args, **kwargs)


def settings_for(database_url: str, migration_url: str, folder: Path, **others: Any) -> Settings:
    """Settings as a real instance has them, on the test's database."""
    is_demo = others.get("portal_mode", Mode.DEMO) is Mode.DEMO
    return Settings(
        **{
            "portal_mode": Mode.DEMO,
            "database_url": database_url,
            "migration_database_url": migration_url,
            "secret_key": "for tests only, and long enough to pass",
            "kek": base64.b64encode(bytes(range(32))).decode(),
            "password_pepper": "for tests only too, and long enough",
            "external_base_url": "http://localhost",
            "mail_backend": MailBackend.MAILBOX,
            "mail_from": "portal@example.com",
            "data_folder": folder,
            "webhook_receivers": Receivers.LOOPBACK if is_demo else Receivers.PUBLIC,
            "identity_providers": Receivers.LOOPBACK if is_demo else Receivers.PUBLIC,
        }
        | others
    )


class SqliteStore:
    """The test database as a file; emptying it is making it what it was when it had been migrated."""

    def __init__(self, folder: Path) -> None:
        self.emptied = False  # since the world was put there
        self.file, self.pristine = folder / "test.sqlite3", folder / "pristine.sqlite3"
        self.urls = (f"sqlite:///{self.file}", "")

    def keep_pristine(self) -> None:
        sqlite.copy(self.file, self.pristine)

    def empty(self) -> None:
        sqlite.copy(self.pristine, self.file)
        self.emptied = True


class PostgresStore:
    """The test database on a real server; emptying it deletes all rows but the catalogue, triggers aside."""

    def __init__(self, cluster: Any, name: str) -> None:
        self.emptied = False  # since the world was put there
        self.urls = cluster.create_database(name)
        self.superuser = create_engine(cluster.superuser_url(name))

    def keep_pristine(self) -> None:
        pass

    def empty(self) -> None:
        tables = [table.name for table in Base.metadata.sorted_tables if table.name not in CATALOGUE]
        deletes = [f"DELETE FROM {table}" for table in tables]  # noqa: S608 - names from our own metadata
        with self.superuser.begin() as connection, connection.connection.cursor() as cursor:
            # In one go: some forty round trips before each test take longer than many a test.
            cursor.execute("; ".join(["SET LOCAL session_replication_role = replica", *deletes]))
        self.emptied = True


@pytest.fixture(scope="session")
def database_store(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[SqliteStore | PostgresStore]:
    if DATABASE == "sqlite":
        with tempfile.TemporaryDirectory(prefix="portal-test-", dir=MEMORY if MEMORY.is_dir() else None) as folder:
            yield SqliteStore(Path(folder))
        return
    with postgres_cluster() as cluster:
        name = f"portal_test_{os.getpid()}_{worker_id}"
        store = PostgresStore(cluster, name)
        yield store
        store.superuser.dispose()
        cluster.drop_database(name)


@pytest.fixture(scope="session")
def app(database_store: SqliteStore | PostgresStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    passwords.use_cheap_profile()
    settings = settings_for(*database_store.urls, tmp_path_factory.mktemp("data"))
    with pytest.MonkeyPatch.context() as patch:
        # Opening a SQLite file reads the whole schema, 2 ms before each request and each change; here, where nothing
        # forks and nobody puts another file in its place, connections stay open.
        patch.setattr("portal.app.NullPool", QueuePool)
        app = create_app(settings)
    app.testing = False  # errors are answered as in production
    app.test_client_class = PortalClient
    with app.app_context():
        upgrade()
        with transaction():
            catalogue.load()
    database_store.keep_pristine()
    gc.freeze()  # what was imported stays; looking through it for garbage again and again takes 0.3 s each time
    yield app
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()  # a connection that is left to the garbage collector warns, and warnings are errors


@contextmanager
def no_connections() -> Iterator[None]:
    """Whoever would use a database fails: on which of them a test without one runs is all the same."""

    def refuse(*_told: Any) -> None:
        raise AssertionError("a test that is marked no_database uses one")

    for moment in ("do_connect", "begin"):
        event.listen(Engine, moment, refuse)
    try:
        yield
    finally:
        for moment in ("do_connect", "begin"):
            event.remove(Engine, moment, refuse)


@pytest.fixture(autouse=True)
def database(request: pytest.FixtureRequest) -> Iterator[None]:
    """An empty, migrated database with the catalogue, inside an application context; not for browser stories."""
    if request.node.get_closest_marker("no_database"):
        with no_connections():
            yield
        return
    has_its_own = "snapshot" in request.fixturenames
    if has_its_own or request.node.get_closest_marker("browser") or request.node.get_closest_marker("own_database"):
        yield
        return
    app, store = request.getfixturevalue("app"), request.getfixturevalue("database_store")
    tell_rooms(app.config["PORTAL"])  # another test may have made another instance
    store.empty()
    factories.begin_anew()
    with app.app_context():
        yield
        db.session.rollback()
        db.session.remove()


@pytest.fixture
def client(app: Flask) -> PortalClient:
    """A visitor's browser."""
    return app.test_client()  # type: ignore[return-value]


@pytest.fixture
def signed_in(app: Flask) -> Callable[[Actor], PortalClient]:
    """Makes a browser in which this actor's person has signed in just now."""

    def browser(actor: Actor) -> PortalClient:
        with transaction():
            person = accounts.get_person(actor.person_id)
            row, token = sessions.begin_session(person, "Test browser", home_id=actor.home_id)
            secret = row.csrf_token
        client: PortalClient = app.test_client()  # type: ignore[assignment]
        client.set_cookie("sid", token)
        client.csrf_secret = secret
        return client

    return browser


@pytest.fixture(scope="session")
def snapshot(app: Flask, database_store: SqliteStore | PostgresStore) -> Iterator[Snapshot]:
    """The world of the access table, built once for all its tests."""
    tell_rooms(app.config["PORTAL"])  # another test may have made another instance
    snapshot = Snapshot(app, database_store)
    yield snapshot
    snapshot.close()


@pytest.fixture
def world(app: Flask, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The world as it was built, at the moment it was, instead of an empty database; what takes long takes none."""
    tell_rooms(app.config["PORTAL"])
    furnishing.have_asked_providers()
    snapshot.put_back()
    monkeypatch.setattr(pace, "LEAST_SECONDS", 0.0)
    monkeypatch.setattr(txt_records, "texts_at", lambda name: furnishing.TEXTS.get(name, frozenset()))
    monkeypatch.setattr(material, "generate", lambda: snapshot.made_on_server)
    with clock.travelled_to(snapshot.built_at):
        yield snapshot.world
