"""Asking the portal over HTTP: with the service credential, never redirected, never without end."""

import json
import time
import zlib
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from portal.verifier.bundle import State

LARGEST = 2 * 1024**3  # a bundle of a million pairs has about 1.2 GB
LARGEST_KEYS = 64 * 1024
LONGEST_SECONDS = 300
PIECE = 1024 * 1024
LOCAL = {"localhost", "127.0.0.1", "::1"}
AGENT = "portal-library/1"


class Failed(Exception):
    """Nothing came; the text says why, in a sentence. `status` is the portal's, 0 where it gave none."""

    def __init__(self, sentence: str, status: int = 0) -> None:
        super().__init__(sentence)
        self.status = status


class _NoRedirects(HTTPRedirectHandler):
    """The credential goes nowhere else than where it was meant to go."""

    def redirect_request(self, *_arguments: Any) -> None:
        return None


class Portal:
    """The portal as a library reaches it."""

    def __init__(self, url: str, environment: str, credential: str, timeout_seconds: float = 10) -> None:
        """Raises: ValueError when the address is not https:// (http:// for this machine only), or the credential none.

        A line's end around the credential is no part of it: files have one.
        """
        parts = urlsplit(url)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOCAL):
            raise ValueError("The portal's address must begin with https:// (plain http only for localhost).")
        self.url, self._environment = url.rstrip("/"), environment
        self._credential, self._timeout = _sound(credential), timeout_seconds
        # Over TLS a proxy hands on what it cannot read. In plain text nobody between here and here is to have it.
        self._opener = build_opener(_NoRedirects, *([] if parts.scheme == "https" else [ProxyHandler({})]))

    def bundle(self, since: State | None) -> bytes:
        """The bundle, of what changed since that state where the portal can tell it. Raises: Failed."""
        asked = {"environment": self._environment}
        if since is not None:
            asked |= {"since": str(since.version), "digest": since.digest}
        request = Request(f"{self.url}/gateway/bundle?{urlencode(asked)}", headers=self._headers())  # noqa: S310
        return self._content(request, LARGEST)

    def jwks(self) -> dict[str, Any]:
        """The public halves of the keys that bundles of the environment are signed with. Raises: Failed."""
        address = f"{self.url}/gateway/jwks/{self._environment}.json"
        request = Request(address, headers={"User-Agent": AGENT, "Cache-Control": "no-cache"})  # noqa: S310
        try:
            jwks = json.loads(self._content(request, LARGEST_KEYS))
        except (ValueError, RecursionError):
            raise Failed("What the portal publishes as its keys is no JSON.") from None
        return jwks if isinstance(jwks, dict) else {}

    def report(self, report: dict[str, Any]) -> None:
        """Tell the portal of uses; a report that it has is not counted twice. Raises: Failed."""
        headers = self._headers() | {"Content-Type": "application/json"}
        request = Request(f"{self.url}/gateway/uses", json.dumps(report).encode(), headers)  # noqa: S310
        self._content(request, LARGEST_KEYS)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._credential}", "User-Agent": AGENT, "Accept-Encoding": "gzip"}

    def _content(self, request: Request, largest: int) -> bytes:
        try:
            with self._opener.open(request, timeout=self._timeout) as answer:
                return _read(answer, largest)
        except HTTPError as error:
            with error:
                reason = error.headers.get("X-Portal-Reason", "")
            raise Failed(f"The portal answered with {error.code} {reason}".rstrip() + ".", error.code) from None
        except URLError as error:
            raise Failed(f"The portal cannot be reached: {error.reason}.") from None
        except (OSError, HTTPException, zlib.error) as error:
            raise Failed(f"The portal's answer broke off: {error or type(error).__name__}.") from None


def _sound(credential: str) -> str:
    """What can stand in a header; else the client's own error would show it in the log. Raises: ValueError."""
    credential = credential.strip()
    if not credential.isascii() or not credential.isprintable() or " " in credential or not credential:
        raise ValueError("The service credential is one word of ASCII characters, as the portal showed it.")
    return credential


def _read(answer: HTTPResponse, largest: int) -> bytes:
    """The content, at most `largest` octets of it also when it was compressed. Raises: Failed, OSError, zlib.error."""
    content, latest = bytearray(), time.monotonic() + LONGEST_SECONDS
    opened = zlib.decompressobj(zlib.MAX_WBITS | 16) if answer.headers.get("Content-Encoding") == "gzip" else None
    while piece := answer.read1(PIECE):
        if time.monotonic() > latest:
            raise Failed(f"The portal's answer takes more than {LONGEST_SECONDS} seconds.")
        while piece:
            content += piece if opened is None else opened.decompress(piece, PIECE)
            piece = b"" if opened is None else opened.unconsumed_tail
            if len(content) > largest:
                raise Failed(f"The portal's answer has more than {largest} octets.")
    if opened is not None and not opened.eof:
        raise Failed("The portal's answer broke off.")
    return bytes(content)
