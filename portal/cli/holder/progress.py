"""How far a long work is: a bar on a terminal, else a line now and then. Both go to standard error."""

import sys
import time
from threading import Lock
from types import TracebackType

import click

LINES = 10


class Progress:
    """Counts up to `total`, from any thread; `rate` is what was counted in a second."""

    def __init__(self, what: str, total: int) -> None:
        self.what, self.total, self.done = what, total, 0
        self._lock, self._began, self._ended = Lock(), 0.0, 0.0
        self._bar = click.progressbar(
            length=total, label=what, show_pos=True, item_show_func=lambda rate: rate, file=sys.stderr
        )

    def __enter__(self) -> "Progress":
        self._began = time.monotonic()
        if sys.stderr.isatty():
            self._bar.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended = time.monotonic()
        if sys.stderr.isatty():
            self._bar.__exit__(kind, error, trace)

    @property
    def seconds(self) -> float:
        return (self._ended or time.monotonic()) - self._began

    @property
    def rate(self) -> float:
        return self.done / max(self.seconds, 1e-6)

    def count(self) -> None:
        """One more is done."""
        with self._lock:
            self.done += 1
            if sys.stderr.isatty():
                self._bar.update(1, f"{self.rate:.0f}/s")
            elif self.done == self.total or self.done % max(1, self.total // LINES) == 0:
                click.echo(f"{self.what}: {self.done} of {self.total}, {self.rate:.1f}/s", err=True)
