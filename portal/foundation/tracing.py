"""Spans for OpenTelemetry. Until `begin` was called nothing of it is loaded, and nothing here does anything.

A span tells what was done, for how long, and under which request's id: no path, no query, no parameter, no text of a
statement.
"""

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing import util
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, event
from structlog import get_logger

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, SpanKind, Tracer

    Value = str | int

log = get_logger()

TRACES = "/v1/traces"
SERVICE = "portal"
PATIENCE_SECONDS = 2  # for one batch, all tries together: a collector that is away holds up no process that ends
# What a statement does, and to which table first: all that is told of it.
FIRST_WORD, TABLE = re.compile(r"\s*(\w+)"), re.compile(r"\b(?:FROM|INTO|UPDATE|JOIN)\s+\"?(\w+)", re.IGNORECASE)
HELD = "portal_span"  # where a statement's span waits for its end


class Tracing:
    """What there is once tracing has begun."""

    def __init__(self, provider: "TracerProvider") -> None:
        self.provider = provider
        self.tracer: Tracer = provider.get_tracer(SERVICE)


_tracing: Tracing | None = None


def begin(endpoint: str, instance: str) -> None:
    """Send spans to the OTLP/HTTP collector at `endpoint` from now on; with "" to nobody.

    `instance` names this process. A second call changes nothing.
    """
    global _tracing
    if not endpoint or _tracing is not None:
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.sampling import ALWAYS_ON

    # Always: or else whoever asks could leave no trace, by a header.
    provider = TracerProvider(
        ALWAYS_ON, Resource.create({"service.name": SERVICE, "service.instance.id": instance}), shutdown_on_exit=True
    )
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(address_of(endpoint), timeout=PATIENCE_SECONDS)))
    _log_its_troubles()
    # As in portal.usage.writing: a process that multiprocessing forked ends without `atexit`.
    util.Finalize(None, end, exitpriority=5)
    _tracing = Tracing(provider)
    event.listen(Engine, "before_cursor_execute", _begin_statement)
    event.listen(Engine, "after_cursor_execute", _end_statement)
    event.listen(Engine, "handle_error", _fail_statement)


def end() -> None:
    """Send what waits, and then nothing more."""
    global _tracing
    if _tracing is None:
        return
    tracing, _tracing = _tracing, None
    event.remove(Engine, "before_cursor_execute", _begin_statement)
    event.remove(Engine, "after_cursor_execute", _end_statement)
    event.remove(Engine, "handle_error", _fail_statement)
    tracing.provider.shutdown()


def address_of(endpoint: str) -> str:
    """Where spans go: the collector's address with the path that OTLP has for them, unless it has that already."""
    bare = endpoint.rstrip("/")
    return bare if bare.endswith(TRACES) else bare + TRACES


def request_begins(traceparent: str, is_believed: bool) -> "Span | None":
    """The span of a request; None without tracing.

    It is part of the trace that its header names, where that is believed; else it begins a trace, with a link to what
    the header names, so that nobody outside writes into a trace of ours (OpenTelemetry's advice for public endpoints).
    """
    if _tracing is None:
        return None
    from opentelemetry.context import Context
    from opentelemetry.trace import Link, SpanKind, get_current_span
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    above = TraceContextTextMapPropagator().extract({"traceparent": traceparent}, Context())
    if is_believed:
        return _tracing.tracer.start_span("request", context=above, kind=SpanKind.SERVER)
    told = get_current_span(above).get_span_context()
    links = [Link(told)] if told.is_valid else []
    return _tracing.tracer.start_span("request", context=Context(), kind=SpanKind.SERVER, links=links)


@contextmanager
def inside(span: "Span | None") -> Iterator[None]:
    """What happens in here belongs to `span`, which goes on afterwards."""
    if span is None:
        yield
        return
    from opentelemetry.trace import use_span

    with use_span(span, end_on_exit=False, record_exception=False, set_status_on_exception=False):
        yield


def finish(span: "Span | None", name: str, facts: "Mapping[str, Value]", failed: bool) -> None:
    """The span is over; this is what it was."""
    if span is None:
        return
    span.update_name(name)
    span.set_attributes(dict(facts))
    if failed:
        _mark_failed(span)
    span.end()


@contextmanager
def span(name: str, **facts: "Value") -> Iterator[None]:
    """A span around something that is no request, such as a task of the worker or a call to somebody else."""
    if _tracing is None:
        yield
        return
    from opentelemetry.trace import SpanKind

    with _within(_tracing.tracer, name, facts, SpanKind.INTERNAL):
        yield


@contextmanager
def _within(tracer: "Tracer", name: str, facts: "Mapping[str, Value]", kind: "SpanKind") -> Iterator[None]:
    # An exception is told by its class: its words may hold what somebody typed.
    options: dict[str, Any] = {"record_exception": False, "set_status_on_exception": False}
    with tracer.start_as_current_span(name, kind=kind, attributes=dict(facts), **options) as begun:
        try:
            yield
        except BaseException as error:
            begun.set_attribute("error.type", type(error).__name__)
            _mark_failed(begun)
            raise


def headers() -> dict[str, str]:
    """What goes along with a call to somebody else, so that its spans belong to ours; {} outside of a span."""
    if _tracing is None:
        return {}
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return {name: value for name, value in carrier.items() if name == "traceparent"}


def summary_of(statement: str) -> tuple[str, str]:
    """What a statement does, and the table it names first or ""."""
    word, table = FIRST_WORD.match(statement), TABLE.search(statement)
    return (word.group(1).upper() if word else "", table.group(1) if table else "")


def _begin_statement(connection: Any, _cursor: Any, statement: str, _values: Any, context: Any, _many: bool) -> None:
    from opentelemetry.trace import SpanKind, get_current_span

    # One by itself, such as a look whether anything changed, would be a trace each half second.
    if _tracing is None or context is None or not get_current_span().is_recording():
        return
    operation, table = summary_of(statement)
    facts = {"db.system.name": connection.dialect.name, "db.operation.name": operation, "db.collection.name": table}
    name = f"{operation} {table}".strip()
    setattr(context, HELD, _tracing.tracer.start_span(name, kind=SpanKind.CLIENT, attributes=facts))


def _end_statement(_connection: Any, _cursor: Any, _statement: str, _values: Any, context: Any, _many: bool) -> None:
    if (begun := getattr(context, HELD, None)) is not None:
        begun.end()


def _fail_statement(told: Any) -> None:
    begun = getattr(told.execution_context, HELD, None)
    if begun is not None and begun.is_recording():
        begun.set_attribute("error.type", type(told.original_exception).__name__)
        _mark_failed(begun)
        begun.end()


def _mark_failed(span: "Span") -> None:
    from opentelemetry.trace import StatusCode

    span.set_status(StatusCode.ERROR)


class _ToOurLog(logging.Handler):
    """Says in our log what the library has to say, such as that the collector is away."""

    def emit(self, record: logging.LogRecord) -> None:
        log.warning("tracing", says=record.getMessage()[:500])


def _log_its_troubles() -> None:
    theirs = logging.getLogger("opentelemetry")
    theirs.handlers, theirs.propagate = [_ToOurLog(logging.WARNING)], False
