"""An ASGI middleware: a call that may not pass is answered here; with one that may, the application gets the answer."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from portal.verifier.answers import Answer
from portal.verifier.counting import Client
from portal.verifier.headers import call_of
from portal.verifier.library import Library

DECISION = "portal.decision"
REFUSED_SOCKET = 1008  # policy violation (RFC 6455, 7.4.1); servers answer it with 403 while the socket is not open

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class Guard:
    """Lets calls through that may use `service`; the `Answer` stands in the scope under `portal.decision`.

    service: its code; with None only key and data space are looked at, and what the caller is entitled to is not.
    """

    def __init__(self, app: Application, library: Library, service: str | None) -> None:
        self.app, self.library, self.service = app, library, service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):  # starting up and ending is nobody's call
            await self.app(scope, receive, send)
            return
        answer = self._decide(scope)
        if answer.allowed:
            await self.app({**scope, DECISION: answer}, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": REFUSED_SOCKET, "reason": answer.reason})
        else:
            await _refuse(answer, send, has_body=scope.get("method") != "HEAD")

    def _decide(self, scope: Scope) -> Answer:
        headers = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]]

        def values(wanted: str) -> list[str]:
            return [value for name, value in headers if name == wanted]

        address = (scope.get("client") or ("",))[0]
        client = Client(str(address), next(iter(values("user-agent")), ""))
        return self.library.decide(call_of(values, self.service), client)


async def _refuse(answer: Answer, send: Send, *, has_body: bool) -> None:
    headers = [(name.lower().encode(), value.encode()) for name, value in answer.headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.problem if has_body else b""})
