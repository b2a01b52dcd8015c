"""Refusals of access."""

from portal.foundation.errors import Denied
from portal.foundation.marking import N_


class NotAllowed(Denied):
    """`act` is the name of the permission that is missing."""

    code = "not_allowed"
    sentence = N_("Your role does not allow this: %(act)s.")
