"""The call that the headers of a request make, as the stock connector sets them (connector-protocol section 1)."""

import re
from collections.abc import Callable, Sequence

from portal.verifier.decision import Call

KEY_HEADERS = ("magento-api-key", "x-api-key")
TOKEN_HEADER = "x-gw-signature"  # noqa: S105 - a header's name
SPACE_HEADERS = ("magento-environment-id", "x-saas-id")
SERVICE_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")  # how a service is named; what is none is no question

Values = Callable[[str], Sequence[str]]  # all values of the header of this name, in small letters


def call_of(values: Values, service: str | None) -> Call:
    """The call. Where a thing is named twice and differently, nobody can tell which one is meant, so none is."""
    api_key, token = _one(values, KEY_HEADERS), _one(values, (TOKEN_HEADER,))
    spaces = {value for name in SPACE_HEADERS for value in values(name)}
    return Call(api_key, token, service, ", ".join(sorted(spaces)) if spaces else None)


def _one(values: Values, names: Sequence[str]) -> str:
    found = {value for name in names for value in values(name)}
    return found.pop() if len(found) == 1 else ""
