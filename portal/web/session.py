"""Sessions: a row in the database behind an opaque cookie, and a short signed cookie for what anonymous forms need.

Flask's own session cookie is not used. `sid` identifies the row and nothing else. The signed cookie carries the CSRF
token of an anonymous visitor, the language and theme chosen before signing in, and messages for the next page.
"""

from typing import Any

from flask import Flask, Request, Response, g
from flask.sessions import SessionInterface, SessionMixin
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy.exc import DBAPIError
from werkzeug.datastructures import CallbackDict

from portal.accounts import operations as accounts
from portal.accounts.models import UserSession

FORM_COOKIE_SECONDS = 12 * 3600
KEPT_IN_FORM_COOKIE = ("csrf_token", "_flashes", "language", "theme")
LONGEST_FORM_COOKIE = 3500  # browsers drop a cookie above 4096 bytes, and with it the CSRF token


class PortalSession(CallbackDict[str, Any], SessionMixin):
    """What Flask and its extensions call the session. `row` is the sign-in behind it, if there is one."""

    def __init__(self, initial: dict[str, Any], row: UserSession | None) -> None:
        super().__init__(initial, on_update=_mark_modified)
        self.row = row
        self.new_token: str | None = None
        self.signed_out = False
        self.modified = False
        self.accessed = True

    def begin(self, row: UserSession, token: str) -> None:
        """From now on this browser carries the sign-in `row`, by a cookie with `token`."""
        self.row, self.new_token, self.signed_out = row, token, False
        self["csrf_token"] = row.csrf_token

    def end(self) -> None:
        """From now on this browser is anonymous; nothing of the signed-in time stays."""
        self.row, self.signed_out = None, True
        looks = {name: self[name] for name in ("language", "theme") if name in self}
        self.clear()
        self.update(looks)


def _mark_modified(session: PortalSession) -> None:
    session.modified = True


class PortalSessionInterface(SessionInterface):
    """Opens and saves `PortalSession`."""

    session_class = PortalSession

    def open_session(self, app: Flask, request: Request) -> PortalSession:
        initial = self._form_values(app, request)
        token = request.cookies.get(sid_cookie(app))
        # Static files have no use for a database row, and calls of scripts are proved by what they bring.
        if not token or request.path.startswith(("/static/", "/api/")):
            return PortalSession(initial, None)
        try:
            row = accounts.session_for(token)
        except DBAPIError as error:
            g.database_failure = error  # raised again once errors can be drawn; see app._begin_request
            return PortalSession(initial, None)
        if row is not None:
            initial |= {"_user_id": str(row.person_id), "_fresh": True, "csrf_token": row.csrf_token}
            g.session_row = row
        return PortalSession(initial, row)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if not isinstance(session, PortalSession):
            return
        secure = app.config["SESSION_COOKIE_SECURE"]
        if session.new_token:
            response.set_cookie(
                sid_cookie(app), session.new_token, httponly=True, secure=secure, samesite="Lax", path="/"
            )
        elif session.signed_out:
            response.delete_cookie(sid_cookie(app), httponly=True, secure=secure, samesite="Lax", path="/")
        if not session.modified:
            return
        kept = {key: session[key] for key in KEPT_IN_FORM_COOKIE if key in session}
        if session.row is not None:
            kept.pop("csrf_token", None)
        value = _serializer(app).dumps(kept)
        if len(value) > LONGEST_FORM_COOKIE:
            kept.pop("_flashes", None)
            value = _serializer(app).dumps(kept)
        response.set_cookie(
            form_cookie(app), value, httponly=True, secure=secure, samesite="Lax", path="/", max_age=FORM_COOKIE_SECONDS
        )

    def _form_values(self, app: Flask, request: Request) -> dict[str, Any]:
        try:
            values = _serializer(app).loads(request.cookies.get(form_cookie(app), ""), max_age=FORM_COOKIE_SECONDS)
        except BadSignature:
            return {}
        return {key: values[key] for key in KEPT_IN_FORM_COOKIE if key in values} if isinstance(values, dict) else {}


def sid_cookie(app: Flask) -> str:
    """The cookie's name; `__Host-` binds it to this host and to https, which plain http on localhost cannot have."""
    return prefixed(app, "sid")


def prefixed(app: Flask, name: str) -> str:
    """The name of one of the portal's cookies, bound to this host where it can be, as `sid_cookie` is."""
    return f"__Host-{name}" if app.config["SESSION_COOKIE_SECURE"] else name


def form_cookie(app: Flask) -> str:
    return prefixed(app, "form")


def _serializer(app: Flask) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(app.config["SECRET_KEY"], salt="portal-form-cookie")
