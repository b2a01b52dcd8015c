"""Refusals of claims to a data space."""

from portal.foundation.errors import Conflict
from portal.foundation.marking import N_


class NotAClaim(Conflict):
    code = "installation_is_no_claim"
    sentence = N_("The data space is the one that “%(installation)s” belongs on: there is no claim to decide.")


class NothingToDismiss(Conflict):
    code = "nothing_to_dismiss"
    sentence = N_("There is no notice about “%(installation)s” to dismiss.")


class NoPrimary(Conflict):
    code = "data_space_without_primary"
    sentence = N_("No other installation uses this data space, so there is none to merge “%(installation)s” into.")


class SameSpace(Conflict):
    code = "installation_on_this_space"
    sentence = N_("“%(installation)s” is on this data space already.")
    mend = N_("Choose another data space.")
