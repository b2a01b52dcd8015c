"""A browser for each caller of the world."""

import secrets
from typing import cast

from flask import Flask

from portal.web.session import _serializer, form_cookie, sid_cookie
from tests.access.world import Caller
from tests.conftest import PortalClient


def browser_of(app: Flask, caller: Caller) -> PortalClient:
    """A browser that carries the caller's session, or none, and can send forms."""
    client = cast(PortalClient, app.test_client())
    client.csrf_secret = caller.csrf_secret or secrets.token_urlsafe(32)
    # Whose session is dead is a visitor: its forms are proved by the signed cookie, as a visitor's are.
    client.set_cookie(form_cookie(app), _serializer(app).dumps({"csrf_token": client.csrf_secret}))
    if caller.token:
        client.set_cookie(sid_cookie(app), caller.token)
    return client
