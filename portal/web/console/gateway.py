"""The gateway's workers: whether each is up to date, and how long it takes until a revocation has effect there."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import render_template

from portal.access.roles import Permission
from portal.foundation import changes, clock
from portal.foundation.changes import CALLS
from portal.gateways import store
from portal.gateways.health import FORGOTTEN_AFTER, HEALTH_NAMES, OVER, Health, health_of
from portal.gateways.models import GatewayWorker
from portal.web import revocation
from portal.web.console.blueprint import pages
from portal.web.guards import requires
from portal.web.revocation import MINUTE

HOUR = timedelta(hours=1)
# How bad each is, and so in which order the list has them.
ORDER = (Health.CUT_OFF, Health.BEHIND, Health.LOADING, Health.READY, Health.GONE, Health.ENDED)


@dataclass(frozen=True)
class Line:
    """One worker as the page shows it."""

    worker: GatewayWorker
    health: Health
    ago: timedelta

    @property
    def ago_seconds(self) -> int | None:
        """How long ago it reported, to be told in words: whole seconds, or whole minutes; None from an hour on."""
        if self.ago >= HOUR:
            return None
        whole = max(0, int(self.ago.total_seconds()))
        return whole if whole < MINUTE else whole - whole % MINUTE


@pages.get("/<account>/console/gateway")
@requires(Permission.CONSOLE_SEE)
def gateway(account: str) -> str:
    """Each worker that reported within a day, by its own last report, and what was measured from outside."""
    now = clock.now()
    lines = _lines(now)
    return render_template(
        "console/gateway.html",
        lines=lines,
        warned=[line for line in lines if line.health in (Health.CUT_OFF, Health.BEHIND)],
        answering=sum(line.health not in OVER for line in lines),
        probe=store.last_probe(),
        health_names=HEALTH_NAMES,
        told=revocation,
    )


def _lines(now: datetime) -> list[Line]:
    newest = changes.version_of(CALLS)
    workers = store.seen_since(now - FORGOTTEN_AFTER)
    lines = [Line(worker, health_of(worker, now, newest), now - worker.seen_at) for worker in workers]
    return sorted(lines, key=lambda line: ORDER.index(line.health))
