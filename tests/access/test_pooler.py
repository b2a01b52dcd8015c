"""PgBouncer in transaction mode, with one server connection for everybody: nobody's rows come along with it."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from portal.access.actor import Actor
from portal.access.rows import Reader, across_tenants, owned_by
from portal.app import create_app, tell_rooms
from portal.foundation.database import db, transaction
from portal.projects.models import Project
from tests.access.browsing import browser_of
from tests.access.conftest import Whole
from tests.access.world import World
from tests.conftest import DATABASE, PortalClient, PostgresStore
from tests.database import APP, as_server_user, private_directory
from tests.gateway.real.programs import PLACES

pytestmark = pytest.mark.skipif(DATABASE != "postgresql", reason="SQLite has no poolers")

PORT = 6432  # of a socket in a folder of our own
READY_SECONDS = 20
ROUNDS = 30
SETTINGS = """
[databases]
* = host={server}
[pgbouncer]
listen_addr =
listen_port = {port}
unix_socket_dir = {folder}
auth_type = trust
auth_file = {folder}/users
pool_mode = transaction
default_pool_size = 1
"""


@pytest.fixture(scope="module")
def pooled_url(database_store: PostgresStore) -> Iterator[str]:
    """The application's URL through a running PgBouncer."""
    program = shutil.which("pgbouncer", path=PLACES)
    assert program, "pgbouncer is missing: script/test installs it"
    server = database_store.superuser.url
    with private_directory() as folder:
        (folder / "users").write_text(f'"{APP}" ""\n')
        (folder / "pgbouncer.ini").write_text(
            SETTINGS.format(server=server.query["host"], port=PORT, folder=folder), encoding="utf-8"
        )
        with (folder / "log").open("wb") as log:
            pooler = subprocess.Popen(
                [program, folder / "pgbouncer.ini"], stdout=log, stderr=log, **as_server_user(folder)
            )
        try:
            _wait_for(folder / f".s.PGSQL.{PORT}", pooler, folder / "log")
            url = server.set(username=APP).update_query_dict({"host": str(folder), "port": str(PORT)})
            yield url.render_as_string(hide_password=False)
        finally:
            pooler.terminate()
            pooler.wait(READY_SECONDS)


def _wait_for(socket: Path, pooler: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not socket.exists():
        assert pooler.poll() is None, log.read_text(errors="replace")
        assert time.monotonic() < deadline, log.read_text(errors="replace")
        time.sleep(0.05)


@pytest.fixture
def pooled(app: Flask, pooled_url: str) -> Iterator[Flask]:
    """The portal on the other side of the pooler."""
    settings = app.config["PORTAL"].model_copy(update={"database_url": pooled_url, "database_pooler": True})
    pooled = create_app(settings)
    pooled.test_client_class = PortalClient
    yield pooled
    tell_rooms(app.config["PORTAL"])
    with pooled.app_context():
        for engine in db.engines.values():
            engine.dispose()


def _unsaid() -> int:
    """How many projects a transaction finds that says nothing."""
    with db.engine.connect() as connection:
        return connection.scalar(text("SELECT count(*) FROM projects")) or 0


def test_all_share_one_server_connection(pooled: Flask, world: World):
    with pooled.app_context(), db.engine.connect() as one, db.engine.connect() as other:
        served = [connection.scalar(select(func.pg_backend_pid())) for connection in (one,)]
        one.rollback()
        served.append(other.scalar(select(func.pg_backend_pid())))

    assert len(set(served)) == 1


def test_what_one_transaction_says_is_unknown_to_the_next(pooled: Flask, world: World, whole: Whole):
    """Readers, tenants and those who say nothing, at once and in turns."""
    client, foreign = whole(world.client), whole(world.foreign)
    expected = {actor.tenant_id: len(db.session.scalars(owned_by(actor, Project)).all()) for actor in (client, foreign)}
    assert all(expected.values())
    db.session.remove()

    def read(actor: Actor) -> set[int]:
        with pooled.app_context():
            found = set()
            for _round in range(ROUNDS):
                with transaction():
                    found.add(len(db.session.scalars(owned_by(actor, Project)).all()))
                with transaction():
                    db.session.scalars(across_tenants(Project, reason=Reader.UPKEEP)).all()
                assert _unsaid() == 0
            return found

    with ThreadPoolExecutor(4) as threads:
        actors = [client, foreign, replace(client, label="again"), replace(foreign, label="again")]
        found = list(threads.map(read, actors))

    assert found == [{expected[actor.tenant_id]} for actor in actors]


def test_a_word_for_the_whole_session_would_be_handed_on(pooled: Flask, world: World, whole: Whole):
    """Why it is said for a transaction: the same, said for a session, is heard by whoever comes next."""
    tenant_id = whole(world.client).tenant_id
    with pooled.app_context():
        try:
            with db.engine.connect() as connection:
                connection.execute(select(func.set_config("portal.tenant", str(tenant_id), False)))
                connection.commit()

            assert _unsaid() > 0
        finally:
            with db.engine.connect() as connection:
                connection.execute(select(func.set_config("portal.tenant", "", False)))
                connection.commit()
        assert _unsaid() == 0


@pytest.mark.parametrize("path", ["", "/keys", "/projects", "/activity"])
def test_pages_are_drawn_through_it(path: str, pooled: Flask, world: World):
    caller = world.callers["owner"]
    address = f"/{caller.things['account']}{path}"

    answers = [browser_of(pooled, caller).get(address).status_code for _time in range(8)]

    assert set(answers) == {200}
