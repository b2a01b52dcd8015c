"""Two more cookies of a browser: of a sign-in that waits for its code, and that somebody has signed in here before."""

import hashlib
import secrets

from flask import Response, after_this_request, current_app, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from portal.accounts import store
from portal.accounts.models import Person
from portal.accounts.sign_in import CODE_AWAITED_FOR
from portal.web.session import prefixed

KNOWN_SECONDS = 180 * 24 * 3600
MOST_PEOPLE = 5  # of one browser; who signed in longest ago is forgotten first
WAITING, KNOWN = "code", "known"


def keep_waiting(token: str) -> None:
    """From now on this browser is where the sign-in with this token waits for its code."""
    put_cookie(WAITING, token, int(CODE_AWAITED_FOR.total_seconds()))


def waiting_token() -> str | None:
    """The token of the sign-in that waits in this browser, or None."""
    return request.cookies.get(prefixed(current_app, WAITING))


def forget_waiting() -> None:
    """From now on no sign-in waits in this browser."""
    put_cookie(WAITING, "", 0)


def device_of(who: Person | str) -> str | None:
    """The id of this browser, when the person (or the address as typed) has signed in here before; else None.

    It is signed, so nobody can make one up. It proves nothing: it only counts attempts apart from those of strangers.
    """
    return _known().get(_name(who))


def note_known(person: Person) -> None:
    """From now on this browser is one where the person has signed in."""
    known = _known()
    name = _name(person)
    device = known.pop(name, None) or secrets.token_urlsafe(16)
    kept = dict([*known.items(), (name, device)][-MOST_PEOPLE:])
    put_cookie(KNOWN, _serializer().dumps(kept), KNOWN_SECONDS)


def _known() -> dict[str, str]:
    try:
        found = _serializer().loads(request.cookies.get(prefixed(current_app, KNOWN), ""), max_age=KNOWN_SECONDS)
    except BadSignature:
        return {}
    return found if isinstance(found, dict) else {}


def _name(who: Person | str) -> str:
    key = store.email_key(who.email if isinstance(who, Person) else who)
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="portal-known-device")


def put_cookie(name: str, value: str, seconds: int) -> None:
    """The answer to this request gives the browser this cookie of the portal's; for 0 seconds: takes it away."""

    @after_this_request
    def add(response: Response) -> Response:
        secure = current_app.config["SESSION_COOKIE_SECURE"]
        response.set_cookie(
            prefixed(current_app, name),
            value,
            httponly=True,
            secure=secure,
            samesite="Lax",
            path="/",
            max_age=seconds,
        )
        return response
