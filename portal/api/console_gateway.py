"""The gateway's workers: whether each is up to date, and how long a revocation takes until it has effect there."""

from datetime import datetime

from flask import current_app

from portal.access.roles import Permission
from portal.api.console import calls
from portal.api.shapes import Moment, Shown
from portal.foundation import changes, clock
from portal.foundation.changes import CALLS, Version
from portal.gateways import store
from portal.gateways.health import FORGOTTEN_AFTER, Health, health_of
from portal.gateways.models import GatewayProbe, GatewayWorker, WorkerKind


class WorkerShown(Shown):
    """A worker by its own latest report; the lags are of its last `changes` changes, in milliseconds."""

    id: str
    host: str
    kind: WorkerKind
    health: Health
    started_at: Moment
    seen_at: Moment
    version: int
    key_pairs: int
    changes: int
    p50_ms: int | None
    p99_ms: int | None
    max_ms: int | None


class ProbeShown(Shown):
    """What was measured from outside: how long after a revocation the last worker refused."""

    probed_at: Moment
    address: str
    workers: int
    rounds: int
    p50_ms: int
    p99_ms: int
    max_ms: int
    within_ms: int


class GatewayShown(Shown):
    """Each worker that reported within a day, the last measurement, and how long old knowledge is trusted."""

    workers: list[WorkerShown]
    probe: ProbeShown | None
    cut_off_seconds: float
    bundle_seconds: int


@calls.reads("/<account>/console/gateway", Permission.CONSOLE_SEE)
def gateway() -> GatewayShown:
    """Show the gateway's workers."""
    now, newest, probe = clock.now(), changes.version_of(CALLS), store.last_probe()
    settings = current_app.config["PORTAL"]
    return GatewayShown(
        workers=[_worker_shown(row, now, newest) for row in store.seen_since(now - FORGOTTEN_AFTER)],
        probe=_probe_shown(probe) if probe else None,
        cut_off_seconds=settings.gateway_cut_off_seconds,
        bundle_seconds=settings.bundle_seconds,
    )


def _worker_shown(worker: GatewayWorker, at: datetime, newest: Version | None) -> WorkerShown:
    return WorkerShown(
        id=worker.id,
        host=worker.host,
        kind=worker.kind,
        health=health_of(worker, at, newest),
        started_at=worker.started_at,
        seen_at=worker.seen_at,
        version=worker.version,
        key_pairs=worker.keys,
        changes=worker.changes,
        p50_ms=worker.p50_ms,
        p99_ms=worker.p99_ms,
        max_ms=worker.max_ms,
    )


def _probe_shown(probe: GatewayProbe) -> ProbeShown:
    figures = ("probed_at", "address", "workers", "rounds", "p50_ms", "p99_ms", "max_ms", "within_ms")
    return ProbeShown(**{name: getattr(probe, name) for name in figures})
