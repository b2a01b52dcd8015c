"""What a provider says of itself and its keys, fetched with the guard for outgoing calls and kept for a bounded time.

Failures are kept, too, for half a minute: a provider that hangs holds up one request at a time, not all of them.
"""

import json
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

from portal.foundation import outgoing
from portal.foundation.outgoing import Answer, Failed, Problem
from portal.providers.setup import setup

KEPT_SECONDS = 3600.0
FAILURE_KEPT_SECONDS = 30.0
AGAIN_SECONDS = 30.0  # keys are fetched again for an unknown id no more often than this
MOST_KEPT = 500
MOST_KEYS = 50
WELL_KNOWN = "/.well-known/openid-configuration"
Kept = TypeVar("Kept")


@dataclass(frozen=True)
class Metadata:
    """Where a provider's endpoints are. `says_who`: it names itself in each answer (RFC 9207)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    takes_basic: bool
    says_who: bool


class _Shelf(Generic[Kept]):
    """Answers by address, the oldest forgotten first."""

    def __init__(self) -> None:
        self._rows: OrderedDict[str, tuple[float, Kept | Failed]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: str, fetch: Callable[[], Kept], *, older_than: float = KEPT_SECONDS) -> Kept:
        """What is kept for `key`, or what `fetch` gives now; anew when that is older than so many seconds.

        Raises: Failed.
        """
        now = time.monotonic()
        with self._lock:
            found = self._rows.get(key)
        if found is not None:
            kept_for = FAILURE_KEPT_SECONDS if isinstance(found[1], Failed) else older_than
            if now - found[0] < kept_for:
                if isinstance(found[1], Failed):
                    raise Failed(found[1].problem)
                return found[1]
        try:
            value: Kept | Failed = fetch()
        except Failed as failure:
            value = Failed(failure.problem)
        with self._lock:
            self._rows[key] = (time.monotonic(), value)
            self._rows.move_to_end(key)
            while len(self._rows) > MOST_KEPT:
                self._rows.popitem(last=False)
        if isinstance(value, Failed):
            raise value
        return value

    def forget(self, key: str | None = None) -> None:
        with self._lock:
            self._rows.clear() if key is None else self._rows.pop(key, None)


_metadata: _Shelf[Metadata] = _Shelf()
_keys: _Shelf[list[dict[str, Any]]] = _Shelf()


def metadata(issuer: str) -> Metadata:
    """The provider's metadata (OpenID Connect Discovery 1.0, section 4). Raises: Failed."""
    return _metadata.get(issuer, lambda: _fetch_metadata(issuer))


def keys(jwks_uri: str, *, anew: bool = False) -> list[dict[str, Any]]:
    """The provider's public keys as JWKs, at most 50. anew: not those of over half a minute ago. Raises: Failed."""
    return _keys.get(jwks_uri, lambda: _fetch_keys(jwks_uri), older_than=AGAIN_SECONDS if anew else KEPT_SECONDS)


def forget(issuer: str | None = None) -> None:
    """Ask this provider anew, or all of them; for who just changed its set-up."""
    found = _metadata._rows.get(issuer) if issuer else None
    _metadata.forget(issuer)
    if found is not None and isinstance(found[1], Metadata):
        _keys.forget(found[1].jwks_uri)
    elif issuer is None:
        _keys.forget()


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """What the provider answers to a form. Raises: Failed."""
    return outgoing.post(url, body, headers, loopback=setup().loopback)


def object_in(answer: Answer) -> dict[str, Any]:
    """The JSON object that an answer holds. Raises: Failed."""
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise Failed(Problem.BAD_ANSWER) from error
    if not isinstance(found, dict):
        raise Failed(Problem.BAD_ANSWER)
    return found


def _get(url: str) -> dict[str, Any]:
    answer = outgoing.get(url, {"Accept": "application/json"}, loopback=setup().loopback)
    if answer.status != 200:  # a redirect among them: nothing is followed
        raise Failed(Problem.BAD_ANSWER)
    return object_in(answer)


def _fetch_metadata(issuer: str) -> Metadata:
    found = _get(issuer.rstrip("/") + WELL_KNOWN)
    if found.get("issuer") != issuer:
        raise Failed(Problem.BAD_ANSWER)
    authorization, token, jwks = (
        _address(found.get(name)) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
    )
    methods = found.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    says_who = found.get("authorization_response_iss_parameter_supported") is True
    return Metadata(issuer, authorization, token, jwks, "client_secret_basic" in methods, says_who)


def _address(found: Any) -> str:
    if not isinstance(found, str):
        raise Failed(Problem.BAD_ANSWER)
    outgoing.target_of(found, loopback=setup().loopback)
    if urlsplit(found).fragment:
        raise Failed(Problem.URL)
    return found


def _fetch_keys(jwks_uri: str) -> list[dict[str, Any]]:
    found = _get(jwks_uri).get("keys")
    if not isinstance(found, list):
        raise Failed(Problem.BAD_ANSWER)
    return [key for key in found[:MOST_KEYS] if isinstance(key, dict)]
