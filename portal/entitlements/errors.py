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
    code = "request_waiting"
    sentence = N_("A request for this is waiting already: %(amount)s more.")
    mend = N_("Withdraw that request first if you want to ask for another number.")


class ThingWaiting(Conflict):
    code = "request_for_thing_waiting"
    sentence = N_("A request for %(thing)s is waiting already.")
    mend = N_("Withdraw that request first if you want to give another reason.")


class NotYourRequest(Denied):
    code = "request_of_another"
    sentence = N_("Somebody else asked for this, so you cannot withdraw it.")
    mend = N_("An owner of the client's account can withdraw it, and so can the person who asked.")


class RequestDecided(Conflict):
    code = "request_decided"
    sentence = N_("This request has been decided already, so it cannot be withdrawn.")


class EntitlementOver(Conflict):
    code = "entitlement_over"
    sentence = N_("The entitlement to %(service)s has ended already.")


class NotAnEarlierEnd(Invalid):
    """`last_day` is the day, in UTC, on which it ends now."""

    code = "entitlement_not_narrowed"
    sentence = N_("An entitlement is narrowed to a day that is still to come and before its last day, %(last_day)s.")


class NothingElseToAsk(Conflict):
    code = "nothing_else_to_ask"
    sentence = N_("There is no other edition of this kind, and no service that the contract lacks.")


class EditionAlready(Invalid):
    code = "edition_already"
    sentence = N_("The contract is for %(edition)s already.")


class ServiceAlready(Invalid):
    code = "service_already"
    sentence = N_("The contract includes %(service)s already.")


class NotReopened(Conflict):
    code = "request_not_reopened"
    sentence = N_("Only what was refused, or approved in part, can be asked for again.")


class ReopenedAlready(Conflict):
    code = "request_reopened_already"
    sentence = N_("This was asked for again already.")
    mend = N_("The newer request is shown with its state.")


class AnswerMissing(Invalid):
    code = "answer_missing"
    sentence = N_("Say why: whoever asked reads it, and can answer it.")


class PartOutOfRange(Invalid):
    code = "part_out_of_range"
    sentence = N_("Approve a whole number from 1 to %(most)s.")


class WholeOnly(Invalid):
    code = "request_whole_only"
    sentence = N_("An edition or a service is approved as a whole or not at all.")


class StandingHinders(Conflict):
    code = "standing_hinders_approval"
    sentence = N_("Nothing more is granted to %(tenant)s now: its standing is “%(standing)s”.")
    mend = N_("Let the request wait until the standing is good, or refuse it with that reason.")


class ApprovedMeanwhile(Conflict):
    code = "request_approved_meanwhile"
    sentence = N_("%(who)s approved this request on %(at)s.")


class PartApprovedMeanwhile(Conflict):
    code = "request_part_approved_meanwhile"
    sentence = N_("%(who)s approved %(granted)s of %(amount)s on %(at)s, and said: “%(answer)s”")


class RefusedMeanwhile(Conflict):
    code = "request_refused_meanwhile"
    sentence = N_("%(who)s refused this request on %(at)s, and said: “%(answer)s”")


class WithdrawnMeanwhile(Conflict):
    code = "request_withdrawn_meanwhile"
    sentence = N_("This request was withdrawn on %(at)s by the side that asked.")
