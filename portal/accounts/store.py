"""Every query on people, memberships, sessions and invitations."""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from sqlalchemy import CursorResult, Row, Select, bindparam, case, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import contains_eager, joinedload

from portal.access.actor import Actor
from portal.access.roles import PERMISSIONS, Permission, Role
from portal.access.rows import Reader, across_tenants, one_or_not_found, owned_by, scoped_to
from portal.accounts.models import AttemptCounter, Invitation, Membership, PendingSignIn, Person, UserSession
from portal.foundation.database import Base, db, look
from portal.foundation.paging import PAGE_ROWS, Page, page_of
from portal.foundation.sealing import token_hash
from portal.tenants.models import Tenant

COUNTED = select(AttemptCounter.count.label("times"), AttemptCounter.since).where(
    AttemptCounter.bucket == bindparam("bucket")
)
Added = TypeVar("Added", bound=Base)
PERSON_AND_FACTOR = joinedload(Membership.person, innerjoin=True).undefer(Person.has_second_factor)


def memberships_of(person_id: uuid.UUID) -> Sequence[Membership]:
    """A person's live memberships by the tenant's name, each with its tenant and its person, of whom it is read along
    whether they have a second factor."""
    rows = (
        across_tenants(Membership, reason=Reader.SIGN_IN)
        .join(Membership.tenant)
        .options(contains_eager(Membership.tenant), PERSON_AND_FACTOR)
        .where(Membership.person_id == person_id, Membership.ended_at.is_(None))
    )
    return db.session.scalars(rows.order_by(Tenant.name_key, Tenant.id)).all()


def session_by_token(token: str) -> UserSession | None:
    """The session that this cookie value opens, with its person, whatever its state; or None."""
    rows = select(UserSession).options(joinedload(UserSession.person, innerjoin=True))
    return db.session.scalars(rows.where(UserSession.token_hash == token_hash(token))).one_or_none()


def live_session(person_id: uuid.UUID, session_id: uuid.UUID) -> UserSession | None:
    """This person's session with this id, its person loaded, unless it was ended; or None."""
    rows = _not_ended(person_id).where(UserSession.id == session_id)
    return db.session.scalars(rows.with_for_update(of=UserSession)).one_or_none()


def live_sessions(person_id: uuid.UUID, now: datetime, idle: timedelta) -> Sequence[UserSession]:
    """This person's sessions that can still be used, the last used first; at most 100."""
    rows = _not_ended(person_id).where(UserSession.expires_at > now, UserSession.last_seen_at > now - idle)
    return db.session.scalars(rows.order_by(UserSession.last_seen_at.desc()).limit(PAGE_ROWS)).all()


def _not_ended(person_id: uuid.UUID) -> Select[UserSession]:
    rows = select(UserSession).options(joinedload(UserSession.person, innerjoin=True))
    return rows.where(UserSession.person_id == person_id, UserSession.ended_at.is_(None))


def end_sessions(person_id: uuid.UUID, now: datetime, *, keep: uuid.UUID | None = None) -> int:
    """How many of this person's sessions ended: all that had not, but for the one to keep."""
    ending = update(UserSession).where(UserSession.person_id == person_id, UserSession.ended_at.is_(None))
    if keep is not None:
        ending = ending.where(UserSession.id != keep)
    return cast(CursorResult[Any], db.session.execute(ending.values(ended_at=now))).rowcount


def count_sessions_in(tenant_id: uuid.UUID, now: datetime, idle: timedelta) -> int:
    """How many sessions work in this tenant and can still be used."""
    rows = select(func.count()).select_from(UserSession)
    live = (UserSession.ended_at.is_(None), UserSession.expires_at > now, UserSession.last_seen_at > now - idle)
    return db.session.scalar(rows.where(UserSession.home_id == tenant_id, *live)) or 0


def end_sessions_in(tenant_id: uuid.UUID, person_id: uuid.UUID, now: datetime) -> None:
    """End this person's sessions that work in this tenant; all of them when the person belongs to no other tenant."""
    ending = update(UserSession).where(UserSession.person_id == person_id, UserSession.ended_at.is_(None))
    if memberships_of(person_id):
        ending = ending.where(or_(UserSession.home_id == tenant_id, UserSession.vouched_by_id == tenant_id))
    db.session.execute(ending.values(ended_at=now))


def end_vouching(tenant_id: uuid.UUID, now: datetime, person_id: uuid.UUID | None = None) -> None:
    """What the tenant's identity provider said counts no longer, for one person or for all: sessions that it alone made
    end, others go on without it, and so does nothing that waits for a code."""
    rows = [UserSession.vouched_by_id == tenant_id, UserSession.ended_at.is_(None)]
    waiting = [PendingSignIn.vouched_by_id == tenant_id]
    if person_id is not None:
        rows.append(UserSession.person_id == person_id)
        waiting.append(PendingSignIn.person_id == person_id)
    db.session.execute(update(UserSession).where(*rows, ~UserSession.is_own).values(ended_at=now))
    db.session.execute(update(UserSession).where(*rows).values(vouched_by_id=None))
    db.session.execute(delete(PendingSignIn).where(*waiting))


