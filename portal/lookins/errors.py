"""Refusals of look-ins."""

from portal.foundation.errors import Denied, Invalid, NotFound
from portal.foundation.marking import N_


class ReasonMissing(Invalid):
    code = "look_in_reason_missing"
    sentence = N_("Say why you have to look: the tenant reads it.")


class HoursOutOfRange(Invalid):
    code = "look_in_hours_out_of_range"
    sentence = N_("A look-in lasts between 1 and %(longest)s hours.")


class NothingToLookInto(NotFound):
    """The vendor's own account is no tenant to look into."""


class LookInReadsOnly(Denied):
    code = "look_in_reads_only"
    sentence = N_("You look into this account: you can read its pages, and change nothing.")
    mend = N_("Its own members can do it.")


class ClosedToLookIns(Denied):
    code = "closed_to_look_ins"
    sentence = N_("This page stays closed while you look into an account.")
    mend = N_("Ask the account's own members for what you need to know.")
