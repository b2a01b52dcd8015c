"""`GET /gateway/bundle`: what decisions are made from, signed, for those who make them offline; and the keys for it.

Each process issues from what it knows. Who knows a later version than it does is asked to come again in a moment.
"""

import gzip
import hashlib
import os
import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import timedelta
from threading import Lock
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection

from portal.access.roles import Environment
from portal.foundation import clock, signing
from portal.gateway import answers
from portal.gateway.answers import Answer, Refusal, Refused
from portal.gateway.following import Follower
from portal.impact.bundles import PURPOSES, Behind, Issued, Issuer, NotSigned
from portal.verifier.bundle import State, as_jwk, key_id_of
from portal.verifier.records import Moment

PATH = "/gateway/bundle"
KEYS_PATHS = {f"/gateway/jwks/{environment}.json": environment for environment in Environment}
MEMBERS = frozenset({"environment", "since", "digest"})
DIGEST = re.compile(r"[0-9a-f]{64}")
VERSION = re.compile(r"[0-9]{1,18}")
LONGEST_QUERY = 1000
CATCH_UP_SECONDS = 2.0
RETIRED_FOR = timedelta(days=1)  # so long a key that signs no more is still published
KEYS_SECONDS = 60
LOOK_SECONDS = 1.0  # anybody may ask for the keys, and is not to keep the database from those who follow it
LEVEL = 1  # most of it is random, and base64 of it: more effort gains nothing

Asked = tuple[Environment, State | None]


class Offline(NamedTuple):
    """For those who decide offline: what the portal calls itself, and how long a bundle may be decided by."""

    portal: str
    bundle_seconds: int = 300


class Published(NamedTuple):
    """The keys as they were at this moment: their ids, and the answer."""

    at: Moment
    key_ids: frozenset[str]
    answer: Answer


class Bundles:
    """Answers from one process's knowledge."""

    def __init__(
        self,
        follower: Follower,
        offline: Offline,
        surroundings: Callable[[], AbstractContextManager[object]],
    ) -> None:
        self._follower, self._surroundings = follower, surroundings
        self._issuers = {
            environment: Issuer(offline.portal, environment, offline.bundle_seconds) for environment in Environment
        }
        self._begin_anew()
        os.register_at_fork(after_in_child=self._begin_anew)

    def _begin_anew(self) -> None:
        for issuer in self._issuers.values():
            issuer.begin_anew()
        # One waits at a time, and not all threads that others need who ask about calls.
        self._catching_up, self._reading = Lock(), Lock()
        self._published: dict[Environment, Published] = {}
        self._packed: tuple[bytes, bytes] | None = None  # the last large bundle, and the same compressed

    def bundle(self, environ: Mapping[str, Any]) -> Answer:
        """The bundle that is asked for. Raises: Refused."""
        environment, since = _asked(environ.get("QUERY_STRING", ""))
        octets = self._issued(environment, since).octets
        self._publish_anew(environment, octets)
        tag = f'"{hashlib.sha256(octets).hexdigest()[:32]}"'
        headers = [("ETag", tag), ("Cache-Control", "private, no-cache"), ("Vary", "Accept-Encoding")]
        if tag in (part.strip().removeprefix("W/") for part in environ.get("HTTP_IF_NONE_MATCH", "").split(",")):
            return Answer(answers.status_line(304), headers, is_cached=True)
        if _takes_gzip(environ.get("HTTP_ACCEPT_ENCODING", "")):
            octets, headers = self._pack(octets), [*headers, ("Content-Encoding", "gzip")]
        own = [("Content-Type", "application/jose"), ("Content-Length", str(len(octets)))]
        return Answer(answers.status_line(200), [*headers, *own], octets, is_cached=True)

    def keys(self, environ: Mapping[str, Any]) -> Answer:
        """The public halves of the keys that sign the bundles of an environment, as a JWK set. Raises: Refused."""
        environment, now = KEYS_PATHS[environ["PATH_INFO"]], clock.unix_now()
        published = self._published.get(environment)
        if published is None or abs(now - published.at) >= LOOK_SECONDS:
            published = self._look_up(environment, now) or published
        if published is None:
            raise Refused(Refusal.NOT_READY)
        return published.answer

    def _look_up(self, environment: Environment, now: Moment) -> Published | None:
        """The keys as they are now; None where another thread is at it. Raises: Refused."""
        # Anybody may ask this, and a database that says nothing lets everybody wait.
        if not self._reading.acquire(blocking=False):
            return None
        try:
            published = self._published[environment] = self._looked_up(environment, now)
        finally:
            self._reading.release()
        return published

    def _looked_up(self, environment: Environment, now: Moment) -> Published:
        """Raises: Refused."""
        try:
            with self._surroundings():
                keys = signing.published(PURPOSES[environment], clock.now() - RETIRED_FOR)
                content = {"keys": [as_jwk(key.key_id, key.public) for key in keys]}
        except (DBAPIError, NoConnection):
            raise Refused(Refusal.CUT_OFF) from None
        answer = answers.in_json(content, headers=[("Cache-Control", f"public, max-age={KEYS_SECONDS}")])
        key_ids = frozenset(key["kid"] for key in content["keys"])
        return Published(now, key_ids, Answer(answer.status, answer.headers, answer.body, is_cached=True))

    def _issued(self, environment: Environment, since: State | None) -> Issued:
        follower = self._follower
        if since is not None and since.version > follower.tables.version and self._catching_up.acquire(blocking=False):
            try:
                follower.catch_up(since.version, CATCH_UP_SECONDS)
            finally:
                self._catching_up.release()
        try:
            with self._surroundings():
                as_of = clock.unix_now() - follower.seconds_behind
                return self._issuers[environment].issue(follower.tables, as_of, since)
        except Behind:
            raise Refused(
                Refusal.NOT_READY, f"This process knows no version after {follower.tables.version}."
            ) from None
        except NotSigned:
            raise Refused(Refusal.CUT_OFF, "Nothing can be signed at the moment.") from None

    def _publish_anew(self, environment: Environment, octets: bytes) -> None:
        """Who gets this bundle asks for the key that signed it, at once."""
        published = self._published.get(environment)
        if published is not None and key_id_of(octets) not in published.key_ids:
            self._published.pop(environment, None)

    def _pack(self, octets: bytes) -> bytes:
        packed = self._packed
        if packed is None or packed[0] is not octets:
            packed = self._packed = octets, gzip.compress(octets, LEVEL, mtime=0)
        return packed[1]


def _asked(query: str) -> Asked:
    """Raises: Refused."""
    pairs = parse_qsl(query[:LONGEST_QUERY], keep_blank_values=True)
    asked = dict(pairs)
    if len(query) > LONGEST_QUERY or not asked.keys() <= MEMBERS or len(asked) != len(pairs):
        raise Refused(Refusal.NOT_UNDERSTOOD, f"It is asked with {', '.join(sorted(MEMBERS))}.")
    try:
        environment = Environment(asked.get("environment", ""))
    except ValueError:
        raise Refused(Refusal.NOT_UNDERSTOOD, "“environment” is production or sandbox.") from None
    if "since" not in asked and "digest" not in asked:
        return environment, None
    since, digest = asked.get("since", ""), asked.get("digest", "")
    if VERSION.fullmatch(since) is None or DIGEST.fullmatch(digest) is None:
        raise Refused(Refusal.NOT_UNDERSTOOD, "“since” is a version, “digest” 64 hexadecimal digits.")
    return environment, State(int(since), digest)


def _takes_gzip(accepted: str) -> bool:
    for part in accepted.lower().split(","):
        name, _semicolon, weight = part.partition(";")
        if name.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
