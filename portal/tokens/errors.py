"""Refusals of personal tokens."""

from portal.foundation.errors import Conflict, Denied, Invalid, NotFound, PortalError
from portal.foundation.marking import N_


class NotAtHome(Denied):
    code = "token_not_at_home"
    sentence = N_("Personal tokens belong to your own account, not to a client's.")
    mend = N_("Open the tokens of your own account: a token made there works at its clients, too.")


class ScopeNotYours(Invalid):
    code = "token_scope_not_yours"
    sentence = N_("Your role has no use for these scopes: %(scopes)s.")


class LastDayOutOfRange(Invalid):
    code = "token_last_day_out_of_range"
    sentence = N_("A token's last day is between tomorrow and %(days)s days from now.")


class TooManyTokens(Conflict):
    code = "token_too_many"
    sentence = N_("You have %(count)s tokens that work, and that is the most a person has in one account.")
    mend = N_("End those that nothing uses any more; each shows when it was used last.")


class IssuedAlready(Conflict):
    code = "token_issued_already"
    sentence = N_("“%(name)s” was made already when this form was sent for the first time.")
    mend = N_("Its secret was shown then, and never again. If you did not keep it, end the token and make another one.")


class NotYourToken(Denied):
    code = "token_not_yours"
    sentence = N_("This token is somebody else's.")
    mend = N_("Its person can end it, or an owner of this account.")


class UserCodeUnknown(NotFound):
    """Mistyped, of nobody, or too old: who types codes learns no more."""

    code = "user_code_unknown"
    sentence = N_("No command line waits with this code.")
    mend = N_("A code is good for ten minutes. Compare it with what your command line shows, or begin there anew.")


class DecidedAlready(Conflict):
    code = "device_decided_already"
    sentence = N_("What “%(machine)s” asked for was answered already, perhaps in another tab.")
    mend = N_("If its command line has no token now, begin there anew.")


class ScopeUnknown(Invalid):
    code = "invalid_scope"
    status = 400
    sentence = N_("There are no scopes %(scopes)s.")


class OfDevice(PortalError):
    """An answer to a command line that waits; the codes are those of RFC 8628, 3.5, and RFC 6749, 5.2."""


class AuthorizationPending(OfDevice):
    code = "authorization_pending"
    sentence = N_("Nobody has approved this yet.")


class SlowDown(OfDevice):
    code = "slow_down"
    sentence = N_("You ask too often: wait %(seconds)s seconds before you ask again.")


class AuthorizationDeclined(OfDevice):
    code = "access_denied"
    sentence = N_("This was refused, or ended before you fetched it.")


class DeviceCodeExpired(OfDevice):
    code = "expired_token"
    sentence = N_("The ten minutes of this code are over: begin anew.")


class DeviceCodeUnknown(OfDevice):
    code = "invalid_grant"
    sentence = N_("There is no such code, or its token was fetched already.")
