"""Keeps what decisions are made from as fresh as the database: loaded at the start, then followed change by change."""

import gc
import os
import time
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import datetime
from threading import Event, Lock, Thread

import psycopg
from structlog import get_logger

from portal.credentials import store as credentials
from portal.credentials.store import Working
from portal.foundation import clock
from portal.foundation.changes import CHANNEL, Gap, Version, tell_here
from portal.gateway.answers import Refusal
from portal.impact import loading
from portal.verifier.decision import Policy
from portal.verifier.tables import Tables

log = get_logger()

LISTEN_RETRY_SECONDS = 1.0
LISTEN_LOOK_SECONDS = 5.0  # how often the listener looks whether it is to end
CATCH_UP_LOOK_SECONDS = 0.01
LAGS_KEPT = 1000


@dataclass(frozen=True, slots=True)
class Following:
    """How to follow the database.

    poll_seconds: the longest time between two looks, where nobody tells of changes. cut_off_seconds: how long to answer
    from memory without the database. listen_url: a direct connection to PostgreSQL, or empty.
    """

    policy: Policy
    poll_seconds: float
    cut_off_seconds: float
    listen_url: str = ""


class Follower:
    """One process's knowledge. `tables` and `credentials` may be read by any thread at any time.

    surroundings: such as an application's context, for every look at the database.
    """

    def __init__(self, following: Following, surroundings: Callable[[], AbstractContextManager[object]]) -> None:
        self.following, self._surroundings = following, surroundings
        self.begin_anew()
        os.register_at_fork(after_in_child=self.begin_anew)

    def begin_anew(self) -> None:
        """Know nothing, and run no thread: neither the thread nor its locks come along through a fork."""
        self.tables = Tables(self.following.policy)
        self.credentials: dict[bytes, Working] = {}
        self.version: Version | None = None
        self.changed_at: datetime | None = None
        self.lags: deque[float] = deque(maxlen=LAGS_KEPT)
        self.rows_loaded, self.rows_to_load = 0, 0
        self.is_ready = False
        self._seen_at = float("-inf")
        self._wake, self._stop, self._starting = Event(), Event(), Lock()
        self._thread: Thread | None = None

    def begin(self) -> None:
        """Start following, unless it runs."""
        if self._thread is not None:
            return
        with self._starting:
            if self._thread is None:
                tell_here(self._wake)  # what this very process changes needs no waiting
                self._thread = Thread(target=self._run, name="follower", daemon=True)
                self._thread.start()
                if self.following.listen_url:
                    Thread(target=self._listen, name="listener", daemon=True).start()

    def end(self) -> None:
        """Follow no more; what is known stays, and is cut off in time."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    @property
    def seconds_behind(self) -> float:
        """How long ago everything here was known to be as the database had it; infinite before it was loaded."""
        return time.monotonic() - self._seen_at

    def refusal(self) -> Refusal | None:
        """Why nothing may be answered from memory now, or None."""
        if not self.is_ready:
            return Refusal.NOT_READY
        return Refusal.CUT_OFF if self.seconds_behind > self.following.cut_off_seconds else None

    def wake(self) -> None:
        """Look at once."""
        self._wake.set()

    def catch_up(self, version: int, seconds: float) -> None:
        """Look at once, and wait until this version is known, for so many seconds at most."""
        latest = time.monotonic() + seconds
        self.begin()
        self.wake()
        while (
            self.tables.version < version and time.monotonic() < latest and not self._stop.wait(CATCH_UP_LOOK_SECONDS)
        ):
            pass

    def look(self) -> None:
        """Be as the database is now; the first time, load everything. Raises: whatever the database raises."""
        began = time.monotonic()
        if self.is_ready:
            self._follow()
        else:
            self._load()
        self._seen_at = began

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.clear()
            try:
                with self._surroundings():
                    self.look()
            except Exception as error:  # whatever it was, the next look tries again, and the time limit stands
                log.warning("not followed", error=type(error).__name__, seconds_behind=round(self.seconds_behind, 1))
            self._wake.wait(self.following.poll_seconds)

    def _load(self) -> None:
        loaded = loading.load(self.following.policy, self._tell)
        self._read_credentials()
        self.tables, self.version = loaded.tables, loaded.version
        # A million records looked through at each collection would be pauses that callers feel.
        gc.collect()
        gc.freeze()
        self.is_ready = True
        log.info("loaded", keys=len(self.tables.keys), version=self.tables.version)

    def _tell(self, loaded: int, of: int) -> None:
        self.rows_loaded, self.rows_to_load = loaded, of
        log.info("loading", rows=loaded, of=of)

    def _follow(self) -> None:
        followed = loading.delta(self.tables, self.version)
        if isinstance(followed, Gap):
            # Nobody says what changed, so everything may have: until it is loaded anew this counts as being cut off.
            log.warning("loading anew: the log of changes does not reach back", version=self.version)
            self._load()
            return
        if followed.version == self.version:
            return
        self.tables.apply(followed.delta, loading.number(followed.version))
        self._read_credentials()
        self.version = followed.version
        self._note_lag()

    def _read_credentials(self) -> None:
        self.credentials = {working.digest: working for working in credentials.all_working(clock.now())}

    def _note_lag(self) -> None:
        if self.version is not None:
            self.changed_at = self.version[1]
            self.lags.append((clock.now() - self.changed_at).total_seconds())

    def _listen(self) -> None:
        """Look as soon as PostgreSQL tells of a change. It only ever makes following faster."""
        url = self.following.listen_url.replace("postgresql+psycopg://", "postgresql://", 1)
        while not self._stop.is_set():
            with suppress(psycopg.Error), psycopg.connect(url, autocommit=True) as connection:
                connection.execute(f"LISTEN {CHANNEL}")
                self._wake.set()  # what was told before is not told again
                while not self._stop.is_set():
                    for _told in connection.notifies(timeout=LISTEN_LOOK_SECONDS, stop_after=1):
                        self._wake.set()
            self._stop.wait(LISTEN_RETRY_SECONDS)
