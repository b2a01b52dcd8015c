"""Sessions: one sign-in on one device, checked on every request."""

import secrets
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.exc import OperationalError
from structlog import get_logger

from portal.access.roles import Role
from portal.accounts import factor_store, mailed_store, store
from portal.accounts.models import Means, Membership, Person, UserSession
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.foundation.sealing import new_token, token_hash

# security.md section 1, sign-in.
IDLE = timedelta(hours=1)
LONGEST = timedelta(hours=24)
LONGEST_FOR_VENDOR = timedelta(hours=12)
FRESH = timedelta(minutes=10)
SEEN_EVERY = timedelta(minutes=1)
LONGEST_DEVICE = 255
BY_PASSWORD = frozenset({Means.PASSWORD})

log = get_logger()


def session_for(token: str) -> UserSession | None:
    """The live session that this cookie value opens, with its person; None when it ended, idled or ran out.

    That it was seen is noted at most once a minute.
    """
    now = clock.now()
    row = store.session_by_token(token)
    if row is None or not is_live(row, now):
        return None
    if now - row.last_seen_at < SEEN_EVERY:
        return row
    _note_seen(row.id, now)
    return store.session_by_token(token)


def is_live(row: UserSession, at: datetime) -> bool:
    """Whether the session may be used at this moment."""
    return (
        row.ended_at is None and at < row.expires_at and at - row.last_seen_at < IDLE and row.person.disabled_at is None
    )


def _note_seen(session_id: uuid.UUID, now: datetime) -> None:
    # A page that only reads must not fail because somebody else is writing: the next one notes it.
    try:
        with transaction():
            store.mark_seen(session_id, now)
    except OperationalError as error:
        log.warning("a session's last use could not be noted", error=type(error.orig).__name__)


def is_fresh(row: UserSession) -> bool:
    """Whether the person proved who they are in the last 10 minutes, on this very device."""
    return clock.now() - row.reauthenticated_at < FRESH


def sessions_of(person: Person) -> Sequence[UserSession]:
    """The person's sessions that can still be used, the last used first."""
    return store.live_sessions(person.id, clock.now(), IDLE)


def sessions_in(membership: Membership) -> Sequence[UserSession]:
    """The person's sessions that can still be used and end with this membership: those that work in its tenant, or all
    of them when the person belongs to no other one.
    """
    found = store.live_sessions(membership.person_id, clock.now(), IDLE)
    others = [row for row in store.memberships_of(membership.person_id) if row.id != membership.id]
    return [row for row in found if not others or row.home_id == membership.tenant_id]


def tidy_up() -> None:
    """Delete what no longer counts, for the worker: attempts of yesterday, apps that were never confirmed,
    sign-ins that waited in vain, links in mails that are too old, and sessions that ran out a month ago."""
    now = clock.now()
    store.tidy_up(counted_before=now - timedelta(days=1), ended_before=now - timedelta(days=30))
    factor_store.tidy_up(intended_before=now - timedelta(hours=1), expired_before=now)
    mailed_store.tidy_up(now)


def knows_of(row: UserSession, membership: Membership) -> bool:
    """Whether the session may learn of this membership of its person: one that an identity provider alone made knows
    of its tenant only."""
    return row.is_own or row.vouched_by_id == membership.tenant_id


def acts_in(row: UserSession, membership: Membership) -> bool:
    """Whether the session may act by this membership of its person. Owners always may by their own sign-in."""
    if row.vouched_by_id == membership.tenant_id:
        return True
    return row.is_own and (membership.role is Role.OWNER or not membership.tenant.requires_provider)


def choose_home(row: UserSession, membership: Membership) -> None:
    """Remember in which of their tenants the person works."""
    row.home_id = membership.tenant_id


def begin_session(
    person: Person, device: str, *, home_id: uuid.UUID | None = None, factors: frozenset[Means] = BY_PASSWORD
) -> tuple[UserSession, str]:
    """A new session of `person`, and the token for its cookie: the only time it is known.

    device: what the person will recognise it by, such as "Firefox on Linux". home_id: the tenant it begins in.
    factors: with what the person proved who they are.
    """
    now, token = clock.now(), new_token()
    row = UserSession(
        token_hash=token_hash(token),
        csrf_token=secrets.token_urlsafe(32),
        person=person,
        home_id=home_id,
        device=device[:LONGEST_DEVICE],
        factors=factors,
        expires_at=now + (LONGEST_FOR_VENDOR if _is_vendor_staff(person) else LONGEST),
    )
    return store.add(row), token


def renew_session(row: UserSession, device: str, *, home_id: uuid.UUID | None = None) -> tuple[UserSession, str]:
    """A new session in place of `row`, for a person whose rights just changed, and the token for its cookie.

    It is no new sign-in: it is as fresh as `row` is, and ends no later.
    """
    row.ended_at = clock.now()
    person, home_id = store.get_person(row.person_id), home_id or row.home_id
    renewed, token = begin_session(person, device, home_id=home_id, factors=row.factors)
    renewed.reauthenticated_at = row.reauthenticated_at
    renewed.expires_at = min(row.expires_at, renewed.expires_at)
    renewed.vouched_by_id, renewed.is_own = row.vouched_by_id, row.is_own
    return renewed, token


def _is_vendor_staff(person: Person) -> bool:
    return any(row.tenant.is_vendor for row in store.memberships_of(person.id))
