"""The portal, as a script calls it."""

import http.client
import json
import secrets
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from portal.client.account import Account
from portal.client.errors import Unreachable, refusal
from portal.client.lines import Elsewhere, Line
from portal.client.things import Me

API = "/api/v1/"
LONGEST_ANSWER = 8 * 1024 * 1024
TRIES, PAUSE_SECONDS = 4, 0.5
# What another try may be answered otherwise; a write carries a key, so it happens once however often it is sent.
AGAIN = (502, 503, 504)
STILL_IN_PROGRESS = "still_in_progress"
AGENT = "portal-client"
AWAY = {"code": "unavailable", "detail": "The portal is not available at the moment."}
HERE = ("localhost", "127.0.0.1", "::1")


def _require_safe(url: str) -> None:
    """Nothing, when a token may be sent there: by https, or to this very machine. Raises: Unreachable."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise Unreachable(f"{url} is no web address.") from error
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in HERE):
        raise Unreachable(f"{url} does not begin with https://, and a token would be sent there for all to read.")


class Portal:
    """Calls to the portal at `url` by the holder of `token`, one after the other; for one thread.

    A call that fails on the way is tried again, also a write: its Idempotency-Key is the same each time.
    """

    def __init__(self, url: str, token: str = "") -> None:
        self.url = url.rstrip("/")
        _require_safe(self.url)
        self._token = token
        self._line = Line(self.url, longest=LONGEST_ANSWER)

    def account(self, account_id: str) -> Account:
        """One's own account, or a client's, by its account id; nothing is asked before something is called."""
        return Account(self, account_id)

    def me(self) -> Me:
        """Whose token it is, what it may be used for, and the accounts that it works in."""
        told = self.get("me")
        while told["next"]:
            more = self.get("me", after=told["next"])
            told = more | {"accounts": told["accounts"] + more["accounts"]}
        return Me.of(told)

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """The answer to a read. path: behind /api/v1/. Raises: Refused, Unreachable."""
        asked = urlencode({name: value for name, value in query.items() if value})
        return self._called(f"{path}?{asked}" if asked else path, {}, None)

    def all(self, path: str, **query: str) -> Iterator[dict[str, Any]]:
        """The items of a list, read a page at a time as they are asked for. Raises: Refused, Unreachable."""
        after: str | None = ""
        while after is not None:
            page = self.get(path, **query, after=after)
            yield from page["items"]
            after = page["next"]

    def post(self, path: str, body: Mapping[str, Any] | None = None, *, version: int | None = None) -> dict[str, Any]:
        """The answer to a write. version: of the thing as it was read. Raises: Refused, Unreachable."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": secrets.token_urlsafe(24)}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        return self._called(path, headers, json.dumps(body or {}).encode())

    def _called(self, path: str, headers: dict[str, str], body: bytes | None) -> dict[str, Any]:
        named = {"User-Agent": AGENT, "Accept": "application/json"} | headers
        if self._token:
            named["Authorization"] = f"Bearer {self._token}"
        for left in reversed(range(TRIES)):
            try:
                status, told = self._tried(path, named, body)
            except (OSError, http.client.HTTPException, ValueError) as error:
                if not left:
                    raise Unreachable(f"{self.url} does not answer: {error}") from error
            else:
                if status < 300:
                    return told
                if not left or not (status in AGAIN or told.get("code") == STILL_IN_PROGRESS):
                    raise refusal(status, told)
            time.sleep(PAUSE_SECONDS * (TRIES - left))
        raise AssertionError("the last try answers or raises")

    def _tried(self, path: str, headers: dict[str, str], body: bytes | None) -> tuple[int, dict[str, Any]]:
        try:
            status, octets = self._line.call(API + path, headers, body)
        except Elsewhere as error:
            raise Unreachable(f"{self.url} sends calls on to {error}: give that address.") from error
        try:
            told = json.loads(octets)
        except ValueError:
            told = {}
        if status in AGAIN and not (isinstance(told, dict) and "code" in told):
            return status, AWAY  # a proxy's page: the portal behind it may have heard of the call
        if not isinstance(told, dict) or (status < 300 and not told) or (status >= 400 and "code" not in told):
            raise Unreachable(f"What answers at {self.url} is no portal (status {status}).")
        return status, told
