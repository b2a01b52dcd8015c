"""Refusals of entitlements and of requests for more."""

from portal.foundation.errors import Conflict, Denied, Invalid
from portal.foundation.marking import N_


class NothingToRaise(Invalid):
    code = "allotment_none_to_raise"
    sentence = N_("An integrator agreement includes no projects, so there is nothing to ask more of.")
    mend = N_("Projects come with a licence or a partner contract: the vendor's partner admin can record one.")


class WishOutsideReach(Denied):
    code = "wish_outside_reach"
    sentence = N_("The delegation does not reach what you ask for.")
    mend = N_("An owner of the client's account can ask for it, or widen the delegation.")


class AmountOutOfRange(Invalid):
    code = "amount_out_of_range"
    sentence = N_("Ask for a whole number from %(least)s to %(most)s.")


class ReasonMissing(Invalid):
    code = "reason_missing"
    sentence = N_("Say why more is needed: the partner admin decides by it.")


class RequestWaiting(Conflict):
    code = "allotment_request_waiting"
    sentence = N_("A request for this is waiting already: %(amount)s more.")
    mend = N_("Withdraw that request first if you want to ask for another number.")


class NotYourRequest(Denied):
    code = "allotment_request_of_another"
    sentence = N_("Somebody else asked for this, so you cannot withdraw it.")
    mend = N_("An owner of the client's account can withdraw it, and so can the person who asked.")


class RequestDecided(Conflict):
    code = "allotment_request_decided"
    sentence = N_("This request has been decided already, so it cannot be withdrawn.")


class EntitlementOver(Conflict):
    code = "entitlement_over"
    sentence = N_("The entitlement to %(service)s has ended already.")


class NotAnEarlierEnd(Invalid):
    """`last_day` is the day, in UTC, on which it ends now."""

    code = "entitlement_not_narrowed"
    sentence = N_("An entitlement is narrowed to a day that is still to come and before its last day, %(last_day)s.")
