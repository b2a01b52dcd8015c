"""Refusals of access."""

from portal.foundation.errors import Denied
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
