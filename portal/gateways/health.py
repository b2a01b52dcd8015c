"""How a gateway worker is, by its last report."""

from datetime import datetime, timedelta
from enum import StrEnum

from portal.foundation.changes import Version
from portal.foundation.marking import N_
from portal.gateways.models import GatewayWorker, WorkerState

GONE_AFTER = timedelta(minutes=1)  # six reports that did not come
FORGOTTEN_AFTER = timedelta(days=1)
BEHIND_AFTER = timedelta(seconds=5)  # far beyond what is published, so that a report between two looks warns nobody


class Health(StrEnum):
    """What there is to say of a worker."""

    READY = "ready"
    LOADING = "loading"
    BEHIND = "behind"
    CUT_OFF = "cut_off"
    GONE = "gone"
    ENDED = "ended"


HEALTH_NAMES: dict[Health, str] = {
    Health.READY: N_("Up to date"),
    Health.LOADING: N_("Loading"),
    Health.BEHIND: N_("Behind"),
    Health.CUT_OFF: N_("Cut off"),
    Health.GONE: N_("Gone"),
    Health.ENDED: N_("Ended"),
}
OVER = frozenset({Health.GONE, Health.ENDED})


def health_of(worker: GatewayWorker, now: datetime, newest: Version | None) -> Health:
    """How this worker is; `newest` is the version that the database has."""
    if worker.ended_at is not None:
        return Health.ENDED
    if worker.seen_at < now - GONE_AFTER:
        return Health.GONE
    if worker.state is WorkerState.LOADING:
        return Health.LOADING
    if worker.state is WorkerState.CUT_OFF:
        return Health.CUT_OFF
    return Health.BEHIND if _is_behind(worker, newest) else Health.READY


def _is_behind(worker: GatewayWorker, newest: Version | None) -> bool:
    is_stale = worker.fresh_at is None or worker.seen_at - worker.fresh_at > BEHIND_AFTER
    if newest is None or is_stale:
        return is_stale
    version, changed_at = newest
    return worker.version < version and changed_at < worker.seen_at - BEHIND_AFTER
