"""What can be done with people and their accounts, gathered from the modules that do it."""

from portal.accounts.attempts import Password, Proof, attempt
from portal.accounts.codes import Code, FirstCode
from portal.accounts.disabling import disable, enable, require_may_keep
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
from portal.accounts.recovery_codes import HOW_MANY as RECOVERY_CODES
from portal.accounts.resets import answer_due as answer_reset_requests
from portal.accounts.resets import ask_for_reset, person_to_reset, reset_password
from portal.accounts.second_factors import (
    MOST_APPS,
    app_to_confirm,
    confirm_app,
    intend_app,
    make_recovery_codes,
    shortest_password,
)
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
    await_code,
    awaiting_code,
    change_password,
    needs_code,
    reauthenticate,
    sign_in,
    sign_in_with_code,
    sign_out,
    sign_out_elsewhere,
    sign_out_everywhere,
)

__all__ = [
    "MOST_APPS",
    "RECOVERY_CODES",
    "Code",
    "FirstCode",
    "FirstOwner",
    "Password",
    "Proof",
    "accept",
    "accept_as_new",
    "answer_reset_requests",
    "app_to_confirm",
    "ask_for_reset",
    "attempt",
    "await_code",
    "awaiting_code",
    "begin_session",
    "change_looks",
    "change_password",
    "change_profile",
    "change_role",
    "choose_home",
    "confirm_app",
    "disable",
    "enable",
    "intend_app",
    "invite",
    "invite_first_owner",
    "invite_owners",
    "is_fresh",
    "make_recovery_codes",
    "may_give",
    "needs_code",
    "open_one",
    "open_to_owners",
    "person_to_reset",
    "reauthenticate",
    "remove",
    "renew_session",
    "require_may_keep",
    "require_nobody_owns",
    "resend",
    "reset_password",
    "session_for",
    "sessions_of",
    "shortest_password",
    "sign_in",
    "sign_in_with_code",
    "sign_out",
    "sign_out_elsewhere",
    "sign_out_everywhere",
    "tidy_up",
    "time_zones",
    "withdraw",
]
