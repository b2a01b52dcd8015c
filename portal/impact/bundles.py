"""Issues bundles: what the decisions of one environment are made from, signed, whole or since what somebody knows.

All that a bundle says follows from the tables at a version, so any worker goes on where another one left off; what a
worker remembers of earlier versions only decides whether it can say what changed, or says everything.
"""

import time
from collections import deque
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from threading import Lock
from typing import NamedTuple
from weakref import ref

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection
from structlog import get_logger

from portal.access.roles import Environment
from portal.foundation import signing
from portal.foundation.database import transaction
from portal.foundation.sealing import CannotUnseal
from portal.foundation.signing import Purpose
from portal.impact.bundled import Listing, Name, Rows, all_names, names_in
from portal.verifier import bundle as bundles
from portal.verifier.bundle import Bundle, Sign, State
from portal.verifier.decision import Policy
from portal.verifier.records import Moment
from portal.verifier.rows import KINDS, Digest, Row, weight_of
from portal.verifier.tables import Delta, Tables

log = get_logger()

PURPOSES = {Environment.PRODUCTION: Purpose.BUNDLE_PRODUCTION, Environment.SANDBOX: Purpose.BUNDLE_SANDBOX}
WHOLE_SECONDS = 60  # for so long at most a whole bundle is handed out again as it was signed
# To write a large bundle takes a while, in which calls wait. One that took longer than this is not written again before
# twenty times as long has passed, where it may do.
LONG_PART, SHORT_SECONDS = 20, 0.05
AT_ONCE, SHORTEST_SECONDS = 1000, 0.0001  # rows listed while nothing may change, and the pause after them
MOST_REMEMBERED = 2000  # versions; each with the names of the rows that changed

Signer = Callable[[Environment], tuple[str, Sign]]  # the id of the key that signs for an environment, and how


class Behind(Exception):
    """Somebody knows a later version than this worker does."""


class NotSigned(Exception):
    """The portal's key cannot be read at the moment: the database is away, or the key-encryption key is another one."""


class Issued(NamedTuple):
    """A signed bundle; `version` as of which."""

    octets: bytes
    version: int
    issued_at: Moment


class Step(NamedTuple):
    """Which rows changed on the way to a version, by kind and name."""

    version: int
    changed: frozenset[Name]


def signer(environment: Environment) -> tuple[str, Sign]:
    """The portal's present key for bundles of this environment; the first one is made here, in a transaction.

    Raises: NotSigned.
    """
    purpose = PURPOSES[environment]
    try:
        with nullcontext() if signing.find_current(purpose) else transaction():
            key = signing.current(purpose)
            return key.key_id, signing.signer(key)
    except (DBAPIError, NoConnection, CannotUnseal) as error:
        log.error("no bundle is signed", environment=environment.value, error=type(error).__name__)
        raise NotSigned from error


@dataclass
class _Known:
    """The rows that were looked at last: of which tables, at which version, and as of when these were the latest."""

    of: ref[Tables]
    listing: Listing
    digest: Digest
    policy: Policy
    services: frozenset[str]
    version: int
    as_of: Moment

    @property
    def rows(self) -> Rows:
        return self.listing.rows

    @property
    def state(self) -> State:
        return State(self.version, self.digest.hex)


