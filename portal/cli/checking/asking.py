"""Asks the running portal at its address, as a stranger does: through its proxies, with whatever headers."""

import http.client
import socket
import ssl
import time
from contextlib import closing
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

ANSWER_SECONDS = 5.0
LONGEST_BODY = 64 * 1024


class NoAnswer(Exception):
    """Nobody answers there, or not in HTTP; the text says why."""


class NotTrusted(NoAnswer):
    """The certificate is not one that browsers take."""


@dataclass(frozen=True)
class Told:
    """An answer. `own_address`: from where it was asked. `ends_at`: of the certificate, in Unix seconds, or None."""

    status: int
    headers: Message
    body: str
    own_address: str
    seconds: float
    ends_at: float | None


def ask(url: str, path: str, headers: dict[str, str] | None = None, *, host: str = "") -> Told:
    """What is answered to GET `path` at the scheme, host and port of `url`; nothing is followed, no proxy of the
    environment is used. host: another name to ask for, by the same connection. Raises: NoAnswer.
    """
    parts = urlsplit(url)
    began = time.monotonic()
    try:
        with closing(_connection(parts.scheme, parts.hostname or "", parts.port)) as line:
            line.connect()
            own_address, ends_at = line.sock.getsockname()[0], _end_of_certificate(line.sock)
            named = {"Host": host or parts.netloc.rpartition("@")[2], "User-Agent": "portal-check"}
            line.request("GET", path, headers=named | (headers or {}))
            told = line.getresponse()
            body = told.read(LONGEST_BODY).decode(errors="replace")
    except ssl.SSLCertVerificationError as error:
        raise NotTrusted(error.verify_message) from error
    except (OSError, HTTPException) as error:
        raise NoAnswer(str(error) or type(error).__name__) from error
    return Told(told.status, told.headers, body, own_address, time.monotonic() - began, ends_at)


def _connection(scheme: str, host: str, port: int | None) -> HTTPConnection:
    if scheme == "https":
        return HTTPSConnection(host, port, timeout=ANSWER_SECONDS, context=ssl.create_default_context())
    return http.client.HTTPConnection(host, port, timeout=ANSWER_SECONDS)


def _end_of_certificate(connection: socket.socket) -> float | None:
    certificate = connection.getpeercert() if isinstance(connection, ssl.SSLSocket) else None
    return ssl.cert_time_to_seconds(str(certificate["notAfter"])) if certificate else None


def is_address(url: str) -> bool:
    """Whether `url` is one that can be asked: http or https, with a host."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
