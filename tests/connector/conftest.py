"""Shops for tests: each with a key pair in service, talking to the portal through its whole WSGI stack."""

from collections.abc import Callable
from contextvars import copy_context
from urllib.parse import unquote_to_bytes

import flask.globals
import pytest
from flask import Flask
from werkzeug.test import Client

from portal.access.actor import Actor
from portal.access.roles import Environment
from portal.foundation import clock
from portal.foundation.database import db
from tests.connector.shop import Send, Sent, Shop
from tests.factories import a_key, a_licensee, a_private_key

MakeShop = Callable[..., Shop]


@pytest.fixture
def send(app: Flask) -> Send:
    """Sends a request as a server hands it over: headers and body as they are, no cookies, a context of its own."""
    client = Client(app, use_cookies=False)

    def alone(method: str, path: str, headers: dict[str, str], octets: bytes) -> Sent:
        flask.globals._cv_app.set(None)
        place = {"PATH_INFO": unquote_to_bytes(path).decode("latin-1")}
        answer = client.open("/", method=method, headers=headers, data=octets, environ_overrides=place, buffered=True)
        return answer.status_code, dict(answer.headers), answer.data

    def sending(method: str, path: str, headers: dict[str, str], octets: bytes) -> Sent:
        answered = copy_context().run(alone, method, path, headers, octets)
        if flask.globals._cv_app.get(None) is not None:
            db.session.rollback()  # the test sees what the request changed
        return answered

    return sending


@pytest.fixture
def a_shop(send: Send) -> MakeShop:
    """Makes a shop with a key pair of this actor in service."""
    made: list[Shop] = []

    def make(actor: Actor, environment: Environment = Environment.SANDBOX, name: str = "") -> Shop:
        private = a_private_key(500 + len(made))
        pair = a_key(actor, environment=environment, name=name or f"Shop {len(made)}", private=private)
        made.append(Shop(send, pair.api_key, private, lambda: clock.now().timestamp()))
        return made[-1]

    return make


@pytest.fixture
def owner() -> Actor:
    """The owner of a licensee of Adobe Commerce."""
    return a_licensee(name="Aurora")


@pytest.fixture
def shop(a_shop: MakeShop, owner: Actor) -> Shop:
    """A shop of the owner with a sandbox key."""
    return a_shop(owner)
