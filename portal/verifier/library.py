"""May this call pass? Answered inside a service, from a bundle that the portal signed, without asking it on each call.

    library = Library("https://portal.example.com", "production", credential, folder=Path("/var/lib/portal"))
    answer = library.decide(Call(api_key, token, service="search", data_space=space))

A thread of its own keeps the bundle fresh. Where nothing is known, or nothing fresh enough, no call may pass.
"""

import logging
import os
import random
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any
from weakref import WeakSet

from portal.verifier import bundle as bundles
from portal.verifier import decision
from portal.verifier.answers import UNAVAILABLE, UNAVAILABLE_STATUS, Answer, answer_of
from portal.verifier.bundle import Bundle, Refused, State
from portal.verifier.counting import Client, Uses
from portal.verifier.decision import Call
from portal.verifier.fetching import Failed, Portal
from portal.verifier.holding import LEEWAY_SECONDS, Expected, Held, after, check_time
from portal.verifier.keeping import Folder, Kept
from portal.verifier.proving import Prover
from portal.verifier.records import Moment

log = logging.getLogger("portal.verifier")

REPORT_SECONDS = 60
SHORTEST_WAIT, LONGEST_WAIT = 1.0, 60.0  # after failures
KEYS_SECONDS = 3600  # the portal's own keys are looked at again after this time
MOST_DELTAS, MOST_KEPT = 500, 64 * 1024**2  # deltas, and their octets in memory; then everything comes anew
NOBODY = Client()
# What is wrong with good deltas in a folder that several processes share: they follow another one's bundle.
ANOTHERS = frozenset({"does_not_fit", "older"})
GIVEN_UP = frozenset({400, 413, 422})  # what the portal will not take the next time either


