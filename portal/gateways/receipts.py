"""What the gateway's workers made of one act that stops something: who refuses since, and after how long."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.foundation import changes, clock
from portal.foundation.changes import Changed
from portal.gateways import store
from portal.gateways.models import GatewayWorker
from portal.gateways.operations import KEPT

EXACTLY = timedelta()
# It was fresh for one more report's while after the last one that came, and its clock is another machine's.
UNTOLD = timedelta(seconds=60)


@dataclass(frozen=True)
class Receipt:
    """Of `workers` that answered when it happened, `refused` know of the act, the last one `seconds` after it."""

    workers: int
    refused: int
    seconds: float | None

    @property
    def is_complete(self) -> bool:
        """Whether nobody answers any more who does not know of it."""
        return self.refused == self.workers


def of_act(row: Changed, acted_at: datetime, leeway: timedelta = EXACTLY) -> Receipt | None:
    """What became of the act that changed this row at this moment. None: nobody has told, or it is long ago.

    leeway: how much earlier the change may have been than `acted_at`, where that is another row's moment.
    """
    now = clock.now()
    if acted_at < now - KEPT:
        return None
    # The log says it exactly, for as long as it goes back. Later the moment has to do: within the milliseconds between
    # it and its commit, somebody else's change may have been the first.
    version = changes.version_that_changed(row, acted_at - leeway) if acted_at >= now - changes.LOG_KEPT else None
    if version is None and not leeway:
        version = store.first_version_from(acted_at)
    return None if version is None else _told(version, acted_at, now)


def _told(version: int, acted_at: datetime, now: datetime) -> Receipt | None:
    effects = store.effects_of(version, acted_at)
    told = [applied_at for _worker, applied_at in effects if applied_at is not None]
    waiting = [worker for worker, applied_at in effects if applied_at is None and _may_answer(worker, now)]
    if not told and not waiting:
        return None
    seconds = max((max(0.0, (applied_at - acted_at).total_seconds()) for applied_at in told), default=None)
    return Receipt(len(told) + len(waiting), len(told), seconds)


def _may_answer(worker: GatewayWorker, now: datetime) -> bool:
    """Whether a worker may still answer from memory: it did not say that it ends, and was heard of lately enough."""
    return worker.ended_at is None and now <= worker.seen_at + timedelta(seconds=worker.cut_off_seconds) + UNTOLD
