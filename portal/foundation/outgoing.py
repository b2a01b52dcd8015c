"""Calls to addresses that somebody typed: guarded, so that nobody makes the portal call into its own network.

The name is looked up once, every address it has must be one of the open internet, and the connection goes to an address
that was checked, whatever the name says a moment later. Nothing is followed, and a call has 10 seconds altogether.
"""

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from http.client import HTTPException, HTTPResponse
from io import BufferedReader, RawIOBase
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 10.0
MOST_READ = 64 * 1024  # octets of an answer, its head among them
MOST_TRIED = 4  # addresses of one name
LONGEST_URL = 1000
HTTPS, HTTP = 443, 80
# Below 1024 stand services that are no web servers, such as mail and remote shells; a receiver has no need for them.
LOWEST_PORT = 1024

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
LookUp = Callable[[str, int, float], Sequence[str]]

# What `is_global` of Python 3.11 lets through, or what carries an IPv4 address inside that it does not look at.
NEVER = tuple(
    ipaddress.ip_network(network)
    for network in (
        "192.0.0.0/24",  # protocol assignments (RFC 6890)
        "192.88.99.0/24",  # relays of 6to4 (RFC 7526)
        "::/96",  # IPv4-compatible (RFC 4291)
        "64:ff9b::/96",  # NAT64 (RFC 6052)
        "64:ff9b:1::/48",  # NAT64 of one's own network (RFC 8215)
        "2001::/23",  # protocol assignments, Teredo among them (RFC 2928)
        "2002::/16",  # 6to4 (RFC 3056)
        "3fff::/20",  # documentation (RFC 9637)
        "5f00::/16",  # segment routing (RFC 9602)
        "fec0::/10",  # site-local (RFC 3879)
    )
)


class Problem(StrEnum):
    """Why a call got no answer that counts."""

    URL = "url"
    NAME = "name"
    ADDRESS = "address"
    UNREACHABLE = "unreachable"
    TLS = "tls"
    TIMEOUT = "timeout"
    BAD_ANSWER = "bad_answer"


class Failed(Exception):
    """There is no answer; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.value)
        self.problem = problem


@dataclass(frozen=True)
class Answer:
    """What the other side said: any status, and the beginning of the body."""

    status: int
    body: bytes


@dataclass(frozen=True)
class Target:
    """Whom a URL names. `host` is a name or an address, without brackets."""

    is_https: bool
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """For the Host header: with the port only where it is not the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (HTTPS if self.is_https else HTTP) else f"{host}:{self.port}"


def target_of(url: str, *, loopback: bool = False) -> Target:
    """The target of an https URL; with `loopback` also of an http one to this very machine. Raises: Failed.

    A URL with a name and password in it, or with a port below 1024 that is not the usual one, is refused, too.
    """
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except ValueError as error:  # which UnicodeError is, too
        raise Failed(Problem.URL) from error
    is_https = parts.scheme == "https"
    usual = HTTPS if is_https else HTTP
    port = usual if port is None else port
    if not host or len(url) > LONGEST_URL or not (is_https or (loopback and parts.scheme == "http")):
        raise Failed(Problem.URL)
    if any((parts.username, parts.password, parts.fragment)) or not (port == usual or port >= LOWEST_PORT):
        raise Failed(Problem.URL)
    if not url.isprintable() or not url.isascii() or " " in url or "\\" in url:
        raise Failed(Problem.URL)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    literal = _literal(host)
    if literal is not None and not may_be_called(literal, loopback=loopback):
        raise Failed(Problem.ADDRESS)
    return Target(is_https, host, port, path)


