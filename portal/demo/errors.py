"""Refusals of the demo."""

from portal.foundation.errors import Conflict
from portal.foundation.marking import N_


class DemoIncomplete(Conflict):
    code = "demo_incomplete"
    sentence = N_(
        "The demo's data is not whole: an earlier start was cut off, or the file with its passwords is gone. "
        "Remove the demo's database and start again."
    )
