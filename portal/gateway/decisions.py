"""`POST /gateway/decisions`: the same answers in JSON, for one call or for up to a hundred."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from portal.gateway.answers import Refusal, Refused
from portal.gateway.bodies import json_in
from portal.verifier.decision import Call
from portal.verifier.headers import SERVICE_CODE

PATH = "/gateway/decisions"
MOST_CALLS = 100
TEXTS = ("api_key", "token", "service", "data_space")
MEMBERS = frozenset({*TEXTS, "client"})
CLIENT = frozenset({"address", "user_agent"})


class Asked(NamedTuple):
    """A call to be decided, and what is known of its client."""

    call: Call
    address: str
    user_agent: str


def read(environ: Mapping[str, Any]) -> tuple[list[Asked], bool]:
    """The calls of the question, and whether they came as a list. Raises: Refused."""
    content = json_in(environ)
    if not isinstance(content, dict):
        raise Refused(Refusal.NOT_UNDERSTOOD, "It is not a JSON object.")
    if "calls" not in content:
        return [_asked(content)], False
    calls = content["calls"]
    if content.keys() != {"calls"} or not isinstance(calls, list) or not 0 < len(calls) <= MOST_CALLS:
        raise Refused(Refusal.NOT_UNDERSTOOD, f"“calls” stands alone, and is a list of 1 to {MOST_CALLS}.")
    return [_asked(call) for call in calls], True


def _asked(content: Any) -> Asked:
    if not isinstance(content, dict) or not content.keys() <= MEMBERS:
        raise Refused(Refusal.NOT_UNDERSTOOD, f"A call is an object with {', '.join(sorted(MEMBERS))}.")
    client = content.get("client") or {}
    if not isinstance(client, dict) or not client.keys() <= CLIENT:
        raise Refused(Refusal.NOT_UNDERSTOOD, f"“client” is an object with {', '.join(sorted(CLIENT))}.")
    api_key, token, service, data_space = (_text(content, name) for name in TEXTS)
    if service is not None and SERVICE_CODE.fullmatch(service) is None:
        raise Refused(Refusal.SERVICE_NOT_NAMED)
    # An empty data space is not none: a header that nobody can read becomes one on its way.
    call = Call(api_key or "", token or "", service, data_space)
    return Asked(call, _text(client, "address") or "", _text(client, "user_agent") or "")


def _text(content: Mapping[str, Any], name: str) -> str | None:
    value = content.get(name)
    if value is not None and not isinstance(value, str):
        raise Refused(Refusal.NOT_UNDERSTOOD, f"“{name}” is a text.")
    return value
