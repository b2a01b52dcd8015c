"""Asking the portal: whatever comes instead of an answer is a sentence, and the credential goes nowhere else."""

import gzip
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from portal.verifier import fetching
from portal.verifier.bundle import public_keys
from portal.verifier.fetching import Failed, Portal

pytestmark = pytest.mark.no_database

ODD = [b'{"keys": 5}', b'{"keys": [5, {}]}', b'{"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": "="}]}']
CONTENT = b"what a portal says " * 1000


@contextmanager
def answering(octets: bytes, *, then_hangs: bool = False) -> Iterator[tuple[str, list[bytes]]]:
    """An address where every request is answered with these very octets, and what was asked there."""
    asked: list[bytes] = []
    done = threading.Event()

    def serve(listener: socket.socket) -> None:
        while True:
            try:
                connection, _address = listener.accept()
            except OSError:
                return
            with connection:
                asked.append(connection.recv(65536))
                connection.sendall(octets)
                if then_hangs:
                    done.wait(10)

    with socket.create_server(("localhost", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        yield f"http://localhost:{listener.getsockname()[1]}", asked
        done.set()
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def an_answer(content: bytes, *headers: str, status: str = "200 OK", length: int | None = None) -> bytes:
    said = len(content) if length is None else length
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {said}", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + content


def portal(url: str, timeout_seconds: float = 5) -> Portal:
    return Portal(url, "sandbox", "psc_x", timeout_seconds)


def failure(ask: Callable[[], object]) -> Failed:
    with pytest.raises(Failed) as failed:
        ask()
    return failed.value


def test_an_answer_comes_as_it_is():
    with answering(an_answer(CONTENT)) as (url, asked):
        assert portal(url).bundle(None) == CONTENT

    assert b"GET /gateway/bundle?environment=sandbox HTTP/1.1\r\n" in asked[0]
    assert b"Authorization: Bearer psc_x\r\n" in asked[0]


def test_a_compressed_one_is_opened():
    with answering(an_answer(gzip.compress(CONTENT), "Content-Encoding: gzip")) as (url, _asked):
        assert portal(url).bundle(None) == CONTENT


@pytest.mark.parametrize("missing", [1, 9, 30, 60])
def test_a_compressed_one_that_breaks_off_is_none(missing: int):
    packed = gzip.compress(CONTENT)[:-missing]
    with answering(an_answer(packed, "Content-Encoding: gzip")) as (url, _asked):
        assert "broke off" in str(failure(lambda: portal(url).bundle(None)))


def test_what_is_said_to_be_compressed_and_is_not_is_none():
    with answering(an_answer(CONTENT, "Content-Encoding: gzip")) as (url, _asked):
        assert "broke off" in str(failure(lambda: portal(url).bundle(None)))


@pytest.mark.parametrize("packed", [False, True])
def test_too_much_is_not_taken(monkeypatch: pytest.MonkeyPatch, packed: bool):
    monkeypatch.setattr(fetching, "LARGEST", 1_000_000)
    content = b"\x00" * 50_000_000 if packed else b"\x00" * 1_000_001
    answer = an_answer(gzip.compress(content), "Content-Encoding: gzip") if packed else an_answer(content)
    with answering(answer) as (url, _asked):
        assert "more than 1000000 octets" in str(failure(lambda: portal(url).bundle(None)))


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"])
def test_the_credential_follows_no_redirect(status: str):
    with (
        answering(an_answer(CONTENT)) as (elsewhere, asked),
        answering(an_answer(b"", f"Location: {elsewhere}/", status=status)) as (url, _asked),
    ):
        assert failure(lambda: portal(url).bundle(None)).status == int(status[:3])

    assert asked == []


def test_a_refusal_brings_its_status_and_reason():
    with answering(an_answer(b"{}", "X-Portal-Reason: asker_unknown", status="403 Forbidden")) as (url, _asked):
        failed = failure(lambda: portal(url).bundle(None))

    assert (failed.status, str(failed)) == (403, "The portal answered with 403 asker_unknown.")


def test_a_portal_that_says_nothing_is_not_waited_for():
    with answering(b"", then_hangs=True) as (url, _asked):
        assert "broke off" in str(failure(lambda: portal(url, 0.2).bundle(None)))


def test_nor_is_one_that_stops_in_the_middle():
    with answering(an_answer(CONTENT, length=10**6), then_hangs=True) as (url, _asked):
        assert "broke off" in str(failure(lambda: portal(url, 0.2).bundle(None)))


def test_nor_is_one_that_never_ends(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(fetching, "LONGEST_SECONDS", -1)
    with answering(an_answer(CONTENT)) as (url, _asked):
        assert "takes more than" in str(failure(lambda: portal(url).bundle(None)))


@pytest.mark.parametrize("octets", [b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 abc\r\n\r\n"])
def test_what_is_no_http_is_a_failure(octets: bytes):
    with answering(octets) as (url, _asked):
        failure(lambda: portal(url).bundle(None))


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"<html>", b"[" * 60_000, *ODD])
def test_keys_that_are_none_are_none(content: bytes):
    with answering(an_answer(content)) as (url, _asked):
        try:
            keys = portal(url).jwks()
        except Failed:
            keys = {}

    assert public_keys(keys) == {}
