"""`GET|HEAD /gateway/check`: for gateways that ask by a request of their own, as nginx's `auth_request` does.

Everything is in headers, for such gateways read no bodies.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from portal.gateway.answers import Answer, Headers, Refusal, Refused, status_line
from portal.verifier.decision import Call, Decision
from portal.verifier.headers import SERVICE_CODE
from portal.verifier.reasons import REASONS, Reason
from portal.verifier.records import Key

PATH, BELOW = "/gateway/check", "/gateway/check/"
TOKEN_HEADER = "HTTP_X_GW_SIGNATURE"  # noqa: S105 - a header's name
SERVICE_HEADER = "HTTP_X_PORTAL_SERVICE"
ADDRESS_HEADER = "HTTP_X_PORTAL_CLIENT_ADDRESS"
PASSED = status_line(204)
NO_BODY = ("Content-Length", "0")
# Two values where one is expected: neither is believed.
AMBIGUOUS = "ambiguous"


def named_service(environ: Mapping[str, Any]) -> str | None:
    """The service that path and header name, or None where neither does. Raises: Refused."""
    return _service(environ["PATH_INFO"], environ.get(SERVICE_HEADER, ""))


@lru_cache(maxsize=1000)
def _service(path: str, in_header: str) -> str | None:
    in_path = path[len(BELOW) :]
    if in_path and in_header and in_path != in_header:
        raise Refused(Refusal.SERVICE_NOT_NAMED, "Path and header name different ones.")
    service = in_path or in_header
    if service and SERVICE_CODE.fullmatch(service) is None:
        raise Refused(Refusal.SERVICE_NOT_NAMED)
    return service or None


def call_in(environ: Mapping[str, Any], service: str) -> Call:
    """The call that the gateway asks about, by the headers of the shop."""
    get = environ.get
    api_key, other = get("HTTP_MAGENTO_API_KEY"), get("HTTP_X_API_KEY")
    if other != api_key:
        api_key = _one_of(api_key, other)
    space, other = get("HTTP_MAGENTO_ENVIRONMENT_ID"), get("HTTP_X_SAAS_ID")
    if other != space:
        space = _one_of(space, other)
    return Call(api_key or "", get(TOKEN_HEADER, ""), service, space)


def answer_to(decision: Decision) -> Answer:
    """The decision in headers."""
    if decision.reason is None:
        assert decision.key is not None  # noqa: S101 - whatever passes has proved its key
        headers = _who(decision.key)
        if decision.space is not None:
            headers.append(("X-Portal-Data-Space", decision.space.public_id))
        if decision.flags:
            headers.append(("X-Portal-Flags", ",".join(decision.flags)))
        return Answer(PASSED, headers)
    told = REASONS[decision.reason]
    headers = [("X-Portal-Reason", decision.reason.value), NO_BODY]
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


def _one_of(first: str | None, second: str | None) -> str | None:
    """The value of two headers that are not the same: of the one that is there, or neither's."""
    if second is None:
        return first
    return second if first is None else AMBIGUOUS
