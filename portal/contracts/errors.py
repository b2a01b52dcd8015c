"""Refusals of contracts, signers and deputies."""

from portal.foundation.errors import Conflict, Denied, Invalid
from portal.foundation.marking import N_


class ContractNotRunning(Conflict):
    code = "contract_not_running"
    sentence = N_("The contract %(contract)s for %(edition)s is not running.")
    mend = N_("The vendor's partner admin can renew it.")


class TermOutOfOrder(Invalid):
    code = "contract_term_out_of_order"
    sentence = N_("A contract ends after it starts.")


class TermTooLong(Invalid):
    code = "contract_term_too_long"
    sentence = N_("A contract lasts at most %(years)s years. Look at the year of both days.")


class ContractOverlaps(Conflict):
    code = "contract_overlaps"
    sentence = N_(
        "There is the contract %(contract)s for %(edition)s already, from %(first_day)s to %(last_day)s: two of one "
        "edition do not overlap."
    )
    mend = N_("Extend that one, or renew it by a contract that follows on it.")


class ContractOver(Conflict):
    code = "contract_over"
    sentence = N_("The contract %(contract)s is over already.")


class RenewedAlready(Conflict):
    code = "contract_renewed_already"
    sentence = N_("The contract %(contract)s is renewed by %(successor)s already.")
    mend = N_("Extend that one, or end it before it takes over, if something else was agreed.")


class RenewalOfAnotherKind(Invalid):
    code = "renewal_of_another_kind"
    sentence = N_("A contract is renewed by one of its own kind, so that the same people go on with its keys.")


class RenewalLeavesGap(Invalid):
    code = "renewal_leaves_gap"
    sentence = N_(
        "The next contract begins after %(first_day)s and no later than %(latest)s, so that nothing stops in between."
    )


class NotAnExtension(Conflict):
    code = "contract_not_extended"
    sentence = N_("A contract is extended to a day that is still to come and later than its end.")


class ContractEndedEarly(Conflict):
    code = "contract_ended_early"
    sentence = N_("The contract %(contract)s was ended early, so it cannot be extended.")
    mend = N_("The vendor's partner admin can record a new contract.")


class OnlyPartnersSign(Invalid):
    code = "contract_has_no_signer"
    sentence = N_("Only a partner contract has a signer and deputies.")


class SignerNotAMember(Invalid):
    code = "signer_not_a_member"
    sentence = N_("The signer is a member of the account that the contract is for.")


class NotTheSigner(Denied):
    code = "not_the_signer"
    sentence = N_("Only the signer of this contract names and withdraws its deputies. That is %(signer)s.")
    mend = N_("Ask %(signer)s to do it.")


class NobodySigns(Denied):
    code = "contract_without_signer"
    sentence = N_("Nobody is the signer of this contract now, so nobody can name its deputies.")
    mend = N_("The vendor's partner admin can record a new signer.")


class SignerComesAlong(Conflict):
    code = "signer_comes_along"
    sentence = N_("The contract %(contract)s takes over from %(renewed)s, and whoever signs that one signs it then.")
    mend = N_("Propose another signer of the contract that is running.")


class SignsAlready(Conflict):
    code = "signs_already"
    sentence = N_("%(signer)s is the signer of this contract already.")


class SignerProposesNobody(Denied):
    code = "signer_proposes_nobody"
    sentence = N_("The signer does not propose who signs in their place.")
    mend = N_("Another owner of this account can, or the vendor's partner admin.")


class SignerChangeWaits(Conflict):
    code = "signer_change_waits"
    sentence = N_("It is proposed already that %(signer)s becomes the signer of this contract.")
    mend = N_("One change waits at a time: withdraw that one, or let it be stopped.")


class SignerChangeOver(Conflict):
    """`state` is the name of what became of it."""

    code = "signer_change_over"
    sentence = N_("This change of the signer does not wait any more. It is: %(state)s.")


class NotYoursToStop(Denied):
    code = "signer_change_not_yours_to_stop"
    sentence = N_("The present signer of the contract or the vendor's partner admin stops a change of the signer.")
    mend = N_("Ask one of them.")


class NotYoursToWithdraw(Denied):
    code = "signer_change_not_yours_to_withdraw"
    sentence = N_("Only who proposed a change of the signer withdraws it.")
    mend = N_("The present signer of the contract or the vendor's partner admin can stop it.")


class DeputyNotAMember(Invalid):
    code = "deputy_not_a_member"
    sentence = N_("A deputy is a member of this account.")


class DeputyIsSigner(Invalid):
    code = "deputy_is_signer"
    sentence = N_("The signer needs no deputy's rights: choose somebody else.")


class DeputyDatesOutOfOrder(Invalid):
    code = "deputy_dates_out_of_order"
    sentence = N_("The last day cannot be before the first day.")


class DeputyBeganEarlier(Invalid):
    code = "deputy_began_earlier"
    sentence = N_("The first day is over already: give today or a later day.")


class DeputyDatesOver(Invalid):
    code = "deputy_dates_over"
    sentence = N_("The last day is over already: give today or a later day.")


class DeputyOutlastsContract(Invalid):
    code = "deputy_outlasts_contract"
    sentence = N_("A deputy's last day is not after the contract's own, which is %(last_day)s.")


class DeputyOver(Conflict):
    code = "deputy_over"
    sentence = N_("The dates of this deputy are over already.")


class EditionOfOtherKind(Invalid):
    code = "edition_of_other_kind"
    sentence = N_("%(edition)s is for another kind of contract.")
    mend = N_("The vendor's partner admin can record a new contract for it.")
