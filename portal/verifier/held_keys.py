"""Keys held in memory by a door that asks for few of them: each is read on its first use, all dropped upon a change.

It knows no tables: two functions that somebody above gives it read the version and a key.
"""

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from threading import Lock

from portal.verifier.records import Key

LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A key pair and all it hangs on, and what its people call it."""

    key: Key
    name: str


class HeldKeys:
    """Keys by API key, each read on its first use. All of them are dropped once the version has changed.

    The version is looked at in the course of a call, at most once a second, or at once when this very process has
    changed something. Safe for threads. Whatever the two functions raise is raised to the caller, who is then not
    answered from memory: a door without its database fails closed.
    """

    def __init__(
        self,
        read_version: Callable[[], Hashable],
        read_key: Callable[[str], HeldKey | None],
        changes_here: Callable[[], int],
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        """`read_key` gives None for an API key that does not exist; that is asked again each time."""
        self._read_version, self._read_key, self._changes_here = read_version, read_key, changes_here
        self._seconds = seconds
        self._looking = Lock()
        self._keys: dict[str, HeldKey] = {}
        self._version: Hashable = None
        self._looked_at, self._changes_seen = float("-inf"), -1

    def find(self, api_key: str) -> HeldKey | None:
        """This key, not older than a second, or None."""
        if not self._is_fresh():
            self._look()
        # Taken before reading: what is read now must not outlive a change that is noticed meanwhile.
        keys = self._keys
        held = keys.get(api_key) or self._read_key(api_key)
        if held is not None:
            keys[api_key] = held
        return held

    def _is_fresh(self) -> bool:
        return self._changes_seen == self._changes_here() and self._seconds() - self._looked_at < LOOK_SECONDS

    def _look(self) -> None:
        with self._looking:
            if self._is_fresh():
                return  # another thread looked while this one waited
            changes, began = self._changes_here(), self._seconds()
            version = self._read_version()
            if version != self._version:
                self._keys, self._version = {}, version
            self._looked_at, self._changes_seen = began, changes
