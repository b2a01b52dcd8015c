"""Reports of leaked secrets: anybody may send one, and learns nothing by it."""

import re

from flask import Response, request

from portal.accounts import attempts
from portal.api.door import answered, api
from portal.api.guards import signed, texts
from portal.credentials import operations as credentials
from portal.foundation.database import transaction
from portal.foundation.errors import Invalid
from portal.foundation.marking import N_
from portal.tokens import operations as tokens

# An address that can be shown: ASCII that prints, without spaces.
ADDRESS = re.compile(r"https?://[!-~]{1,500}")
LONGEST = 200


class NotAnAddress(Invalid):
    code = "not_an_address"
    sentence = N_("The member “where” is the address at which it was found: https://… in at most 500 characters.")


@api.post("/leaks")
@signed
def report_leak() -> Response:
    """The same answer, whether the secret is known or not, works or not, was reported before or not.

    A known one is flagged, and its people are told; it goes on working, for anybody can send this. Each report counts
    as a guess from its network.
    """
    given = texts("token", may=("where",))
    token, where = given["token"][:LONGEST], _address(given)
    attempts.count_failure(request.remote_addr or "")
    with transaction():
        if tokens.report_leak(token, where) is None:
            credentials.report_leak(token, where)
    answer = answered(received="true")
    answer.status_code = 202
    return answer


def _address(given: dict[str, str]) -> str:
    where = given["where"].strip()
    if where and not ADDRESS.fullmatch(where):
        raise NotAnAddress()
    return where.replace(given["token"], "…") if given["token"] else where
