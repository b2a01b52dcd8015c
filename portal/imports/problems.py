"""What can be wrong with a line. Refusals like any other: collected and stored by code and facts, said when shown."""

from portal.foundation.errors import Invalid
from portal.foundation.marking import N_


class LineProblem(Invalid):
    """What all problems of a line share. Facts are text and numbers, since they are stored."""

    code = "line_problem"


class SurplusCells(LineProblem):
    code = "line_surplus_cells"
    sentence = N_(
        "The line has more cells than there are columns. A cell with a delimiter in it needs quotation marks."
    )


class AccountIdMalformed(LineProblem):
    code = "line_account_id_malformed"
    sentence = N_("“%(account_id)s” is no account id: that is MAG and nine digits, or nothing for a new account.")


class OwnerMissing(LineProblem):
    code = "line_owner_missing"
    sentence = N_("A new account needs the e-mail address of its first owner.")


class AddressInvalid(LineProblem):
    code = "line_address_invalid"
    sentence = N_("“%(email)s” in the column %(column)s is no e-mail address.")


class LanguageUnknown(LineProblem):
    code = "line_language_unknown"
    sentence = N_("“%(language)s” is no language of the portal: give en or zh_Hant, or nothing.")


class EditionUnknown(LineProblem):
    code = "line_edition_unknown"
    sentence = N_("There is no edition “%(edition)s”. There are: %(known)s.")


class DayMissing(LineProblem):
    code = "line_day_missing"
    sentence = N_("The day in the column %(column)s is missing.")


class DayUnreadable(LineProblem):
    code = "line_day_unreadable"
    sentence = N_("“%(day)s” is no day. Write it as 2026-11-22, 22.11.2026 or 11/22/2026.")


class DayUnclear(LineProblem):
    code = "line_day_unclear"
    sentence = N_(
        "“%(day)s” can be %(one)s or %(other)s, and no other line of the file says which comes first, month or day. "
        "Write it as %(one)s or %(other)s."
    )


class DayOutOfRange(LineProblem):
    code = "line_day_out_of_range"
    sentence = N_("“%(day)s” is not within the years %(first)s to %(last)s.")


class DaysOutOfOrder(LineProblem):
    code = "line_days_out_of_order"
    sentence = N_("The last day lies before the first day.")


class SignerNotWanted(LineProblem):
    code = "line_signer_not_wanted"
    sentence = N_("Only a partner contract has a signer: leave the column signer_email empty.")


class AccountTwice(LineProblem):
    code = "line_account_twice"
    sentence = N_("The account id %(account_id)s stands in line %(line)s too, under another name.")


class LineTwice(LineProblem):
    code = "line_twice"
    sentence = N_("Line %(line)s is about the same account and the same edition. Keep one of them.")


class NameShared(LineProblem):
    code = "line_name_shared"
    sentence = N_("Several accounts have this name: %(accounts)s. Give the account id of the one that is meant.")


class IsVendor(LineProblem):
    code = "line_is_vendor"
    sentence = N_("This is the vendor's own account. It has no contracts.")


class NameDiffers(LineProblem):
    code = "line_name_differs"
    sentence = N_("The account %(account_id)s is called “%(name)s”. Give that name, or another account id.")


class ContractShortened(LineProblem):
    code = "line_contract_shortened"
    sentence = N_("The contract %(contract)s runs until %(last_day)s already. An import ends no contract earlier.")


class ContractWasEnded(LineProblem):
    code = "line_contract_was_ended"
    sentence = N_("The contract %(contract)s was ended early, so it cannot be extended.")


class ContractRenewed(LineProblem):
    code = "line_contract_renewed"
    sentence = N_("The contract %(contract)s is renewed by %(successor)s already. Its days stay as they were agreed.")


class ExtendedIntoPast(LineProblem):
    code = "line_extended_into_past"
    sentence = N_("The contract %(contract)s can be extended only to a day that is still to come.")


class ContractsOverlap(LineProblem):
    code = "line_contracts_overlap"
    sentence = N_("These days overlap with the contract %(contract)s, from %(first_day)s to %(last_day)s.")
