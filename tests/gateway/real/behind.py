"""What stands around a gateway: services that keep what arrives, a portal gone strange, and a line to the portal."""

import hashlib
import http.client
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import unquote

PORTALS = "x-portal-"


@dataclass(frozen=True)
class Arrived:
    """A request as it arrived: its headers in order and as they were written, and what its body was."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    length: int
    digest: str

    def all(self, name: str) -> list[str]:
        """The values of a header, as a service reads it for which `_` and `-` are the same."""
        wanted = name.lower().replace("_", "-")
        return [value for header, value in self.headers if header.lower().replace("_", "-") == wanted]

    def said(self) -> dict[str, str]:
        """What is said of the caller, in plain text: all headers that a service may take for the portal's."""
        read = [(name.lower().replace("_", "-"), unquote(value)) for name, value in self.headers]
        ours = [(name.removeprefix(PORTALS), value) for name, value in read if name.startswith(PORTALS)]
        assert len(dict(ours)) == len(ours), f"something is said twice: {ours}"
        return dict(ours)


class Server(ThreadingHTTPServer):
    """On a port of its own, in threads; `arrived` has all requests, the oldest first."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.arrived: list[Arrived] = []

    def handle_error(self, *_about: Any) -> None:
        """A gateway that ends with its test cuts connections."""


class _Services(BaseHTTPRequestHandler):
    """Answers every request with `served`, and keeps it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def do_GET(self) -> None:
        body = self._body()
        if len(body) < int(self.headers.get("Content-Length", "0")):
            self.close_connection = True  # the rest will never come
            return
        arrived = Arrived(
            self.command, self.path, tuple(self.headers.items()), len(body), hashlib.sha256(body).hexdigest()
        )
        self.server.arrived.append(arrived)
        self._answer()

    do_HEAD = do_POST = do_PUT = do_GET

    def _answer(self) -> None:
        answer = self.path.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            return b"".join(self._chunks())
        return self.rfile.read(int(self.headers.get("Content-Length", "0")))

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline(), 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def log_message(self, *_words: Any) -> None:
        pass


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[Server]:
    server = Server(handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def services() -> Any:
    """The services behind the gateway, until the block ends."""
    return serving(_Services)


def strange_portal(status: int, headers: dict[str, str], body: bytes = b"") -> Any:
    """Something at the portal's address that answers all questions alike, until the block ends."""

    class Strange(_Services):
        def _answer(self) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if status != http.client.NO_CONTENT:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return serving(Strange)


@dataclass
class Line:
    """The line between gateway and portal: how many connections it took, and what the gateway sent over them."""

    port: int
    connections: int = 0
    sent: bytearray = field(default_factory=bytearray)


@contextmanager
def line_to(port: int) -> Iterator[Line]:
    """A line to whoever listens at `port`, until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        line = Line(listener.getsockname()[1])
        thread = Thread(target=_accept, args=(listener, line, port), daemon=True)
        thread.start()
        yield line
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def _accept(listener: socket.socket, line: Line, port: int) -> None:
    with suppress(OSError):
        while True:
            near, _address = listener.accept()
            line.connections += 1
            far = socket.create_connection(("127.0.0.1", port))
            Thread(target=_carry, args=(near, far, line.sent), daemon=True).start()
            Thread(target=_carry, args=(far, near, bytearray()), daemon=True).start()


def _carry(source: socket.socket, target: socket.socket, kept: bytearray) -> None:
    with suppress(OSError):
        while octets := source.recv(65536):
            kept += octets
            target.sendall(octets)
    for one in (source, target):
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()
