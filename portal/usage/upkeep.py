"""Forgetting what is too old to tell anything."""

from datetime import timedelta

from portal.foundation import clock
from portal.usage import recording_store

KEPT = timedelta(days=400)  # a year, and a month in which to compare it with the year before


def tidy_up() -> int:
    """Delete a portion of the uses older than 400 days, and the clients that no use refers to any more; how many uses.

    The last use of each key pair stays, and the last that listed projects: whether it was ever used has an answer.
    """
    return recording_store.forget_uses((clock.now() - KEPT).date())
