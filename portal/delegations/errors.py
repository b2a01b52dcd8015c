"""Refusals of delegations."""

from portal.foundation.errors import Conflict, Denied, Invalid
from portal.foundation.marking import N_


class DelegationPaused(Denied):
    code = "delegation_paused"
    sentence = N_("The delegation of %(client)s is paused.")
    mend = N_("The side that paused it can resume it.")


class OnlyFromHome(Denied):
    code = "only_from_home"
    sentence = N_(
        "This is done from your own account, not while you act for a client: an integrator delegates to nobody."
    )
    mend = N_("Go back to your own account first.")


class AgreementMissing(Denied):
    code = "integrator_agreement_missing"
    sentence = N_("%(account)s has no running integrator agreement.")
    mend = N_("The vendor's partner admin can record or renew the agreement.")


class RightsNotHeld(Denied):
    """`right` is the name of one of the rights that the actor itself has not."""

    code = "rights_not_held"
    sentence = N_("You cannot give what you may not do yourself: %(right)s.")


class AccountIdMalformed(Invalid):
    code = "account_id_malformed"
    sentence = N_("An account id is MAG and nine digits, such as MAG000000123.")


class OwnAccount(Invalid):
    code = "own_account"
    sentence = N_("This is your own account. A delegation is between two accounts.")


class UnknownRequestCode(Invalid):
    code = "unknown_request_code"
    sentence = N_("No account has this request code now. Check it, or ask the owner for the present one.")


class EnvironmentsMissing(Invalid):
    code = "environments_missing"
    sentence = N_("Choose at least one environment.")


class ProjectsMissing(Invalid):
    code = "projects_missing"
    sentence = N_("Choose at least one project, or all projects.")


class ProjectUnknown(Invalid):
    code = "project_unknown"
    sentence = N_("One of these projects is not there any more. Choose again.")


class EndOutOfRange(Invalid):
    """`first` and `last` are the days it may end on, in UTC, as in 2027-05-03."""

    code = "delegation_end_out_of_range"
    sentence = N_("A delegation ends 1 to 730 days from now: choose a last day from %(first)s to %(last)s.")


class NotNarrower(Invalid):
    code = "not_narrower"
    sentence = N_("This would give more than now. Narrowing only takes away; to give more, propose a wider delegation.")


class NothingNarrowed(Invalid):
    code = "nothing_narrowed"
    sentence = N_("This is exactly what was requested. Take something away, or approve it as requested.")


class NotWider(Invalid):
    code = "not_wider"
    sentence = N_("A wider delegation keeps everything that is given now and adds something to it.")


class AlreadyOpen(Conflict):
    """`delegation` is the public id of the one that is open."""

    code = "delegation_already_open"
    sentence = N_("There is an open delegation between %(owner)s and %(account)s already; it is %(state)s.")
    mend = N_("Change that one, or end it first.")


class TicketOpen(AlreadyOpen):
    code = "ticket_already_open"
    sentence = N_("There is an open ticket from %(owner)s for %(account)s already; it is %(state)s.")
    mend = N_("Widen that one once it is redeemed, or withdraw or end it first.")


class TicketNotNeeded(AlreadyOpen):
    """The open delegation has the right to keys."""

    code = "ticket_not_needed"
    sentence = N_(
        "%(account)s has a delegation with the right to keys already; it is %(state)s. It can make its own key pairs "
        "under that one: no ticket is needed."
    )
    mend = N_("Ask it to make the pair there.")


class KeysNotGiven(AlreadyOpen):
    """The open delegation lacks the right to keys."""

    code = "delegation_without_keys"
    sentence = N_("%(account)s has a delegation without the right to keys already; it is %(state)s.")
    mend = N_("Widen that one once it runs, instead of giving a ticket; or end it first.")


class WrongState(Conflict):
    """`state` is what the delegation is now."""

    code = "delegation_wrong_state"
    sentence = N_("This is not possible: the delegation is %(state)s.")
    mend = N_("Load the delegation's page again: it shows what can be done now.")


class TicketWrongState(WrongState):
    code = "ticket_wrong_state"
    sentence = N_("This is not possible: the ticket is %(state)s.")
    mend = N_("Load the ticket's page again: it shows what can be done now.")


class PausedByOtherSide(WrongState):
    code = "paused_by_other_side"
    sentence = N_("This is not possible: the delegation is paused by the other side.")
    mend = N_("Only the side that paused it can resume it; either side can end it.")


class ProposalWaiting(Conflict):
    code = "proposal_waiting"
    sentence = N_("A wider delegation is proposed already and waits for its answer.")
    mend = N_("Answer or withdraw that proposal first.")


class ProposalClosed(Conflict):
    """`state` is what the proposal is now."""

    code = "proposal_closed"
    sentence = N_("This is not possible: the proposal is %(state)s.")


class ProposalOfOwnSide(Conflict):
    code = "proposal_of_own_side"
    sentence = N_("A proposal is answered by the other side, and withdrawn by the side that made it.")
