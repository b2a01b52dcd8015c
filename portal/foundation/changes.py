"""Change versions: how a process that holds rows in memory learns, by one short statement, that they are outdated.

A model says by a marker that its rows are held somewhere. Every transaction that changes such a row moves a version and
keeps that version's row locked until it commits, so whoever reads a version also finds what it stands for, and nobody
finds a version before an earlier one. What decides over calls is too much to be read anew: a log says which rows.
"""

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from threading import Event
from typing import Any, ClassVar, NamedTuple
from weakref import WeakSet

from sqlalchemy import (
    BigInteger,
    Connection,
    String,
    Table,
    bindparam,
    delete,
    event,
    func,
    insert,
    inspect,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, ORMExecuteState, Session, mapped_column

from portal.foundation import clock
from portal.foundation.database import Base, db, look

# Whose version: these two for what decides over keys, and over calls, of all tenants; a tenant's id for what its shops
# are shown.
KEYS, CALLS = uuid.UUID(int=0), uuid.UUID(int=1)
CHANGED, ROWS = "changed_versions", "changed_rows"
HELD_BY = "held_by"  # execution option of a statement that writes rows of several tenants: their ids
ALL = uuid.UUID(int=0)  # in the log: all rows of a tenant, or of all tenants
LOG_KEPT = timedelta(days=1)  # who was away for longer reads everything anew
CHANNEL = "portal_changes"  # where PostgreSQL tells each new version of `CALLS`

Version = tuple[int, datetime]


class ChangeVersion(Base):
    """Counts the transactions that changed what is held under `id`.

    With `changed_at` it tells a restored database from the one before, though both have counted equally far.
    """

    __tablename__ = "change_versions"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    changed_at: Mapped[datetime]


class ChangedRow(Base):
    """A row that changed with this version of `CALLS`: its table, its tenant and its id, either of them maybe `ALL`."""

    __tablename__ = "changed_rows"

    version: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    # Nobody's rows: what they name may be gone, so there are no keys behind these two.
    tenant_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    row_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    changed_at: Mapped[datetime]


VERSION = select(ChangeVersion.version, ChangeVersion.changed_at).where(ChangeVersion.id == bindparam("what"))
LOG = select(ChangedRow.version, ChangedRow.changed_at, ChangedRow.kind, ChangedRow.tenant_id, ChangedRow.row_id)


class Changed(NamedTuple):
    """What is to be read again: this row of this tenant, or with `ALL` all of them. It may be gone by now."""

    kind: str
    tenant_id: uuid.UUID
    row_id: uuid.UUID


class News(NamedTuple):
    """What changed since a version, and up to which one; `first_at` is when the first of it did."""

    version: Version | None
    rows: frozenset[Changed]
    first_at: datetime | None = None


class Gap:
    """The log does not tell what changed since a version, which is too old or another database's: read all anew."""


class DecidesCalls:
    """Marks a table whose rows decide whether a call may pass.

    `deciding_columns` names the columns that do so, where not every change of a row counts; `decides_through` the table
    that is read again instead of this one, and the column that has the id there.
    """

    deciding_columns: ClassVar[frozenset[str] | None] = None
    decides_through: ClassVar[tuple[str, str] | None] = None


class DecidesKeys(DecidesCalls):
    """Marks a table whose rows decide whether a key pair verifies, and what it may do."""


class ShownToShops:
    """Marks a table of which a tenant's shops are shown something."""


_here = 0
_told: WeakSet[Event] = WeakSet()


def tell_here(event: Event) -> None:
    """Set this event after each change of held rows that this very process commits, for as long as somebody has it."""
    _told.add(event)


def changes_here() -> int:
    """How many changes of held rows this very process has committed: its own need no waiting for the next look."""
    return _here


def version_of(what: uuid.UUID) -> Version | None:
    """The version of `KEYS`, `CALLS` or a tenant's id, as committed; to be compared for equality. None: never moved."""
    found = look(VERSION, {"what": what})
    return None if found is None else (found.version, found.changed_at)


def version_in(reader: Session | Connection, what: uuid.UUID) -> Version | None:
    """As `version_of`, seen from inside the reader's transaction: what stands in it has this version."""
    found = reader.execute(VERSION, {"what": what}).first()
    return None if found is None else (found.version, found.changed_at)


def since(reader: Session | Connection, known: Version | None) -> News | Gap:
    """What decides over calls and changed after the version `known`, up to now.

    reader: in a transaction that sees one moment, in which the rows are read again too.
    """
    now = version_in(reader, CALLS)
    if now == known:
        return News(now, frozenset())
    if now is None or known is None or now[0] <= known[0]:
        return Gap()
    log = reader.execute(LOG.where(ChangedRow.version.between(known[0], now[0]))).all()
    # A database that was restored has counted on from an earlier version: it has other moments, or another past.
    if known not in {(row.version, row.changed_at) for row in log if row.version == known[0]}:
        return Gap()
    news = [row for row in log if row.version > known[0]]
    first_at = min((row.changed_at for row in news), default=None)
    return News(now, frozenset(Changed(*row[2:]) for row in news), first_at)


def version_that_changed(row: Changed, since: datetime) -> int | None:
    """The first version of `CALLS`, from this moment on, with which this row changed, or None."""
    those = ChangedRow.kind == row.kind, ChangedRow.tenant_id.in_((row.tenant_id, ALL))
    rows = select(func.min(ChangedRow.version)).where(*those, ChangedRow.row_id.in_((row.row_id, ALL)))
    return db.session.scalar(rows.where(ChangedRow.changed_at >= since))


def prune(before: datetime) -> int:
    """Forget the beginning of the log, up to the first version from this moment on; the newest version stays."""
    kept = select(func.min(ChangedRow.version)).where(ChangedRow.changed_at >= before).scalar_subquery()
    newest = select(func.max(ChangedRow.version)).scalar_subquery()
    # Never from its middle, where a clock that was set back may have left a version that looks older.
    old = delete(ChangedRow).where(ChangedRow.version < func.coalesce(kept, newest))
    gone: int = db.session.execute(old, execution_options={"synchronize_session": False}).rowcount  # type: ignore[attr-defined]
    return gone


@event.listens_for(Session, "after_flush")
def _note_rows(session: Session, _context: Any) -> None:
    for row in (*session.new, *session.deleted):
        _note(session, _versions_of(row))
        _note_changed(session, type(row), _tenant_of(row), row)
    for row in session.dirty:
        if session.is_modified(row):
            _note(session, _versions_of(row))
            if _decides(row):
                _note_changed(session, type(row), _tenant_of(row), row)


def _note(session: Session, versions: Iterator[uuid.UUID] | set[uuid.UUID]) -> None:
    session.info.setdefault(CHANGED, set()).update(versions)


def _note_changed(session: Session, model: type, tenant_id: uuid.UUID, row: object | None = None) -> None:
    if not issubclass(model, DecidesCalls):
        return
    kind, column = model.decides_through or (model.__tablename__, "id")  # type: ignore[attr-defined]
    changed = Changed(kind, tenant_id, ALL if row is None else getattr(row, column))
    session.info.setdefault(ROWS, set()).add(changed)
    _note(session, {CALLS})


def _decides(row: object) -> bool:
    """Whether something of this changed row decides."""
    columns = row.deciding_columns if isinstance(row, DecidesCalls) else None
    return columns is None or any(inspect(row).attrs[name].history.has_changes() for name in columns)


def _tenant_of(row: object) -> uuid.UUID:
    """Whose row it is; a tenant is its own."""
    tenant_id: uuid.UUID | None = getattr(row, "tenant_id", None) or getattr(row, "id", None)
    return tenant_id or ALL


def _versions_of(row: object) -> Iterator[uuid.UUID]:
    if isinstance(row, DecidesKeys):
        yield KEYS
    if isinstance(row, ShownToShops):
        yield _tenant_of(row)


@event.listens_for(Session, "do_orm_execute")
def _note_statement(state: ORMExecuteState) -> None:
    # A statement that writes rows by itself goes past the flush.
    if not (state.is_insert or state.is_update or state.is_delete) or (table := _written_by(state)) is None:
        return
    scope, held_by = state.execution_options.get("scope"), state.execution_options.get(HELD_BY)
    if issubclass(table, DecidesKeys):
        _note(state.session, {KEYS})
    for tenant_id in [scope if isinstance(scope, uuid.UUID) else ALL] if held_by is None else held_by:
        _note_changed(state.session, table, tenant_id)
    if issubclass(table, ShownToShops) and held_by is not None:
        _note(state.session, set(held_by))
    elif issubclass(table, ShownToShops) and scope is not None:
        if not isinstance(scope, uuid.UUID):
            raise RuntimeError(f"{table.__name__} is held by tenant: change its rows in the session")
        _note(state.session, {scope})


def _written_by(state: ORMExecuteState) -> type | None:
    """The model whose table is written, also where the statement names the table alone."""
    if state.bind_mapper is not None:
        return state.bind_mapper.class_
    table: Table | None = getattr(state.statement, "table", None)
    return next((mapper.class_ for mapper in Base.registry.mappers if mapper.local_table is table), None)


@event.listens_for(Session, "before_commit")
def _move_versions(session: Session) -> None:
    if session.in_nested_transaction():
        return  # a savepoint: the transaction says it when it commits
    session.flush()
    versions, now = session.info.get(CHANGED, set()), clock.now()
    # Always in the same order, so that two transactions never wait for each other; what all move at the end.
    if moved := sorted(versions - {CALLS}):
        session.execute(_moved(session), [{"id": each, "version": 1, "changed_at": now} for each in moved])
    if CALLS in versions:
        _write_log(session, now)


def _write_log(session: Session, now: datetime) -> None:
    """Move `CALLS`, whose row stays locked until all of this is seen, and say what changed with its new version."""
    moved = _moved(session).values(id=CALLS, version=1, changed_at=now).returning(ChangeVersion.version)
    version = session.scalar(moved)
    changed = [row._asdict() | {"version": version, "changed_at": now} for row in session.info[ROWS]]
    session.execute(insert(ChangedRow), changed)
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_notify(CHANNEL, str(version))))


def _moved(session: Session) -> Any:
    insert_one = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    first = insert_one(ChangeVersion)
    return first.on_conflict_do_update(
        index_elements=[ChangeVersion.id],
        set_={"version": ChangeVersion.version + 1, "changed_at": first.excluded.changed_at},
    )


@event.listens_for(Session, "after_commit")
def _count_here(session: Session) -> None:
    global _here
    if session.in_nested_transaction():
        return
    session.info.pop(ROWS, None)
    if session.info.pop(CHANGED, None):
        _here += 1
        for told in tuple(_told):
            told.set()


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    if session.in_nested_transaction():
        return  # back to a savepoint only: what was changed before it is committed yet, and more said costs little
    session.info.pop(CHANGED, None)
    session.info.pop(ROWS, None)
