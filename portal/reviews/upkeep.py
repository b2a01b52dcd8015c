"""What the worker does with reviews, again and again. Each opens its own transactions."""

from collections.abc import Callable
from datetime import datetime

from portal.access.actor import Actor
from portal.foundation import clock
from portal.reviews import closing, freezing, silence, telling


def freeze_and_close(_actor: Actor) -> int:
    """How many lines were frozen or closed: all that there were."""
    return _until_done(freezing.run_once) + _until_done(closing.run_once)


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
