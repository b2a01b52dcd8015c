"""Change versions: how a process that holds rows in memory learns, by one short statement, that they are outdated.

A model says by a marker that its rows are held somewhere. Every transaction that changes such a row moves a version and
keeps that version's row locked until it commits, so whoever reads a version also finds what it stands for.
"""

import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, bindparam, event, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, ORMExecuteState, Session, mapped_column

from portal.foundation import clock
from portal.foundation.database import Base, look

# Whose version: this one for what decides over keys, of all tenants; a tenant's id for what its shops are shown.
KEYS = uuid.UUID(int=0)
CHANGED = "changed_versions"
HELD_BY = "held_by"  # execution option of a statement that writes rows of several tenants: their ids

Version = tuple[int, datetime]


class ChangeVersion(Base):
    """Counts the transactions that changed what is held under `id`.

    With `changed_at` it tells a restored database from the one before, though both have counted equally far.
    """

    __tablename__ = "change_versions"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    changed_at: Mapped[datetime]


VERSION = select(ChangeVersion.version, ChangeVersion.changed_at).where(ChangeVersion.id == bindparam("what"))


class DecidesKeys:
    """Marks a table whose rows decide whether a key pair verifies, and what it may do."""


class ShownToShops:
    """Marks a table of which a tenant's shops are shown something."""


_here = 0


def changes_here() -> int:
    """How many changes of held rows this very process has committed: its own need no waiting for the next look."""
    return _here


def version_of(what: uuid.UUID) -> Version | None:
    """The version of `KEYS` or of a tenant's id, as committed; to be compared for equality. None: it never moved."""
    found = look(VERSION, {"what": what})
    return None if found is None else (found.version, found.changed_at)


@event.listens_for(Session, "after_flush")
def _note_rows(session: Session, _context: Any) -> None:
    changed = [*session.new, *session.deleted, *(row for row in session.dirty if session.is_modified(row))]
    _note(session, {version for row in changed for version in _versions_of(row)})


def _note(session: Session, versions: set[uuid.UUID]) -> None:
    if versions:
        session.info.setdefault(CHANGED, set()).update(versions)


def _versions_of(row: object) -> Iterator[uuid.UUID]:
    if isinstance(row, DecidesKeys):
        yield KEYS
    if isinstance(row, ShownToShops):
        tenant_id: uuid.UUID = getattr(row, "tenant_id", None) or row.id  # type: ignore[attr-defined]
        yield tenant_id


@event.listens_for(Session, "do_orm_execute")
def _note_statement(state: ORMExecuteState) -> None:
    # A statement that writes rows by itself goes past the flush.
    if not (state.is_insert or state.is_update or state.is_delete) or state.bind_mapper is None:
        return
    table, scope = state.bind_mapper.class_, state.execution_options.get("scope")
    held_by = state.execution_options.get(HELD_BY)
    if issubclass(table, DecidesKeys):
        _note(state.session, {KEYS})
    if issubclass(table, ShownToShops) and held_by is not None:
        _note(state.session, set(held_by))
    elif issubclass(table, ShownToShops) and scope is not None:
        if not isinstance(scope, uuid.UUID):
            raise RuntimeError(f"{table.__name__} is held by tenant: change its rows in the session")
        _note(state.session, {scope})


@event.listens_for(Session, "before_commit")
def _move_versions(session: Session) -> None:
    session.flush()
    # Always in the same order, so that two transactions never wait for each other.
    if versions := sorted(session.info.get(CHANGED, ())):
        now = clock.now()
        session.execute(_moved(session), [{"id": each, "version": 1, "changed_at": now} for each in versions])


def _moved(session: Session) -> Any:
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    first = insert(ChangeVersion)
    return first.on_conflict_do_update(
        index_elements=[ChangeVersion.id],
        set_={"version": ChangeVersion.version + 1, "changed_at": first.excluded.changed_at},
    )


@event.listens_for(Session, "after_commit")
def _count_here(session: Session) -> None:
    global _here
    if session.info.pop(CHANGED, None):
        _here += 1


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop(CHANGED, None)
