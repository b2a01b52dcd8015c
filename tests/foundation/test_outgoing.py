"""Calls to addresses that somebody typed: whom they may reach, and how long they may take."""

import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.foundation import outgoing
from portal.foundation.outgoing import Failed, Problem, may_be_called, post, target_of
from tests.certificates import serving
from tests.webhooks.receivers import OK, Answer, receiving, says

pytestmark = pytest.mark.no_database

CLOSED = (
    "127.0.0.1", "127.8.8.8", "0.1.2.3", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1",
    "169.254.169.254", "192.0.0.9", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.51.100.1", "203.0.113.1",
    "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:4136:e378::1", "2001:db8::1", "2002:808:808::1",
    "3fff::1", "5f00::1", "fc00::1", "fd00::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "nothing",
)  # fmt: skip


def sent(url: str, answer_within: float = 12, **others) -> outgoing.Answer:
    """What came of a POST to this machine; it took no longer than that."""
    began = time.monotonic()
    try:
        return post(url, b"{}", {"X-Test": "1"}, loopback=True, **others)
    finally:
        assert time.monotonic() - began < answer_within


def problem_of(url: str, answer_within: float = 12, **others) -> Problem:
    with pytest.raises(Failed) as failure:
        sent(url, answer_within, **others)
    return failure.value.problem


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second instead of ten."""
    monkeypatch.setattr(outgoing, "TOTAL_SECONDS", 1.0)


def dripping(octets: bytes) -> Answer:
    def drip(stream: socket.socket, _request) -> None:
        for octet in octets:
            stream.sendall(bytes([octet]))
            time.sleep(0.1)

    return drip


@pytest.mark.parametrize("address", CLOSED)
def test_an_address_that_is_not_of_the_open_internet_is_not_called(address: str):
    assert not may_be_called(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "151.101.1.69", "2606:4700::1111", "2a00:1450:4001::1"])
def test_an_address_of_the_open_internet_may_be_called(address: str):
    assert may_be_called(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/", "ftp://example.com/", "https://", "https:///x", "//example.com", "javascript:alert(1)",
        "https://user@example.com/", "https://user:word@example.com/", "https://example.com:22/", "https://example.com:80/",
        "https://example.com:0/", "https://example.com:99999/", "https://example.com/#part", "https://exa mple.com/",
        "https://example.com/\r\nX: y", "https://example.com/\\x", "https://example.com/\x00", "https://[::1/",
        "https://example.com/" + "x" * 1000, "https://例.example/路", "https://" + "a" * 64 + ".example/",
    ],
)  # fmt: skip
def test_an_unusable_address_is_refused_before_anything_is_asked(url: str):
    with pytest.raises(Failed) as failure:
        target_of(url)

    assert failure.value.problem is Problem.URL


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "https://[::1]/", "https://10.0.0.1/", "https://[fe80::1]/"])
def test_a_closed_address_is_refused_when_it_is_typed(url: str):
    with pytest.raises(Failed) as failure:
        target_of(url)

    assert failure.value.problem is Problem.ADDRESS


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "127.1", "0177.0.0.1", "localhost"])
def test_other_ways_to_write_this_machine_are_refused_when_looked_up(host: str):
    with pytest.raises(Failed) as failure:
        post(f"https://{host}/", b"", {})

    assert failure.value.problem is Problem.ADDRESS


@pytest.mark.parametrize("addresses", [["10.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["::ffff:10.0.0.1"], ["127.0.0.1"]])
def test_a_name_with_one_closed_address_is_not_called(addresses: list[str]):
    with pytest.raises(Failed) as failure:
        post("https://inside.example/", b"", {}, look_up=lambda *_: addresses)

    assert failure.value.problem is Problem.ADDRESS


def test_a_name_that_nobody_has_is_no_name():
    assert problem_of("https://nobody.invalid/") is Problem.NAME


def test_a_look_up_that_takes_too_long_is_left_behind(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(outgoing, "CONNECT_SECONDS", 0.2)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_named: time.sleep(1) or [])

    assert problem_of("https://slow.example/", 0.9) is Problem.TIMEOUT


def test_the_body_and_the_headers_arrive():
    with receiving(says(202, b"thanks")) as receiver:
        answer = sent(receiver.url)

    (request,) = receiver.requests
    assert (answer.status, answer.body) == (202, b"thanks")
    assert (request.head, request.body) == ("POST /hook HTTP/1.1", b"{}")
    assert (request.headers["x-test"], request.headers["host"]) == ("1", f"127.0.0.1:{receiver.port}")


def test_a_name_is_looked_up_once_and_what_was_checked_is_called():
    answers = iter([["127.0.0.1"], ["127.0.0.2"]])
    with receiving() as first, receiving(host="127.0.0.2", port=first.port) as second:
        sent(f"http://changing.example:{first.port}/hook", look_up=lambda *_: next(answers))

    assert (first.connections, second.connections) == (1, 0)
    assert first.requests[0].headers["host"] == f"changing.example:{first.port}"


def test_the_next_address_of_a_name_is_tried_where_nobody_listens():
    with receiving(host="127.0.0.2") as receiver:
        answer = sent(f"http://two.example:{receiver.port}/", look_up=lambda *_: ["127.0.0.1", "127.0.0.2"])

    assert answer.status == 200


def test_without_tls_nobody_but_this_machine_is_called():
    assert problem_of("http://open.example:8000/", look_up=lambda *_: ["8.8.8.8"]) is Problem.ADDRESS


def test_this_machine_is_called_over_ipv6_too():
    with receiving(host="::1") as receiver:
        assert sent(f"http://[::1]:{receiver.port}/").status == 200


def test_a_redirect_is_not_followed():
    with receiving() as inner, receiving(says(302, b"", f"Location: {inner.url}")) as receiver:
        assert sent(receiver.url).status == 302

    assert inner.connections == 0


def test_where_nobody_listens_is_unreachable():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))

        assert problem_of(f"http://127.0.0.1:{taken.getsockname()[1]}/", 2) is Problem.UNREACHABLE


def test_a_receiver_that_hangs_is_left(hurried):
    with receiving(lambda *_: time.sleep(2)) as receiver:
        assert problem_of(receiver.url, 1.5) is Problem.TIMEOUT


@pytest.mark.parametrize(
    "octets", [b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100, b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100], ids=["head", "body"]
)
def test_a_receiver_that_drips_is_cut_off_when_its_time_is_over(octets: bytes, hurried):
    start = octets.index(b"x")

    def answer(stream: socket.socket, request) -> None:
        stream.sendall(octets[:start])
        dripping(octets[start:])(stream, request)

    with receiving(answer) as receiver:
        assert problem_of(receiver.url, 1.5) is Problem.TIMEOUT


def test_the_time_is_ten_seconds_altogether():
    with receiving(dripping(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 120)) as receiver:
        assert problem_of(receiver.url, 11) is Problem.TIMEOUT


def test_of_a_gigabyte_64_kilobytes_are_read():
    taken = []

    def pour(stream: socket.socket, _request) -> None:
        stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n")
        try:
            for _ in range(1024):
                stream.sendall(bytes(1024 * 1024))
                taken.append(1)
        except OSError:
            taken.append("gone")

    with receiving(pour) as receiver:
        answer = sent(receiver.url, 5)

    assert (answer.status, len(answer.body) <= outgoing.MOST_READ) == (200, True)
    assert taken[-1] == "gone"
    assert len(taken) < 64


def test_a_head_without_an_end_is_no_answer():
    def pour(stream: socket.socket, _request) -> None:
        stream.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            stream.sendall(b"X: " + b"x" * 1000 + b"\r\n")

    with receiving(pour) as receiver:
        assert problem_of(receiver.url, 5) is Problem.BAD_ANSWER


@pytest.mark.parametrize("octets", [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 huh\r\n\r\n"])
def test_what_is_no_answer_counts_for_none(octets: bytes):
    with receiving(lambda stream, _request: stream.sendall(octets)) as receiver:
        assert problem_of(receiver.url, 5) in (Problem.BAD_ANSWER, Problem.UNREACHABLE)


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ssl.SSLContext]:
    """A server's context with a certificate for hooks.example, which this test's authorities know."""
    pem, context = serving(tmp_path, "hooks.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    outgoing._tls.cache_clear()
    yield context
    outgoing._tls.cache_clear()


def test_tls_is_for_the_name_that_was_typed_though_an_address_is_called(trusted):
    with receiving(tls=trusted) as receiver:
        answer = sent(f"https://hooks.example:{receiver.port}/", look_up=lambda *_: ["127.0.0.1"])

    assert answer.status == 200


@pytest.mark.parametrize("host", ["other.example", "127.0.0.1"])
def test_a_certificate_for_another_name_is_refused(host: str, trusted):
    with receiving(tls=trusted) as receiver:
        problem = problem_of(f"https://{host}:{receiver.port}/", look_up=lambda *_: ["127.0.0.1"])

    assert (problem, receiver.requests) == (Problem.TLS, [])


def test_a_certificate_of_an_unknown_authority_is_refused(trusted, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    outgoing._tls.cache_clear()
    with receiving(tls=trusted) as receiver:
        problem = problem_of(f"https://hooks.example:{receiver.port}/", look_up=lambda *_: ["127.0.0.1"])

    assert (problem, receiver.requests) == (Problem.TLS, [])


def test_a_receiver_that_never_begins_tls_is_left(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(outgoing, "CONNECT_SECONDS", 0.5)
    with receiving(OK) as receiver:
        problem = problem_of(f"https://hooks.example:{receiver.port}/", 1.5, look_up=lambda *_: ["127.0.0.1"])

    assert problem is Problem.TIMEOUT
