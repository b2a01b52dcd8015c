"""What the worker does with the outbox, again and again."""

from portal.outbox import operations as outbox


def run_once(send: outbox.Send) -> int:
    """How many messages were delivered: all that were due, in portions. Needs an application context.

    Call it every few seconds; several workers may do so at once.
    """
    total = 0
    while delivered := outbox.deliver_due(send):
        total += delivered
    return total
