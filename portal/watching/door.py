"""The door itself: plain WSGI ahead of pages, calls of shops and calls of scripts. It answers /metrics, /livez and
/readyz, and notices the rest, which it hands on."""

import re
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from types import MappingProxyType
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError
from structlog import get_logger
from werkzeug.wsgi import ClosingIterator

from portal.credentials import showing, tokens
from portal.credentials import store as credentials
from portal.foundation import clock, metrics, requests, tracing
from portal.foundation.database import transaction
from portal.watching.figures import State
from portal.watching.mirror import IN_ENVIRON, Mirror
from portal.watching.noticing import Noticed
from portal.watching.readiness import Readiness, Word

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = get_logger()

METRICS, LIVE, READY = "/metrics", "/livez", "/readyz"
GET = ("GET", "HEAD")
TEXT = ("Content-Type", "text/plain; charset=utf-8")
NO_STORE = ("Cache-Control", "no-store")
DOOR = "watching"
REQUEST_ID = re.compile(r"[0-9a-f]{32}")
HERE = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})
# A proxy names itself, or whom it asks for, in one of these; what came through one is not from this machine.
OF_PROXIES = ("HTTP_FORWARDED", "HTTP_VIA", "HTTP_X_REAL_IP")
NOTE_SECONDS = 60.0

Surroundings = Callable[[], AbstractContextManager[object]]


class Door:
    """Answers /metrics to whom it is for, /livez and /readyz to everybody, and hands everything else on to `rest`."""

    def __init__(
        self,
        rest: "WSGIApplication",
        surroundings: Surroundings,
        takes_ids: bool,
        headers: Mapping[str, str] = MappingProxyType({}),
        mirror: Mirror | None = None,
    ) -> None:
        """`surroundings` make an application's context. `takes_ids`: a proxy in front says the ids of requests, and of
        traces.

        `headers` are those of every answer of the portal. `mirror` tells who proves to be the operator what is seen.
        """
        self._headers = [*headers.items(), NO_STORE]
        self.rest, self._surroundings, self._takes_ids = rest, surroundings, takes_ids
        self._state, self._noted_at = State(surroundings), dict[str, float]()
        self.readiness, self._mirror = Readiness(surroundings), mirror

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ.get("PATH_INFO") in (LIVE, READY) and environ["REQUEST_METHOD"] in GET:
            # Machines ask every few seconds: no figure, no line and no span for that.
            return self._probed(environ, start_response)
        served = requests.begin(self._given_id(environ))
        noticed = Noticed(environ, served, is_trace_believed=self._takes_ids)
        try:
            with tracing.inside(noticed.span):
                body = self._answer(environ, noticed.listening(start_response))
        except BaseException:
            noticed.end()
            raise
        if not noticed.is_whole:
            return ClosingIterator(body, noticed.end)
        noticed.end()
        return body

    def _probed(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        requests.begin(self._given_id(environ))
        word = "live" if environ["PATH_INFO"] == LIVE else self.readiness.word()
        is_well = word in ("live", Word.READY)
        headers = [] if is_well else [("Retry-After", "1")]
        status = "200 OK" if is_well else "503 Service Unavailable"
        seen = self._mirror.answer(environ) if self._mirror and IN_ENVIRON in environ else ""
        body = f"{word}\n{seen}\n" if seen else f"{word}\n"
        return self._said(environ, start_response, status, body.encode(), [TEXT, *headers])

    def _said(
        self,
        environ: "WSGIEnvironment",
        start_response: "StartResponse",
        status: str,
        body: bytes,
        headers: list[tuple[str, str]],
    ) -> Iterable[bytes]:
        own = [("Content-Length", str(len(body))), ("X-Request-Id", requests.current_id() or "")]
        start_response(status, [*self._headers, *headers, *own])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def _given_id(self, environ: "WSGIEnvironment") -> str:
        given: str = environ.get("HTTP_X_REQUEST_ID", "") if self._takes_ids else ""
        return given if REQUEST_ID.fullmatch(given) else ""

    def _answer(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        is_ours = environ.get("PATH_INFO") == METRICS and environ["REQUEST_METHOD"] in GET
        if not is_ours or not self._may_watch(environ):
            return self.rest(environ, start_response)
        requests.tell(DOOR, "metrics")
        body = metrics.text([self._state])
        return self._said(environ, start_response, "200 OK", body, [("Content-Type", metrics.CONTENT_TYPE)])

    def _may_watch(self, environ: "WSGIEnvironment") -> bool:
        if _is_from_here(environ):
            return True
        secret = showing.secret_in(environ)
        if not tokens.is_sound(secret):
            return False
        try:
            with self._surroundings():
                return self._has_credential(tokens.digest_of(secret))
        except SQLAlchemyError as error:
            log.warning("not known who asks for figures", error=type(error).__name__)
            return False

    def _has_credential(self, digest: bytes) -> bool:
        now = clock.now()
        public_id = credentials.find_working(digest, now)
        if public_id is None:
            return False
        requests.tell_who(credential=public_id)
        if time.monotonic() - self._noted_at.get(public_id, float("-inf")) >= NOTE_SECONDS:
            self._noted_at[public_id] = time.monotonic()
            with transaction():
                credentials.note_uses({public_id: now})
        return True


def _is_from_here(environ: "WSGIEnvironment") -> bool:
    """Whether this machine asks for itself: by a name that nobody else's browser could be made to use, and no proxy."""
    # Where a proxy names nobody, what it was asked for is still the portal's own name and not this machine's.
    is_handed_on = any(name in environ for name in OF_PROXIES) or any(
        name.startswith("HTTP_X_FORWARDED") for name in environ
    )
    host = re.sub(r":\d+$", "", environ.get("HTTP_HOST", ""))
    return showing.is_local(environ) and not is_handed_on and host in HERE
