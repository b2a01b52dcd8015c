"""A decorator for functions that get a request: Flask, Django, Starlette, or whatever has `headers`."""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

from portal.verifier.answers import Answer
from portal.verifier.counting import Client
from portal.verifier.headers import call_of
from portal.verifier.library import Library


class NotAllowed(Exception):
    """The call may not pass; `answer` says why."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.sentence)
        self.answer = answer


def _raise(answer: Answer) -> Any:
    raise NotAllowed(answer)


def guarded(
    library: Library,
    service: str | None,
    *,
    refused: Callable[[Answer], Any] = _raise,
    address_of: Callable[[Any], str] = lambda _request: "",
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The function is called only for a request, its first argument, that may use `service`.

    It gets the `Answer` as its argument `decision`. For others `refused` says what is returned; by default NotAllowed
    is raised. service: its code; with None what the caller is entitled to is not looked at. address_of: the caller's
    address, of which its network is counted. A coroutine function stays one.
    """

    def decide(request: Any) -> Answer:
        agent = request.headers.get("User-Agent") or ""
        return library.decide(call_of(_values_of(request.headers), service), Client(address_of(request), agent))

    def guard(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def plain(request: Any, *arguments: Any, **named: Any) -> Any:
            answer = decide(request)
            return function(request, *arguments, **named, decision=answer) if answer.allowed else refused(answer)

        @wraps(function)
        async def coroutine(request: Any, *arguments: Any, **named: Any) -> Any:
            answer = decide(request)
            return await function(request, *arguments, **named, decision=answer) if answer.allowed else refused(answer)

        return coroutine if inspect.iscoroutinefunction(function) else plain

    return guard


def _values_of(headers: Any) -> Callable[[str], list[str]]:
    every = getattr(headers, "getlist", None) or getattr(headers, "get_all", None)

    def values(name: str) -> list[str]:
        if every is not None:
            return list(every(name) or ())
        value = headers.get(name)
        return [] if value is None else [value]

    return values
