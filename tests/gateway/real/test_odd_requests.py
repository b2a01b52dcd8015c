"""Octets that no gateway sends, to the server itself: nothing passes, nobody waits, and the next one is answered."""

import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest

from tests.gateway.real.standing import CHECK, Door, Shops, a_door, a_store, shops_in, until

pytestmark = [pytest.mark.own_database, pytest.mark.either_database]

DECISIONS = "/gateway/decisions"
SLOW = 12
CLOSED = {"host": "localhost", "connection": "close"}


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shops]:
    folder = tmp_path_factory.mktemp("odd")
    with a_store(folder) as store, shops_in(store, folder) as shops:
        yield shops


@pytest.fixture(scope="module", params=["wsgi:gateway", "wsgi:app"])
def door(request: pytest.FixtureRequest, shops: Shops) -> Iterator[Door]:
    """A door of one worker, which every odd request therefore meets."""
    with a_door(shops, request.param, workers=1) as door:
        until(lambda: _passes(door, shops))
        yield door


def _passes(door: Door, shops: Shops) -> bool:
    with suppress(OSError):
        return door.ask(shops.headers(shops.unused[0])).status == 204
    return False


def request(shops: Shops, line: str = f"GET {CHECK} HTTP/1.1", *more: bytes, **changed: str | None) -> bytes:
    """A good call in octets, with other headers; None leaves one out."""
    named = {name.replace("_", "-").lower(): value for name, value in changed.items()}
    headers = {name.lower(): value for name, value in shops.headers(shops.unused[0]).items()} | CLOSED
    lines = [f"{name}: {value}".encode() for name, value in (headers | named).items() if value is not None]
    return b"\r\n".join([line.encode("latin-1"), *lines, *more, b"", b""])


def said(door: Door, octets: bytes, *, ends: bool = False) -> bytes:
    """All that the server says to these octets, until it closes or is silent for long. ends: nothing more comes."""
    answer = b""
    with socket.create_connection(("127.0.0.1", door.port), timeout=3) as connection, suppress(OSError):
        connection.sendall(octets)
        if ends:
            connection.shutdown(socket.SHUT_WR)
        while some := connection.recv(65536):
            answer += some
    return answer


def statuses(answer: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] ([0-9]{3}) ", answer)]


ODD_LINES = [
    "GET //gateway/check/live-search HTTP/1.1",
    "GET /gateway//check/live-search HTTP/1.1",
    "GET /gateway/check//live-search HTTP/1.1",
    "GET /gateway/check/live-search/ HTTP/1.1",
    "GET /gateway/check/live-search%00 HTTP/1.1",
    "GET /gateway/check/live-search%0d%0aX-Portal-Account:x HTTP/1.1",
    "GET /gateway/check/%E5%BA%97 HTTP/1.1",
    "GET /gateway/check/\xe5\xba\x97 HTTP/1.1",
    "GET /gateway/check/../check/live-search HTTP/1.1",
    "GET /gateway/check/" + "x" * 5000 + " HTTP/1.1",
    "GET /Gateway/Check/live-search HTTP/1.1",
    "GET /gateway/checks HTTP/1.1",
    "GET /gateway/check/live-search",
    "GET  /gateway/check/live-search HTTP/1.1",
    "GET /gateway/check/live-search HTTP/9.9",
    "POST /gateway/check/live-search HTTP/1.1",
    "X /gateway/check/live-search HTTP/1.1",
    "CONNECT localhost:80 HTTP/1.1",
    "OPTIONS * HTTP/1.1",
    "",
]


@pytest.mark.parametrize("line", ODD_LINES)
def test_a_request_for_something_else_passes_nothing(door: Door, shops: Shops, line: str):
    answer = said(door, request(shops, line))

    assert 204 not in statuses(answer)
    assert b"x-portal-account" not in answer.lower()
    assert _passes(door, shops)


@pytest.mark.parametrize(
    "line",
    [
        f"GET {CHECK} HTTP/1.1",
        f"GET {CHECK} HTTP/1.0",
        f"GET {CHECK}?x=%00&y HTTP/1.1",
        f"GET http://evil.example.com{CHECK} HTTP/1.1",
        "GET /%67ateway/check%2Flive-search HTTP/1.1",
        f"HEAD {CHECK} HTTP/1.1",
    ],
)
def test_a_good_call_in_another_spelling_is_the_same_call(door: Door, shops: Shops, line: str):
    answer = said(door, request(shops, line))

    assert statuses(answer) == [204]
    assert b"x-portal-account" in answer.lower()


@pytest.mark.parametrize(
    "twice",
    [
        b"magento-api-key: 00000000000000000000000000000000",
        b"X-Api-Key: 00000000000000000000000000000000",
        b"x_api_key: 00000000000000000000000000000000",
        b"X-GW-Signature: a.b.c",
        b"X-Portal-Credential: psc_x",
        b"X-Portal-Service: payment-services",
        b"X-Portal-Service: live-search\r\nX-Portal-Service: live-search",
        b"Magento-Environment-Id: x\r\nMagento-Environment-Id: y",
        b"Magento-Environment-Id: x\r\nx-saas-id: y",
        "Magento-Environment-Id: é".encode(),
        b"Magento-Environment-Id: \xff",
        b"Magento-Environment-Id:",
        b"X-Api-Key: \xff\xfe",
        b"X-Api-Key: a\x00b",
        b"X-Folded: a\r\n b",
        b"X-Bare: a\rb",
        b": x",
        b"no colon",
        b"Sp ace: x",
        b"Content-Length: 5\r\nContent-Length: 6",
        b"Content-Length: -1",
        b"Content-Length: 99999999999999999999999999",
        b"Transfer-Encoding: x",
    ],
)
def test_what_is_said_twice_or_cannot_be_read_is_believed_neither_way(door: Door, shops: Shops, twice: bytes):
    answer = said(door, request(shops, f"GET {CHECK} HTTP/1.1", twice))

    assert all(status >= 400 for status in statuses(answer))
    assert b"x-portal-account" not in answer.lower()
    assert _passes(door, shops)


