"""An act that takes the same time whatever it meets."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

# Far above what an offer takes. Mail and a second record are written only where there is an integrator: that must not
# be measurable, or account ids could be tried one after the other (rule 13).
LEAST_SECONDS = 0.25


@contextmanager
def steady() -> Iterator[None]:
    """What is inside takes at least a quarter of a second, also when it is refused."""
    began = time.monotonic()
    try:
        yield
    finally:
        wait_since(began)


def wait_since(began: float) -> None:
    """Come back a quarter of a second after the moment `began` (monotonic) at the earliest."""
    time.sleep(max(0.0, LEAST_SECONDS - (time.monotonic() - began)))
