"""Keeps what decisions are made from as fresh as the database: loaded at the start, then followed change by change."""

import gc
import os
import time
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

import psycopg
from structlog import get_logger

from portal.credentials import store as credentials
from portal.foundation import clock
from portal.foundation.changes import CHANNEL, Gap, Version, tell_here
from portal.foundation.database import leave_connections
from portal.gateway.answers import Refusal
from portal.gateway.asking import Credentials
from portal.impact import loading
from portal.verifier.decision import Policy
from portal.verifier.tables import Incomplete, Tables

if TYPE_CHECKING:
    from portal.gateway.reporting import Reporter

log = get_logger()

LISTEN_RETRY_SECONDS, LISTEN_CONNECT_SECONDS = 1.0, 5
LISTEN_LOOK_SECONDS = 5.0  # how often the listener looks whether it is to end
CATCH_UP_LOOK_SECONDS = 0.01
LAGS_KEPT = 1000
NEVER = float("-inf")
# A clock that nobody sets, and that goes on while the machine sleeps.
_seconds = partial(time.clock_gettime, time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic


class Outrun(Exception):
    """All was to be loaded anew while it was being loaded."""


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
        self.reporter: Reporter | None = None
        self.begin_anew()
        os.register_at_fork(after_in_child=self._begin_in_child)

    def begin_anew(self) -> None:
        """Know nothing, and run no thread: neither the thread nor its locks come along through a fork."""
        self.tables = Tables(self.following.policy)
        self.credentials = Credentials()
        self.version: Version | None = None
        self.lags: deque[float] = deque(maxlen=LAGS_KEPT)
        self.rows_loaded, self.rows_to_load = 0, 0
        self._is_loaded = False
        self._seen_at = NEVER
        self._wake, self._stop, self._starting = Event(), Event(), Lock()
        self._thread: Thread | None = None
        self._listener: Thread | None = None

    def _begin_in_child(self) -> None:
        self.begin_anew()
        with self._surroundings():
            leave_connections()

    def begin(self) -> None:
        """Start following, unless it runs or was ended."""
        if _runs(self._thread):
            return
        with self._starting:
            if not _runs(self._thread) and not self._stop.is_set():
                tell_here(self._wake)  # what this very process changes needs no waiting
                self._thread = Thread(target=self._run, name="follower", daemon=True)
                self._thread.start()
                if self.following.listen_url and not _runs(self._listener):
                    self._listener = Thread(target=self._listen, name="listener", daemon=True)
                    self._listener.start()
                if self.reporter is not None:
                    self.reporter.begin()

    def end(self) -> None:
        """Follow no more; what is known stays, and is cut off in time."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
            if self.reporter is not None:
                self.reporter.end()

    @property
    def is_ready(self) -> bool:
        """Whether everything was loaded, however long ago."""
        return self._seen_at > NEVER

    @property
    def seconds_behind(self) -> float:
        """How long ago everything here was known to be as the database had it; infinite before it was loaded."""
        return _seconds() - self._seen_at

    def refusal(self) -> Refusal | None:
        """Why nothing may be answered from memory now, or None."""
        # Asked with every call. What was never loaded is infinitely old; another thread may load it just now.
        seen_at = self._seen_at
        if _seconds() - seen_at <= self.following.cut_off_seconds:
            return None
        return Refusal.NOT_READY if seen_at == NEVER else Refusal.CUT_OFF

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
        """Be as the database is now; the first time, load everything. Raises: whatever the database raises, Outrun."""
        began = _seconds()
        if not self._follow():
            self._load()
            # Reading a million keys takes a minute, and one of them may have been revoked meanwhile.
            began = _seconds()
            if not self._follow():
                raise Outrun
        self._seen_at = began

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.clear()
            try:
                with self._surroundings():
                    self.look()
            except Exception as error:  # whatever it was, the next look tries again, and the time limit stands
                with suppress(Exception):  # the log may be gone, too
                    log.warning("not followed", error=type(error).__name__, seconds_behind=round(self.seconds_behind))
            self._wake.wait(self.following.poll_seconds)

    def _load(self) -> None:
        loaded = loading.load(self.following.policy, self._tell)
        self._read_credentials()
        self.tables, self.version, self._is_loaded = loaded.tables, loaded.version, True
        # A million records looked through at each collection would be pauses that callers feel.
        gc.collect()
        gc.freeze()
        self._tell_version()
        log.info("loaded", keys=len(self.tables.keys), version=self.tables.version)

    def _tell(self, loaded: int, of: int) -> None:
        self.rows_loaded, self.rows_to_load = loaded, of
        log.info("loading", rows=loaded, of=of)

    def _follow(self) -> bool:
        """Whether all is now as the database has it. Else everything is to be loaded, and what is known grows old."""
        followed = loading.delta(self.tables, self.version) if self._is_loaded else Gap()
        if isinstance(followed, Gap):
            if self._is_loaded:
                log.warning("loading anew: the log of changes does not reach back", version=self.version)
            return False
        if followed.version == self.version:
            return True
        try:
            self.tables.apply(followed.delta, loading.number(followed.version))
        except Incomplete:
            log.error("loading anew: a change names what is not known", version=followed.version)
            return False
        self._read_credentials()
        self.version = followed.version
        self._note_lag(followed.first_at)
        self._tell_version()
        return True

    def _read_credentials(self) -> None:
        self.credentials = Credentials(credentials.all_working(clock.now()))

    def _note_lag(self, first_at: datetime | None) -> None:
        """Of several changes that came at once, the first one waited the longest."""
        if self.version is not None:
            self.lags.append((clock.now() - (first_at or self.version[1])).total_seconds())

    def _tell_version(self) -> None:
        if self.reporter is not None and self.version is not None:
            self.reporter.note(self.version)

    def _listen(self) -> None:
        """Look as soon as PostgreSQL tells of a change. It only ever makes following faster."""
        stop = self._stop
        while not stop.is_set():
            try:
                self._hear(stop)
            except Exception as error:  # an address that is none, too: looking goes on
                with suppress(Exception):
                    log.warning("not listening", error=type(error).__name__)
            stop.wait(LISTEN_RETRY_SECONDS)

    def _hear(self, stop: Event) -> None:
        url = self.following.listen_url.replace("postgresql+psycopg://", "postgresql://", 1)
        with psycopg.connect(url, autocommit=True, connect_timeout=LISTEN_CONNECT_SECONDS) as connection:
            connection.execute(f"LISTEN {CHANNEL}")
            self._wake.set()  # what was told before is not told again
            while not stop.is_set():
                for _told in connection.notifies(timeout=LISTEN_LOOK_SECONDS, stop_after=1):
                    self._wake.set()


def _runs(thread: Thread | None) -> bool:
    return thread is not None and thread.is_alive()
