"""Refusals of this door itself."""

from http import HTTPStatus

from portal.foundation.errors import Denied, Invalid
from portal.foundation.marking import N_


class TokenMissing(Denied):
    code = "token_missing"
    status = HTTPStatus.UNAUTHORIZED
    sentence = N_("This call needs a token: “Authorization: Bearer ppt_…”.")
    mend = N_("Make one in the portal, on the page “Tokens” of your account, or sign in with “portal login”.")


class TokenRefused(Denied):
    code = "token_refused"
    status = HTTPStatus.UNAUTHORIZED
    sentence = N_("This token is none of this portal's, or it works no more.")
    mend = N_("Its person finds on the page “Tokens” what became of it, and can make another one.")


class NotJson(Invalid):
    code = "not_json"
    status = HTTPStatus.BAD_REQUEST
    sentence = N_("The body is not a JSON object, sent as application/json.")


class NotAsDescribed(Invalid):
    """`problems` has (place as JSON pointer or name, what is wrong) for each."""

    code = "not_as_described"
    sentence = N_("The call is not as its description says: %(first)s")

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        super().__init__(first=": ".join(problems[0]))
        self.problems = problems


class VersionMissing(Invalid):
    code = "version_missing"
    status = HTTPStatus.PRECONDITION_REQUIRED
    sentence = N_("This call changes what others may change, too, and does not say which version it has seen.")
    mend = N_("Send the ETag that you were given with it, as “If-Match”.")


class VersionUnfit(Invalid):
    code = "version_unfit"
    status = HTTPStatus.BAD_REQUEST
    sentence = N_('“If-Match” holds no ETag of this portal, such as "7".')


class IdempotencyKeyUnfit(Invalid):
    code = "idempotency_key_unfit"
    status = HTTPStatus.BAD_REQUEST
    sentence = N_("An Idempotency-Key has 1 to 255 printable ASCII characters.")
