"""The database: one session, one way to write, and the column types that both databases share."""

import re
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from enum import StrEnum
from sqlite3 import Connection as SqliteConnection
from sqlite3 import OperationalError as SqliteError
from threading import Lock
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    Connection,
    DateTime,
    Engine,
    Enum,
    Executable,
    Integer,
    MetaData,
    Row,
    String,
    Table,
    Uuid,
    event,
    inspect,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, declared_attr, mapped_column
from sqlalchemy.types import TypeDecorator

from portal.foundation.errors import NotFound

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
BUSY_TIMEOUT_MS = 10_000
LOOK_MS = 1
LOOKS = "looks"  # the engine of `look`
VALUES_OF_ROWS = re.compile(r"IN \((VALUES (?:\((?:\?, )*\?\)(?:, )?)+)\)")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC moment. SQLite returns naive datetimes; what is stored is always UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        return datetime

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class EnumSet(TypeDecorator[frozenset[Any]]):
    """A small set of enum members, stored as their sorted values joined by commas."""

    impl = String(255)
    cache_ok = True

    def __init__(self, members: type[StrEnum]) -> None:
        super().__init__()
        self.members = members

    def process_bind_param(self, value: Iterable[StrEnum] | None, dialect: Any) -> str | None:
        return None if value is None else ",".join(sorted(self.members(member).value for member in value))

    def process_result_value(self, value: str | None, dialect: Any) -> frozenset[StrEnum] | None:
        return None if value is None else frozenset(self.members(part) for part in value.split(",") if part)


def by_code_point(length: int) -> String:
    """A column type for text that is found by its beginning: sorted by code point on both databases.

    Then texts with a common beginning lie together in an index, whatever the server's locale.
    """
    return String(length).with_variant(String(length, collation="C"), "postgresql")


def enum_type(members: type[StrEnum], check: str | None = None) -> Enum:
    """A column type for one enum member: text with a CHECK constraint, alike on both databases.

    check: names the constraint where one table has several columns of the same enum.
    """
    return Enum(
        members,
        native_enum=False,
        create_constraint=True,
        length=32,
        name=check or members.__name__.lower(),
        values_callable=lambda enum: [member.value for member in enum],
    )


class Base(DeclarativeBase):
    """What every table starts from."""

    metadata = MetaData(naming_convention=NAMING)


# Not as an attribute of the class: Flask-SQLAlchemy derives from it, and SQLAlchemy reads the attribute once only.
Base.registry.update_type_annotation_map({datetime: UtcDateTime(), uuid.UUID: Uuid(), str: String(255)})


class Versioned:
    """Counts the changes of a row, so that a form which was loaded before one of them can be refused."""

    version: Mapped[int] = mapped_column(Integer)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.version}


db = SQLAlchemy(model_class=Base)


def version_of(row: Versioned) -> int:
    """The version that the row has once all that was changed so far is written."""
    if inspect(row).modified:  # a flush looks for more than this row, and lists ask for a hundred versions
        db.session.flush()
    return row.version


_writing: ContextVar[bool] = ContextVar("writing", default=False)
# SQLite's waiters sleep, ever longer, and look again; a process's own ones queue here, where the next one is woken.
_turns = Lock()


@contextmanager
def transaction() -> Iterator[None]:
    """One change: everything inside is committed together, or nothing is.

    What was read before is read anew inside, under SQLite's write lock, so a check sees what the change will meet.
    Raises RuntimeError when transactions are nested: the door commits once.
    """
    if _writing.get():
        raise RuntimeError("a transaction is already open: only the door opens one")
    db.session.rollback()
    with _turn():
        token = _writing.set(True)
        try:
            db.session.connection()
            yield
            db.session.commit()
        except BaseException:
            db.session.rollback()
            raise
        finally:
            _writing.reset(token)


@contextmanager
def _turn() -> Iterator[None]:
    """This thread's turn to write, where one writes at a time. Who waited too long goes on, and SQLite says no."""
    taken = db.engine.dialect.name == "sqlite" and _turns.acquire(timeout=BUSY_TIMEOUT_MS / 1000)
    try:
        yield
    finally:
        if taken:
            _turns.release()


def look(statement: Executable, parameters: dict[str, Any]) -> Row[Any] | None:
    """The first row of `statement`, as committed, or None: for what doors ask on almost every call.

    It goes past the session, on a connection that is kept for a second; so it is for tables of no tenant only.
    """
    with db.engines[LOOKS].connect() as connection:
        return connection.execute(statement, parameters).first()


@contextmanager
def one_moment() -> Iterator[Session]:
    """A session of its own that sees one moment of the database for as long as it is open, and writes nothing."""
    with db.engine.connect() as connection:
        # SQLite's transactions are that way by themselves.
        if connection.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with Session(connection) as session:
            yield session


def leave_connections() -> None:
    """After a fork: let the parent's connections be. Two processes that speak over one hear each other's answers."""
    for engine in db.engines.values():
        engine.dispose(close=False)


def lock(row: Any) -> None:
    """Read `row` again and keep others from changing it until the transaction ends; what was changed here stays.

    Its key is not locked: others may go on to write rows that refer to it, or two who hold one row each could wait for
    each other. Raises: NotFound when somebody deleted it meanwhile.
    """
    db.session.flush()
    try:
        # Only its own table: PostgreSQL cannot lock the empty side of an outer join that came along with the row.
        db.session.refresh(row, with_for_update={"of": type(row), "key_share": True})
    except InvalidRequestError as gone:
        raise NotFound() from gone


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, _record: Any) -> None:
    if isinstance(connection, SqliteConnection):
        connection.isolation_level = None  # the driver must not begin transactions by itself; see _begin
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")


@event.listens_for(Engine, "before_cursor_execute", retval=True)
def _let_sqlite_find_rows(
    connection: Connection, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool
) -> tuple[str, Any]:
    # That is how related rows are loaded under composite keys. SQLite (3.40) reads the whole table for it, but takes
    # an index when the same values come as a subquery.
    if connection.dialect.name == "sqlite" and "IN (VALUES" in statement:
        statement = VALUES_OF_ROWS.sub(r"IN (SELECT * FROM (\1))", statement)
    return statement, parameters


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    # A reader that turns into a writer fails at once when another wrote meanwhile; so writers say so at the start.
    if connection.dialect.name != "sqlite":
        return
    if _writing.get():
        _begin_writing(connection, connection.connection.dbapi_connection)
    else:
        connection.exec_driver_sql("BEGIN")


def _begin_writing(connection: Connection, driver: Any) -> None:
    """Begin as soon as nobody else writes, within `BUSY_TIMEOUT_MS`.

    SQLite itself would look again after ever longer pauses, up to a tenth of a second, while the lock is free already.
    """
    driver.execute("PRAGMA busy_timeout = 0")
    try:
        for _look in range(BUSY_TIMEOUT_MS // LOOK_MS):
            try:
                driver.execute("BEGIN IMMEDIATE")
                return
            except SqliteError as error:
                if not error.sqlite_errorname.startswith("SQLITE_BUSY"):
                    break
            time.sleep(LOOK_MS / 1000)
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # whose refusal is told as any other
    finally:
        driver.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")


def insert_if_absent(table: Table, values: dict[str, Any] | list[dict[str, Any]]) -> None:
    """Insert a row, or each of several, unless one with the same key is there.

    Not for tenants' tables: it looks at nothing but the key.
    """
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    db.session.execute(insert(table).on_conflict_do_nothing(), values)
