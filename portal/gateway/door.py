"""The door itself. It answers from memory; only its thread asks the database (`following.py`)."""

import os
import re
import secrets
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from structlog import get_logger

from portal.config import Listener, Questions
from portal.credentials.store import Working
from portal.foundation import clock
from portal.foundation.metrics import CONTENT_TYPE
from portal.gateway import answers, bundles, checks, decisions, uses
from portal.gateway.answers import Answer, Refusal, Refused
from portal.gateway.asking import Askers, service_for
from portal.gateway.bundles import Bundles, Offline
from portal.gateway.following import Follower, Following
from portal.gateway.metrics import Metrics
from portal.gateway.reporting import Reporter
from portal.gateway.tally import Tally
from portal.gateways.models import WorkerKind
from portal.verifier.answers import answer_of
from portal.verifier.decision import Call, Decision, decide
from portal.verifier.proving import Prover

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = get_logger()

OURS = "/gateway/"
# The stock client's own check, and whatever only looks like it: the connector's door answers, or the pages.
NOT_OURS = re.compile(r"/gateway/+apikeycheck")
READY_PATH, METRICS_PATH = "/gateway/ready", "/gateway/metrics"
GET, POST = ("GET", "HEAD"), ("POST",)
ONLY_CHECKS = "This worker answers checks only."

Handler = Callable[["WSGIEnvironment"], Answer]


