"""Calls that take the same time whatever they meet (rule 13), and wait only once their transaction is over."""

import time

from flask import Response, g, request

from portal.api.delegation_shapes import calls
from portal.delegations import pace

# Who is told of an offer, or of its end, must not show in the time that it takes.
STEADY = frozenset(f"api.delegations.{name}" for name in ("offer", "ticket", "withdraw", "client_withdraw"))


@calls.blueprint.before_request
def _note_beginning() -> None:
    g.call_began = time.monotonic()


@calls.blueprint.after_request
def _take_time(answer: Response) -> Response:
    if request.endpoint in STEADY and "call_began" in g:
        pace.wait_since(g.call_began)
    return answer
