"""What can be done with envelope keys and hand-offs, gathered from the modules that do it."""

from portal.handoffs.enrolling import enrol
from portal.handoffs.giving import begin, deposit, withdraw
from portal.handoffs.leaving import close_of_person, close_under
from portal.handoffs.opening import fetch, finish, freeze
from portal.handoffs.upkeep import lapse_due, start_rotations, tidy_up

__all__ = [
    "begin",
    "close_of_person",
    "close_under",
    "deposit",
    "enrol",
    "fetch",
    "finish",
    "freeze",
    "lapse_due",
    "start_rotations",
    "tidy_up",
    "withdraw",
]
