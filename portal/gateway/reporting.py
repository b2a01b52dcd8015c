"""Tells the database how this process is: what it knows, since when, and how fast it follows.

By a thread of its own: on SQLite a write may wait for another one, and following must not wait with it.
"""

import atexit
import socket
import time
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from datetime import datetime, timedelta
from math import ceil, isfinite
from multiprocessing import util
from threading import Event, Lock, Thread

from structlog import get_logger

from portal.credentials import store as credentials
from portal.foundation import clock
from portal.foundation.changes import Version
from portal.foundation.database import transaction
from portal.gateway.answers import Refusal
from portal.gateway.asking import Askers
from portal.gateway.following import Follower
from portal.gateways import operations
from portal.gateways.figures import figures_of, in_ms
from portal.gateways.models import WorkerKind, WorkerState
from portal.gateways.operations import Applied, Report

log = get_logger()

EVERY_SECONDS = 10.0  # where nothing changes
LEAST_SECONDS = 1.0  # from one report to the next, where much does
MOST_UNTOLD = 1000  # versions: a database that is away for long takes the oldest of them along
STATES = {None: WorkerState.READY, Refusal.NOT_READY: WorkerState.LOADING, Refusal.CUT_OFF: WorkerState.CUT_OFF}


class Reporter:
    """One worker's reports. A report that fails is made up for by the next one; nothing waits for either."""

    def __init__(
        self,
        worker: str,
        kind: WorkerKind,
        follower: Follower,
        surroundings: Callable[[], AbstractContextManager[object]],
        askers: Askers,
    ) -> None:
        self.worker, self.kind, self.follower, self.askers = worker, kind, follower, askers
        self._used: dict[str, datetime] = {}
        self._surroundings = surroundings
        self._started_at = clock.now()
        self._ready_at: datetime | None = None
        self._has_begun = False
        self._untold: deque[Applied] = deque(maxlen=MOST_UNTOLD)
        self._news, self._stop, self._reporting = Event(), Event(), Lock()

    def begin(self) -> None:
        """Report from now on, until the process ends. Repeating it changes nothing."""
        if self._has_begun:
            return
        self._has_begun = True
        # A worker that multiprocessing forked ends without `atexit`, any other with; the second finds nothing to do.
        util.Finalize(None, self.end, exitpriority=10)
        atexit.register(self.end)
        Thread(target=self._run, name="reporter", daemon=True).start()

    def note(self, version: Version) -> None:
        """The follower is as of this version now."""
        self._ready_at = self._ready_at or clock.now()
        self._untold.append(Applied(version, clock.now()))
        self._news.set()

    def end(self) -> None:
        """Say that this worker ends. Whatever goes wrong does not keep it from ending."""
        if not self._stop.is_set():
            self._stop.set()
            self._news.set()
            with suppress(Exception):
                self.try_to_report()

    def try_to_report(self) -> None:
        """Report; where that fails, say so in the log."""
        try:
            with self._surroundings():
                self.report()
        except Exception as error:  # the database may be away or busy
            log.warning("not reported", error=type(error).__name__)

    def report(self) -> None:
        """Write how this worker is, and what it noted. Raises: what the database does; then nothing noted is lost."""
        with self._reporting:
            told = list(self._untold)
            self._used |= dict.fromkeys(self.askers.take_used(), clock.now())
            with transaction():
                operations.report(self._as_it_is(), figures_of(list(self.follower.lags)), told)
                credentials.note_uses(self._used)
            self._used = {}
            for each in told:
                # Where more came than are kept, the oldest have made way already.
                if self._untold and self._untold[0] is each:
                    self._untold.popleft()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._news.clear()
            began = time.monotonic()
            self.try_to_report()
            self._stop.wait(max(0.0, LEAST_SECONDS - (time.monotonic() - began)))
            self._news.wait(EVERY_SECONDS - LEAST_SECONDS)

    def _as_it_is(self) -> Report:
        follower, now = self.follower, clock.now()
        behind, following = follower.seconds_behind, follower.following
        # What was never changed has no version, and is known all the same.
        self._ready_at = self._ready_at or (now if follower.is_ready else None)
        return Report(
            id=self.worker,
            host=socket.gethostname()[:255],
            kind=self.kind,
            state=STATES[follower.refusal()],
            started_at=self._started_at,
            ready_at=self._ready_at,
            seen_at=now,
            fresh_at=now - timedelta(seconds=behind) if isfinite(behind) else None,
            ended_at=now if self._stop.is_set() else None,
            version=follower.tables.version,
            keys=len(follower.tables.keys),
            poll_ms=in_ms(following.poll_seconds),
            is_listening=bool(following.listen_url),
            cut_off_seconds=ceil(following.cut_off_seconds),
        )
