"""Asks for a route as one of the world's callers, and makes answers comparable."""

import re
import secrets
import uuid
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from tests.access.browsing import browser_of
from tests.access.furnishing import Things
from tests.access.snapshot import Snapshot
from tests.access.world import Caller
from tests.conftest import PortalClient
from tests.web.access.routes import Form, Route, address

CSRF = re.compile(r'name="csrf_token"[^>]*value="[^"]*"')
HANDLE = re.compile(r"[a-z]{3}_[0-9a-z]{20}")
CHANGES_BY_ITSELF = {"X-Request-Id", "Set-Cookie", "Content-Length"}
# Changes of other things that an act begins: each is an event of its own, about its own subject.
BEGINS_TOO = {
    "key.rotation_due": "ending a delegation starts the rotation of the pairs that were copied (rule 15)",
    "hand_off.closed": "ending a delegation, or removing somebody, destroys what was sealed to them",
}


def ask(
    app: Flask, caller: Caller, route: Route, things: Things | None = None, form: Form | None = None, **others: str
) -> TestResponse:
    """The answer to the caller about its own things, or about these; `others` replace single values in the address."""
    about = caller.things | (things or {})
    if route.is_call:
        return _call(app, caller, route, about, **others)
    sent: dict[str, Any] = {}
    if route.method == "POST":
        sent["data"] = route.form(about) if form is None else form
    # Buffered: a stream that is read later would be closed outside of its request.
    return browser_of(app, caller).open(
        address(app, route, about, **others), method=route.method, buffered=True, **sent
    )


def _call(app: Flask, caller: Caller, route: Route, about: Things, **others: str) -> TestResponse:
    """As a script: with the caller's token, and nothing of a browser."""
    headers = {"Authorization": f"Bearer {caller.bearer}"} if caller.bearer else {}
    sent: dict[str, Any] = {}
    if route.method == "POST":
        headers |= route.version(about)
        sent["json"] = route.body(about)
    script = PortalClient(app, app.response_class, use_cookies=False)
    return script.open(
        address(app, route, about, **others), method=route.method, headers=headers, buffered=True, **sent
    )


def missing_like(value: str) -> str:
    """An id of the same shape that names nothing."""
    if HANDLE.fullmatch(value):
        return value[:4] + "0" * 20
    if value.startswith("MAG"):
        return "MAG000000000"
    try:
        uuid.UUID(value)
    except ValueError:
        return secrets.token_urlsafe(32)
    return str(uuid.uuid4()) if "-" in value else secrets.token_hex(16)


def comparable(answer: TestResponse, *ids: str) -> tuple[int, dict[str, str], str]:
    """Status, headers and page, without what differs in any two answers: request ids, tokens, the ids asked for."""
    page = answer.text.replace(answer.headers["X-Request-Id"], "REQUEST")
    for value in ids:
        page = page.replace(value, "ID")
    headers = {name: value for name, value in answer.headers.items() if name not in CHANGES_BY_ITSELF}
    return answer.status_code, headers, CSRF.sub("TOKEN", page)


def new_events(snapshot: Snapshot, before: set[Any]) -> list[Any]:
    """The events written since, linked copies for the other party and what an act begins elsewhere aside."""
    written = snapshot.events() - before
    return [event for event in written if event.copy_of is None and event.event not in BEGINS_TOO]
