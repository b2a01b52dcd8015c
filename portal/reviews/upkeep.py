"""What the worker does with reviews, again and again. Each opens its own transactions."""

import uuid
from collections.abc import Callable
from datetime import datetime

from portal.access.actor import Actor
from portal.foundation import clock
from portal.reviews import closing, freezing, silence, telling


def freeze(_actor: Actor) -> int:
    """How many lines were frozen: all that there were. A campaign that fails keeps no other from its turn.

    Raises: the last error of a campaign, once the others had their turn.
    """
    failed: set[uuid.UUID] = set()
    error: Exception | None = None
    total, done = 0, 1
    while done:
        known = len(failed)
        try:
            done = freezing.run_once(clock.now(), failed)
        except Exception as raised:
            if len(failed) == known:
                raise  # it is no campaign that failed: the database may be away
            error = raised
            continue
        total += done
    if error is not None:
        raise error
    return total


def close(_actor: Actor) -> int:
    """How many lines were closed: all that there were."""
    return _until_done(closing.run_once)


def tell(_actor: Actor) -> int:
    """How many tenants were told what concerns them: all that there were."""
    return _until_done(telling.run_once)


def warn(_actor: Actor) -> int:
    """How many campaigns warned, or called their fallbacks."""
    return silence.run_once(clock.now())


def _until_done(run_once: Callable[[datetime], int]) -> int:
    total = 0
    while done := run_once(clock.now()):
        total += done
    return total
