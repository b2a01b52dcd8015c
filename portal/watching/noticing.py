"""One request from its arrival to the end of its answer: counted, logged in one line, and told as a span."""

import time
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from structlog import get_logger

from portal.foundation import metrics, tracing
from portal.foundation.requests import Served

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

log = get_logger()

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# What has no body has no end to wait for, either.
WITHOUT_BODY = frozenset({204, 304})
NO_ENDPOINT, NO_STATUS = "none", HTTPStatus.INTERNAL_SERVER_ERROR


class Noticed:
    """What is noticed of one request."""

    def __init__(self, environ: "WSGIEnvironment", served: Served, *, is_trace_believed: bool) -> None:
        self.served, self.began = served, time.perf_counter()
        # Anybody can send any word as a method, and each would be a line of figures for ever.
        given = environ.get("REQUEST_METHOD", "")
        self.method = given if given in METHODS else "other"
        self.status, self.is_whole, self.is_over = int(NO_STATUS), False, False
        self.span = tracing.request_begins(environ.get("HTTP_TRACEPARENT", ""), is_trace_believed)

    def listening(self, start_response: "StartResponse") -> Callable[..., Any]:
        """`start_response`, noticed."""

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            self.status = int(status[:3])
            has_length = any(name.lower() == "content-length" for name, _value in headers)
            # A body of known length was made before it is sent; one that is streamed is still being made.
            self.is_whole = has_length or self.status in WITHOUT_BODY or self.method == "HEAD"
            return start_response(status, headers, *more)

        return start

    def end(self) -> None:
        """The answer is complete. A second call does nothing."""
        if self.is_over:
            return
        self.is_over = True
        seconds = time.perf_counter() - self.began
        door, endpoint = self.served.door, self.served.endpoint or NO_ENDPOINT
        metrics.requests.labels(door, endpoint, self.method, str(self.status)).inc()
        metrics.request_seconds.labels(door, endpoint, self.method).observe(seconds)
        facts = {"door": door, "endpoint": endpoint, "method": self.method, "status": self.status}
        log.info("served", **facts, ms=round(seconds * 1000, 1), request_id=self.served.id, **self.served.ids)
        if self.span is not None:
            self._end_span(door, endpoint)

    def _end_span(self, door: str, endpoint: str) -> None:
        facts: dict[str, str | int] = {
            "http.request.method": self.method,
            "http.response.status_code": self.status,
            "portal.door": door,
            "portal.endpoint": endpoint,
            "portal.request_id": self.served.id,
        }
        facts |= {f"portal.{name}": value for name, value in self.served.ids.items()}
        tracing.finish(self.span, f"{self.method} {endpoint}", facts, self.status >= NO_STATUS)
