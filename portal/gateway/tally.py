"""Uses of keys as this door sees them, counted with next to no work on the way of a call.

Making a trace (`usage/traces.py`) would take a quarter of an answer. So calls that are alike are counted here by what
is at hand, and become traces when the thread that writes those is about to.
"""

import os
from datetime import UTC, datetime
from threading import Lock

from portal.access.roles import Environment
from portal.usage import traces, writing
from portal.usage.traces import LONGEST_KEPT, Trace
from portal.verifier.records import Key, Moment, Space

MOST_KINDS = 5_000  # that wait; with one more, all become traces at once
LONGEST_ADDRESS = 64
DAY_SECONDS = 86_400


# What calls have in common that are counted together: API key, data space, User-Agent, address, and day of Unix time.
Kind = tuple[str, str | None, str, str, float]


class Counted:
    """Calls of one kind, by one key: the first, the last, and how many."""

    __slots__ = ("calls", "first_at", "key", "last_at")

    def __init__(self, key: Key, at: Moment) -> None:
        self.key, self.first_at, self.last_at, self.calls = key, at, at, 0


class Tally:
    """One process's uses that are not traces yet. Safe for threads and forks."""

    def __init__(self) -> None:
        self.begin_anew()
        os.register_at_fork(after_in_child=self.begin_anew)
        writing.before_writing(self.hand_over)

    def begin_anew(self) -> None:
        """Forget what a parent process counted: it hands that over itself."""
        self._lock = Lock()
        self._counted: dict[Kind, Counted] = {}
        self._handed_over = 0

    @property
    def total(self) -> int:
        """How many calls have passed in this process."""
        with self._lock:
            return self._handed_over + sum(counted.calls for counted in self._counted.values())

    def count(self, key: Key, space: Space | None, user_agent: str, address: str, at: Moment) -> None:
        """Count a call that passed."""
        data_space = None if space is None else space.public_id
        kind = (key.api_key, data_space, user_agent[:LONGEST_KEPT], address[:LONGEST_ADDRESS], at // DAY_SECONDS)
        with self._lock:
            counted = self._counted.get(kind)
            if counted is None:
                counted = self._counted[kind] = Counted(key, at)
            counted.calls += 1
            counted.last_at = at
        if counted.calls == 1:
            self._begin()

    def hand_over(self) -> None:
        """Make traces of everything that was counted."""
        with self._lock:
            counted, self._counted = self._counted, {}
            self._handed_over += sum(uses.calls for uses in counted.values())
        for (_api_key, data_space, user_agent, address, _day), uses in counted.items():
            of_key = (uses.key.owner.id, uses.key.id, Environment(uses.key.environment))
            first_at = datetime.fromtimestamp(uses.first_at, UTC)
            trace = Trace(*of_key, data_space, user_agent, address, None, first_at)
            traces.gather(trace, datetime.fromtimestamp(uses.last_at, UTC), uses.calls)

    def _begin(self) -> None:
        if len(self._counted) > MOST_KINDS:
            self.hand_over()
        writing.begin()