def may_be_called(text: str, *, loopback: bool = False) -> bool:
    """Whether this address belongs to the open internet; with `loopback`, to this machine does as well."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if loopback and address.is_loopback:
        return True
    return not any(address in network for network in NEVER if network.version == address.version) and _is_open(address)


def _is_open(address: IpAddress) -> bool:
    if isinstance(address, ipaddress.IPv6Address) and (
        address.scope_id or address.is_site_local or address.ipv4_mapped or address.sixtofour or address.teredo
    ):
        return False
    closed = address.is_multicast or address.is_reserved or address.is_private or address.is_link_local
    return address.is_global and not closed and not address.is_unspecified and not address.is_loopback


def look_up(host: str, port: int, seconds: float) -> Sequence[str]:
    """All addresses of a name, asked for once. Raises: Failed when there are none, or not within so many seconds."""
    found: SimpleQueue[list[str] | OSError | UnicodeError] = SimpleQueue()

    def ask() -> None:
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.put(list(dict.fromkeys(str(row[4][0]) for row in rows)))
        except (OSError, UnicodeError) as error:
            found.put(error)

    # The system's resolver cannot be told when to give up; whoever it keeps waiting is left behind.
    Thread(target=ask, name="look-up", daemon=True).start()
    try:
        answer = found.get(timeout=seconds)
    except Empty:
        raise Failed(Problem.TIMEOUT) from None
    if not isinstance(answer, list):
        raise Failed(Problem.NAME) from answer
    return answer


def post(
    url: str, body: bytes, headers: Mapping[str, str], *, loopback: bool = False, look_up: LookUp = look_up
) -> Answer:
    """What the address answers to a POST, within 10 seconds from now. Raises: Failed.

    loopback: this very machine may be called, too, and without TLS. look_up: who says which addresses a name has.
    """
    return _call("POST", url, body, headers, loopback, look_up)


def get(url: str, headers: Mapping[str, str], *, loopback: bool = False, look_up: LookUp = look_up) -> Answer:
    """What the address answers to a GET, as `post` does it. Raises: Failed."""
    return _call("GET", url, b"", headers, loopback, look_up)


def _call(method: str, url: str, body: bytes, headers: Mapping[str, str], loopback: bool, look_up: LookUp) -> Answer:
    target, deadline = target_of(url, loopback=loopback), _Deadline(TOTAL_SECONDS)
    addresses = _addresses(target, loopback, deadline, look_up)
    try:
        with closing(_connected(target, addresses, deadline)) as stream:
            _write(stream, _head(method, target, len(body), headers) + body, deadline)
            return _read(method, stream, deadline)
    except TimeoutError as error:
        raise Failed(Problem.TIMEOUT) from error
    except ssl.SSLError as error:
        raise Failed(Problem.TLS) from error
    except (HTTPException, ValueError) as error:
        raise Failed(Problem.BAD_ANSWER) from error
    except OSError as error:
        raise Failed(Problem.UNREACHABLE) from error


class _Deadline:
    """The moment at which everything ends."""

    def __init__(self, seconds: float) -> None:
        self.at = time.monotonic() + seconds

    def left(self, most: float = TOTAL_SECONDS) -> float:
        """How many seconds are left. Raises: TimeoutError when none is."""
        seconds = self.at - time.monotonic()
        if seconds <= 0:
            raise TimeoutError
        return min(seconds, most)


def _addresses(target: Target, loopback: bool, deadline: _Deadline, look_up: LookUp) -> Sequence[str]:
    """The addresses to be tried. Raises: Failed, also when only one of them must not be called."""
    literal = _literal(target.host)
    found = [literal] if literal else look_up(target.host, target.port, deadline.left(CONNECT_SECONDS))
    if not found:
        raise Failed(Problem.NAME)
    if not all(may_be_called(address, loopback=loopback) for address in found):
        raise Failed(Problem.ADDRESS)
    if not target.is_https and not all(ipaddress.ip_address(address).is_loopback for address in found):
        raise Failed(Problem.ADDRESS)
    return found[:MOST_TRIED]


def _literal(host: str) -> str | None:
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return None


def _connected(target: Target, addresses: Sequence[str], deadline: _Deadline) -> socket.socket:
    """A connection to the first of the addresses that takes one, with TLS for the name that was typed."""
    until = time.monotonic() + CONNECT_SECONDS
    for number, address in enumerate(addresses, start=1):
        try:
            # A silent one leaves their share to those after it.
            seconds = max((until - time.monotonic()) / (len(addresses) - number + 1), 0.001)
            plain = socket.create_connection((address, target.port), timeout=deadline.left(seconds))
            break
        except OSError:
            if number == len(addresses) or time.monotonic() > until:
                raise
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if not target.is_https:
        return plain
    try:
        plain.settimeout(deadline.left(CONNECT_SECONDS))  # OpenSSL's handshake ends by then as a whole
        return _tls().wrap_socket(plain, server_hostname=target.host)
    except BaseException:
        plain.close()
        raise


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    # Reading the system's authorities takes longer than most calls.
    return ssl.create_default_context()


def _head(method: str, target: Target, length: int, headers: Mapping[str, str]) -> bytes:
    fixed = {
        "Host": target.authority,
        "Content-Length": str(length),
        "Connection": "close",
        "Accept-Encoding": "identity",
    }
    lines = [
        f"{method} {target.path} HTTP/1.1",
        *(f"{name}: {value}" for name, value in (fixed | dict(headers)).items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _write(stream: socket.socket, octets: bytes, deadline: _Deadline) -> None:
    # Not sendall(): over TLS it would begin to wait anew with each part that somebody takes slowly.
    rest = memoryview(octets)
    while rest:
        stream.settimeout(deadline.left())
        rest = rest[stream.send(rest) :]


def _read(method: str, stream: socket.socket, deadline: _Deadline) -> Answer:
    """The answer, as far as it is read. What is longer is cut off; what does not end in time is none."""
    source = _Source(stream, deadline)
    with HTTPResponse(source, method=method) as response:  # type: ignore[arg-type]
        response.begin()
        body = bytearray()
        try:
            while part := response.read1(MOST_READ):
                body += part
        except _TooLong:
            pass
        except HTTPException:  # cut short: what was said before counts
            pass
        return Answer(response.status, bytes(body[:MOST_READ]))


class _TooLong(ValueError):
    """More was sent than is read."""


class _Source(RawIOBase):
    """What comes in, as a file for `HTTPResponse`: 64 kB, and until the deadline, however slowly it drips."""

    def __init__(self, stream: socket.socket, deadline: _Deadline) -> None:
        super().__init__()
        self._stream, self._deadline, self._left = stream, deadline, MOST_READ

    def makefile(self, _mode: str) -> BufferedReader:
        return BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._left <= 0:
            raise _TooLong
        self._stream.settimeout(self._deadline.left())
        count = self._stream.recv_into(buffer, min(len(buffer), self._left))
        self._left -= count
        return count
