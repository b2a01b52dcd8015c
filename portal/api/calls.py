"""How a room says which calls there are: one line above a function, whose types say what comes in and what goes out.

    calls = Calls("keys", "Key pairs")

    @calls.writes("/<account>/keys/<api_key>/rename", Permission.KEY_RENAME)
    def rename(actor: Actor, api_key: str, version: Version, body: Renaming) -> KeyPairShown:
        \"""Give a key pair another name.\"""

An argument of type `Actor`, `Version`, a `Body` or a `Query` is made from the call; the others stand in its address.
A write runs in the door's one transaction, so it commits nothing itself. `openapi.py` describes the same functions.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, get_type_hints

from flask import Blueprint, Response, request
from pydantic import BaseModel, ValidationError

from portal.access.actor import Actor, require
from portal.access.roles import Permission, Scope, scopes_for
from portal.api import bearer, repeating
from portal.api.door import sent
from portal.api.errors import NotAsDescribed, NotJson, VersionMissing, VersionUnfit
from portal.api.shapes import ONCE, Body, Nothing, Query, Version
from portal.foundation.marking import GUARD

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Call:
    """One call of the API: where it is, what it needs, what its function takes and answers."""

    room: str
    method: str
    rule: str
    needs: Permission
    view: Callable[..., Any]
    status: int
    scopes: tuple[Scope, ...]
    body: type[Body] | None
    query: type[Query] | None
    answer: type[BaseModel]
    takes_actor: str
    takes_version: str

    @property
    def name(self) -> str:
        return f"{self.room}.{self.view.__name__}"

    @property
    def is_write(self) -> bool:
        return self.method == "POST"

    def answered(self, **address: str) -> Response:
        """The answer to the call that is being served. Raises: whatever refuses it."""
        actor = bearer.actor_in(address.pop("account", None))
        require(actor, self.needs)
        given = address | self._given(actor)
        if not self.is_write:
            return sent(self.view(**given), self.status)
        return repeating.once(actor, lambda: self._carried_out(given), self.status)

    def _carried_out(self, given: dict[str, Any]) -> BaseModel:
        answer: BaseModel = self.view(**given)
        return answer

    def _given(self, actor: Actor) -> dict[str, Any]:
        given: dict[str, Any] = {}
        if self.takes_actor:
            given[self.takes_actor] = actor
        if self.takes_version:
            given[self.takes_version] = _version()
        if self.is_write:
            body = _body(self.body or Nothing)
            given |= {"body": body} if self.body else {}
        if self.query:
            given["query"] = _query(self.query)
        elif request.args:
            raise NotAsDescribed([(name, "the call does not know it") for name in request.args])
        return given


CALLS: list[Call] = []
# All calls are answered by one function, by whose name Flask-WTF knows that no cookie proves them.
NO_CSRF = f"{__name__}.answer_call"


class Calls:
    """The calls of one room. `title` heads them in the description."""

    def __init__(self, room: str, title: str) -> None:
        self.room, self.title = room, title
        self.blueprint = Blueprint(room, __name__)

    def reads(self, rule: str, needs: Permission) -> Callable[[View], View]:
        """A call that changes nothing: GET."""
        return self._adder("GET", rule, needs, 200, ())

    def writes(
        self, rule: str, needs: Permission, *, makes: bool = False, scopes: tuple[Scope, ...] = ()
    ) -> Callable[[View], View]:
        """A call that changes something: POST; answered with 201 when it makes a new thing.

        scopes: of which the operation asks for one, where `needs` does not say it; for the description.
        """
        return self._adder("POST", rule, needs, 201 if makes else 200, scopes)

    def _adder(
        self, method: str, rule: str, needs: Permission, status: int, scopes: tuple[Scope, ...]
    ) -> Callable[[View], View]:
        def add(view: View) -> View:
            call = _described(self.room, method, rule, needs, view, status, scopes)
            CALLS.append(call)

            def answer_call(**address: str) -> Response:
                return call.answered(**address)

            setattr(answer_call, GUARD, needs)
            self.blueprint.add_url_rule(rule, view.__name__, answer_call, methods=[method])
            return view

        return add


def _described(
    room: str,
    method: str,
    rule: str,
    needs: Permission,
    view: Callable[..., Any],
    status: int,
    scopes: tuple[Scope, ...],
) -> Call:
    types = get_type_hints(view)
    _refuse_hidden_secrets(types["return"])
    arguments = {name: types[name] for name in inspect.signature(view).parameters}
    return Call(
        room,
        method,
        rule,
        needs,
        view,
        status,
        scopes or tuple(scopes_for(needs)),
        body=_model(arguments.get("body"), Body),
        query=_model(arguments.get("query"), Query),
        answer=types["return"],
        takes_actor=next((name for name, kind in arguments.items() if kind is Actor), ""),
        takes_version=next((name for name, kind in arguments.items() if kind is Version), ""),
    )


def _refuse_hidden_secrets(answer: type[BaseModel]) -> None:
    """What is shown once is a member of the answer itself: only there is it left out of what is kept of the call."""
    for name, part in answer.model_json_schema(mode="serialization").get("$defs", {}).items():
        if any(ONCE in member for member in part.get("properties", {}).values()):
            raise TypeError(f"{name} is a part of {answer.__name__}, and has a member that is shown once")


def _model(kind: Any, base: type[BaseModel]) -> Any:
    if kind is not None and not issubclass(kind, base):
        raise TypeError(f"{kind} is no {base.__name__}")
    return kind


def _version() -> int:
    """What `If-Match` names, written as the ETag that it was. Raises: VersionMissing, VersionUnfit."""
    text = request.headers.get("If-Match")
    if text is None:
        raise VersionMissing()
    digits = text.removeprefix("W/").strip('"')
    if not (digits.isascii() and digits.isdigit() and len(digits) < 10):
        raise VersionUnfit()
    return int(digits)


def _body(kind: type[Body]) -> Body:
    raw = request.get_data()
    if not raw and kind is Nothing:
        return Nothing()
    if not request.is_json:
        raise NotJson()
    try:
        return kind.model_validate_json(raw)
    except ValidationError as error:
        if any(_is_no_object(problem["type"], problem["loc"]) for problem in error.errors(include_url=False)):
            raise NotJson() from None
        raise _as_refusal(error) from None


def _is_no_object(what: str, where: tuple[int | str, ...]) -> bool:
    return what == "json_invalid" or (what == "model_type" and not where)


def _query(kind: type[Query]) -> Query:
    twice = [name for name, values in request.args.lists() if len(values) > 1]
    if twice:
        raise NotAsDescribed([(name, "stands twice") for name in twice])
    try:
        return kind.model_validate(request.args.to_dict())
    except ValidationError as error:
        raise _as_refusal(error) from None


def _as_refusal(error: ValidationError) -> NotAsDescribed:
    """The refusal without what was sent: that may be a secret."""
    problems = error.errors(include_url=False, include_input=False, include_context=False)
    return NotAsDescribed([("/" + "/".join(map(str, one["loc"])), one["msg"]) for one in problems])
