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


def a_probe(p99_ms: int = 402, within_ms: int = 1000) -> None:
    """What a probe measured just now: two workers, twenty revocations."""
    with transaction():
        operations.note_probe("http://127.0.0.1:8001", 2, Figures(40, 201, p99_ms, p99_ms + 1), 20, within_ms)


def a_gateway() -> None:
    """Workers of every kind of health, and a probe whose figure did not hold."""
    now = clock.now()
    a_worker("3f2a9c01", version=9_999, lags=Figures(1000, 112, 486, 531))
    a_worker("77b0e1d4", state=WorkerState.LOADING, ready_at=None, fresh_at=None, keys=0)
    a_worker("a01c55ee", fresh_at=now - timedelta(seconds=42), lags=Figures(1, 98, 98, 98))
    a_worker("c0a1e5ce", state=WorkerState.CUT_OFF, host="a-gateway-with-a-long-name.internal.vendor.example")
    a_worker("00c0ffee", kind=WorkerKind.APP, seen_at=now - timedelta(hours=3))
    a_worker("0ddba11a", seen_at=now - timedelta(minutes=9), ended_at=now - timedelta(minutes=9))
    a_probe(p99_ms=1001)