class Issuer:
    """Issues the bundles of one environment. Threads take turns."""

    def __init__(self, portal: str, environment: Environment, seconds: int, sign: Signer = signer) -> None:
        """`seconds`: how long after the moment at which its content was the latest a bundle may be decided by."""
        self.portal, self.environment, self.seconds, self.signer = portal, environment, seconds, sign
        self.short_seconds = SHORT_SECONDS
        self.begin_anew()

    def begin_anew(self) -> None:
        """Forget everything, as after a fork."""
        self._turn = Lock()
        self._known: _Known | None = None
        self._first = 0  # the version from which on steps are remembered
        self._steps: deque[Step] = deque(maxlen=MOST_REMEMBERED)
        self._whole: Issued | None = None
        self._whole_until = 0.0  # until when the one that was signed may do though there is news

    def issue(self, tables: Tables, as_of: Moment, since: State | None = None) -> Issued:
        """A bundle of these tables, which were the latest at `as_of`: what changed since `since`, or everything.

        Raises: Behind when `since` is later than these tables; NotSigned.
        """
        with self._turn:
            if since is not None and since.version > tables.version:
                raise Behind
            known = self._looked(tables, as_of)
            changed = None if since is None else self._changed_since(known, since)
            if since is None or changed is None:
                return self._issued_whole(known, 0 if since is None else since.version)
            return self._signed(known, _delta(known, changed), since)

    def _looked(self, tables: Tables, as_of: Moment) -> _Known:
        known = self._known
        if known is None or known.version != tables.version or known.of() is not tables:
            known = self._known = self._look(tables, as_of)
        known.as_of = max(known.as_of, as_of)
        return known

    def _look(self, tables: Tables, as_of: Moment) -> _Known:
        before = self._known
        with tables.still():
            names = None if before is None or before.of() is not tables else _changed(before.version, tables)
            about = tables.policy, tables.services, tables.version
            if before is not None and names is not None:
                listing, changed = before.listing, before.listing.update(tables, names)
        if before is None or names is None:
            listing, about = self._listed_anew(tables)
            changed = _differences({kind: {} for kind in KINDS} if before is None else before.rows, listing.rows)
        digest = Digest() if before is None else before.digest
        digest.apply({(kind, name): _weight(listing.rows, kind, name) for kind, name in changed})
        known = _Known(ref(tables), listing, digest, *about, as_of)
        self._go_on(before, known, frozenset(changed))
        return known

    def _listed_anew(self, tables: Tables) -> tuple[Listing, "_About"]:
        """All of it, and as of when. From now on the tables note what changes.

        Some at a time, for a revocation waits while nothing may change; what changed meanwhile is looked at again.
        """
        with tables.still():
            if tables.applied is None:
                tables.applied = deque(maxlen=MOST_REMEMBERED)
            listing, began, names = Listing(self.environment), tables.version, list(all_names(tables))
        for first in range(0, len(names), AT_ONCE):
            with tables.still():
                listing.update(tables, names[first : first + AT_ONCE])
            time.sleep(SHORTEST_SECONDS)  # a lock is not handed on by itself to who waits for it
        with tables.still():
            later = _changed(began, tables)
            if later is None:
                listing, later = Listing(self.environment), list(all_names(tables))
            listing.update(tables, later)
            return listing, (tables.policy, tables.services, tables.version)

    def _go_on(self, before: _Known | None, known: _Known, changed: frozenset[Name]) -> None:
        if before is None or known.version < before.version or (known.version == before.version and changed):
            # Tables of another past: a database that was restored.
            self._first, self._whole = known.version, None
            self._steps.clear()
        else:
            self._remember(Step(known.version, changed))

    def _remember(self, step: Step) -> None:
        if len(self._steps) == MOST_REMEMBERED:
            self._first = self._steps[0].version
        self._steps.append(step)

    def _changed_since(self, known: _Known, since: State) -> set[Name] | None:
        """The rows that may have changed since; None when that is not known, or is most of them."""
        if since.version < self._first or (since.version == known.version and since != known.state):
            return None
        changed: set[Name] = set()
        for step in reversed(self._steps):
            if step.version <= since.version:
                break
            changed |= step.changed
        return changed if 2 * len(changed) <= sum(map(len, known.rows.values())) else None

    def _issued_whole(self, known: _Known, at_least: int) -> Issued:
        whole, began = self._whole, time.monotonic()
        may_do = whole is not None and whole.version >= at_least and known.as_of - whole.issued_at < WHOLE_SECONDS
        is_news = whole is not None and whole.version != known.version
        if whole is None or not may_do or (is_news and began >= self._whole_until):
            everything = {kind: list(rows.values()) for kind, rows in known.rows.items()}
            whole = self._whole = self._signed(known, (everything, {}), None)
            self._whole_until = self._may_do_until(began)
        return whole

    def _may_do_until(self, began: float) -> float:
        """Until when the result of something that began then may be used again though there is news."""
        took = time.monotonic() - began
        return began + took * LONG_PART if took > self.short_seconds else 0.0

    def _signed(self, known: _Known, content: "_Content", previous: State | None) -> Issued:
        rows, gone = content
        said = Bundle(
            portal=self.portal,
            environment=self.environment.value,
            issued_at=known.as_of,
            next_update=known.as_of + self.seconds,
            state=known.state,
            policy=known.policy,
            rows=Delta(**rows, services=known.services),  # type: ignore[arg-type]
            previous=previous,
            gone=gone,
        )
        return Issued(bundles.write(said, *self.signer(self.environment)), known.version, known.as_of)


_About = tuple[Policy, frozenset[str], int]
_Content = tuple[dict[str, list[Row]], dict[str, list[str]]]  # rows, and the names of those that are gone


def _delta(known: _Known, changed: set[Name]) -> _Content:
    """These rows as they are now, and the names of those that are gone."""
    rows: dict[str, list[Row]] = {kind: [] for kind in KINDS}
    gone: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for kind, name in sorted(changed):
        row = known.rows[kind].get(name)
        if row is None:
            gone[kind].append(name)
        else:
            rows[kind].append(row)
    return rows, gone


def _changed(since: int, tables: Tables) -> list[Name] | None:
    """The rows that changed after this version; None when the tables do not tell."""
    applied = [one for one in tables.applied or () if one.after > since]
    if tables.version == since and tables.applied is not None and not applied:
        return []
    if not applied or applied[0].before > since:
        return None
    return [name for one in applied for name in names_in(one.delta)]


def _weight(rows: Rows, kind: str, name: str) -> int | None:
    row = rows[kind].get(name)
    return None if row is None else weight_of(kind, row)


def _differences(before: Rows, after: Rows) -> set[Name]:
    return {
        (kind, name)
        for kind in KINDS
        for name in before[kind].keys() | after[kind].keys()
        if before[kind].get(name) != after[kind].get(name)
    }
