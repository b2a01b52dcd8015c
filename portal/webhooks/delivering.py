"""Delivering, again and again: one thread speaks with the database, many send at once.

Each turn is one transaction: what came of the attempts that ended is settled, what happened is read, and what is due
is claimed. So the figures of a turn grow with the load, and its writes do not.
"""

import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from threading import Event

from sqlalchemy.exc import InterfaceError, OperationalError
from structlog import get_logger

from portal.foundation import clock, outgoing
from portal.foundation.database import db, transaction
from portal.webhooks import operations, posting, sending, sending_store
from portal.webhooks.sending import Outcome, Parcel
from portal.webhooks.sending_store import Place, Taken

log = get_logger()

THREADS = 4 * posting.OF_TENANT
LOOK_SECONDS = 0.25  # how often somebody who has nothing to do looks
GATHER_SECONDS = 0.05  # outcomes that come this soon after another are settled together with it
AFTER_FAILURE_SECONDS = 1.0  # the database may be away for a while

Send = Callable[[Parcel], Outcome]


class Deliverer:
    """Delivers what is due. Needs an application context; several may work at once, in as many processes."""

    def __init__(self, send: Send | None = None, threads: int = THREADS) -> None:
        post = partial(outgoing.post, loopback=operations.setup().loopback)
        self._send = send or partial(sending.send, post=post)
        self._threads = threads
        self._ended: SimpleQueue[tuple[Parcel, Outcome | None]] = SimpleQueue()
        self._outcomes: list[Outcome] = []
        self._under_way: Counter[Place] = Counter()  # by tenant and endpoint
        self._failing: set[uuid.UUID] = set()
        self.delivered = 0

    def run(self, stop: Event) -> None:
        """Deliver until `stop` is set, and then settle what is under way."""
        with ThreadPoolExecutor(self._threads, "webhook") as pool:
            while not stop.is_set():
                if not self._tried(pool) and not self._under_way:
                    stop.wait(LOOK_SECONDS)
            self._finish()

    def run_until_done(self) -> int:
        """How many were delivered: all that was due, what was claimed by others aside."""
        with ThreadPoolExecutor(self._threads, "webhook") as pool:
            while self._turn(pool) or self._under_way or self._outcomes:
                pass
        return self.delivered

    def _tried(self, pool: ThreadPoolExecutor) -> bool:
        try:
            return self._turn(pool)
        except Exception as error:  # the next turn tries again, with what is to be settled still at hand
            log.error("webhooks failed", error=type(error).__name__, exc_info=error)
            time.sleep(AFTER_FAILURE_SECONDS)
            self._settle_each()
            return True
        finally:
            db.session.remove()

    def _turn(self, pool: ThreadPoolExecutor) -> bool:
        """Whether there was anything to do."""
        self._gather()
        free = self._threads - self._under_way.total()
        now = clock.now()
        if not self._outcomes and not (free and sending_store.is_anything_due(now)):
            return False
        with transaction():
            posting.settle(self._outcomes)
            posted = posting.post_new(now)
            parcels = posting.claim(now, free, self._taken()) if free else []
        settled = len(self._outcomes)
        self.delivered += sum(outcome.is_delivered for outcome in self._outcomes)
        self._outcomes = []
        for parcel in parcels:
            self._begin(pool, parcel)
        return bool(settled or posted or parcels)

    def _settle_each(self) -> None:
        """Settle what is at hand one by one, and drop what cannot be: it is sent again when its lease ends.

        After a return to a backup, for one, what was sent may be unknown; it must not hold up everybody else for ever.
        """
        while self._outcomes:
            try:
                with transaction():
                    posting.settle(self._outcomes[:1])
            except (OperationalError, InterfaceError) as error:  # the database is away, and nothing is wrong with it
                log.error("webhooks not settled", error=type(error).__name__, exc_info=error)
                return
            except Exception as error:
                delivery = str(self._outcomes[0].parcel.id)
                log.error("webhook not settled", delivery=delivery, error=type(error).__name__, exc_info=error)
            else:
                self.delivered += self._outcomes[0].is_delivered
            del self._outcomes[0]

    def _taken(self) -> Taken:
        """What is under way; an endpoint that fails has all of its room taken by a few."""
        tenants: Counter[uuid.UUID] = Counter()
        endpoints: dict[uuid.UUID, int] = {}
        for (tenant_id, endpoint_id), count in self._under_way.items():
            tenants[tenant_id] += count
            is_full = endpoint_id in self._failing and count >= posting.EACH_FAILING
            endpoints[endpoint_id] = max(count, posting.EACH) if is_full else count
        return Taken(tenants, endpoints)

    def _begin(self, pool: ThreadPoolExecutor, parcel: Parcel) -> None:
        self._under_way[parcel.tenant_id, parcel.endpoint_id] += 1
        pool.submit(self._make, parcel)

    def _make(self, parcel: Parcel) -> None:
        try:
            self._ended.put((parcel, self._send(parcel)))
        except Exception as error:  # a bug: the lease ends, and it is tried again
            log.error("webhook not sent", delivery=str(parcel.id), error=type(error).__name__, exc_info=error)
            self._ended.put((parcel, None))

    def _gather(self) -> None:
        """Take what has ended; where something is under way, wait a moment for it, and for what comes soon after."""
        if not self._under_way:
            return
        with suppress(Empty):
            self._take(*self._ended.get(timeout=LOOK_SECONDS))
            until = time.monotonic() + GATHER_SECONDS
            while self._under_way:
                self._take(*self._ended.get(timeout=max(until - time.monotonic(), 0)))

    def _take(self, parcel: Parcel, outcome: Outcome | None) -> None:
        place = parcel.tenant_id, parcel.endpoint_id
        self._under_way[place] -= 1
        if not self._under_way[place]:
            del self._under_way[place]
        if outcome is not None:
            self._outcomes.append(outcome)
            (self._failing.discard if outcome.is_delivered else self._failing.add)(parcel.endpoint_id)

    def _finish(self) -> None:
        while self._under_way:
            self._gather()
        try:
            with transaction():
                posting.settle(self._outcomes)
        except Exception as error:  # what is not settled is sent again when the leases end, under the same ids
            log.error("webhooks not settled", error=type(error).__name__, exc_info=error)
            self._settle_each()
        finally:
            db.session.remove()
