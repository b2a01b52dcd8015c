"""SQLite has one writer at a time, also of other processes: who comes second waits, and not for ever."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from sqlalchemy.exc import OperationalError

from portal.foundation import database
from portal.foundation.database import db, transaction
from tests.conftest import DATABASE

pytestmark = pytest.mark.skipif(DATABASE != "sqlite", reason="PostgreSQL has many writers")


@pytest.fixture
def elsewhere(database_store) -> Iterator[sqlite3.Connection]:
    """Another process that writes and has not committed."""
    with closing(sqlite3.connect(database_store.file, isolation_level=None, check_same_thread=False)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield connection


def test_who_comes_second_writes_as_soon_as_the_first_is_done(elsewhere: sqlite3.Connection):
    threading.Timer(0.3, elsewhere.rollback).start()
    began = time.perf_counter()

    with transaction():
        waited = time.perf_counter() - began

    assert 0.2 < waited < 5


def test_who_waited_too_long_is_told_so(elsewhere: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 50)

    with pytest.raises(OperationalError, match="locked"), transaction():
        raise AssertionError("nobody may write now")


def test_a_failure_of_another_kind_is_not_waited_for():
    with db.engine.connect() as connection:
        connection.connection.dbapi_connection.execute("BEGIN")  # type: ignore[union-attr]
        began = time.perf_counter()

        with pytest.raises(OperationalError, match="within a transaction"):
            database._begin_writing(connection, connection.connection.dbapi_connection)

        assert time.perf_counter() - began < 5


def test_after_a_refusal_the_next_one_writes(elsewhere: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 50)
    with pytest.raises(OperationalError), transaction():
        pass
    elsewhere.rollback()

    with transaction():
        written = db.session.connection().in_transaction()

    assert written
