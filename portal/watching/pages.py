"""Tells which page of Flask's answers a request and who acts, and that /metrics is a missing page to strangers.

Here the addresses of the door are known to Flask, so that they stand among all others; the door answers them first.
"""

from typing import Any

from flask import Blueprint, Flask, Response, g, request
from sqlalchemy import inspect
from werkzeug.exceptions import NotFound

from portal.foundation import requests
from portal.foundation.marking import GUARD
from portal.watching.door import DOOR, LIVE, METRICS, READY

API, WEB = "api", "web"

pages = Blueprint(DOOR, __name__)


@pages.route(METRICS)
def metrics() -> Response:
    """Whoever may read the figures was answered ahead of here. Raises: NotFound."""
    raise NotFound()


@pages.route(LIVE)
def livez() -> Response:
    """Answered ahead of here. Raises: NotFound."""
    raise NotFound()


@pages.route(READY)
def readyz() -> Response:
    """Answered ahead of here. Raises: NotFound."""
    raise NotFound()


for page in (metrics, livez, readyz):
    setattr(page, GUARD, "public")


def add_to(app: Flask) -> None:
    """Have each request told of; first of all, so that a refused one is, too."""
    app.before_request(_tell_endpoint)
    app.after_request(_tell_who)
    app.register_blueprint(pages)


def _tell_endpoint() -> None:
    endpoint = request.endpoint or ""
    is_api = endpoint.startswith(f"{API}.") or request.path.startswith("/api/")
    requests.tell(API if is_api else WEB, endpoint)


def _tell_who(response: Response) -> Response:
    if "actor" in g:
        account = _known(g.get("tenant"), "account_id") or (request.view_args or {}).get("account", "")
        home = _known(g.get("home"), "account_id")
        requests.tell_who(
            account=account,
            home="" if home == account else home,
            delegation=_known(g.get("delegation"), "public_id"),
            credential=g.actor.credential,
        )
    return response


def _known(row: Any, name: str) -> str:
    """What is loaded of `row`: a line in the log is worth no statement, least of all after a failure."""
    return "" if row is None else str(inspect(row).dict.get(name, ""))
