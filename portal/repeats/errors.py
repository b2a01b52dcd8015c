"""Refusals of repeated calls."""

from portal.foundation.errors import Conflict, Invalid
from portal.foundation.marking import N_


class KeyUsedOtherwise(Invalid):
    code = "idempotency_key_reused"
    sentence = N_("This Idempotency-Key came with another call before.")
    mend = N_("Send the same call, or make a new key for the new one.")


class StillInProgress(Conflict):
    code = "still_in_progress"
    sentence = N_("A call with this Idempotency-Key is still in progress.")
    mend = N_("Send it again in %(seconds)s seconds.")
