"""Calls that schemathesis makes up from the API's description, and what each answer has to be."""

from collections.abc import Callable
from typing import Any

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

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
OPERATIONS = [
    (path, method, operation["operationId"])
    for path, methods in description()["paths"].items()
    for method, operation in methods.items()
]


def ask(operation: APIOperation, mode: GenerationMode, times: int, call: Callable[[Any], None]) -> None:
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


def caller(bearer: str, about: dict[str, str], headers: dict[str, str]) -> Callable[[Any], None]:
    """Asks for a case with this token, about these things instead of made-up ones."""
    shown = {"Authorization": f"Bearer {bearer}"} if bearer else {}

    def call(case: Any) -> None:
        known = {argument: value for argument, value in about.items() if argument in case.path_parameters}
        case.path_parameters.update(known)
        case.call_and_validate(headers=shown | headers, checks=CHECKS)

    return call


def as_in_the_table(operation: APIOperation, about: dict[str, str], body: dict[str, Any] | None) -> Any:
    """The one case that is known to be carried out for whoever may; `body` is None where nothing is sent."""
    sent: dict[str, Any] = {"path_parameters": dict(about)}
    if body is not None:
        sent |= {"body": body, "media_type": "application/json"}
    return operation.Case(**sent)
