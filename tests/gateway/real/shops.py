"""Calls of shops through a gateway, down to the octets."""

import http.client
import json
import socket
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

SECONDS = 20
CATALOG, SEARCH = "/catalog/products", "/search/products"


@dataclass(frozen=True)
class Answered:
    """An answer to a shop; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def reason(self) -> str | None:
        return self.headers.get("x-portal-reason")

    @property
    def content(self) -> Any:
        return json.loads(self.body)


def call(
    port: int,
    headers: dict[str, str],
    path: str = CATALOG,
    *,
    method: str = "GET",
    body: bytes | None = None,
    source: str = "127.0.0.1",
) -> Answered:
    """The answer to one call over a connection of its own, from the address `source` of this machine."""
    here = (source, 0)
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS, source_address=here)) as connection:
        connection.request(method, path, body=body, headers=headers)
        return _read(connection.getresponse())


def _read(answer: http.client.HTTPResponse) -> Answered:
    return Answered(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())


def written(headers: Iterable[tuple[str, str]], path: str = CATALOG, *, method: str = "GET") -> bytes:
    """A request in octets, with headers as they are given: twice, in any case, with underscores."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *(f"{name}: {value}" for name, value in headers), "", ""]
    return "\r\n".join(lines).encode()


def sent_at_once(port: int, *requests: bytes) -> list[Answered]:
    """The answers to requests that were all sent before the first was answered, over one connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as connection:
        connection.sendall(b"".join(requests))
        # One reader for all: each answer's own would read ahead into the next.
        reader = connection.makefile("rb")
        return [_next(reader) for _request in requests]


class _Rest:
    """What http.client takes for a connection: the part of it that is still to be read."""

    def __init__(self, reader: Any) -> None:
        self.reader = reader

    def makefile(self, _mode: str) -> Any:
        return self.reader


def _next(reader: Any) -> Answered:
    answer = http.client.HTTPResponse(_Rest(reader))  # type: ignore[arg-type]
    answer.begin()
    answer._close_conn = lambda: None  # type: ignore[attr-defined]  # the reader goes on with the next answer
    return _read(answer)
