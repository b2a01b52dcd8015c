"""Refusals of tenants."""

from portal.foundation.errors import Conflict, Denied, Invalid
from portal.foundation.marking import N_


class AccountSuspended(Denied):
    code = "account_suspended"
    sentence = N_("The account of %(tenant)s is suspended.")
    mend = N_("The vendor's partner admin can lift the suspension.")


class NamesakeThere(Conflict):
    """`account` is the account id of the one that is there."""

    code = "namesake_there"
    sentence = N_("There is an account %(tenant)s already, %(account)s.")
    mend = N_("Say so when another one of the same name is meant.")


class VendorStays(Conflict):
    code = "vendor_stays"
    sentence = N_("The vendor's own account stays in good standing: without it nobody could lift a suspension.")


class VendorExists(Conflict):
    code = "vendor_exists"
    sentence = N_("There is a vendor account already, and there can be only one.")


class AccountIdMalformed(Invalid):
    code = "account_id_malformed"
    sentence = N_("“%(account_id)s” is no account id: that is MAG and nine digits.")


class AccountIdTaken(Conflict):
    code = "account_id_taken"
    sentence = N_("There is an account %(account_id)s already.")
