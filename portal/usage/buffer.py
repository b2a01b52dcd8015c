"""Uses that this process has seen and not written yet: counted together, bounded, safe among threads and forks."""

import os
import uuid
from datetime import date, datetime
from threading import Lock
from typing import Any, NamedTuple

from structlog import get_logger

from portal.usage.clients import NOBODY, Client

log = get_logger()

# Different uses (key, data space, client, day) that one process keeps; what comes beyond is counted as lost. An entry
# takes some 600 bytes, so a database that is away costs a process at most 12 MB.
MOST_KEPT = 20_000
# Different unknown clients of a key pair that one process tells apart on a day; their words are whatever they say.
MOST_UNKNOWN = 50


class Use(NamedTuple):
    """What calls have in common that are counted together."""

    tenant_id: uuid.UUID
    key_pair_id: uuid.UUID
    data_space: str | None
    client: Client
    day: date
    listed: bool = False


class Count(NamedTuple):
    """When the first and the last of some calls were, and how many."""

    first_at: datetime
    last_at: datetime
    calls: int

    def plus(self, other: "Count") -> "Count":
        """Both together."""
        first_at, last_at = min(self.first_at, other.first_at), max(self.last_at, other.last_at)
        return Count(first_at, last_at, self.calls + other.calls)


Batch = dict[Use, Count]


class Buffer:
    """Uses that were not written yet; any number of threads may add at once."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self.most = most
        self.begin_anew()

    def begin_anew(self) -> None:
        """Forget everything, and be free: a forked child has its parent's uses and perhaps a lock that nobody frees."""
        self._lock = Lock()
        self._kept: dict[Use, list[Any]] = {}  # first, last, count: changed in place, which is half the time
        self._lost = 0
        self._unknown_on: date | None = None
        self._unknown: dict[uuid.UUID, set[int]] = {}

    def count(self, use: Use, first_at: datetime, last_at: datetime, calls: int = 1) -> None:
        """Count `use`; a new one beyond the bound is lost, one that is kept already never.

        Unknown clients beyond the 50th of a key pair and day count as one that says nothing.
        """
        with self._lock:
            if use.client.edition is None and not self._is_told_apart(use):
                use = use._replace(client=NOBODY)
            present = self._kept.get(use)
            if present is not None:
                if first_at < present[0]:
                    present[0] = first_at
                if last_at > present[1]:
                    present[1] = last_at
                present[2] += calls
            elif len(self._kept) < self.most:
                self._kept[use] = [first_at, last_at, calls]
            else:
                self._lost += calls

    def _is_told_apart(self, use: Use) -> bool:
        if self._unknown_on is None or use.day > self._unknown_on:
            self._unknown_on, self._unknown = use.day, {}
        told_apart, client = self._unknown.setdefault(use.key_pair_id, set()), hash(use.client)
        if client not in told_apart and len(told_apart) < MOST_UNKNOWN:
            told_apart.add(client)
        return client in told_apart

    def take(self) -> Batch:
        """Everything that was counted since, which is here no more."""
        with self._lock:
            taken, self._kept = self._kept, {}
            lost, self._lost = self._lost, 0
        if lost:
            log.warning("use traces lost: the database was away for too long", calls=lost)
        return {use: Count(*counted) for use, counted in taken.items()}

    def put_back(self, batch: Batch) -> None:
        """Keep what could not be written, beside what came meanwhile."""
        for use, counted in batch.items():
            self.count(use, *counted)

    def __bool__(self) -> bool:
        return bool(self._kept)


buffer = Buffer()
os.register_at_fork(after_in_child=buffer.begin_anew)
