"""Refusals of webhooks."""

from portal.foundation.errors import Conflict, Invalid
from portal.foundation.marking import N_


class UrlNotUsable(Invalid):
    code = "webhook_url_not_usable"
    sentence = N_(
        "Give an address that begins with https://, without a name or password in it, of at most 1000 characters."
    )
    mend = N_("Its port is the usual one, or 1024 and above.")


class AddressNotOpen(Invalid):
    code = "webhook_address_not_open"
    sentence = N_("This address is not one of the open internet: nothing is sent to it.")


class EventUnknown(Invalid):
    code = "webhook_event_unknown"
    sentence = N_("There is no event of this name: %(name)s.")


class NoEventChosen(Invalid):
    code = "webhook_no_event_chosen"
    sentence = N_("Choose at least one event, or all of them.")


class TooManyEndpoints(Conflict):
    code = "webhook_too_many_endpoints"
    sentence = N_("An account has %(most)s webhook endpoints at most.")
    mend = N_("Remove one that is no longer needed.")


class AddedAlready(Conflict):
    code = "webhook_added_already"
    sentence = N_("This was done already when this form was sent for the first time.")
    mend = N_("The secret was shown then, and never again. If you did not keep it, rotate the endpoint's secret.")


class OverlapOutOfRange(Invalid):
    code = "webhook_overlap_out_of_range"
    sentence = N_("The old secret goes on for seven days at most.")


class NotActive(Conflict):
    code = "webhook_not_active"
    sentence = N_("The endpoint “%(name)s” is paused: nothing is sent to it.")
    mend = N_("Resume it first.")


class RangeOutOfBounds(Invalid):
    code = "webhook_range_out_of_bounds"
    sentence = N_("Give a beginning within the last 30 days, and an end after it.")


class RangeTooLong(Invalid):
    code = "webhook_range_too_long"
    sentence = N_("More than %(most)s events lie in this time. Give a shorter one.")


class NothingToSend(Invalid):
    code = "webhook_nothing_to_send"
    sentence = N_("Nothing that this endpoint is told of happened in this time.")