class Library:
    """Decides over calls of one environment. Safe for threads and forks: a forked worker starts its own thread."""

    def __init__(
        self,
        portal_url: str,
        environment: str,
        credential: str,
        *,
        jwks: Mapping[str, Any] | None = None,
        folder: Path | str | None = None,
        named: str | None = None,
        timeout_seconds: float = 10,
        now: Callable[[], Moment] = time.time,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        """`jwks`: the portal's public keys, when no others are to be believed; by default the portal says them.

        folder: where the last good bundle outlives a restart; several processes may share one. named: what the portal
        calls itself in bundles, its EXTERNAL_BASE_URL, when it is reached at another address. now, ticks: clocks, for
        tests.
        Raises: ValueError for an address without TLS, OSError when the folder cannot be made.
        """
        self.environment = environment
        self.portal = Portal(portal_url, environment, credential, timeout_seconds)
        self.uses = Uses()
        self.problem: str | None = None  # why the last attempt brought nothing, in a sentence
        self._expected = Expected((named or portal_url).rstrip("/"), environment)
        self._pinned = None if jwks is None else dict(jwks)
        self._folder = None if folder is None else Folder(Path(folder), environment)
        self._now, self._ticks = now, ticks
        self._prove = Prover()
        self._held: Held | None = None
        self._kept: Kept | None = None
        self._jwks: dict[str, Any] = self._pinned or {}
        self._keys_at: float | None = None
        self._seen: tuple[Moment, float] | None = None  # both clocks when the last bundle came
        self._begin_anew()
        _LIBRARIES.add(self)
        self._take_up()

    def _begin_anew(self) -> None:
        """Be free of the locks and the thread of a parent: neither comes along through a fork."""
        self._fetching, self._starting, self._stop = Lock(), Lock(), Event()
        self._thread: Thread | None = None
        self.uses.begin_anew()
        self._writes = False  # whether the folder holds what this process has, and nobody else writes there
        if self._folder is not None:
            self._folder.leave()
        if self._held is not None:
            self._held.tables.begin_anew()

    # Deciding

    def decide(self, call: Call, client: Client = NOBODY) -> Answer:
        """May this call pass? It asks nobody; the first call of a process starts the thread that refreshes."""
        self.start()
        held, now = self._held, self._time()
        if held is None:
            return UNAVAILABLE["not_ready"]
        if now is None or now < held.issued_at - LEEWAY_SECONDS:
            return UNAVAILABLE["clock_set_back"]
        if now >= held.next_update:
            return UNAVAILABLE["cut_off"]
        tables = held.tables
        answer = tables.read(lambda: answer_of(decision.decide(tables, call, now, self._prove)))
        if answer.allowed:
            self.uses.count(call.api_key, answer.data_space, client, now)
        return answer

    def _time(self) -> Moment | None:
        """What time it is; None when the clock goes back behind the time that has passed since the last bundle."""
        now = self._now()
        if self._seen is None:
            return now
        seen_at, ticks = self._seen
        passed = seen_at + self._ticks() - ticks
        # Where the clock hangs behind by less than that, the time that has passed counts.
        return None if now < passed - LEEWAY_SECONDS else max(now, passed)

    @property
    def version(self) -> int | None:
        """The version of what is known, or None."""
        return None if self._held is None else self._held.state.version

    @property
    def is_ready(self) -> bool:
        """Whether calls are decided now."""
        held, now = self._held, self._time()
        return held is not None and now is not None and held.issued_at - LEEWAY_SECONDS <= now < held.next_update

    # Refreshing

    def start(self) -> None:
        """Start the thread, unless it runs."""
        if self._thread is not None:
            return
        with self._starting:
            if self._thread is None and not self._stop.is_set():
                self._thread = Thread(target=self._run, name="portal bundles", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """End the thread and report what was counted."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self.report()
        if self._folder is not None:
            self._folder.leave()

    def refresh(self) -> bool:
        """Fetch a bundle now, one at a time: whether one came and is believed. Otherwise `problem` says why not."""
        with self._fetching:
            try:
                self._fetch()
            except (Refused, Failed) as error:
                self._note(str(error))
                return False
            self.problem = None
            return True

    def report(self) -> None:
        """Tell the portal of the uses that were counted; what it does not take now, it is told the next time."""
        for report in self.uses.reports():
            try:
                self.portal.report(report)
            except Failed as error:
                log.warning("uses not reported: %s", error)
                if error.status not in GIVEN_UP:
                    return
                self.uses.give_up(report)
            else:
                self.uses.done(report)

    def _run(self) -> None:
        failures, reported_at = 0, self._ticks()
        wait = 0.0
        while not self._stop.wait(wait):
            try:
                failures = 0 if self.refresh() else failures + 1
                if self._ticks() - reported_at >= REPORT_SECONDS:
                    reported_at = self._ticks()
                    self.report()
            except Exception:  # whatever it is, the thread goes on, and calls are refused once the bundle is too old
                log.exception("refreshing failed")
                failures += 1
            wait = self._pause(failures)

    def _pause(self, failures: int) -> float:
        """How long to wait: less than half of the time that is left, never more than a minute, and never at once."""
        jitter = random.uniform(0.8, 1.0)  # noqa: S311 - so that not all come at the same moment
        if failures:
            return min(LONGEST_WAIT, SHORTEST_WAIT * 2 ** min(failures - 1, 10)) * jitter
        left = 0.0 if self._held is None else self._held.next_update - self._now()
        return min(max(left / 2, SHORTEST_WAIT), LONGEST_WAIT) * jitter

    def _fetch(self) -> None:
        """Raises: Refused, Failed."""
        held, kept = self._held, self._kept
        goes_on = kept is not None and len(kept.deltas) < MOST_DELTAS and sum(map(len, kept.deltas)) < MOST_KEPT
        if self._folder is not None and not self._writes and self._folder.is_ours():
            goes_on = False  # whoever wrote there has ended: what is to be kept begins with a whole bundle
        octets = self._fetched(held.state if held is not None and goes_on else None)
        bundle = self._believed(octets)
        try:
            self._take(bundle, octets)
        except Refused as error:
            if bundle.previous is None or error.code == "older":
                raise
            octets = self.portal.bundle(None)
            self._take(self._believed(octets), octets)

    def _fetched(self, since: State | None) -> bytes:
        """Raises: Failed."""
        try:
            return self.portal.bundle(since)
        except Failed as error:
            # Whoever knows a later version than the portal has is told to come again: in vain, once it was restored.
            if since is None or error.status != UNAVAILABLE_STATUS or not self._is_over:
                raise
            return self.portal.bundle(None)

    @property
    def _is_over(self) -> bool:
        """Whether what is held is too old to be decided by."""
        held, now = self._held, self._time()
        return held is not None and now is not None and now >= held.next_update

    def _believed(self, octets: bytes) -> Bundle:
        """The bundle, signed by a key of the portal, for here and now. Raises: Refused, Failed."""
        self._look_at_keys(bundles.key_id_of(octets))
        bundle = bundles.read(octets, bundles.public_keys(self._jwks).get)
        self._expected.check(bundle)
        check_time(bundle, self._now())
        return bundle

    def _look_at_keys(self, key_id: str) -> None:
        """Ask the portal for its keys where this one is unknown, and now and then. Raises: Failed."""
        if self._pinned is not None:
            return
        is_known = key_id in bundles.public_keys(self._jwks)
        if not is_known or self._keys_at is None or self._ticks() - self._keys_at > KEYS_SECONDS:
            self._jwks, self._keys_at = self.portal.jwks(), self._ticks()

    def _take(self, bundle: Bundle, octets: bytes) -> None:
        """Know what the bundle says, and keep it. Raises: Refused."""
        with _applying:
            self._held = after(self._held, bundle, is_over=self._is_over)
        # It is no earlier than the bundle says, however slow the clock is here.
        self._seen = max(self._now(), bundle.issued_at), self._ticks()
        is_whole = bundle.previous is None
        if is_whole or self._kept is None:
            self._kept = Kept(octets)
        else:
            self._kept.deltas.append(octets)
        self._kept.jwks = self._jwks
        self._keep(self._kept, is_whole=is_whole)

    # The folder

    def _keep(self, kept: Kept, *, is_whole: bool) -> None:
        if self._folder is None:
            kept.deltas = [b""] * len(kept.deltas)  # nobody reads them again, but they are counted
        elif self._folder.is_ours() and (is_whole or self._writes):
            try:
                self._folder.write(kept, is_whole=is_whole)
                self._writes = True
            except OSError as error:
                self._writes = False
                log.warning("the bundle is not kept over a restart: %s", error)
        kept.whole = b""

    def _take_up(self) -> None:
        """Begin with what the folder holds, if it is good; whether it is still fresh enough is asked on each call."""
        if self._folder is None:
            return
        is_ours = self._folder.is_ours()
        try:
            kept = self._folder.read()
            if kept is None:
                return
            self._held, self._jwks = self._opened(kept), kept.jwks if self._pinned is None else self._jwks
        except (OSError, ValueError, Refused) as error:
            self._note(f"What was kept in the folder is damaged and is fetched anew: {error}")
            if is_ours:
                self._folder.clear()
            return
        kept.whole, self._kept, self._writes = b"", kept, is_ours

    def _opened(self, kept: Kept) -> Held:
        """What follows from `kept`, of which deltas that do not belong to it are left out. Raises: Refused."""
        jwks = kept.jwks if self._pinned is None else self._jwks
        public_keys, held, last = bundles.public_keys(jwks), None, None
        for number, octets in enumerate((kept.whole, *kept.deltas)):
            bundle = bundles.read(octets, public_keys.get)
            self._expected.check(bundle)
            try:
                held, last = after(held, bundle), bundle
            except Refused as error:
                if not number or error.code not in ANOTHERS:
                    raise
                del kept.deltas[number - 1 :]
                break
        assert held is not None and last is not None  # noqa: S101, PT018 - there was at least one
        check_time(last, min(self._now(), last.next_update - 1))  # it may have become too old, but never too young
        return held

    def _note(self, problem: str) -> None:
        if problem != self.problem:
            log.warning("%s", problem)
        self.problem = problem


_LIBRARIES: WeakSet[Library] = WeakSet()
_applying = Lock()  # no fork while tables change: a child would have half of a bundle


def _after_fork() -> None:
    _applying.release()
    for library in list(_LIBRARIES):
        library._begin_anew()


os.register_at_fork(before=_applying.acquire, after_in_parent=_applying.release, after_in_child=_after_fork)
