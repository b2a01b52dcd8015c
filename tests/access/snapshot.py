"""The world's database as it was built: put back after each request that changed something."""

import re
from contextlib import closing
from typing import Any

from flask import Flask
from sqlalchemy import Engine, NullPool, Row, create_engine, event, select, text

from portal.foundation import clock
from portal.foundation.database import Base, db
from portal.keys import material
from tests import factories, sqlite
from tests.access import world

WRITES = re.compile(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)', re.IGNORECASE)
Rows = dict[str, list[str]]


class Snapshot:
    """Builds the world once. `written` are the tables that statements wrote to since it was put back.

    `built` is every row of every table as it was then, as `rows` gives them now.
    """

    def __init__(self, app: Flask, store: Any) -> None:
        self.app, self.store = app, store
        self.written: set[str] = set()
        self.made_on_server = material.generate()
        self.engine = getattr(store, "superuser", None) or create_engine(store.urls[0], poolclass=NullPool)
        store.empty()
        factories.begin_anew()
        with app.app_context():
            self.world = world.build()
            self.built_at = clock.now()
            db.session.remove()
        self._keep()
        store.emptied = False
        self.built = self.rows()
        event.listen(Engine, "before_cursor_execute", self._note)

    def close(self) -> None:
        event.remove(Engine, "before_cursor_execute", self._note)
        self.engine.dispose()

    def _note(self, _connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if found := WRITES.match(statement):
            self.written.add(found[1])

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    def _keep(self) -> None:
        """SQLite: a copy of the file. PostgreSQL: a copy of each table in a schema that the portal does not look at."""
        if self.is_sqlite:
            self.copy = self.store.file.with_name("world.sqlite3")
            sqlite.copy(self.store.file, self.copy)
            return
        keep_tables(self.engine)

    def put_back(self) -> None:
        """Make the database what it was: the tables that were written to since, all of them when it was emptied."""
        changed = set(_tables()) if self.store.emptied else self.written
        if not changed:
            return
        if self.is_sqlite:
            sqlite.copy(self.copy, self.store.file)
        else:
            reload_tables(self.engine, [table for table in _tables() if table in changed])
        self.written.clear()
        self.store.emptied = False

    def rows(self) -> Rows:
        """Every row of every table, as the database itself writes it: SQLAlchemy's values take five times as long."""
        with self.engine.connect() as connection, closing(connection.connection.cursor()) as cursor:
            return {table: self._rows_of(table, cursor) for table in _tables()}

    def _rows_of(self, table: str, cursor: Any) -> list[str]:
        row = "*" if self.is_sqlite else f"{table}::text"
        cursor.execute(f"SELECT {row} FROM {table}")  # noqa: S608 - names from our own metadata
        return sorted(map(repr, cursor.fetchall()))

    def events(self) -> set[Row[Any, int, str, bool, str | None]]:
        """Every event on record: its place in its chain, its name, whether it is a refusal, what it is a copy of."""
        columns = Base.metadata.tables["audit_events"].c
        rows = select(columns.chain_id, columns.seq, columns.event, columns.refused, columns.copy_of)
        with self.engine.connect() as connection:
            return set(connection.execute(rows).all())


def keep_tables(engine: Engine) -> None:
    """PostgreSQL: copy each table into the schema `world`, as its superuser."""
    with engine.begin() as connection:
        connection.execute(text("CREATE SCHEMA world"))
        for table in _tables():
            connection.execute(text(f"CREATE TABLE world.{table} AS TABLE public.{table}"))


def reload_tables(engine: Engine, tables: list[str] | None = None) -> None:
    """PostgreSQL: make these tables, or all, what they were when they were kept; triggers aside."""
    with engine.begin() as connection, connection.connection.cursor() as cursor:
        # In one go, as in `PostgresStore.empty`.
        again = (
            f"DELETE FROM {table}; INSERT INTO {table} SELECT * FROM world.{table}"  # noqa: S608 - our own metadata's
            for table in (_tables() if tables is None else tables)
        )
        cursor.execute("; ".join(["SET LOCAL session_replication_role = replica", *again]))


def _tables() -> list[str]:
    return [table.name for table in Base.metadata.sorted_tables]