class Door:
    """Answers what is below `/gateway/`, and hands everything else on to `rest`."""

    def __init__(
        self,
        rest: "WSGIApplication",
        following: Following,
        listener: Listener,
        surroundings: Callable[[], AbstractContextManager[object]],
        offline: Offline,
        questions: Questions = Questions.ALL,
    ) -> None:
        self.rest, self.follower, self._surroundings = rest, Follower(following, surroundings), surroundings
        self.askers, self.prove, self.tally = Askers(listener), Prover(), Tally()
        self._kind = WorkerKind.GATEWAY if rest is alone else WorkerKind.APP
        self._routes: dict[str, tuple[tuple[str, ...], Handler]] = {
            READY_PATH: (GET, self._ready),
            METRICS_PATH: (GET, self._metrics),
        }
        self.bundles = Bundles(self.follower, offline, surroundings)
        self._does_not_know = ONLY_CHECKS if questions is Questions.CHECKS else ""
        if questions is Questions.ALL:
            self._routes |= {
                decisions.PATH: (POST, self._decisions),
                bundles.PATH: (GET, self._bundle),
                uses.PATH: (POST, self._uses),
            }
            self._routes |= dict.fromkeys(bundles.KEYS_PATHS, (GET, self.bundles.keys))
        self._begin_anew()
        os.register_at_fork(after_in_child=self._begin_anew)

    def _begin_anew(self) -> None:
        self.worker = secrets.token_hex(4)
        self.metrics = Metrics(self.worker, self.follower, self.prove, self.tally)
        self._headers_of_cached = [("X-Portal-Worker", self.worker)]
        self._headers = [*self._headers_of_cached, ("Cache-Control", "no-store")]
        self.follower.reporter = Reporter(self.worker, self._kind, self.follower, self._surroundings, self.askers)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        # What is asked with every call of every shop comes first, here and below.
        if not path.startswith(checks.PATH) and (not path.startswith(OURS) or NOT_OURS.match(path)):
            return self.rest(environ, start_response)
        status, headers, body, is_cached = self.answer(environ, path)
        start_response(status, (self._headers_of_cached if is_cached else self._headers) + headers)
        # A list: servers have a short way for it.
        return [body] if body and environ["REQUEST_METHOD"] != "HEAD" else []

    def answer(self, environ: "WSGIEnvironment", path: str) -> Answer:
        """The answer to whatever was asked."""
        try:
            if path.startswith(checks.BELOW) or path == checks.PATH:
                return self._check(environ)
            return self._other(environ, path)
        except Refused as refused:
            self.metrics.refusals[refused.refusal].inc()
            return answers.refused(refused)
        except Exception:
            log.exception("unforeseen", path=path)
            self.metrics.refusals[Refusal.FAILED].inc()
            return answers.refused(Refused(Refusal.FAILED))

    def _other(self, environ: "WSGIEnvironment", path: str) -> Answer:
        methods, handler = self._routes.get(path, ((), None))
        if handler is None:
            raise Refused(Refusal.NO_SUCH_ADDRESS, self._does_not_know)
        _require_method(environ, methods)
        return handler(environ)

    def _check(self, environ: "WSGIEnvironment") -> Answer:
        if environ["REQUEST_METHOD"] not in GET:
            _require_method(environ, GET)
        asker = self._asker(environ)
        self._require_freshness()
        call = checks.call_in(environ, service_for(asker, checks.named_service(environ)))
        address = environ.get(checks.ADDRESS_HEADER) or environ.get("REMOTE_ADDR", "")
        return checks.answer_to(self._decided(call, environ.get("HTTP_USER_AGENT", ""), address))

    def _decisions(self, environ: "WSGIEnvironment") -> Answer:
        # Before anything is read of the body, for which a stranger could let a thread wait.
        asker = self._asker(environ)
        self._require_freshness()
        asked, is_list = decisions.read(environ)
        services = [service_for(asker, each.call.service) for each in asked]
        told = []
        for each, service in zip(asked, services, strict=True):
            call = each.call._replace(service=service)
            told.append(answer_of(self._decided(call, each.user_agent, each.address)).as_json())
        return answers.in_json({"decisions": told} if is_list else told[0])

    def _ready(self, _environ: "WSGIEnvironment") -> Answer:
        self._require_freshness()
        return answers.in_json({"status": 200, "version": self.follower.tables.version})

    def _metrics(self, environ: "WSGIEnvironment") -> Answer:
        self._asker(environ)  # being cut off is among what the figures say
        body = self.metrics.text()
        own = [("Content-Type", CONTENT_TYPE), ("Content-Length", str(len(body)))]
        return Answer(answers.status_line(200), own, body)

    def _bundle(self, environ: "WSGIEnvironment") -> Answer:
        self._asker(environ)
        self._require_freshness()
        return self.bundles.bundle(environ)

    def _uses(self, environ: "WSGIEnvironment") -> Answer:
        asker = self._asker(environ)
        self._require_freshness()
        with self._surroundings():
            return uses.take(environ, self.follower.tables, None if asker is None else asker.service_code)

    def _asker(self, environ: "WSGIEnvironment") -> Working | None:
        """Who asks. Raises: Refused; as long as no credential is known either, it is not ready."""
        try:
            return self.askers.asker(environ, self.follower.credentials)
        except Refused:
            if self.follower.is_ready:
                raise
        self.follower.begin()
        raise Refused(Refusal.NOT_READY)

    def _require_freshness(self) -> None:
        refusal = self.follower.refusal()
        if refusal is not None:
            self.follower.begin()
            raise Refused(refusal)

    def _decided(self, call: Call, user_agent: str, address: str) -> Decision:
        tables, now = self.follower.tables, clock.unix_now()
        decision = tables.read(decide, tables, call, now, self.prove)
        if decision.reason is None and decision.key is not None:
            self.tally.count(decision.key, decision.space, user_agent, address, now)
        elif decision.reason is not None:
            self.metrics.reasons[decision.reason].inc()
        return decision


def alone(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """What is behind the door where nothing else is served."""
    answer = answers.refused(Refused(Refusal.NO_SUCH_ADDRESS))
    start_response(answer.status, answer.headers)
    return [answer.body]


def _require_method(environ: "WSGIEnvironment", allowed: tuple[str, ...]) -> None:
    if environ["REQUEST_METHOD"] not in allowed:
        raise Refused(Refusal.METHOD_NOT_ALLOWED, headers=[("Allow", ", ".join(allowed))])