@pytest.mark.parametrize("size", [1_000_000, 10_000_000])
@pytest.mark.parametrize("name", [b"X-GW-Signature", b"X-Api-Key", b"X-Other"])
def test_headers_of_megabytes_are_refused(door: Door, shops: Shops, name: bytes, size: int):
    answer = said(door, request(shops, f"GET {CHECK} HTTP/1.1", name + b": " + b"x" * size))

    assert all(status >= 400 for status in statuses(answer))
    assert _passes(door, shops)


def test_ten_thousand_headers_are_refused(door: Door, shops: Shops):
    many = b"\r\n".join(b"X-%d: x" % number for number in range(10_000))

    assert statuses(said(door, request(shops, f"GET {CHECK} HTTP/1.1", many))) in ([], [400], [431])
    assert _passes(door, shops)


def test_requests_that_come_together_are_answered_each_by_itself(door: Door, shops: Shops):
    good, stranger = request(shops, connection=None), request(shops, connection=None, x_gw_signature="a.b.c")

    answer = said(door, good + stranger + good + stranger + request(shops))

    assert statuses(answer) == [204, 401, 204, 401, 204]


def test_a_request_hidden_in_a_body_is_none(door: Door, shops: Shops):
    """Length and chunks at once: whichever is believed, what follows is not answered as another's question."""
    hidden = request(shops)
    both = request(
        shops,
        f"POST {DECISIONS} HTTP/1.1",
        b"Content-Type: application/json",
        b"Content-Length: 4",
        b"Transfer-Encoding: chunked",
    )

    assert 204 not in statuses(said(door, both + b"0\r\n\r\n" + hidden))
    assert _passes(door, shops)


def test_half_requests_keep_nobody_waiting(door: Door, shops: Shops):
    good = request(shops)
    with ExitStack() as stack:
        for length in range(1, len(good), len(good) // 100):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", door.port), timeout=5))
            connection.sendall(good[:length])

        began = time.monotonic()
        assert all(_passes(door, shops) for _each in range(20))
        assert time.monotonic() - began < 5


def _half_bodies(door: Door, shops: Shops, stack: ExitStack, *headers: bytes, credential: str | None) -> None:
    head = request(
        shops,
        f"POST {DECISIONS} HTTP/1.1",
        b"Content-Type: application/json",
        *headers,
        x_portal_credential=credential,
    )
    for _each in range(SLOW):
        connection = stack.enter_context(socket.create_connection(("127.0.0.1", door.port), timeout=5))
        connection.sendall(head + b"5\r\n{")


@pytest.mark.parametrize("headers", [b"Content-Length: 200000", b"Transfer-Encoding: chunked"])
@pytest.mark.parametrize("credential", [None, "psc_x"])
def test_half_bodies_of_strangers_keep_nobody_waiting(door: Door, shops: Shops, headers: bytes, credential: str | None):
    with ExitStack() as stack:
        _half_bodies(door, shops, stack, headers, credential=credential)

        began = time.monotonic()
        assert all(_passes(door, shops) for _each in range(20))
        assert time.monotonic() - began < 5


def test_a_body_that_ends_too_early_is_refused(door: Door, shops: Shops):
    head = request(shops, f"POST {DECISIONS} HTTP/1.1", b"Content-Type: application/json", b"Content-Length: 100")

    assert 200 not in statuses(said(door, head + b'{"api_key": "x"', ends=True))
    assert _passes(door, shops)


def test_a_body_in_chunks_is_read(door: Door, shops: Shops):
    body = b'{"api_key": "x", "token": "y", "service": "live-search"}'
    chunks = b"".join(b"%x\r\n%b\r\n" % (1, body[place : place + 1]) for place in range(len(body))) + b"0\r\n\r\n"
    head = request(
        shops,
        f"POST {DECISIONS} HTTP/1.1",
        b"Content-Type: application/json",
        b"Transfer-Encoding: chunked",
    )

    answer = said(door, head + chunks)

    assert statuses(answer) == [200]
    assert b"not_proven" in answer


@pytest.mark.parametrize("body", [b"x" * 300_000, b"1" * 10_000_000])
def test_a_body_that_is_too_large_is_refused(door: Door, shops: Shops, body: bytes):
    for how, octets in (
        (b"Content-Length: %d" % len(body), body),
        (b"Transfer-Encoding: chunked", b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)),
    ):
        head = request(shops, f"POST {DECISIONS} HTTP/1.1", b"Content-Type: application/json", how)
        assert set(statuses(said(door, head + octets))) <= {413}
    assert _passes(door, shops)
