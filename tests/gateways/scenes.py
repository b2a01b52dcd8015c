"""Workers as they report, without the processes."""

from datetime import datetime, timedelta
from typing import Any

from portal.foundation import clock
from portal.foundation.database import transaction
from portal.gateways import operations
from portal.gateways.figures import Figures
from portal.gateways.models import WorkerKind, WorkerState
from portal.gateways.operations import Applied, Report


def a_worker(
    worker: str = "one",
    *,
    lags: Figures | None = None,
    applied: tuple[tuple[int, datetime, datetime], ...] = (),
    **others: Any,
) -> Report:
    """A worker that has answered for an hour and reports now, with what it has applied: version, change, effect."""
    now = clock.now()
    usual = {
        "id": worker,
        "host": "gateway-1",
        "kind": WorkerKind.GATEWAY,
        "state": WorkerState.READY,
        "started_at": now - timedelta(hours=1),
        "ready_at": now - timedelta(hours=1),
        "seen_at": now,
        "fresh_at": now,
        "ended_at": None,
        "version": 1,
        "keys": 2,
        "poll_ms": 500,
        "is_listening": False,
        "cut_off_seconds": 300,
    }
    told = Report(**(usual | others))
    with transaction():
        operations.report(told, lags or Figures(0), [Applied((each[0], each[1]), each[2]) for each in applied])
    return told
