"""A browser for each caller of the world."""

import secrets
from urllib.parse import urlsplit

from flask import Flask
from itsdangerous import URLSafeTimedSerializer

from portal.web.session import _serializer, form_cookie, prefixed, sid_cookie
from tests.access.world import Caller
from tests.conftest import PortalClient


def browser_of(app: Flask, caller: Caller, base_url: str = "http://localhost") -> PortalClient:
    """A browser that carries the caller's session, or none, and can send forms."""
    client = PortalClient(app, app.response_class, use_cookies=True)
    host = urlsplit(base_url).hostname or "localhost"
    client.csrf_secret = caller.csrf_secret or secrets.token_urlsafe(32)
    # Whose session is dead is a visitor: its forms are proved by the signed cookie, as a visitor's are.
    client.set_cookie(form_cookie(app), _serializer(app).dumps({"csrf_token": client.csrf_secret}), domain=host)
    if caller.waiting:
        client.set_cookie(prefixed(app, "code"), caller.waiting, domain=host)
    if caller.token and "provider_id" in caller.things:
        client.set_cookie(prefixed(app, "provider"), _answer(app, caller), domain=host)
    if caller.token:
        client.set_cookie(sid_cookie(app), caller.token, domain=host)
    return client


# Who belongs to the place does not join it; who does not, joins before they connect anything.
STRANGERS = ("other_owner", "live", "paused", "ended")


def _answer(app: Flask, caller: Caller) -> str:
    """What the browser keeps of who came back from the place's identity provider, to be connected, or to join."""
    facts = {
        "provider": caller.things["provider_id"],
        "issuer": caller.things["provider_issuer"],
        "client_id": "portal",
    }
    said = {"subject": f"subject of {caller.name}", "label": caller.name, "email": caller.things["email"]}
    purpose = "join" if caller.name in STRANGERS else "connect"
    kept = facts | said | {"purpose": purpose, "session": caller.things["own_session"]}
    return str(URLSafeTimedSerializer(app.config["SECRET_KEY"], salt="portal-provider-answer").dumps(kept))
