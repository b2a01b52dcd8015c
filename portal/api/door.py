"""The door itself: answers below /api/ with JSON only, refusals as problem details (RFC 9457)."""

from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, current_app, g, jsonify, request
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from structlog import get_logger
from werkzeug.exceptions import HTTPException, SecurityError

from portal.accounts import attempts
from portal.audit import operations as audit
from portal.foundation import requests
from portal.foundation.database import db
from portal.foundation.errors import PortalError
from portal.keys.errors import CodeRefused, RevocationRefused

log = get_logger()

PLACE = "/api/"
# What a stranger gets who guesses: counted by network.
GUESSES = (CodeRefused, RevocationRefused)

api = Blueprint("api", __name__, url_prefix="/api/v1")


def answered(**content: str) -> Response:
    """A success with these members."""
    return _unkept(jsonify(content))


def base_url() -> str:
    """The portal's address as it calls itself, without a slash at its end: what is signed for it names it."""
    address: str = current_app.config["PORTAL"].external_base_url
    return address.rstrip("/")


def problem(status: int, detail: str, code: str, headers: dict[str, str] | None = None) -> Response:
    """A refusal as problem details; `code` is the portal's own and never changes."""
    title = HTTPStatus(status).phrase
    content: dict[str, Any] = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": requests.current_id(),
    }
    answer = jsonify(content)
    answer.status_code = status
    answer.mimetype = "application/problem+json"
    answer.headers.update(headers or {})
    return _unkept(answer)


def _unkept(answer: Response) -> Response:
    answer.headers["Cache-Control"] = "no-store"
    return answer


@api.before_app_request
def _nothing_here() -> Response | None:
    """An address or a method that does not exist below /api/ is told in JSON, too."""
    error = request.routing_exception
    if error is None or not request.path.startswith(PLACE):
        return None
    return _http(error)


@api.before_request
def _room() -> None:
    attempts.require_room(request.remote_addr or "")


@api.errorhandler(PortalError)
def _refused(refusal: PortalError) -> Response:
    db.session.rollback()
    if isinstance(refusal, GUESSES):
        attempts.count_failure(request.remote_addr or "")
    elif "actor" in g and refusal.status != HTTPStatus.NOT_FOUND:
        audit.record_refusal(g.actor, refusal, f"{request.method} {request.endpoint}")
    seconds = refusal.facts.get("seconds")
    return problem(
        refusal.status, refusal.in_english(), refusal.code, {"Retry-After": str(seconds)} if seconds is not None else {}
    )


@api.errorhandler(SecurityError)
def _strange_host(_error: SecurityError) -> Response:
    return problem(400, "This is not an address of this portal.", "strange_host")


@api.errorhandler(HTTPException)
def _http(error: HTTPException) -> Response:
    kept = {name: value for name, value in error.get_headers() if name in {"Allow", "Retry-After"}}
    status = HTTPStatus(error.code or 500)
    return problem(status, status.description or status.phrase, status.name.lower(), kept)


@api.errorhandler(DBAPIError)
@api.errorhandler(NoConnection)
def _database(error: DBAPIError | NoConnection) -> Response:
    if isinstance(error, OperationalError | NoConnection) or error.connection_invalidated:
        log.error("database unavailable", error=type(error).__name__, request_id=requests.current_id())
        return problem(503, "The portal is not available at the moment.", "unavailable", {"Retry-After": "30"})
    return _unforeseen(error)


@api.errorhandler(Exception)
def _unforeseen(error: Exception) -> Response:
    log.exception("unforeseen", request_id=requests.current_id(), exc_info=error)
    return problem(500, "This failed on our side. The request id names it in our log.", "failed")
