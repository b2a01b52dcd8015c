"""What the tests of people share."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from portal.foundation.database import db


@pytest.fixture
def statements() -> Callable[[], Iterator[Callable[[], int]]]:
    """Counts the statements that run inside `with statements() as count:`; `count()` tells how many."""

    @contextmanager
    def counting() -> Iterator[Callable[[], int]]:
        seen: list[str] = []

        def note(_connection, _cursor, statement, *_rest):
            if not statement.startswith(("BEGIN", "SAVEPOINT", "PRAGMA")):
                seen.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            yield lambda: len(seen)
        finally:
            event.remove(db.engine, "before_cursor_execute", note)

    return counting
