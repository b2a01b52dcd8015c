"""An empty database of the kind in use, for tests that build a schema of their own."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from portal.app import create_app
from portal.foundation.database import db
from tests.conftest import PostgresStore, settings_for
from tests.database import Cluster

Urls = tuple[str, str]


@pytest.fixture
def fresh_database(database_store: object, tmp_path: Path, worker_id: str) -> Iterator[Callable[[str], Urls]]:
    """Makes empty databases by name: each as the (application's, migrations') URLs. They go when the test does."""
    if not isinstance(database_store, PostgresStore):
        yield lambda name: (f"sqlite:///{tmp_path / name}.sqlite3", "")
        return
    cluster = Cluster(database_store.superuser.url.set(database="postgres"))
    made: list[str] = []

    def make(name: str) -> Urls:
        made.append(f"portal_{name}_{os.getpid()}_{worker_id}")
        return cluster.create_database(made[-1])

    yield make
    for name in made:
        cluster.drop_database(name)


@pytest.fixture
def fresh_app(fresh_database: Callable[[str], Urls], tmp_path: Path) -> Iterator[Flask]:
    """The portal on an empty database, before any migration."""
    app = create_app(settings_for(*fresh_database("migrated"), tmp_path))
    yield app
    with app.app_context():
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()  # a connection that is left to the garbage collector warns, and warnings are errors
