"""What a door holds in memory to answer without the database: records of keys, dropped when something changed.

It knows no tables: two functions that somebody above gives it read the version and a record.
"""

import time
import uuid
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from threading import Lock

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

LOOK_SECONDS = 1.0


class Algorithm(StrEnum):
    """How a key signs, by its JWA name (RFC 7518). It belongs to the key's record, never to a token."""

    RS256 = "RS256"


@dataclass(frozen=True, slots=True)
class Window:
    """A span of time: its first moment belongs to it, `ends_at` does not."""

    starts_at: datetime
    ends_at: datetime

    def holds(self, at: datetime) -> bool:
        return self.starts_at <= at < self.ends_at


@dataclass(frozen=True, slots=True)
class Delegated:
    """What a delegated key may reach and do. `project_ids` is None for all of the owner's projects."""

    id: uuid.UUID
    environments: frozenset[str]
    rights: frozenset[str]
    project_ids: frozenset[uuid.UUID] | None


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """One key pair as a door needs it. It is live inside its windows, for as long as nothing it hangs on changes."""

    api_key: str
    name: str
    id: uuid.UUID
    tenant_id: uuid.UUID
    holder_id: uuid.UUID
    holder_name: str
    contract_id: uuid.UUID
    environment: str
    algorithm: Algorithm
    public_key: RSAPublicKey
    delegation: Delegated | None
    windows: tuple[Window, ...]

    def is_live(self, at: datetime) -> bool:
        return any(window.holds(at) for window in self.windows)


class Snapshot:
    """Records by API key, each read on its first use. All of them are dropped once the version has changed.

    The version is looked at in the course of a call, at most once a second, or at once when this very process has
    changed something. Safe for threads. Whatever the two functions raise is raised to the caller, who is then not
    answered from memory: a door without its database fails closed.
    """

    def __init__(
        self,
        read_version: Callable[[], Hashable],
        read_record: Callable[[str], KeyRecord | None],
        changes_here: Callable[[], int],
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        """`read_record` gives None for an API key that does not exist; that is asked again each time."""
        self._read_version, self._read_record, self._changes_here = read_version, read_record, changes_here
        self._seconds = seconds
        self._looking = Lock()
        self._records: dict[str, KeyRecord] = {}
        self._version: Hashable = None
        self._looked_at, self._changes_seen = float("-inf"), -1

    def find(self, api_key: str) -> KeyRecord | None:
        """The record of this key, not older than a second, or None."""
        if not self._is_fresh():
            self._look()
        # Taken before reading: what is read now must not outlive a change that is noticed meanwhile.
        records = self._records
        record = records.get(api_key) or self._read_record(api_key)
        if record is not None:
            records[api_key] = record
        return record

    def _is_fresh(self) -> bool:
        return self._changes_seen == self._changes_here() and self._seconds() - self._looked_at < LOOK_SECONDS

    def _look(self) -> None:
        with self._looking:
            if self._is_fresh():
                return  # another thread looked while this one waited
            changes, began = self._changes_here(), self._seconds()
            version = self._read_version()
            if version != self._version:
                self._records, self._version = {}, version
            self._looked_at, self._changes_seen = began, changes
