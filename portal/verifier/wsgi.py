"""A WSGI middleware: a call that may not pass is answered here; with one that may, the application gets the answer."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING

from portal.verifier.answers import Answer
from portal.verifier.counting import Client
from portal.verifier.headers import call_of
from portal.verifier.library import Library

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

DECISION = "portal.decision"


class Guard:
    """Lets calls through that may use `service`; the `Answer` stands in the environ under `portal.decision`.

    service: its code; with None only key and data space are looked at, and what the caller is entitled to is not.
    """

    def __init__(self, app: "WSGIApplication", library: Library, service: str | None) -> None:
        self.app, self.library, self.service = app, library, service

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        answer = self._decide(environ)
        if not answer.allowed:
            status = HTTPStatus(answer.status)
            start_response(f"{status.value} {status.phrase}", answer.headers)
            return [b"" if environ.get("REQUEST_METHOD") == "HEAD" else answer.problem]
        environ[DECISION] = answer
        return self.app(environ, start_response)

    def _decide(self, environ: "WSGIEnvironment") -> Answer:
        def values(name: str) -> list[str]:
            value = environ.get(f"HTTP_{name.upper().replace('-', '_')}")
            return [] if value is None else [value]

        client = Client(environ.get("REMOTE_ADDR", ""), environ.get("HTTP_USER_AGENT", ""))
        return self.library.decide(call_of(values, self.service), client)
