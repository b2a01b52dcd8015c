"""What the API promises in its description, held against it by schemathesis: calls that it makes up, by three callers.

Each call is asked as in the access table, a few times as described, about things that are there, and a few times
otherwise. What comes back has to be an answer that the description knows, in its form, whatever was sent; and nothing
fails on the portal's side. The same cases come at every run.
"""

from collections.abc import Iterable
from contextvars import copy_context
from functools import partial
from typing import Any

import flask.globals
import pytest
import schemathesis
from flask import Flask
from schemathesis import GenerationMode
from schemathesis.schemas import APIOperation

from tests.access.world import World
from tests.api.describing import OPERATIONS, as_in_the_table, ask, caller
from tests.web.access.routes import Route, names_in_address

AS_DESCRIBED, OTHERWISE = 2, 2
# An owner of the client, one who may look only, and an integrator with a running delegation.
CALLERS = ("owner", "viewer", "live")


@pytest.fixture(scope="module")
def operations(app: Flask) -> Any:
    """The API as schemathesis reads it."""
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", partial(_alone, app))


@pytest.mark.parametrize("name", CALLERS)
@pytest.mark.parametrize(("path", "method", "use"), OPERATIONS, ids=[use for _path, _method, use in OPERATIONS])
def test_every_answer_is_as_described(
    path: str, method: str, use: str, name: str, operations: Any, app: Flask, world: World
):
    one, route = world.callers[name], Route(method.upper(), f"api.{use}")
    operation: APIOperation = operations[path][method]
    about = {argument: one.things[thing] for argument, thing in names_in_address(app, route).items()}
    version = route.version(one.things)
    body = route.body(one.things) if route.method == "POST" else None

    caller(one.bearer, about, version)(as_in_the_table(operation, about, body))
    ask(operation, GenerationMode.POSITIVE, AS_DESCRIBED, caller(one.bearer, about, version))
    ask(operation, GenerationMode.NEGATIVE, OTHERWISE, caller(one.bearer, {"account": about.get("account", "")}, {}))


def test_a_call_without_a_token_is_answered_as_described(operations: Any, world: World):
    path, method, _use = OPERATIONS[0]

    ask(operations[path][method], GenerationMode.POSITIVE, AS_DESCRIBED, caller("", {}, {}))


def _alone(app: Flask, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """The answer in a context of its own, as a server would have it."""
    return copy_context().run(_answer, app, environ, start_response)


def _answer(app: Flask, environ: dict[str, Any], start_response: Any) -> list[bytes]:
    flask.globals._cv_app.set(None)
    body = app(environ, start_response)
    try:
        return list(body)
    finally:
        if hasattr(body, "close"):
            body.close()
