"""The description of the API, OpenAPI 3.1, made from the same functions and models that answer."""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema

from portal.access.roles import PERMISSION_NAMES
from portal.api.calls import CALLS, Call
from portal.api.problems import Problem
from portal.api.rooms import ROOMS
from portal.api.shapes import Nothing

SCHEMAS = "#/components/schemas/{model}"
LISTED = re.compile(r"Listed\[(\w+)\]")
ARGUMENT = re.compile(r"<([a-z_]+)>")
PLACE = "/api/v1"
ACCOUNT_ID = "^MAG[0-9]{9}$"
# What a call may be refused with. Each answer is a `Problem`, whose `code` says more.
REFUSALS = {
    400: "The call cannot be read.",
    401: "There is no token, or one that works no more.",
    403: "The token may not do this; `mend` says who can change that.",
    404: "There is no such thing, or it is not yours to see.",
    409: "The thing is not in a state that allows this, or the same call is still in progress.",
    412: "The thing was changed since the version that `If-Match` names.",
    413: "The body is larger than the call takes: 64 kB, of batches 256 kB, of imports more.",
    415: "The body is not JSON.",
    422: "The call can be read, and what it says cannot be used.",
    428: "The call needs `If-Match`.",
    429: "Too many calls that were refused; `Retry-After` says when to go on.",
    500: "This failed on the portal's side; `request_id` names it in the log.",
    503: "The portal is not available at the moment.",
}
OF_READS = (400, 401, 403, 404, 422, 429, 500, 503)
OF_WRITES = tuple(REFUSALS)
KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "A text of your own for this call. The same call with the same key is carried out once; for 24 "
    "hours it has the same answer, without what is shown once.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}
VERSION = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": "The ETag that came with what you have seen.",
    "schema": {"type": "string", "pattern": '^"[0-9]{1,9}"$'},
}


@cache
def description() -> dict[str, Any]:
    """The whole document; the same at every call."""
    schemas, refs = _schemas(CALLS)
    paths: dict[str, Any] = {}
    for call in CALLS:
        path = ARGUMENT.sub(r"{\1}", PLACE + call.rule)
        paths.setdefault(path, {})[call.method.lower()] = _operation(call, refs)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Partner portal",
            "version": "1",
            "description": "Everything that a page can do. Times are ISO 8601 in UTC. Lists come a hundred at a time: "
            "send `next` as `after`. Refusals are problem details (RFC 9457) with a `code` that never changes.",
        },
        "tags": [{"name": room.title} for room in ROOMS],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "A personal token, ppt_…"}
            },
        },
    }


def summary_of(call: Call) -> str:
    """The first line of what the call's function says of itself."""
    return (call.view.__doc__ or "").partition("\n")[0]


class Named(GenerateJsonSchema):
    """A list of projects is called `ListOfProjectShown`: the names become those of classes in clients."""

    def normalize_name(self, name: str) -> str:
        return super().normalize_name(LISTED.sub(r"ListOf\1", name))


Refs = dict[tuple[type[BaseModel], JsonSchemaMode], dict[str, Any]]


def _schemas(calls: Sequence[Call]) -> tuple[dict[str, Any], Refs]:
    models = list(dict.fromkeys(_models(calls)))
    refs, document = models_json_schema(models, ref_template=SCHEMAS, schema_generator=Named)
    return document.get("$defs", {}), refs  # type: ignore[return-value]


def _models(calls: Sequence[Call]) -> Iterator[tuple[type[BaseModel], JsonSchemaMode]]:
    yield Problem, "serialization"
    for call in calls:
        yield call.answer, "serialization"
        if call.body:
            yield call.body, "validation"


def _operation(call: Call, refs: Refs) -> dict[str, Any]:
    room = next(room for room in ROOMS if room.room == call.room)
    operation: dict[str, Any] = {
        "operationId": call.name,
        "tags": [room.title],
        "summary": summary_of(call).rstrip("."),
        "description": _needs(call),
        "parameters": list(_parameters(call)),
        "responses": _responses(call, refs),
    }
    if call.is_write:
        schema = refs[call.body, "validation"] if call.body else Nothing.model_json_schema()
        operation["requestBody"] = {
            "required": call.body is not None,
            "content": {"application/json": {"schema": schema}},
        }
    return operation


def _needs(call: Call) -> str:
    more = (call.view.__doc__ or "").partition("\n")[2].strip()
    scopes = " or ".join(f"`{scope.value}`" for scope in call.scopes)
    needs = f"Needs: {PERMISSION_NAMES[call.needs]} (scope {scopes})."
    return f"{more}\n\n{needs}" if more else needs


def _parameters(call: Call) -> Iterator[dict[str, Any]]:
    for name in ARGUMENT.findall(call.rule):
        schema = {"type": "string", "minLength": 1} | ({"pattern": ACCOUNT_ID} if name == "account" else {})
        yield {"name": name, "in": "path", "required": True, "schema": schema}
    if call.query:
        told = call.query.model_json_schema()
        shared = told.get("$defs", {})
        for name, whole in told["properties"].items():
            schema = _inlined(whole, shared)
            yield {
                "name": name,
                "in": "query",
                "required": name in told.get("required", ()),
                "description": schema.pop("description", ""),
                "schema": schema,
            }
    if call.is_write:
        yield KEY
    if call.takes_version:
        yield VERSION


def _inlined(schema: Any, shared: dict[str, Any]) -> Any:
    """The schema with what it refers to put in: a parameter's schema stands alone."""
    if isinstance(schema, list):
        return [_inlined(one, shared) for one in schema]
    if not isinstance(schema, dict):
        return schema
    meant = shared[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else {}
    return {name: _inlined(one, shared) for name, one in (meant | schema).items() if name != "$ref"}


def _responses(call: Call, refs: Refs) -> dict[str, Any]:
    done = {"description": "Done." if call.is_write else "Here it is."}
    content = {"application/json": {"schema": refs[call.answer, "serialization"]}}
    problem = {"application/problem+json": {"schema": refs[Problem, "serialization"]}}
    statuses = OF_WRITES if call.is_write else OF_READS
    refused = {str(status): {"description": REFUSALS[status], "content": problem} for status in statuses}
    return {str(call.status): done | {"content": content}} | refused
