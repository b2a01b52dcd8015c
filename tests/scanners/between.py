"""Stands between a scanner and the portal: signs each request in as the caller, counts answers, keeps the world fresh.

One request at a time. What scanners do wears the world out: they revoke, remove, sign out, guess until they have to
wait. So when an answer is a refusal that the access table does not know, and something was sent since the world was put
back, it is put back and the request sent again. Otherwise scanners would soon look at nothing but refusals.
"""

import http.client
import re
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from tests.scanners.targets import Target
from tests.scanners.world import Caller

# A page that leads elsewhere, a dead sign-in, a right that is gone, a thing that is gone or changed, too many attempts.
WORN = frozenset({302, 401, 403, 404, 409, 410, 412, 429})
FRESH_SECONDS = 240  # well under the ten minutes after which acts ask who one is (accounts/sessions.py)
LOOKING = ("GET", "HEAD", "OPTIONS")
TOO_MANY = 429  # refusals count, too
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "proxy-connection", "content-length"}
OURS = {"cookie", "authorization"}
NONE = "none"
LARGEST_BODY = 4 * 1024 * 1024
CSRF = re.compile(rb'(name="csrf_token"[^>]*value=")[^"]*"')
Asked = tuple[str, str]
Answer = tuple[int, list[tuple[str, str]], bytes]


class Tally:
    """What was answered: how often by (method, endpoint, status).

    `known` are the statuses of each route in the access table, `expected` those of routes that let the caller in.
    """

    def __init__(self, targets: list[Target]) -> None:
        self.known, self.expected = defaultdict[Asked, set[int]](set), defaultdict[Asked, set[int]](set)
        self.answers = Counter[tuple[str, str, int]]()
        for target in targets:
            if target.expected:
                self.known[target.method, target.endpoint].add(target.expected)
            if target.lets_in:
                self.expected[target.method, target.endpoint].add(target.expected)

    def is_surprised(self, method: str, endpoint: str, status: int) -> bool:
        """Whether this is a refusal that the access table does not know."""
        known = self.known.get((method, endpoint))
        return status in WORN and known is not None and status not in known

    @property
    def requests(self) -> int:
        return self.answers.total()

    def of_class(self, digit: int) -> int:
        return sum(count for (_method, _endpoint, status), count in self.answers.items() if status // 100 == digit)

    @property
    def asked(self) -> set[Asked]:
        """The routes that let the caller in and that were asked for at all."""
        return self.expected.keys() & {(method, endpoint) for method, endpoint, _status in self.answers}

    @property
    def reached(self) -> set[Asked]:
        """Those among them that did let the caller in, at least once."""
        return {
            (method, endpoint)
            for method, endpoint, status in self.answers
            if status in self.expected.get((method, endpoint), ())
        }

    @property
    def failures(self) -> dict[tuple[str, str, int], int]:
        """What failed on the portal's side."""
        return {key: count for key, count in self.answers.items() if key[2] >= 500}


class Between(ThreadingHTTPServer):
    """The server that scanners see. `begin` says who calls from now on."""

    daemon_threads = True

    def __init__(self, app: Flask, port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.routes = app.url_map.bind("localhost")
        self.turn, self.worn, self.fresh_at, self.put_backs = threading.Lock(), False, 0.0, 0
        self.connection: http.client.HTTPConnection | None = None

    def lead_to(self, port: int, put_back: Callable[[], None]) -> None:
        """From now on requests go to this port of this machine."""
        self.port, self.put_back_world = port, put_back

    def begin(self, caller: Caller) -> Tally:
        """Sign requests in as this caller, in a fresh world, and count them anew."""
        with self.turn:
            self.caller, self.tally = caller, Tally(caller.targets)
            self._put_back()
        return self.tally

    def ask(self, method: str, path: str, headers: list[tuple[str, str]], body: bytes, wanted: int = 0) -> Answer:
        """The portal's answer to the caller: status, headers, body. A worn world is put back for a `wanted` status."""
        endpoint = self._endpoint(method, path)
        with self.turn:
            if time.monotonic() - self.fresh_at > FRESH_SECONDS:
                self._put_back()
            answer = self._sent(method, path, headers, body)
            status = answer[0]
            surprising = status != wanted if wanted else self.tally.is_surprised(method, endpoint, status)
            if surprising and (self.worn or status == TOO_MANY):
                self._put_back()
                answer = self._sent(method, path, headers, body)
            self.worn = self.worn or (method not in LOOKING and answer[0] < 400)
            self.tally.answers[method, endpoint, answer[0]] += 1
        return answer

    def endpoint_at(self, method: str, url: str) -> str:
        """The route that this method asks for at this address, as findings name it."""
        return f"{method} {self._endpoint(method, url)}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: scanners hang up as they like."""

    def server_close(self) -> None:
        """End, and hang up at the portal."""
        super().server_close()
        if self.connection is not None:
            self.connection.close()

    def _put_back(self) -> None:
        self.put_back_world()
        self.worn, self.fresh_at = False, time.monotonic()
        self.put_backs += 1

    def _endpoint(self, method: str, path: str) -> str:
        try:
            return str(self.routes.match(urlsplit(path).path, "GET" if method == "HEAD" else method)[0])
        except (HTTPException, RequestRedirect, ValueError):
            return NONE

    def _sent(self, method: str, path: str, headers: list[tuple[str, str]], body: bytes) -> Answer:
        for attempt in (1, 2):
            connection = self.connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            self.connection = connection
            try:
                connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
                for name, value in [*headers, *self._proofs(path), ("Content-Length", str(len(body)))]:
                    connection.putheader(name, value.encode("latin-1", "replace"))
                connection.endheaders(body)
                answer = connection.getresponse()
                page = _without_id(answer.read(), answer.getheader("X-Request-Id", ""))
                return answer.status, answer.getheaders(), self._with_one_token(page)
            except (http.client.HTTPException, OSError, ValueError):
                connection.close()
                self.connection = None
                if attempt == 2:
                    raise
        raise AssertionError

    def _with_one_token(self, page: bytes) -> bytes:
        """The page with the same token in all forms: a form is known again by what it holds."""
        return CSRF.sub(rb"\g<1>" + self.caller.csrf_token.encode() + b'"', page)

    def _proofs(self, path: str) -> Iterator[tuple[str, str]]:
        if path.startswith("/api/"):
            if self.caller.bearer:
                yield "Authorization", f"Bearer {self.caller.bearer}"
        else:
            yield "Cookie", "; ".join(f"{name}={value}" for name, value in self.caller.cookies.items())


def _without_id(page: bytes, request_id: str) -> bytes:
    """The page without what makes two short ones differ: sqlmap takes it for the answer to its question."""
    return page.replace(request_id.encode(), b"0" * len(request_id)) if request_id else page


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Between

    def do(self) -> None:
        """Hand the request on, and the answer back."""
        try:
            length = min(int(self.headers.get("Content-Length") or 0), LARGEST_BODY)
        except ValueError:
            length = 0
        body = self.rfile.read(length)
        given = [(name, value) for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP | OURS]
        try:
            status, headers, answer = self.server.ask(self.command, self.path, given, body)
        except (http.client.HTTPException, OSError, ValueError):
            # What no client library sends, the portal cannot be asked.
            status, headers, answer = 400, [], b""
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = do_PATCH = do_TRACE = do

    def log_message(self, *_words: Any) -> None:
        """Nothing: the tally counts."""


@contextmanager
def between(app: Flask, port: int) -> Iterator[Between]:
    """A server at this port that stands between, until the block ends."""
    server = Between(app, port)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