def mark_seen(session_id: uuid.UUID, now: datetime) -> None:
    """Note that a session was used now."""
    db.session.execute(update(UserSession).where(UserSession.id == session_id).values(last_seen_at=now))


def get_person(person_id: uuid.UUID) -> Person:
    """The person with this id. Raises: NotFound."""
    found: Person = one_or_not_found(select(Person).where(Person.id == person_id))
    return found


def person_by_email(email: str) -> Person | None:
    """The person with this address, however its case is written; or None."""
    return db.session.scalars(select(Person).where(Person.email_key == email_key(email))).one_or_none()


def email_key(email: str) -> str:
    """What two spellings of one address share: trimmed, without case."""
    return email.strip().casefold()


def people_with(tenant_id: uuid.UUID, wanted: Role | Permission) -> Sequence[Person]:
    """Whom to write to in a tenant: its live members who have this role, or any role with this permission."""
    roles = {wanted} if isinstance(wanted, Role) else {role for role in Role if wanted in PERMISSIONS[role]}
    rows = (
        across_tenants(Person, reason=Reader.NOTICE)
        .join(Membership, Membership.person_id == Person.id)
        .where(
            Membership.tenant_id == tenant_id,
            Membership.ended_at.is_(None),
            Membership.role.in_(roles),
            Person.disabled_at.is_(None),
        )
    )
    return db.session.scalars(rows.order_by(Person.email_key)).all()


def members_without_factor(
    actor: Actor, roles: Collection[Role], or_among: Collection[uuid.UUID]
) -> Sequence[Membership]:
    """The live members of the actor's tenant who have one of these roles, or are among these memberships, and have no
    second factor; with their persons, by name."""
    rows = owned_by(actor, Membership).where(or_(Membership.role.in_(roles), Membership.id.in_(or_among)))
    return _without_factor(rows)


def people_without_factor(tenant_ids: Collection[uuid.UUID], roles: Collection[Role]) -> Sequence[Membership]:
    """The live members of these tenants who have one of these roles and no second factor; with person and tenant.

    For a notice by another tenant for which they work.
    """
    rows = across_tenants(Membership, reason=Reader.NOTICE).options(joinedload(Membership.tenant, innerjoin=True))
    return _without_factor(rows.where(Membership.tenant_id.in_(tenant_ids), Membership.role.in_(roles)))


def _without_factor(rows: Select[Membership]) -> Sequence[Membership]:
    lacking = (Membership.ended_at.is_(None), Person.disabled_at.is_(None), ~Person.has_second_factor)
    found = rows.join(Membership.person).options(contains_eager(Membership.person)).where(*lacking)
    return db.session.scalars(found.order_by(Person.name_key, Membership.id)).all()


def has_role_in_vendor(person: Person, role: Role) -> bool:
    """Whether the person has this role in the vendor's tenant."""
    rows = across_tenants(Membership.id, reason=Reader.SIGN_IN).join(Membership.tenant)
    mine = rows.where(Membership.person_id == person.id, Membership.ended_at.is_(None), Membership.role == role)
    return db.session.scalar(mine.where(Tenant.is_vendor).limit(1)) is not None


def members(actor: Actor, place: str | None = None) -> Page[Membership]:
    """The live members of the actor's tenant, with their persons, those who joined first first. Raises: BadPlace."""
    rows = owned_by(actor, Membership).where(Membership.ended_at.is_(None))
    return page_of(rows.options(joinedload(Membership.person, innerjoin=True)), Membership.id, place=place)


def get_membership(actor: Actor, membership_id: uuid.UUID) -> Membership:
    """A live member of the actor's tenant, with person and tenant. Raises: NotFound."""
    rows = owned_by(actor, Membership).where(Membership.id == membership_id, Membership.ended_at.is_(None))
    found: Membership = one_or_not_found(rows.options(joinedload(Membership.person), joinedload(Membership.tenant)))
    return found


def lock_membership(actor: Actor, membership_id: uuid.UUID) -> Membership:
    """As `get_membership` finds it now, kept from changing until the transaction ends. Raises: NotFound."""
    rows = owned_by(actor, Membership).where(Membership.id == membership_id, Membership.ended_at.is_(None))
    whole = rows.options(joinedload(Membership.person), joinedload(Membership.tenant))
    locked = whole.with_for_update(of=Membership).execution_options(populate_existing=True)
    found: Membership = one_or_not_found(locked)
    return found


def find_live_membership(tenant_id: uuid.UUID, person_id: uuid.UUID) -> Membership | None:
    """This person's live membership in this tenant, or None."""
    rows = select(Membership).where(
        Membership.tenant_id == tenant_id, Membership.person_id == person_id, Membership.ended_at.is_(None)
    )
    return db.session.scalars(rows, execution_options=scoped_to(tenant_id)).one_or_none()


