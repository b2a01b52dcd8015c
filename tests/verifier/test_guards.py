"""WSGI, ASGI and the decorator: what may not pass is answered there, what may pass brings its decision along."""

import asyncio
import json
from collections.abc import Iterator
from email.message import Message
from http.client import HTTPConnection
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from portal.verifier import asgi, wsgi
from portal.verifier.answers import Answer
from portal.verifier.guarding import NotAllowed, guarded
from portal.verifier.library import Library
from tests.verifier.libraries import Clock, a_library
from tests.verifier.offline import DELEGATED, OWN, SERVICE, SPACE, Worker, a_call, revoked, serving

pytestmark = pytest.mark.no_database


@pytest.fixture
def library() -> Iterator[Library]:
    """One key is good, the delegated one was revoked."""
    with serving(Worker()) as worker:
        worker.change(revoked(DELEGATED))
        library = a_library(worker, Clock())
        assert library.refresh()
        yield library


@pytest.mark.parametrize("guard", [wsgi.Guard, asgi.Guard, lambda _service, library: guarded(library)])
def test_no_guard_leaves_the_service_out_by_mistake(library: Library, guard: Any):
    with pytest.raises(TypeError, match="service"):
        guard(_service, library)


def headers_of(api_key: str = OWN, **others: str) -> dict[str, str]:
    call = a_call(api_key=api_key)
    own = {"Magento-Api-Key": api_key, "x-api-key": api_key, "x-gw-signature": call.token, "x-saas-id": SPACE}
    return own | {name.replace("_", "-"): value for name, value in others.items()}


# WSGI, over a socket


@pytest.fixture
def port(library: Library) -> Iterator[int]:
    def service(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [environ["portal.decision"].account.encode()]

    class Quiet(WSGIRequestHandler):
        def log_message(self, *_arguments: Any) -> None:
            pass

    server = make_server("localhost", 0, wsgi.Guard(service, library, SERVICE), handler_class=Quiet)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def asked(port: int, headers: dict[str, str], method: str = "GET") -> tuple[int, Message, bytes]:
    connection = HTTPConnection("localhost", port, timeout=10)
    try:
        connection.request(method, "/", headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def test_wsgi_a_good_call_reaches_the_service(port: int):
    assert asked(port, headers_of())[::2] == (200, b"MAG000000001")


def test_wsgi_another_is_refused_with_reason_and_json(port: int):
    status, headers, body = asked(port, headers_of(DELEGATED))

    assert (status, headers["X-Portal-Reason"]) == (403, "key_revoked")
    assert headers["Content-Type"] == "application/json"
    assert json.loads(body)["code"] == "key_revoked"
    assert set(json.loads(body)) == {"status", "code", "message", "mend"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-gw-signature": "a.b.c"},
        {"magento-api-key": "f" * 32},
        {"x-api-key": DELEGATED},
        {"x-gw-signature": "x" * 60_000},
    ],
)
def test_wsgi_strangers_are_401(port: int, headers: dict[str, str]):
    sent = {name.lower(): value for name, value in headers_of().items()} | headers if headers else {}

    status, answered, _body = asked(port, sent)

    assert (status, answered["X-Portal-Reason"]) == (401, "not_proven")


def test_wsgi_a_refused_head_has_no_body(port: int):
    status, headers, body = asked(port, headers_of(DELEGATED), "HEAD")

    assert (status, headers["X-Portal-Reason"], body) == (403, "key_revoked", b"")


def test_wsgi_two_data_spaces_are_none(port: int):
    status, headers, _body = asked(port, headers_of(Magento_Environment_Id="another"))

    assert (status, headers["X-Portal-Reason"]) == (403, "data_space_unknown")


# ASGI, called as a server calls it


async def _service(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await send({"type": "lifespan.startup.complete"})
        return
    body = scope["portal.decision"].account.encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


def sent_by(library: Library, headers: list[tuple[str, str]], **scope: Any) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    raw = [(name.lower().encode(), value.encode()) for name, value in headers]
    facts = {"type": "http", "method": "GET", "path": "/", "client": ("192.0.2.7", 5), "headers": raw} | scope
    asyncio.run(asgi.Guard(_service, library, SERVICE)(facts, receive, send))
    return sent


def test_asgi_a_good_call_reaches_the_service(library: Library):
    start, body = sent_by(library, list(headers_of().items()))

    assert (start["status"], body["body"]) == (200, b"MAG000000001")


def test_asgi_another_is_refused_with_reason_and_json(library: Library):
    start, body = sent_by(library, list(headers_of(DELEGATED).items()))

    assert start["status"] == 403
    assert dict(start["headers"])[b"x-portal-reason"] == b"key_revoked"
    assert json.loads(body["body"])["code"] == "key_revoked"


def test_asgi_a_header_that_stands_twice_is_none(library: Library):
    start, _body = sent_by(library, [*headers_of().items(), ("x-api-key", DELEGATED)])

    assert start["status"] == 401


def test_asgi_a_refused_head_has_no_body(library: Library):
    _start, body = sent_by(library, [], method="HEAD")

    assert body["body"] == b""


def test_asgi_a_refused_socket_is_closed_before_it_is_open(library: Library):
    (sent,) = sent_by(library, list(headers_of(DELEGATED).items()), type="websocket")

    assert sent == {"type": "websocket.close", "code": 1008, "reason": "key_revoked"}


def test_asgi_starting_up_is_nobodys_call(library: Library):
    assert sent_by(library, [], type="lifespan") == [{"type": "lifespan.startup.complete"}]


def test_asgi_the_servers_scope_stays_as_it_was(library: Library):
    scope = {"type": "http", "method": "GET", "client": None, "headers": []}

    async def send(_message: Any) -> None: ...

    asyncio.run(asgi.Guard(_service, library, SERVICE)(scope, send, send))  # type: ignore[arg-type]

    assert "portal.decision" not in scope


# The decorator


class Request:
    def __init__(self, headers: dict[str, str]) -> None:
        self.headers = Message()
        for name, value in headers.items():
            self.headers[name] = value


def test_a_function_gets_the_decision(library: Library):
    @guarded(library, SERVICE)
    def search(_request: Request, words: str, *, decision: Answer) -> tuple[str, str | None]:
        return words, decision.account

    assert search(Request(headers_of()), "tea") == ("tea", "MAG000000001")


def test_a_function_is_not_called_for_what_may_not_pass(library: Library):
    @guarded(library, SERVICE)
    def search(_request: Request, *, decision: Answer) -> None:
        raise AssertionError(decision)

    with pytest.raises(NotAllowed) as refused:
        search(Request(headers_of(DELEGATED)))

    assert refused.value.answer.reason == "key_revoked"


def test_what_is_returned_instead_can_be_said(library: Library):
    @guarded(library, SERVICE, refused=lambda answer: (answer.problem, answer.status))
    def search(_request: Request, *, decision: Answer) -> None:
        raise AssertionError(decision)

    assert search(Request({}))[1] == 401


def test_a_coroutine_function_stays_one(library: Library):
    @guarded(library, SERVICE)
    async def search(_request: Request, *, decision: Answer) -> str | None:
        return decision.account

    assert asyncio.run(search(Request(headers_of()))) == "MAG000000001"


def test_a_plain_mapping_of_headers_will_do(library: Library):
    request = Request({})
    request.headers = headers_of()  # type: ignore[assignment]

    @guarded(library, SERVICE, address_of=lambda _request: "192.0.2.7")
    def search(_request: Request, *, decision: Answer) -> bool:
        return decision.allowed

    request.headers = {name.lower(): value for name, value in headers_of().items()}  # type: ignore[assignment]
    assert search(request)
