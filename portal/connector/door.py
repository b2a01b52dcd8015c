"""The door itself: plain WSGI ahead of Flask, so that nothing below its paths is a page, a redirect or a cookie."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from flask import Flask
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from structlog import get_logger
from werkzeug.exceptions import SecurityError
from werkzeug.wsgi import get_host

from portal.access.roles import Environment
from portal.audit import operations as audit
from portal.connector import actors, answers, routes
from portal.connector.answers import KEY_INVALID, TOKEN_INVALID, UNSIGNED, Answer, Refused, refusal
from portal.connector.calls import Act, Call, everything
from portal.connector.held import HeldAnswers
from portal.connector.routes import OURS, Needs, Route
from portal.foundation import changes, clock, requests
from portal.foundation.database import transaction
from portal.foundation.errors import PortalError
from portal.impact import snapshot
from portal.usage import traces
from portal.usage.traces import Trace
from portal.verifier import liveness, tokens
from portal.verifier.held_keys import HeldKey, HeldKeys
from portal.verifier.proving import Prover

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = get_logger()

DOOR = "connector"
API_KEY = re.compile(r"[0-9a-f]{32}")
SPACE_HEADERS = ("HTTP_MAGENTO_ENVIRONMENT_ID", "HTTP_X_SAAS_ID")
KEY_HEADERS = ("HTTP_MAGENTO_API_KEY", "HTTP_X_API_KEY")
TOKEN_HEADER = "HTTP_X_GW_SIGNATURE"  # noqa: S105 - a header's name
UNAVAILABLE = refusal(503, "The registry is not available at the moment.", "unavailable", (("Retry-After", "30"),))
FAILED = refusal(500, "This failed on our side. The request id is in the header X-Request-Id.", "failed")


class Door:
    """Answers what is below its paths, and hands everything else on to `rest`."""

    def __init__(self, app: Flask, rest: "WSGIApplication", headers: Mapping[str, str]) -> None:
        """`headers` are those of every answer of the portal."""
        self.app, self.rest, self.held = app, rest, HeldAnswers()
        self.headers = [*headers.items(), ("Content-Type", "application/json"), ("Cache-Control", "no-store")]
        self.keys = HeldKeys(self._reading(snapshot.version), self._reading(snapshot.find), changes.changes_here)
        self.prove = Prover()

    def _reading(self, read: Callable[..., Any]) -> Callable[..., Any]:
        def in_context(*arguments: Any) -> Any:
            with self.app.app_context():
                return read(*arguments)

        return in_context

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if OURS.match(environ.get("PATH_INFO", "")) is None:
            return self.rest(environ, start_response)
        requests.tell(DOOR, "")
        answer = self._answer_or_refuse(environ)
        own = [("X-Request-Id", requests.current_id() or ""), ("Content-Length", str(len(answer.body)))]
        status = f"{answer.status} {answers.phrase(answer.status)}"
        start_response(status, [*self.headers, *own, *answer.headers])
        return [answer.body]

    def _answer_or_refuse(self, environ: "WSGIEnvironment") -> Answer:
        try:
            return self._answer(environ)
        except Refused as refused:
            return refused.answer
        except PortalError as refused:
            return answers.in_plain_words(refused)
        except (DBAPIError, NoConnection) as error:
            return self._database(error)
        except Exception:
            log.exception("unforeseen", request_id=requests.current_id())
            return FAILED

    def _database(self, error: DBAPIError | NoConnection) -> Answer:
        if isinstance(error, OperationalError | NoConnection) or error.connection_invalidated:
            cause = getattr(error, "orig", error)
            log.error("database unavailable", error=type(cause).__name__, request_id=requests.current_id())
            return UNAVAILABLE
        log.exception("unforeseen", request_id=requests.current_id(), exc_info=error)
        return FAILED

    def _answer(self, environ: "WSGIEnvironment") -> Answer:
        """The one way through the door. Raises: Refused, PortalError, and whatever the database raises."""
        self._check_host(environ)
        route, ids = routes.find(environ["REQUEST_METHOD"], environ["PATH_INFO"])
        requests.tell(DOOR, route.name)
        if route.act is None:
            raise Refused(UNSIGNED)
        held = self._verified(environ)
        requests.tell_who(account=held.key.owner.account_id, home=_home_of(held), credential=held.key.api_key)
        content = _content(environ, self.app.config["MAX_CONTENT_LENGTH"]) if route.takes_content else {}
        call = Call(held.key, actors.of_key(held), ids, content, self.held)
        found = False
        try:
            answer = self._carried_out(route.act, route, call)
            found = True
            return answer
        finally:
            traces.gather(_trace(environ, route, call, found))

    def _check_host(self, environ: "WSGIEnvironment") -> None:
        try:
            get_host(environ, self.app.config["TRUSTED_HOSTS"])
        except SecurityError as error:
            raise Refused(refusal(400, "This is not an address of this portal.", "strange_host")) from error

    def _verified(self, environ: "WSGIEnvironment") -> HeldKey:
        """The key that signed this call. Raises: Refused, in one of two neutral ways."""
        given = {environ[header] for header in KEY_HEADERS if header in environ}
        api_key = given.pop() if len(given) == 1 else ""
        held = self.keys.find(api_key) if API_KEY.fullmatch(api_key) else None
        now = clock.now().timestamp()
        if held is None or liveness.what_stops(held.key, now) is not None:
            raise Refused(KEY_INVALID)
        token = environ.get(TOKEN_HEADER, "")
        if self.prove(token, held.key, now) is not None:
            verdict = tokens.verify(token, self.prove.public_key_of(held.key), now)
            log.info("token refused", api_key=api_key, verdict=verdict.value, request_id=requests.current_id())
            raise Refused(TOKEN_INVALID)
        return held

    def _carried_out(self, act: Act, route: Route, call: Call) -> Answer:
        if route.needs is Needs.NOTHING:
            return act(call)
        with self.app.app_context():
            return _written(act, route.purpose, call) if route.needs is Needs.CHANGES else act(call)


def _home_of(held: HeldKey) -> str:
    """The account that holds the key, where that is another than its owner."""
    return "" if held.key.delegation is None else held.key.holder.account_id


def _trace(environ: "WSGIEnvironment", route: Route, call: Call, found: bool) -> Trace:
    """The trace of a verified call. A data space that was not found is none of this account, or beyond the key's reach.

    What a header names instead of the path is believed of an owner's key; that of a delegated one may not reach so far.
    """
    named = call.ids.get("data_space_id") if found else None
    if named is None and call.key.delegation is None:
        named = next((environ[header] for header in SPACE_HEADERS if header in environ), None)
    return Trace(
        call.key.owner.id,
        call.key.id,
        Environment(call.key.environment),
        named,
        environ.get("HTTP_USER_AGENT", ""),
        environ.get("REMOTE_ADDR", ""),
        call.ids.get("cloud_project") if found else None,
        clock.now(),
        listed=found and route.act is everything,
    )


def _written(act: Act, purpose: str, call: Call) -> Answer:
    """The answer, once it is committed; who may not is on record, in a transaction of its own."""
    try:
        with transaction():
            return act(_as_of_now(call))
    except PortalError as refused:
        if answers.is_forbidden(refused):
            audit.record_refusal(call.actor, refused, purpose)
        raise


def _as_of_now(call: Call) -> Call:
    """The call by the key as it is inside this transaction: what is in memory may be a second old. Raises: Refused."""
    held = snapshot.find(call.key.api_key)
    if held is None or liveness.what_stops(held.key, clock.now().timestamp()) is not None:
        raise Refused(KEY_INVALID)
    return call.by(held.key, actors.of_key(held))


def _content(environ: "WSGIEnvironment", largest: int) -> dict[str, Any]:
    """The body, a JSON object of at most `largest` bytes. Raises: Refused."""
    if environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower() != "application/json":
        raise Refused(refusal(415, "The body is sent as application/json.", "not_json"))
    octets = environ["wsgi.input"].read(_length(environ, largest))
    if len(octets) > largest:
        raise Refused(refusal(413, f"The body has at most {largest} bytes.", "too_large"))
    try:
        content = json.loads(octets.decode())
    except (ValueError, RecursionError) as error:
        raise Refused(refusal(400, "The body is not valid JSON.", "not_json")) from error
    if not isinstance(content, dict):
        raise Refused(refusal(400, "The body is not a JSON object.", "not_an_object"))
    return content


def _length(environ: "WSGIEnvironment", largest: int) -> int:
    """How many bytes to read: what was announced, or one more than allowed, which says that it is too much."""
    announced = environ.get("CONTENT_LENGTH") or ""
    return min(int(announced), largest + 1) if announced.isascii() and announced.isdigit() else largest + 1
