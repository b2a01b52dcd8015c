"""Draws every refusal and every failure as a page: what happened, who can mend it, and the request's id."""

from flask import Flask, Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import AnonymousUserMixin, current_user
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.orm.exc import StaleDataError
from structlog import get_logger
from werkzeug.exceptions import HTTPException, InternalServerError, SecurityError

from portal.access.actor import Actor
from portal.access.errors import SecondFactorNeeded
from portal.accounts.models import as_person
from portal.audit import operations as audit
from portal.foundation import requests
from portal.foundation.database import db
from portal.foundation.errors import Changed, PortalError
from portal.imports.errors import FileTooLarge
from portal.imports.reading import MEGABYTES
from portal.web.headers import SAFE_METHODS
from portal.web.say import in_words, say, say_mend

log = get_logger()

TAKES_FILES = {"console.import_new": FileTooLarge(megabytes=MEGABYTES)}
READ_AND_FORGOTTEN, PIECE = 128 * 1024 * 1024, 64 * 1024
OF_THE_READER = ("actor", "tenant", "home", "delegation", "visit", "session_row")


def add_to(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(PortalError, _refused)
    app.register_error_handler(CSRFError, _forged)
    app.register_error_handler(SecurityError, _strange_host)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(StaleDataError, _stale)
    app.register_error_handler(DBAPIError, _database)
    app.register_error_handler(Exception, _unforeseen)


def _refused(refusal: PortalError) -> Response:
    db.session.rollback()
    actor = g.get("actor") or _person()
    if actor is not None and refusal.status != 404 and request.method not in SAFE_METHODS:
        audit.record_refusal(actor, refusal, f"{request.method} {request.endpoint}")
    versions = None
    if isinstance(refusal, Changed):
        versions = [(in_words(label), in_words(yours), in_words(now)) for label, yours, now in refusal.versions]
    response = page(refusal.status, sentence=say(refusal), mend=say_mend(refusal), code=refusal.code, versions=versions)
    if refusal.status == 429 and "seconds" in refusal.facts:
        response.headers["Retry-After"] = str(refusal.facts["seconds"])
    return response


def _person() -> Actor | None:
    """Who is signed in, where the refusal came before it was known in which account they act."""
    return as_person(current_user._get_current_object()) if current_user.is_authenticated else None


def _forged(_error: CSRFError) -> Response:
    sentence = _(
        "Your form was open for too long, or came from another place. Nothing was saved. Go back and try again."
    )
    return page(400, sentence=sentence)


def _strange_host(_error: SecurityError) -> Response:
    # Without a host that is ours no address can be built, so there is no page with links.
    sentence = _("This is not an address of this portal. Open it at the address you were given.")
    return Response(sentence, 400, mimetype="text/plain")


def _stale(_error: StaleDataError) -> Response:
    db.session.rollback()
    return page(409, sentence=say(Changed([])), code=Changed.code)


def _http(error: HTTPException) -> Response:
    cause = getattr(error, "original_exception", None)
    if isinstance(cause, DBAPIError):  # the database failed while another failure was answered
        return _database(cause)
    response = page(413, sentence=_too_large()) if error.code == 413 else page(error.code or 500)
    response.headers.extend({name: value for name, value in error.get_headers() if name in {"Allow", "Retry-After"}})
    return response


def _too_large() -> str:
    """What is too large, where a page takes files; what is still under way is read and forgotten, since a browser
    shows no answer that comes before it has sent everything."""
    if request.endpoint not in TAKES_FILES or not current_user.is_authenticated:
        return ""
    left = min(request.content_length or 0, READ_AND_FORGOTTEN)
    while left > 0 and (octets := request.environ["wsgi.input"].read(min(left, PIECE))):
        left -= len(octets)
    return say(TAKES_FILES[request.endpoint])


def _database(error: DBAPIError) -> Response:
    if isinstance(error, OperationalError) or error.connection_invalidated:
        log.error("database unavailable", error=type(error.orig).__name__, request_id=requests.current_id())
        return page(503)
    return _unforeseen(error)


def _unforeseen(error: Exception) -> Response:
    log.exception("unforeseen", request_id=requests.current_id(), exc_info=error)
    return page(InternalServerError.code)


def page(
    status: int,
    *,
    sentence: str = "",
    mend: str = "",
    code: str = "",
    versions: list[tuple[str, str, str]] | None = None,
) -> Response:
    """A page for `status`, in the reader's language; from 500 on in this browser's, for it asks no database."""
    if status >= 500:
        _forget_reader()
    drawn = render_template(
        "errors/refusal.html",
        status=status,
        sentence=sentence,
        who_can_mend=mend,
        code=code,
        versions=versions,
        request_id=requests.current_id(),
        **_way_on(status, code),
    )
    response = make_response(drawn, status)
    if status == 503:
        response.headers["Retry-After"] = "30"
    return response


def _forget_reader() -> None:
    """Leave nothing for the page that is read from the database: a rollback has expired every row."""
    try:
        db.session.rollback()
    except SQLAlchemyError as error:
        log.error("rollback failed", error=type(error).__name__, request_id=requests.current_id())
    for name in OF_THE_READER:
        g.pop(name, None)
    g._login_user = AnonymousUserMixin()  # where Flask-Login keeps the person of this request


def _way_on(status: int, code: str) -> dict[str, str]:
    """For a conflict, back to the page as it is now; for a missing second factor, to where it is added; otherwise
    nothing, and the page offers the start."""
    if code == SecondFactorNeeded.code:
        return {"way_on_url": url_for("accounts.security"), "way_on_label": _("Add a second factor")}
    loadable = request.url_rule is not None and "GET" in (request.url_rule.methods or ())
    if status != 409 or request.method in SAFE_METHODS or not loadable:
        return {}
    return {"way_on_url": request.full_path.rstrip("?"), "way_on_label": _("Load the page again")}
