"""Writing what was gathered: by a thread of its own, ten seconds after the first call at the latest, and at the end."""

import atexit
import os
import uuid
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from multiprocessing import util
from threading import Event, Lock, Thread

from sqlalchemy.exc import OperationalError
from structlog import get_logger

from portal.foundation.database import transaction
from portal.usage import discovery, recording
from portal.usage.buffer import Buffer, buffer
from portal.usage.recording import Seen

log = get_logger()

WAIT_SECONDS = 10.0
MOST_UNDISCOVERED = 10_000
Place = tuple[uuid.UUID, uuid.UUID]  # tenant and data space
Surroundings = Callable[[], AbstractContextManager[object]]


class Writer:
    """The one thread of this process that writes traces. It starts with the first call, and again after a fork."""

    def __init__(self, kept: Buffer) -> None:
        self.kept = kept
        self.surroundings: Surroundings | None = None
        self.before: list[Callable[[], None]] = []
        self.is_registered = False
        self.begin_anew()

    def begin_anew(self) -> None:
        """Forget the thread and the locks of a parent: neither comes along through a fork."""
        self._starting, self._flushing = Lock(), Lock()
        self._stop = Event()
        self._thread: Thread | None = None
        self._undiscovered: dict[Place, list[Seen]] = {}
        self._failed: set[Place] = set()

    def begin(self) -> None:
        """Start the thread, unless it runs or nobody said in what surroundings it may write."""
        if self._thread is not None or self.surroundings is None:
            return
        with self._starting:
            if self._thread is None:
                self._register()
                self._thread = Thread(target=self._run, name="use traces", daemon=True)
                self._thread.start()

    def _register(self) -> None:
        # A server's worker that multiprocessing forked ends without `atexit`; one it spawned, or a plain process, with.
        # Whichever comes second finds nothing left. Registered in each process anew, since a fork forgets the second.
        util.Finalize(None, self.end, exitpriority=10)
        if not self.is_registered:
            self.is_registered = True
            atexit.register(self.end)

    def _run(self) -> None:
        while not self._stop.wait(WAIT_SECONDS):
            self._try()

    def _try(self) -> None:
        if self.surroundings is None:
            return
        try:
            with self.surroundings():
                self.flush()
        except Exception as error:  # the database may be away for a while; the next round tries again
            log.warning("use traces not written yet", error=type(error).__name__)

    def end(self) -> None:
        """Write what is left: the process ends. Whatever goes wrong does not keep it from ending."""
        self._stop.set()
        with suppress(Exception):
            self._hand_over()
            if self.kept or self._undiscovered:
                self._try()

    def _hand_over(self) -> None:
        for hand_over in self.before:
            hand_over()

    def flush(self) -> int:
        """Count in one transaction, then discover in one for each data space; how many uses were written.

        Raises: what the database does. What was not counted is kept. What was counted, but not looked at, is looked at
        the next time: a call is never lost because of what it might tell of installations.
        """
        with self._flushing:
            self._hand_over()
            batch = self.kept.take()
            if batch:
                try:
                    with transaction():
                        seen = recording.record(batch)
                except BaseException:
                    self.kept.put_back(batch)
                    raise
                self._put(seen)
            self._discover()
        return len(batch)

    def discover_later(self, seen: Sequence[Seen]) -> None:
        """Look the next time at what was counted in another way."""
        with self._flushing:
            self._put(seen)
        self.begin()

    def _put(self, seen: Sequence[Seen]) -> None:
        if sum(map(len, self._undiscovered.values())) >= MOST_UNDISCOVERED:
            log.warning("not discovered: too much waits", dropped=len(seen))
            return
        for one in seen:
            self._undiscovered.setdefault((one.tenant_id, one.data_space_id), []).append(one)

    def _discover(self) -> None:
        for place in list(self._undiscovered):
            seen = self._undiscovered.pop(place)
            try:
                with transaction():
                    discovery.discover(seen)
            except OperationalError:  # the database is away or busy: all the others may go first the next time
                self._undiscovered[place] = seen
                raise
            except Exception as error:
                self._give_up_on(place, seen, error)
            else:
                self._failed.discard(place)

    def _give_up_on(self, place: Place, seen: list[Seen], error: Exception) -> None:
        # Once more the next time, but never in the way of other data spaces, and not for ever.
        is_last = place in self._failed
        if is_last:
            self._failed.discard(place)
        else:
            self._failed.add(place)
            self._undiscovered[place] = seen
        log.error("not discovered", space=str(place[1]), dropped=len(seen) if is_last else 0, exc_info=error)


writer = Writer(buffer)
begin, flush, discover_later = writer.begin, writer.flush, writer.discover_later
os.register_at_fork(after_in_child=writer.begin_anew)


def before_writing(hand_over: Callable[[], None]) -> None:
    """Call this first whenever traces are written: for doors that count by themselves until then."""
    writer.before.append(hand_over)


def configure(surroundings: Surroundings | None) -> None:
    """Say in what surroundings, such as an application's context, the thread may write; with None it never starts."""
    writer.surroundings = surroundings
