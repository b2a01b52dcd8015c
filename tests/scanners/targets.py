"""What is scanned as whom: every route of the access table with real ids, its forms, bodies and query parameters.

Where something can be put in, the text holds MARK behind the value, as sqlmap reads it.
"""

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import quote, quote_plus

from flask import Flask

from portal.api.openapi import description
from tests.access.furnishing import Things
from tests.access.world import Caller
from tests.web.access.routes import Route, address, names_in_address
from tests.web.access.table import DONE, ROWS, Row

MARK = "*"
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
# A visitor, an owner of a licensee, an integrator with a running delegation, a partner admin of the vendor.
KINDS = ("anonymous", "owner", "live", "partner_admin")
# Refused before anything that was sent is read: on the way to sign-in, without a token, without the right.
AT_THE_DOOR = (302, 401, 403)
# The same account stands at the head of most addresses and is looked up in one place: tried once as page and as call.
TRIES_ACCOUNT = ("keys.index", "api.keys.index")
# Files are put in by wapiti, which reads the form in the page.
WITH_FILES = ("console.import_new",)

LISTS = {
    "tenants": ("q", "standing", "after"),
    "contracts": ("ends", "kind", "edition", "tenant", "standing", "after"),
    "entitlements": ("service", "edition", "state", "tenant", "ends", "after"),
    "access": ("owner", "holder", "api_key", "environment", "state", "edition", "ends", "unused", "after"),
    "delegations": ("state", "owner", "integrator", "ends", "after"),
    "installations": ("address", "tenant", "side", "claim", "seen", "after"),
}
# What pages read behind the question mark. What calls read stands in the API's description.
QUERIES: dict[str, tuple[str, ...]] = {f"console.{what}": names for what, names in LISTS.items()} | {
    "accounts.find_provider": ("account",),
    "accounts.forgotten": ("next",),
    "accounts.from_provider": ("state", "code", "iss", "error"),
    "accounts.sign_in": ("next",),
    "accounts.sign_in_code": ("next",),
    "accounts.switch": ("q",),
    "accounts.to_provider": ("next",),
    "accounts.with_provider": ("next",),
    "activity.csv": ("kind", "person", "subject"),
    "activity.index": ("kind", "person", "subject", "after"),
    "console.amend": ("edition",),
    "console.credentials": ("service", "state", "after"),
    "console.import_list": ("after",),
    "console.import_show": ("kind", "after"),
    "console.queue": ("state", "wish", "older", "after"),
    "console.search": ("q", "kind", "after"),
    "delegations.clients": ("show", "after"),
    "delegations.integrators": ("show", "after"),
    "demo.mailbox": ("to",),
    "handoffs.index": ("given", "taken"),
    "keys.batch": ("environment",),
    "keys.index": ("environment", "api_key", "after"),
    "keys.new": ("environment",),
    "keys.rotate": ("for",),
    "projects.index": ("q", "after"),
    "reviews.export": ("file",),
    "reviews.index": ("state", "due", "after"),
    "reviews.questions": ("after",),
    "reviews.show": ("decision", "said", "outcome", "q", "after"),
    "tenants.members": ("after",),
    "tokens.device": ("user_code",),
    "tokens.index": ("after",),
    "webhooks.index": ("after",),
    "webhooks.show": ("state", "after"),
}
PLACES = ("after", "given", "taken")


@dataclass(frozen=True)
class Target:
    """One request of one caller. `expected` is the status in the access table; 0 where the table says nothing.

    `about` are the ids in its address by the name of the argument.
    """

    method: str
    use: str
    path: str
    expected: int
    body: str = ""
    media: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    about: dict[str, str] = field(default_factory=dict)

    @property
    def endpoint(self) -> str:
        return self.use.partition(":")[0]

    @property
    def lets_in(self) -> bool:
        return self.expected in DONE

    @property
    def can_take(self) -> bool:
        """Whether there is a place to put something into, behind the door."""
        return self.expected not in AT_THE_DOOR and MARK in self.path + self.body

    @property
    def plain(self) -> tuple[str, str]:
        """Path and body as they are without marks."""
        return self.path.replace(MARK, ""), self.body.replace(MARK, "")


def rows_for(name: str) -> Iterator[Row]:
    """What this caller asks for: everything as one of KINDS, otherwise what lets in nobody of these."""
    for row in ROWS:
        if name in KINDS or (_is_let_in(name, row) and not any(_is_let_in(kind, row) for kind in KINDS)):
            yield row


