"""`GET|HEAD /gateway/check`: for gateways that ask by a request of their own, as nginx's `auth_request` does.

Everything is in headers, for such gateways read no bodies.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from portal.gateway.answers import Answer, Headers, Refusal, Refused, status_line
from portal.verifier.decision import Call, Decision
from portal.verifier.reasons import REASONS, Reason
from portal.verifier.records import Key

PATH = "/gateway/check"
SERVICE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
KEY_HEADERS = ("HTTP_MAGENTO_API_KEY", "HTTP_X_API_KEY")
TOKEN_HEADER = "HTTP_X_GW_SIGNATURE"  # noqa: S105 - a header's name
SPACE_HEADERS = ("HTTP_MAGENTO_ENVIRONMENT_ID", "HTTP_X_SAAS_ID")
SERVICE_HEADER = "HTTP_X_PORTAL_SERVICE"
ADDRESS_HEADER = "HTTP_X_PORTAL_CLIENT_ADDRESS"
PASSED, REFUSED_UNPROVEN = status_line(204), status_line(401)
NO_BODY: Headers = [("Content-Length", "0")]
# Two values where one is expected: neither is believed.
AMBIGUOUS = "ambiguous"


def named_service(environ: Mapping[str, Any]) -> str | None:
    """The service that path and header name, or None where neither does. Raises: Refused."""
    in_path, in_header = environ["PATH_INFO"][len(PATH) + 1 :], environ.get(SERVICE_HEADER, "")
    if in_path and in_header and in_path != in_header:
        raise Refused(Refusal.SERVICE_NOT_NAMED, "Path and header name different ones.")
    service = in_path or in_header
    if service and SERVICE.fullmatch(service) is None:
        raise Refused(Refusal.SERVICE_NOT_NAMED)
    return service or None


def call_in(environ: Mapping[str, Any], service: str) -> Call:
    """The call that the gateway asks about, by the headers of the shop."""
    api_key = _one_of(environ, KEY_HEADERS)
    return Call(api_key or "", environ.get(TOKEN_HEADER, ""), service, _one_of(environ, SPACE_HEADERS))


def answer_to(decision: Decision) -> Answer:
    """The decision in headers."""
    if decision.reason is None:
        assert decision.key is not None  # noqa: S101 - whatever passes has proved its key
        headers = [*_who(decision.key), *NO_BODY]
        if decision.space is not None:
            headers.append(("X-Portal-Data-Space", decision.space.public_id))
        if decision.flags:
            headers.append(("X-Portal-Flags", ",".join(decision.flags)))
        return Answer(PASSED, headers)
    told = REASONS[decision.reason]
    headers = [("X-Portal-Reason", decision.reason.value), *NO_BODY]
    if decision.reason is not Reason.NOT_PROVEN:
        headers += [("X-Portal-Sentence", in_a_header(told.sentence)), ("X-Portal-Mend", in_a_header(told.mend))]
    return Answer(status_line(told.status), headers)


@lru_cache(maxsize=10_000)
def in_a_header(text: str) -> str:
    """Any text as a header can carry it: UTF-8, percent-encoded; letters, digits and spaces as they are."""
    return quote(text, safe=" !$&'()*+,-./:;=?@_~")


def _who(key: Key) -> Headers:
    headers = [
        ("X-Portal-Account", key.owner.account_id),
        ("X-Portal-Tenant", in_a_header(key.owner.name)),
        ("X-Portal-Environment", key.environment),
        ("X-Portal-Holder", key.holder.account_id),
    ]
    if key.delegation is not None:
        headers.append(("X-Portal-Delegation", key.delegation.public_id))
    return headers


def _one_of(environ: Mapping[str, Any], headers: tuple[str, str]) -> str | None:
    """The value of these two headers, which is the same where both are there; None where neither is."""
    first, second = environ.get(headers[0]), environ.get(headers[1])
    if first is None or second is None or first == second:
        return first if first is not None else second
    return AMBIGUOUS
