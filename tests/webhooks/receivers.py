"""Receivers of webhooks on this machine: real sockets, some of them with bad manners."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

Answer = Callable[[socket.socket, "Request"], None]


@dataclass(frozen=True)
class Request:
    """What came in; names of headers are in lower case."""

    head: str
    headers: dict[str, str]
    body: bytes

    @property
    def message(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    """Keeps what it is sent, and answers as `answer` does."""

    answer: Answer
    host: str = "127.0.0.1"
    port: int = 0
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}/hook"

    @property
    def messages(self) -> list[Any]:
        return [request.message for request in self.requests]


def says(status: int, body: bytes = b"", *more: str) -> Answer:
    """Answers with this status and body, and these lines in the head."""
    lines = [f"HTTP/1.1 {status} As told", f"Content-Length: {len(body)}", "Connection: close", *more]
    head = ("\r\n".join(lines) + "\r\n\r\n").encode()
    return lambda stream, _request: stream.sendall(head + body)


OK = says(200)


@contextmanager
def receiving(answer: Answer = OK, *, host: str = "127.0.0.1", port: int = 0, tls: Any = None) -> Iterator[Receiver]:
    """A receiver, for as long as the block lasts."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host, port))
    listening.listen(128)
    receiver, stop = Receiver(answer, host, listening.getsockname()[1]), threading.Event()
    threads = [threading.Thread(target=_serve, args=(listening, receiver, stop, tls))]
    threads[0].start()
    try:
        yield receiver
    finally:
        stop.set()
        with socket.socket(family) as last:
            last.connect((host, receiver.port))
        threads[0].join()
        listening.close()


def _serve(listening: socket.socket, receiver: Receiver, stop: threading.Event, tls: Any) -> None:
    threads = []
    while True:
        stream, _address = listening.accept()
        if stop.is_set():
            stream.close()
            break
        receiver.connections += 1
        threads.append(threading.Thread(target=_answer, args=(stream, receiver, tls)))
        threads[-1].start()
    for thread in threads:
        thread.join()


def _answer(stream: socket.socket, receiver: Receiver, tls: Any) -> None:
    try:
        if tls:
            stream = tls.wrap_socket(stream, server_side=True)
        stream.settimeout(30)
        request = _read(stream)
        with receiver.lock:
            receiver.requests.append(request)
        receiver.answer(stream, request)
    except OSError:
        pass
    finally:
        stream.close()


def _read(stream: socket.socket) -> Request:
    octets = b""
    while b"\r\n\r\n" not in octets:
        part = stream.recv(65536)
        if not part:
            raise ConnectionError
        octets += part
    head, _end, body = octets.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _colon, value in (line.partition(": ") for line in lines)}
    while len(body) < int(headers.get("content-length", "0")):
        body += stream.recv(65536)
    return Request(first, headers, body)
