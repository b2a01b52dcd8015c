"""The second wall, on PostgreSQL: each transaction tells the database whose rows it may see, and the database holds it.

The first wall is every statement's own condition (`rows.py`). Here the same scope is said to the database, whose row
policies (`policies.py`) let nothing else through, whatever a statement forgot. A tenant's id becomes the setting
`portal.tenant`, a named reader across tenants the role of its name; both end with the transaction, so that no pooler
hands them on. docs/decisions/0016-row-level-security.md says why this way.
"""

import uuid
from collections.abc import Iterable
from contextlib import closing
from typing import Any, NamedTuple, cast

from sqlalchemy import Connection, Engine, event, inspect
from sqlalchemy.orm import InstanceState, ORMExecuteState, Session

from portal.access.rows import SCOPE, Reader, TenantScoped
from portal.foundation.changes import HELD_BY

TOLD = "told"  # in a connection's info: what the database was told in this transaction
SAVEPOINTS = ("SAVEPOINT", "RELEASE", "ROLLBACK")  # the last is all that a transaction takes that has failed
NOBODY = "none"  # the role of a connection that reads across nothing: whoever logged in
TELL = "SELECT set_config('role', %s, true), set_config('portal.tenant', %s, true)"


class Told(NamedTuple):
    """Who reads: a role, and the ids of the tenants whose rows are there for it, between commas."""

    role: str = NOBODY
    tenants: str = ""


def role_of(reader: Reader) -> str:
    """The role in PostgreSQL that a named reader across tenants takes on for its statements."""
    return f"portal_{reader.name.lower()}"


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    connection.info[TOLD] = Told()  # what the last transaction said has ended with it


@event.listens_for(Engine, "rollback_savepoint")
def _roll_back(connection: Connection, _name: str, _context: Any) -> None:
    connection.info[TOLD] = None  # back to what was said before the savepoint, whatever that was


@event.listens_for(Engine, "before_cursor_execute")
def _tell(connection: Connection, _cursor: Any, statement: str, _parameters: Any, context: Any, _many: bool) -> None:
    if connection.dialect.name == "postgresql" and not statement.startswith(SAVEPOINTS):
        _say(connection, _wanted(context.execution_options if context else {}, connection.info.get(TOLD)))


def _wanted(options: Any, told: Told | None) -> Told:
    scope = options.get(SCOPE)
    if isinstance(scope, uuid.UUID):
        return Told(tenants=str(scope))
    if isinstance(scope, frozenset):
        return Told(tenants=_listed(scope))
    if scope is Reader.WRITER:
        return Told(tenants=_listed(options[HELD_BY]))
    if scope is not None:
        return Told(role_of(scope))
    # A statement on no tenant's table, or one of a flush, whose tenants were said when it began.
    return Told(tenants=told.tenants if told else "")


def _say(connection: Connection, wanted: Told) -> None:
    if connection.info.get(TOLD) == wanted:
        return
    with closing(connection.connection.cursor()) as cursor:
        cursor.execute(TELL, wanted)
    connection.info[TOLD] = wanted


def _listed(tenant_ids: Iterable[uuid.UUID]) -> str:
    return ",".join(sorted(map(str, tenant_ids)))


@event.listens_for(Session, "before_flush")
def _tell_of_flush(session: Session, _context: Any, _instances: Any) -> None:
    """A flush may write rows of several tenants: those of the objects in it."""
    rows = (row for rows in (session.new, session.dirty, session.deleted) for row in rows)
    tenants = {whose for row in rows if (whose := _owner(row)) is not None}
    if tenants and (connection := session.connection()).dialect.name == "postgresql":
        _say(connection, Told(tenants=_listed(tenants)))


@event.listens_for(Session, "do_orm_execute")
def _pass_on(state: ORMExecuteState) -> None:
    """What is loaded for an object that is there already is read where that object is."""
    if state.session._flushing or not (state.is_column_load or state.is_relationship_load):
        return
    if state.execution_options.get(SCOPE) is not None:
        return
    known = state.load_options._refresh_state if state.is_column_load else state.lazy_loaded_from
    if known is not None and (whose := _owner(known.obj())) is not None:
        state.update_execution_options(**{SCOPE: whose})


def _owner(row: object) -> uuid.UUID | None:
    """Whose row this object is: what its key begins with. None: nobody's, of a table that belongs to no tenant."""
    if not isinstance(row, TenantScoped):
        return None
    state = inspect(row)
    identity = state.identity or state.mapper.primary_key_from_instance(row)
    return cast(uuid.UUID | None, identity[0]) or _owner_related(state)


def _owner_related(state: InstanceState[Any]) -> uuid.UUID | None:
    """The tenant that was set as an object: the flush fills its id into the key later on."""
    for relation in state.mapper.relationships:
        if relation.local_columns == {state.mapper.primary_key[0]} and state.dict.get(relation.key) is not None:
            return cast(uuid.UUID, state.dict[relation.key].id)
    return None
