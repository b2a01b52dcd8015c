"""On PostgreSQL, whatever is asked of the world here is asked twice: the two walls have to agree on every row."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event

from portal.access import wall
from portal.access.rows import SCOPE, Reader
from tests.conftest import DATABASE

SEES_ALL = wall.Told(wall.role_of(Reader.UPKEEP))
TAKES_WHAT_IS_FREE = "SKIP LOCKED"  # it finds what it finds, without any wall as well


@pytest.fixture(autouse=True)
def both_walls_agree() -> Iterator[None]:
    """What a statement's own conditions let through, the row policies let through as well.

    A foreign row that one wall lets through and the other does not is nobody's fault that a person would see: a join of
    another tenant's rows that finds nothing says nothing. So each reading is repeated by who sees all.
    """
    if DATABASE != "postgresql":
        yield
        return
    differences: list[str] = []

    def compare(connection: Connection, _cursor: Any, statement: str, values: Any, context: Any, _many: bool) -> None:
        scope = context.execution_options.get(SCOPE) if context else None
        if scope is None or isinstance(scope, Reader) or not statement.startswith("SELECT"):
            return
        if TAKES_WHAT_IS_FREE in statement:
            return
        seen, there = (_found(connection, told, statement, values) for told in (connection.info[wall.TOLD], SEES_ALL))
        if seen != there:
            differences.append(f"{len(seen)} of {len(there)} rows: {statement}")

    event.listen(Engine, "before_cursor_execute", compare)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", compare)
    assert differences == []


def _found(connection: Connection, told: wall.Told, statement: str, values: Any) -> list[str]:
    """The rows, in no order: a statement that asks for none may give them in any."""
    with closing(connection.connection.cursor()) as cursor:
        cursor.execute("SAVEPOINT compared")
        cursor.execute(wall.TELL, told)
        cursor.execute(statement, values)
        rows = sorted(map(repr, cursor.fetchall()))
        cursor.execute("ROLLBACK TO SAVEPOINT compared")  # and with it who reads
        cursor.execute("RELEASE SAVEPOINT compared")
    return rows
