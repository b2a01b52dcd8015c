"""Refusals of access."""

from portal.foundation.errors import Conflict, Denied
from portal.foundation.marking import N_


class NotAllowed(Denied):
    """`act` is the name of the permission that is missing."""

    code = "not_allowed"
    sentence = N_("Your role does not allow this: %(act)s.")


class NotDelegated(NotAllowed):
    """As `NotAllowed`, for an integrator in its client's account."""

    code = "not_delegated"
    sentence = N_("You may not do this here: %(act)s.")
    mend = N_(
        "The client can widen the delegation. If it covers this already, an owner of your own account can give you a "
        "role that uses it."
    )


class SecondFactorNeeded(NotAllowed):
    """As `NotAllowed`, for who may do it as soon as they have a second factor: `tenant` is the account that asks."""

    code = "second_factor_needed"
    sentence = N_("“%(tenant)s” asks for a second factor before this, and you have none: %(act)s.")
    mend = N_("You can mend it yourself: add a second factor under “Sign-in and security”. It counts at once.")


class ScopeMissing(NotAllowed):
    """As `NotAllowed`, for a token whose person may do it: `scope` is what its scopes lack."""

    code = "scope_missing"
    sentence = N_("This token has no scope “%(scope)s”.")
    mend = N_("Make a token with this scope, on the page “Tokens” of your account.")


class OnlyInPerson(NotAllowed):
    """As `NotAllowed`, for a token whose person may do it: no scope gives this."""

    code = "only_in_person"
    sentence = N_("No token may do this: %(act)s.")
    mend = N_("Do it on the portal's pages.")


class RightsChanged(Conflict):
    """Who acts was removed, disabled or given another role, or its delegation or account was stopped, while the act
    was under way."""

    code = "rights_changed"
    sentence = N_("Your rights in this account changed while you did this, so nothing was done.")
    mend = N_("Load the page again: it shows what you may do now.")
