"""Lists that were answered before, held while what they say has not changed: shops ask for them often."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from portal.connector.answers import Answer
from portal.foundation import clock
from portal.foundation.changes import Version
from portal.verifier.records import Key

MOST_BYTES = 32 * 1024 * 1024
# Entitlements begin and end by the clock, without a change of any row.
LONGEST_HELD = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class _Held:
    key: Key
    version: Version | None
    until: datetime
    answer: Answer


class HeldAnswers:
    """One answer a key, at most 32 MB of them; the one asked for longest ago goes first. Safe for threads."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes, self._bytes = most_bytes, 0
        self._held: OrderedDict[str, _Held] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Key, version: Version | None, make: Callable[[], Answer]) -> Answer:
        """The answer made for this very record at this version, or a new one.

        version: read before anything that `make` reads, so that an answer is never older than it says.
        """
        now = clock.now()
        with self._lock:
            held = self._held.get(key.api_key)
            if held is not None and held.key is key and held.version == version and now < held.until:
                self._held.move_to_end(key.api_key)
                return held.answer
        answer = make()
        self._put(_Held(key, version, now + LONGEST_HELD, answer))
        return answer

    def _put(self, new: _Held) -> None:
        with self._lock:
            self._drop(self._held.pop(new.key.api_key, None))
            self._held[new.key.api_key] = new
            self._bytes += len(new.answer.body)
            while self._bytes > self._most_bytes:
                self._drop(self._held.popitem(last=False)[1])

    def _drop(self, held: _Held | None) -> None:
        self._bytes -= len(held.answer.body) if held is not None else 0