def was_member(tenant_id: uuid.UUID, person_id: uuid.UUID) -> bool:
    """Whether this person had a membership in this tenant that has ended."""
    rows = select(Membership.id).where(
        Membership.tenant_id == tenant_id, Membership.person_id == person_id, Membership.ended_at.is_not(None)
    )
    return db.session.scalars(rows.limit(1), execution_options=scoped_to(tenant_id)).first() is not None


def other_members(membership: Membership) -> Sequence[Membership]:
    """The other live members of this tenant who can sign in, with their persons, the oldest first; at most 100."""
    rows = select(Membership).join(Membership.person).options(contains_eager(Membership.person))
    others = rows.where(
        Membership.tenant_id == membership.tenant_id,
        Membership.person_id != membership.person_id,
        Membership.ended_at.is_(None),
        Person.disabled_at.is_(None),
    )
    few = others.order_by(Membership.id).limit(PAGE_ROWS)
    return db.session.scalars(few, execution_options=scoped_to(membership.tenant_id)).all()


def has_other_manager(membership: Membership) -> bool:
    """Whether somebody else in this tenant may manage its members, and can sign in."""
    roles = {role for role in Role if Permission.MEMBERS_MANAGE in PERMISSIONS[role]}
    rows = (
        select(Membership.id)
        .join(Membership.person)
        .where(
            Membership.tenant_id == membership.tenant_id,
            Membership.id != membership.id,
            Membership.ended_at.is_(None),
            Membership.role.in_(roles),
            Person.disabled_at.is_(None),
        )
    )
    return db.session.scalars(rows.limit(1), execution_options=scoped_to(membership.tenant_id)).first() is not None


def open_invitations(actor: Actor) -> Sequence[Invitation]:
    """The newest invitations of the actor's tenant that were neither accepted nor withdrawn; at most 100."""
    rows = _open_invitations(actor).order_by(Invitation.id.desc()).limit(PAGE_ROWS)
    return db.session.scalars(rows).all()


def get_invitation(actor: Actor, invitation_id: uuid.UUID) -> Invitation:
    """One of those that `open_invitations` lists. Raises: NotFound."""
    found: Invitation = one_or_not_found(_open_invitations(actor).where(Invitation.id == invitation_id))
    return found


def find_open_invitation(actor: Actor, email: str) -> Invitation | None:
    """The invitation of this address into the actor's tenant that is neither accepted nor withdrawn, or None."""
    rows = _open_invitations(actor).where(Invitation.email_key == email_key(email))
    return db.session.scalars(rows).one_or_none()


def _open_invitations(actor: Actor) -> Select[Invitation]:
    return owned_by(actor, Invitation).where(Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None))


def find_invitation(hash_of_token: bytes) -> Invitation | None:
    """The invitation whose link has a token of this SHA-256, with its tenant; or None."""
    rows = across_tenants(Invitation, reason=Reader.CODE_LOOK_UP).options(joinedload(Invitation.tenant))
    return db.session.scalars(rows.where(Invitation.token_hash == hash_of_token)).one_or_none()


def count_attempts(buckets: Sequence[str], now: datetime, window: timedelta) -> Sequence[Row[str, int, datetime]]:
    """Bucket, count and beginning of the window for each bucket, this attempt counted: one statement, so none is lost.

    Pass `buckets` sorted: two who count the same ones then never wait for each other in a circle.
    """
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    counting = insert(AttemptCounter).values([{"bucket": bucket, "since": now, "count": 1} for bucket in buckets])
    is_running = AttemptCounter.since > now - window
    counted = counting.on_conflict_do_update(
        index_elements=[AttemptCounter.bucket],
        set_={
            "count": case((is_running, AttemptCounter.count + 1), else_=1),
            "since": case((is_running, AttemptCounter.since), else_=counting.excluded.since),
        },
    ).returning(AttemptCounter.bucket, AttemptCounter.count, AttemptCounter.since)
    return db.session.execute(counted).all()


def attempts_in(bucket: str) -> tuple[int, datetime] | None:
    """How many the counter of this bucket has, and since when, though its window may be over; or None."""
    found = look(COUNTED, {"bucket": bucket})
    return None if found is None else (found.times, found.since)


def forget_attempts(*buckets: str) -> None:
    """Begin these buckets anew."""
    db.session.execute(delete(AttemptCounter).where(AttemptCounter.bucket.in_(buckets)))


def give_back_attempt(bucket: str) -> None:
    """Take back one attempt: it was no failure."""
    counter = update(AttemptCounter).where(AttemptCounter.bucket == bucket, AttemptCounter.count > 0)
    db.session.execute(counter.values(count=AttemptCounter.count - 1))


def tidy_up(counted_before: datetime, ended_before: datetime) -> None:
    """Delete counters whose window began before then, and sessions that ran out before then."""
    db.session.execute(delete(AttemptCounter).where(AttemptCounter.since < counted_before))
    db.session.execute(delete(UserSession).where(UserSession.expires_at < ended_before))


def flush() -> None:
    """Write what is pending, so that a constraint sees it in this order."""
    db.session.flush()


def add(row: Added) -> Added:
    """`row`, with its id."""
    db.session.add(row)
    db.session.flush()
    return row