def callers() -> list[str]:
    """KINDS, and whoever else it takes to have somebody let in by every route."""
    names = list(KINDS)
    for row in ROWS:
        if not any(_is_let_in(name, row) for name in names):
            names += [name for name in row.answers if _is_let_in(name, row)][:1]
    return names


def targets_for(app: Flask, caller: Caller, csrf_token: str) -> Iterator[Target]:
    """Everything that this caller asks for, reading before writing."""
    for row in sorted(rows_for(caller.name), key=lambda row: row.is_act):
        if row.route.endpoint in app.view_functions:  # the demo has pages of its own
            yield from _targets(app, row, caller, csrf_token)


def _first_let_in(row: Row) -> str | None:
    return next((name for name in (*KINDS, *row.answers) if _is_let_in(name, row)), None)


def _is_let_in(name: str, row: Row) -> bool:
    return row.answers[name] in DONE


def _targets(app: Flask, row: Row, caller: Caller, csrf_token: str) -> Iterator[Target]:
    route, expected = row.route, row.answers[caller.name]
    path = marked_path(app, route, caller.things)
    about = {name: caller.things[thing] for name, thing in names_in_address(app, route).items()}
    # What is read of it is the same whoever sends it: tried as the first whom the route lets in.
    mark = MARK if _first_let_in(row) == caller.name else ""
    if not row.is_act:
        yield Target("GET", route.use, path, expected, about=about)
        if mark:
            bare = path.replace(MARK, "")
            yield from (Target("GET", route.use, f"{bare}?{query}", 0) for query in _queries(route, caller.things))
    elif route.is_call:
        body = json.dumps(_marked(route.body(caller.things), mark), ensure_ascii=False)
        yield Target("POST", route.use, path, expected, body, JSON, route.version(caller.things), about)
    else:
        fields = [f"{quote_plus(name)}={quote_plus(value)}{mark}" for name, value in _pairs(route.form(caller.things))]
        form = "&".join([*fields, f"csrf_token={quote_plus(csrf_token)}"])
        yield Target("POST", route.use, path, expected, form, FORM)


def marked_path(app: Flask, route: Route, things: Things) -> str:
    """The route's address about these things, with a mark behind each of its ids."""
    path = address(app, route, things)
    for argument, thing in names_in_address(app, route).items():
        if argument != "account" or route.endpoint in TRIES_ACCOUNT:
            segment = f"/{quote(things[thing])}"
            path = path.replace(segment, segment + MARK, 1)
    return path


def _queries(route: Route, things: Things) -> Iterator[str]:
    """All that the route reads, with values that it takes; and the place in a list, for an unknown one is refused."""
    values = _values_of_calls(route.use if route.is_call else f"api.{route.use}")
    names = values if route.is_call else QUERIES.get(route.use, ())
    examples = values | {"edition": "magento-open-source", "service": "live-search", "next": "/"}
    examples |= {"environment": "sandbox"} | {name: things.get(name, "1") for name in ("api_key", "account", "project")}
    for group in ([name for name in names if name not in PLACES], [name for name in names if name in PLACES]):
        if group:
            yield "&".join(f"{name}={quote_plus(examples.get(name, '1'))}{MARK}" for name in group)


@cache
def _values_of_calls(use: str) -> dict[str, str]:
    """A value for each parameter of a call that reads, as the API's description has them; {} where there is none."""
    for methods in description()["paths"].values():
        for operation in methods.values():
            if f"api.{operation['operationId']}" == use:
                parameters = [one for one in operation.get("parameters", ()) if one["in"] == "query"]
                return {one["name"]: _value(one["schema"]) for one in parameters}
    return {}


def _value(schema: dict[str, Any]) -> str:
    choices = [one["enum"][0] for one in (schema, *schema.get("anyOf", ())) if "enum" in one]
    return str(choices[0]) if choices else "true" if schema.get("type") == "boolean" else "1"


def _pairs(form: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in form.items():
        for one in value if isinstance(value, list) else [value]:
            if not (isinstance(one, tuple) and isinstance(one[0], io.BytesIO)):
                yield name, str(one)


def _marked(body: Any, mark: str) -> Any:
    if isinstance(body, dict):
        return {name: _marked(value, mark) for name, value in body.items()}
    if isinstance(body, list):
        return [_marked(one, mark) for one in body]
    return f"{body}{mark}" if isinstance(body, str) else body
