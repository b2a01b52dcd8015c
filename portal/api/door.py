"""The door itself: answers below /api/ with JSON, refusals as problem details (RFC 9457)."""

from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, current_app, g, jsonify, request
from pydantic import BaseModel
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.orm.exc import StaleDataError
from structlog import get_logger
from werkzeug.exceptions import HTTPException, SecurityError

from portal.accounts import attempts
from portal.api.errors import NotAsDescribed, TokenRefused
from portal.audit import operations as audit
from portal.foundation import requests
from portal.foundation.database import db
from portal.foundation.errors import Changed, PortalError
from portal.foundation.marking import GUARD
from portal.keys.errors import CodeRefused, LinesRefused, RevocationRefused

log = get_logger()

PLACE = "/api/"
# What a stranger gets who guesses: counted by network.
GUESSES = (CodeRefused, RevocationRefused, TokenRefused)

api = Blueprint("api", __name__, url_prefix="/api/v1")


def answered(**content: str) -> Response:
    """A success with these members."""
    return unkept(jsonify(content))


def sent(content: BaseModel, status: int) -> Response:
    """`content` as JSON, with its version as ETag where it has one."""
    return sent_text(content.model_dump_json(), status, getattr(content, "version", None))


def sent_text(text: str, status: int, version: int | None) -> Response:
    """As `sent`, of what is JSON already."""
    answer = Response(text, status, mimetype="application/json")
    if version is not None:
        answer.headers["ETag"] = f'"{version}"'
    return unkept(answer)


def base_url() -> str:
    """The portal's address as it calls itself, without a slash at its end: what is signed for it names it."""
    address: str = current_app.config["PORTAL"].external_base_url
    return address.rstrip("/")


def problem(
    status: int, detail: str, code: str, headers: dict[str, str] | None = None, mend: str = "", **more: Any
) -> Response:
    """A refusal as problem details; `code` is the portal's own and never changes.

    `detail` says why, `mend` who can mend it, and how; "" where nobody can. more: what else belongs to this code.
    """
    content: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "mend": mend,
        "code": code,
        "request_id": requests.current_id(),
        **more,
    }
    answer = jsonify(content)
    answer.status_code = status
    answer.mimetype = "application/problem+json"
    answer.headers.update(headers or {})
    return unkept(answer)


def unkept(answer: Response) -> Response:
    """The same answer, which no cache keeps."""
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
    # Who shows a token is counted where it is none of ours (`bearer`): an office behind one address works on.
    if getattr(current_app.view_functions.get(request.endpoint or ""), GUARD, "") == "signed":
        attempts.require_room(request.remote_addr or "")


@api.errorhandler(PortalError)
def refused(refusal: PortalError) -> Response:
    """The refusal as problem details, on record where somebody known was refused."""
    db.session.rollback()
    if isinstance(refusal, GUESSES):
        attempts.count_failure(request.remote_addr or "")
    elif "actor" in g and refusal.status != HTTPStatus.NOT_FOUND:
        audit.record_refusal(g.actor, refusal, f"{request.method} {request.endpoint}")
    why, mend = refusal.parts_in_english()
    return problem(_status_of(refusal), why, refusal.code, _headers_of(refusal), mend, **_more(refusal))


def _status_of(refusal: PortalError) -> int:
    # A page's conflict is a precondition here: the caller said which version it meant (RFC 9110, 13.1.1).
    is_precondition = isinstance(refusal, Changed) and "If-Match" in request.headers
    return HTTPStatus.PRECONDITION_FAILED if is_precondition else refusal.status


def _headers_of(refusal: PortalError) -> dict[str, str]:
    headers = {"Retry-After": str(refusal.facts["seconds"])} if "seconds" in refusal.facts else {}
    return headers | ({"WWW-Authenticate": "Bearer"} if refusal.status == HTTPStatus.UNAUTHORIZED else {})


def _more(refusal: PortalError) -> dict[str, Any]:
    """What a program can read of it: where the call is not as described, or how the thing differs by now."""
    if isinstance(refusal, NotAsDescribed):
        return {"problems": [{"at": place, "what": what} for place, what in refusal.problems]}
    if isinstance(refusal, LinesRefused):
        return {"problems": [{"at": f"/names/{number - 1}", "what": of.in_english()} for number, of in refusal.refused]}
    if isinstance(refusal, Changed):
        return {"versions": [{"what": str(what), "yours": yours, "now": now} for what, yours, now in refusal.versions]}
    return {}


@api.errorhandler(StaleDataError)
def _stale(_error: StaleDataError) -> Response:
    """Two changed one row at the same moment; whoever commits second is told."""
    return refused(Changed([]))


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
