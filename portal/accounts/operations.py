"""What can be done with people and their accounts, gathered from the modules that do it."""

from portal.accounts.attempts import Password, Proof, attempt
from portal.accounts.first_owner import invite_first_owner, open_to_owners, require_nobody_owns
from portal.accounts.invitations import (
    FirstOwner,
    accept,
    accept_as_new,
    invite,
    invite_owners,
    open_one,
    resend,
    withdraw,
)
from portal.accounts.members import change_role, may_give, remove
from portal.accounts.people import change_looks, change_profile, time_zones
from portal.accounts.sessions import (
    begin_session,
    choose_home,
    is_fresh,
    renew_session,
    session_for,
    sessions_of,
    tidy_up,
)
from portal.accounts.sign_in import (
    change_password,
    reauthenticate,
    sign_in,
    sign_out,
    sign_out_elsewhere,
    sign_out_everywhere,
)

__all__ = [
    "FirstOwner",
    "Password",
    "Proof",
    "accept",
    "accept_as_new",
    "attempt",
    "begin_session",
    "change_looks",
    "change_password",
    "change_profile",
    "change_role",
    "choose_home",
    "invite",
    "invite_first_owner",
    "invite_owners",
    "is_fresh",
    "may_give",
    "open_one",
    "open_to_owners",
    "reauthenticate",
    "remove",
    "renew_session",
    "require_nobody_owns",
    "resend",
    "session_for",
    "sessions_of",
    "sign_in",
    "sign_out",
    "sign_out_elsewhere",
    "sign_out_everywhere",
    "tidy_up",
    "time_zones",
    "withdraw",
]
