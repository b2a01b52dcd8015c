"""Calls to the portal, as a shop makes them and as this command does. Proxies are those of the environment."""

import http.client
import json
import ssl
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from portal.client.lines import Elsewhere, Line

PING = "/merchant-registry/v1/ping"
API = "/api/v1/"
TRIES, PAUSE_SECONDS = 3, 1.0


class Unreachable(Exception):
    """The portal could not be asked; the text says why, for people."""


class Interrupted(Unreachable):
    """As `Unreachable`, where the next try may be answered."""


class Refused(Exception):
    """The portal refused; `code` is its own word for the reason, the text its sentence."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True)
class Answer:
    """What the portal answered to a ping: whether the pair is accepted, and its sentence where it is not."""

    accepted: bool
    message: str


def ping(portal_url: str, api_key: str, token: str) -> Answer:
    """What the portal says to the call that a shop makes first (connector-protocol.md, 2). Raises: Unreachable."""
    headers = {"magento-api-key": api_key, "x-api-key": api_key, "x-gw-signature": token}
    _status, said = _call(Line(portal_url), PING, headers, None)
    try:
        return Answer(said["status"] == 200 and "message" not in said, str(said.get("message", "")))
    except KeyError as error:
        raise _stranger(portal_url) from error


def ask(portal: str | Line, path: str, content: dict[str, str]) -> dict[str, str]:
    """What the portal answers to a call, which may come to it twice. Raises: Refused, Unreachable.

    portal: its address, or a line to it that is kept for more than one call.
    """
    line = portal if isinstance(portal, Line) else Line(portal)
    for left in reversed(range(TRIES)):
        try:
            return _ask_once(line, path, content)
        except Interrupted:
            if not left:
                raise
        time.sleep(PAUSE_SECONDS)
    raise AssertionError("the last try answers or raises")


def require_same(portal_url: str, base_url: str) -> None:
    """Nothing, when the portal calls itself as it was called: what is signed names it, so that none can pass it on.

    Raises: Refused.
    """
    if _place(portal_url) != _place(base_url):
        sentence = (
            f"The portal at {portal_url} calls itself {base_url}. If that is right, call it so: --portal {base_url}"
        )
        raise Refused("other_address", sentence)


def _place(url: str) -> tuple[str, str, str]:
    parts = urlsplit(url)
    return parts.scheme.lower(), parts.netloc.lower(), parts.path.rstrip("/")


def _ask_once(line: Line, path: str, content: dict[str, str]) -> dict[str, str]:
    status, said = _call(line, API + path, {}, json.dumps(content).encode())
    if status == 200:
        return {str(name): str(value) for name, value in said.items()}
    if "code" not in said or "detail" not in said:
        raise _stranger(line.portal_url)
    if status >= 500:
        raise Interrupted(f"{line.portal_url}: {said['detail']}")
    raise Refused(str(said["code"]), " ".join(filter(None, (str(said["detail"]), str(said.get("mend", ""))))))


def _call(line: Line, path: str, headers: dict[str, str], body: bytes | None) -> tuple[int, dict[str, Any]]:
    portal_url = line.portal_url
    if not portal_url.startswith(("http://", "https://")):
        raise Unreachable(f"{portal_url} is no web address: it begins with https://.")
    headers = headers | {"Content-Type": "application/json", "User-Agent": "portal-key"}
    try:
        status, octets = line.call(path, headers, body)
    except Elsewhere as where:
        raise Unreachable(f"{portal_url} leads on to {where}, where nothing was sent.") from where
    except (OSError, http.client.HTTPException) as error:
        raise _why(portal_url, error) from error
    except ValueError as error:
        raise Unreachable(f"{portal_url} cannot be reached: {error}.") from error
    return status, _read(portal_url, octets)


def _read(portal_url: str, octets: bytes) -> dict[str, Any]:
    try:
        said = json.loads(octets)
    except ValueError as error:
        raise _stranger(portal_url) from error
    if not isinstance(said, dict):
        raise _stranger(portal_url)
    return said


def _stranger(portal_url: str) -> Unreachable:
    return Unreachable(f"{portal_url} is not the portal: it does not answer as one.")


def _why(portal_url: str, error: Exception) -> Unreachable:
    if isinstance(error, ssl.SSLCertVerificationError):
        return Unreachable(
            f"{portal_url} shows a certificate that this machine does not trust ({error.verify_message}). If a proxy "
            "of your company opens TLS, put its certificate into a file and name it in SSL_CERT_FILE."
        )
    return Interrupted(f"{portal_url} cannot be reached: {error}.")
