"""What is looked at only when somebody asks: the outbox, the database's connections, what is running."""

import platform
import tomllib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import QueuePool

from portal.foundation import clock
from portal.foundation.database import db
from portal.outbox import store as outbox
from portal.outbox.store import Backlog

PACKAGE = "partner-portal"
PROJECT_FILE = Path(__file__).resolve().parents[2] / "pyproject.toml"


class State(Collector):
    """The figures of the moment. It asks the database once, on a connection that pages do not wait for."""

    def __init__(self, surroundings: Callable[[], AbstractContextManager[object]]) -> None:
        self._surroundings = surroundings
        self._build = {"version": _version(), "python": platform.python_version()}

    def collect(self) -> Iterator[Metric]:
        build = GaugeMetricFamily("portal_build_info", "What is running.", labels=list(self._build))
        build.add_metric(list(self._build.values()), 1)
        yield build
        with self._surroundings():
            yield _connections()
            try:
                backlog = outbox.backlog()
            except SQLAlchemyError:
                backlog = None
        yield GaugeMetricFamily("portal_database_up", "Whether the database answers.", float(backlog is not None))
        if backlog is not None:
            yield from _outbox(backlog)


def _outbox(backlog: Backlog) -> Iterator[Metric]:
    age = 0.0 if backlog.oldest_at is None else max(0.0, (clock.now() - backlog.oldest_at).total_seconds())
    yield GaugeMetricFamily("portal_outbox_waiting", "Messages that have not left.", backlog.waiting)
    yield GaugeMetricFamily("portal_outbox_oldest_seconds", "How long the oldest of them has waited.", age)
    yield GaugeMetricFamily("portal_outbox_given_up", "Messages given up in the last 30 days.", backlog.given_up)


def _connections() -> Metric:
    found = GaugeMetricFamily("portal_database_connections", "Connections of this process.", labels=["engine", "state"])
    for name, engine in db.engines.items():
        pool = engine.pool
        if isinstance(pool, QueuePool):  # SQLite's main one keeps none
            found.add_metric([name or "main", "in_use"], pool.checkedout())
            found.add_metric([name or "main", "idle"], pool.checkedin())
    return found


def _version() -> str:
    """The portal's version; it may run from its own directory without being installed."""
    try:
        return version(PACKAGE)
    except PackageNotFoundError:
        if not PROJECT_FILE.exists():
            return "unknown"
        said: str = tomllib.loads(PROJECT_FILE.read_text())["project"]["version"]
        return said
