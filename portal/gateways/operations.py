"""Keeping what gateway workers report, and forgetting it after a while."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from portal.foundation import clock
from portal.foundation.changes import Version
from portal.gateways import store
from portal.gateways.figures import Figures
from portal.gateways.models import GatewayProbe, WorkerKind, WorkerState

# A row for each worker and each change, so a month and a few days: four workers at 5,000 changes a day make 700,000.
KEPT = timedelta(days=35)
LONGEST_ADDRESS = 255


@dataclass(frozen=True)
class Report:
    """What a worker says of itself at `seen_at`; the fields are those of `GatewayWorker`."""

    id: str
    host: str
    kind: WorkerKind
    state: WorkerState
    started_at: datetime
    ready_at: datetime | None
    seen_at: datetime
    fresh_at: datetime | None
    ended_at: datetime | None
    version: int
    keys: int
    poll_ms: int
    is_listening: bool
    cut_off_seconds: int


@dataclass(frozen=True)
class Applied:
    """At this moment a worker was as of this version."""

    version: Version
    applied_at: datetime


def report(of: Report, lags: Figures, applied: Sequence[Applied] = ()) -> None:
    """Keep what a worker says of itself, and which versions it has gone to since it said so last."""
    figures = {"changes": lags.times, "p50_ms": lags.p50_ms, "p99_ms": lags.p99_ms, "max_ms": lags.max_ms}
    store.put_worker(asdict(of) | figures)
    store.put_applied(
        {"worker_id": of.id, "version": each.version[0], "changed_at": each.version[1], "applied_at": each.applied_at}
        for each in applied
    )


def note_probe(address: str, workers: int, lags: Figures, rounds: int, within_ms: int) -> GatewayProbe:
    """Keep what a probe measured at this address."""
    probe = GatewayProbe(
        probed_at=clock.now(),
        address=address[:LONGEST_ADDRESS],
        workers=workers,
        rounds=rounds,
        p50_ms=lags.p50_ms,
        p99_ms=lags.p99_ms,
        max_ms=lags.max_ms,
        within_ms=within_ms,
    )
    store.add_probe(probe)
    return probe


def tidy_up() -> int:
    """Forget what is older than 35 days; how many rows went."""
    return store.forget(clock.now() - KEPT)
