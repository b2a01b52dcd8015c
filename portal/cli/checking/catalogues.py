"""Questions to the database about itself. No table of the portal is in them."""

from typing import Any

import psycopg
from sqlalchemy import Row, func, select, text

from portal.foundation.database import LOOKS, db, look

CHANNEL = "portal_check"
CONNECT_SECONDS, HEAR_SECONDS = 5, 2.0
TRIES = 3


def row(sql: str, **parameters: Any) -> Row[Any]:
    """The one row of a statement. Raises: whatever the database raises, LookupError."""
    found = look(text(sql), parameters)
    if found is None:
        raise LookupError(sql)
    return found


def value(sql: str, **parameters: Any) -> Any:
    """The one value of a statement. Raises: as `row`."""
    return row(sql, **parameters)[0]


def is_pooled() -> bool:
    """Whether two connections at once are served by one process of PostgreSQL: then a pooler stands in between that
    gives connections away after each transaction.
    """
    process = select(func.pg_backend_pid())
    engine = db.engines[LOOKS]
    for _try in range(TRIES):
        with engine.connect() as one, engine.connect() as other:
            if one.scalar(process) == other.scalar(process):
                return True
    return False


def hears(listen_url: str) -> bool:
    """Whether who listens there hears what is told through the portal's own connection. Raises: psycopg.Error."""
    url = listen_url.replace("postgresql+psycopg://", "postgresql://", 1)
    with psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_SECONDS) as connection:
        connection.execute(f"LISTEN {CHANNEL}")
        look(select(func.pg_notify(CHANNEL, "")), {})
        return any(True for _told in connection.notifies(timeout=HEAR_SECONDS, stop_after=1))
