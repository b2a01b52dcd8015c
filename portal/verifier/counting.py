"""Uses counted where calls are decided offline, and reported to the portal in portions that it counts once each."""

import json
import uuid
from collections.abc import Iterator
from threading import Lock
from typing import Any, NamedTuple

from portal.verifier.networks import network_of
from portal.verifier.records import Moment

MOST_COUNTED = 20_000  # different uses; what comes beyond is lost, and counted as such
MOST_IN_REPORT, MOST_OCTETS = 500, 240 * 1024  # the portal takes 500 uses, in 256 kB
LONGEST_WORDS = 255
DAY_SECONDS = 86_400


class Client(NamedTuple):
    """Who called, as the service saw it. Of the address its network is counted, and nothing else is kept."""

    address: str = ""
    user_agent: str = ""


class Use(NamedTuple):
    """What calls have in common that are counted together."""

    api_key: str
    data_space: str | None
    user_agent: str
    network: str
    day: int


class Uses:
    """Counts that were not reported yet; any number of threads may count at once."""

    def __init__(self, most: int = MOST_COUNTED) -> None:
        self._most = most
        self.begin_anew()

    def begin_anew(self) -> None:
        """Forget everything, as after a fork: the parent reports what it counted."""
        self._lock = Lock()
        self._counted: dict[Use, list[float]] = {}
        self._waiting: list[dict[str, Any]] = []
        self.lost = 0

    def __len__(self) -> int:
        return len(self._counted) + sum(len(report["uses"]) for report in self._waiting)

    def count(self, api_key: str, data_space: str | None, client: Client, at: Moment) -> None:
        """Count a call that may pass."""
        words = client.user_agent[:LONGEST_WORDS]
        use = Use(api_key, data_space, words, network_of(client.address), int(at // DAY_SECONDS))
        with self._lock:
            present = self._counted.get(use)
            if present is not None:
                if at > present[1]:
                    present[1] = at
                present[2] += 1
            elif len(self) < self._most:
                self._counted[use] = [at, at, 1]
            else:
                self.lost += 1

    def reports(self) -> list[dict[str, Any]]:
        """All that waits, in reports that keep their ids until each is `done`."""
        with self._lock:
            counted, self._counted = list(self._counted.items()), {}
            for uses in _portions(_told(*one) for one in counted):
                self._waiting.append({"report": uuid.uuid4().hex, "uses": uses})
            return list(self._waiting)

    def give_up(self, report: dict[str, Any]) -> None:
        """The portal will not have it."""
        self.lost += len(report["uses"])
        self.done(report)

    def done(self, report: dict[str, Any]) -> None:
        """The portal has it."""
        with self._lock:
            self._waiting.remove(report)


def _portions(told: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """All of it, in portions that the portal takes: what callers call themselves may be of many octets."""
    portion: list[dict[str, Any]] = []
    octets = 0
    for use in told:
        size = len(json.dumps(use)) + 2
        if len(portion) == MOST_IN_REPORT or octets + size > MOST_OCTETS:
            yield portion
            portion, octets = [], 0
        portion.append(use)
        octets += size
    if portion:
        yield portion


def _told(use: Use, counted: list[float]) -> dict[str, Any]:
    first_at, last_at, calls = counted
    told = {name: value for name, value in use._asdict().items() if name != "day"}
    return told | {"first_at": first_at, "last_at": last_at, "calls": int(calls)}
