"""Measures from outside how long a gateway's workers go on accepting what was revoked.

What is revoked is a service credential of the probe's own. It travels exactly as a key pair's revocation does, through
the same log and the same thread of each worker, and whether a worker knows shows in its next answer.
"""

import random
import signal
import ssl
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import NamedTuple
from urllib.parse import urlsplit

from portal.gateway.answers import Refusal

# Nobody's service: with a credential that works the answer is that no key was proved, and nothing is counted anywhere.
PATH = "/gateway/check/probe"
ANSWER_SECONDS = 5.0
PAUSE_SECONDS = 0.002  # so that the asking itself holds up no worker
# As from elsewhere: who listens for this machine alone would let the probe in without its credential.
FROM_ELSEWHERE = {"X-Forwarded-For": "192.0.2.1"}
UNAUTHORIZED, UNAVAILABLE = 401, 503


class NoGateway(Exception):
    """What answers at the address, if anything does, is no gateway."""


class Answer(NamedTuple):
    """Which worker answered, and whether it takes the credential."""

    worker: str
    accepts: bool


@dataclass(frozen=True)
class Address:
    """Where a gateway listens: `http://` or `https://`, a host, maybe a port and a path before the door's own."""

    url: str

    def ask(self, token: str) -> Answer:
        """What one of the workers says to this credential. Raises: NoGateway.

        A connection each time, so that any of the workers may take it.
        """
        try:
            with closing(self._connection()) as connection:
                headers = {"X-Portal-Credential": token, **FROM_ELSEWHERE}
                connection.request("GET", urlsplit(self.url).path.rstrip("/") + PATH, headers=headers)
                told = connection.getresponse()
                told.read()
        except (OSError, HTTPException) as error:
            raise NoGateway(f"{self.url} does not answer: {error}") from error
        worker, reason = told.headers.get("X-Portal-Worker"), told.headers.get("X-Portal-Reason", "")
        # Who cannot decide, since nothing is loaded or all is too old, lets nothing pass either.
        refuses = reason == Refusal.ASKER_UNKNOWN or told.status == UNAVAILABLE
        if not worker or not (refuses or told.status == UNAUTHORIZED):
            raise NoGateway(f"{self.url} answers {told.status} {reason}, as no gateway of the portal would.")
        return Answer(worker, not refuses)

    def _connection(self) -> HTTPConnection:
        parts = urlsplit(self.url)
        if parts.scheme == "https":
            secure = ssl.create_default_context()
            return HTTPSConnection(parts.hostname or "", parts.port, timeout=ANSWER_SECONDS, context=secure)
        return HTTPConnection(parts.hostname or "", parts.port, timeout=ANSWER_SECONDS)


@dataclass(frozen=True)
class Credential:
    """What is revoked: `token` proves, `revoke` returns as soon as its end is committed."""

    token: str
    revoke: Callable[[], None]


@dataclass
class Measured:
    """For each worker the seconds from each commit until it refused; what went on too long counts as the whole wait."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    never_refused: set[str] = field(default_factory=set)
    accepted_again: set[str] = field(default_factory=set)
    fell_silent: set[str] = field(default_factory=set)

    @property
    def is_sound(self) -> bool:
        """Whether all who answered refused in the end, and went on refusing."""
        return not self.never_refused and not self.accepted_again


@dataclass
class Probe:
    """Rounds of one revocation each. `wait_seconds` is how long a worker may take to accept or to refuse."""

    address: Address
    wait_seconds: float = 30.0
    workers: set[str] = field(default_factory=set)
    measured: Measured = field(default_factory=Measured)

    def find_workers(self, expected: set[str], seconds: float = 3.0) -> set[str]:
        """The workers that answer at the address: all that are expected there, or those met within this time."""
        for answer in self._answers("", seconds):
            self.workers.add(answer.worker)
            if expected and expected <= self.workers:
                break
        return self.workers

    def measure(self, credential: Credential, pause_seconds: float = 1.0) -> None:
        """One round. pause_seconds: at most, before the end, so that it falls anywhere between two looks of a worker.

        Raises: NoGateway.
        """
        self._wait_for_all(credential.token)
        time.sleep(random.uniform(0, pause_seconds))  # noqa: S311 - no secret
        credential.revoke()
        self._follow(credential.token, time.monotonic())

    def _wait_for_all(self, token: str) -> None:
        accepting: set[str] = set()
        for answer in self._answers(token, self.wait_seconds):
            self.workers.add(answer.worker)
            if answer.accepts:
                accepting.add(answer.worker)
            if self.workers <= accepting:
                return
        waiting = ", ".join(sorted(self.workers - accepting))
        raise NoGateway(f"After {self.wait_seconds:g} s {waiting} did not take the new credential.")

    def _follow(self, token: str, began: float) -> None:
        refused: dict[str, float] = {}
        heard: set[str] = set()
        for answer in self._answers(token, self.wait_seconds):
            heard.add(answer.worker)
            if not answer.accepts:
                refused.setdefault(answer.worker, time.monotonic() - began)
            elif answer.worker in refused:
                self.measured.accepted_again.add(answer.worker)
            if self.workers <= refused.keys():
                break
        self._note(refused, heard)

    def _note(self, refused: dict[str, float], heard: set[str]) -> None:
        late, silent = heard - refused.keys(), self.workers - heard
        for worker, seconds in (refused | dict.fromkeys(late, self.wait_seconds)).items():
            self.measured.seconds[worker].append(seconds)
        self.measured.never_refused |= late
        self.measured.fell_silent |= silent
        self.workers -= silent

    def _answers(self, token: str, seconds: float) -> Iterator[Answer]:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            yield self.address.ask(token)
            time.sleep(PAUSE_SECONDS)


@contextmanager
def ended_at_last(credential: Credential) -> Iterator[Credential]:
    """The credential, which is revoked at the end whatever happens."""
    try:
        yield credential
    finally:
        credential.revoke()


@contextmanager
def ending_in_order() -> Iterator[None]:
    """Inside, being told to stop (SIGTERM) raises SystemExit, so that what was begun is ended."""
    before = signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
