"""What the API promises in its description, held against it by schemathesis: calls that it makes up, by three callers.

Each call is asked as in the access table, a few times as described, about things that are there, and a few times
otherwise. What comes back has to be an answer that the description knows, in its form, whatever was sent; and nothing
fails on the portal's side. The same cases come at every run.
"""

from collections.abc import Callable, Iterable
from contextvars import copy_context
from functools import partial
from typing import Any

import flask.globals
import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from portal.api.openapi import description
from tests.access.world import Caller, World
from tests.web.access.routes import Route, names_in_address

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
OPERATIONS = [
    (path, method, operation["operationId"])
    for path, methods in description()["paths"].items()
    for method, operation in methods.items()
]
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
    caller, route = world.callers[name], Route(method.upper(), f"api.{use}")
    operation: APIOperation = operations[path][method]
    about = {argument: caller.things[thing] for argument, thing in names_in_address(app, route).items()}
    version = route.version(caller.things)

    _as_in_the_table(operation, route, caller, about, version)
    _ask(operation, GenerationMode.POSITIVE, AS_DESCRIBED, _call(caller, about, version))
    _ask(operation, GenerationMode.NEGATIVE, OTHERWISE, _call(caller, {"account": about.get("account", "")}, {}))


def test_a_call_without_a_token_is_answered_as_described(operations: Any, world: World):
    path, method, _use = OPERATIONS[0]

    _ask(operations[path][method], GenerationMode.POSITIVE, AS_DESCRIBED, _call(world.callers["anonymous"], {}, {}))


def _as_in_the_table(
    operation: APIOperation, route: Route, caller: Caller, about: dict[str, str], version: dict[str, str]
) -> None:
    """The one call that is known to be carried out for whoever may."""
    sent: dict[str, Any] = {"path_parameters": dict(about)}
    if route.method == "POST":
        sent |= {"body": route.body(caller.things), "media_type": "application/json"}
    _call(caller, about, version)(operation.Case(**sent))


def _ask(operation: APIOperation, mode: GenerationMode, times: int, call: Callable[[Any], None]) -> None:
    """Ask `times` times, with what the name of the call makes schemathesis think of."""
    usual = settings(
        max_examples=times,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    usual(given(case=operation.as_strategy(generation_mode=mode))(call))()


def _call(caller: Caller, about: dict[str, str], headers: dict[str, str]) -> Callable[[Any], None]:
    """Asks for a case as this caller, about these things instead of made-up ones."""
    shown = {"Authorization": f"Bearer {caller.bearer}"} if caller.bearer else {}

    def call(case: Any) -> None:
        known = {argument: value for argument, value in about.items() if argument in case.path_parameters}
        case.path_parameters.update(known)
        case.call_and_validate(headers=shown | headers, checks=CHECKS)

    return call


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
