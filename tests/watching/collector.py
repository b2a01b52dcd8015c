"""An OTLP/HTTP collector on this machine, which decodes what it is sent, as collectors do."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class Span:
    """What was sent of a span."""

    name: str
    trace_id: str
    id: str
    parent_id: str
    facts: dict[str, str | int]
    is_failed: bool
    kind: int
    links: tuple[tuple[str, str], ...]  # (trace id, span id)


class Collector:
    """What has come so far."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.octets: list[bytes] = []
        self.spans: list[Span] = []
        self.resource: dict[str, str | int] = {}

    def take(self, path: str, body: bytes) -> None:
        self.paths.append(path)
        self.octets.append(body)
        for of_resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            self.resource = _facts(of_resource.resource)
            for scope in of_resource.scope_spans:
                self.spans.extend(_span(each) for each in scope.spans)

    def named(self, name: str) -> Span:
        """The one span of this name."""
        (found,) = [span for span in self.spans if span.name == name]
        return found

    def below(self, span: Span) -> list[Span]:
        """Its children, as they began to arrive."""
        return [each for each in self.spans if each.parent_id == span.id]


@contextmanager
def listening() -> Iterator[tuple[str, Collector]]:
    """The collector and its address, while the block runs."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            is_packed = self.headers.get("Content-Encoding") == "gzip"
            collector.take(self.path, gzip.decompress(body) if is_packed else body)
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", collector
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _span(sent) -> Span:
    return Span(
        sent.name,
        sent.trace_id.hex(),
        sent.span_id.hex(),
        sent.parent_span_id.hex(),
        _facts(sent),
        sent.status.code == 2,
        sent.kind,
        tuple((link.trace_id.hex(), link.span_id.hex()) for link in sent.links),
    )


def _facts(sent) -> dict[str, str | int]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in sent.attributes}
