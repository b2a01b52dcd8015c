"""The one place that time comes from. Every moment in the portal is an aware UTC datetime."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

_ahead: ContextVar[timedelta] = ContextVar("ahead", default=timedelta())


def now() -> datetime:
    """This moment, aware, in UTC."""
    return datetime.now(UTC) + _ahead.get()


def unix_now() -> float:
    """The same moment in Unix seconds, for where it is asked for with every call of every shop."""
    ahead = _ahead.get()
    return time.time() + ahead.total_seconds() if ahead else time.time()


@contextmanager
def travelled_to(moment: datetime) -> Iterator[None]:
    """Inside, it is `moment`, and time runs on from there. For seeds and imports, which tell of the past."""
    token = _ahead.set(moment - datetime.now(UTC))
    try:
        yield
    finally:
        _ahead.reset(token)
