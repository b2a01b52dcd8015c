"""Libraries whose clocks a test sets, and which fetch when it tells them to."""

from dataclasses import dataclass
from typing import Any

from portal.verifier.library import Library
from tests.verifier.offline import NOON, Worker


@dataclass
class Clock:
    """The time of a service's machine: what its clock says, and how long it runs."""

    at: float = NOON
    ticks: float = 1000.0

    def pass_by(self, seconds: float) -> None:
        self.at += seconds
        self.ticks += seconds


def a_library(worker: Worker, clock: Clock, **others: Any) -> Library:
    """A library that fetches when it is told to; its thread does not run."""
    environment = others.pop("environment", "sandbox")
    library = Library(worker.url, environment, "psc_x", now=lambda: clock.at, ticks=lambda: clock.ticks, **others)
    library.start = lambda: None  # type: ignore[method-assign]
    return library
