"""Making, finding and ending personal tokens. The secret is in what `issue` returns, and nowhere else."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from portal.access.actor import Actor, require, system_actor
from portal.access.errors import OnlyInPerson
from portal.access.roles import Permission, Scope, scopes_within
from portal.accounts import store as accounts
from portal.accounts.models import Membership
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.foundation import clock
from portal.foundation.database import lock
from portal.foundation.marking import N_
from portal.foundation.words import clean_name
from portal.tokens import notices, store, texts
from portal.tokens.errors import (
    IssuedAlready,
    LastDayOutOfRange,
    NotAtHome,
    NotYourToken,
    ScopeNotYours,
    TooManyTokens,
)
from portal.tokens.models import PersonalToken

LONGEST_DAYS = 365
MOST_PER_MEMBER = 50  # a script that makes tokens in a loop is stopped before anybody has to tidy up after it
NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Issued:
    """A token with its secret, which is told once and never again."""

    token: PersonalToken
    secret: str = field(repr=False)


def issue(actor: Actor, *, name: str, scopes: frozenset[Scope], ends_at: datetime, mark: str | None = None) -> Issued:
    """A token of the actor's person in its own tenant, which stops at `ends_at` (aware UTC, the end of its last day).

    scopes: reading is among them in any case. mark: of the form that asks, so that sending it twice makes one. Raises:
    NotAtHome, OnlyInPerson, ScopeNotYours, LastDayOutOfRange, IssuedAlready, TooManyTokens, and what a name is refused
    for.
    """
    secret = texts.make()
    token = _add(actor, secret, name=name, scopes=scopes, ends_at=ends_at, hint=texts.hint_of(secret), mark=mark)
    return Issued(token, secret)


def promise(actor: Actor, *, name: str, scopes: frozenset[Scope], ends_at: datetime) -> PersonalToken:
    """The same, without a secret that anybody knows: `give_secret` makes one, and until then the token does not work.

    Raises: as `issue`.
    """
    return _add(actor, texts.make(), name=name, scopes=scopes, ends_at=ends_at, hint="")


def give_secret(token: PersonalToken) -> Issued:
    """A promised token, which the caller holds and which waits, with its secret: it works from now on."""
    secret = texts.make()
    token.digest, token.hint = texts.digest_of(secret), texts.hint_of(secret)
    return Issued(token, secret)


def require_may_issue(actor: Actor) -> uuid.UUID:
    """The actor's membership, when it is a person at home. Raises: NotAtHome; OnlyInPerson for a token."""
    require(actor, Permission.SEE)
    if actor.scopes is not None:
        raise OnlyInPerson(act=N_("Make tokens"))
    if actor.acts_for_client or actor.membership_id is None:
        raise NotAtHome()
    return actor.membership_id


def sees_everybodys(actor: Actor) -> bool:
    """Whether the actor sees and ends all members' tokens of its tenant: who manages the members does."""
    return actor.may(Permission.MEMBERS_MANAGE) and not actor.acts_for_client


def end(actor: Actor, token: PersonalToken) -> None:
    """Stop it at once and for good: one's own, or any of the tenant. Stopped already, nothing changes.

    By a token, the same token ends without any scope; others with the scope for members. Raises: NotAtHome,
    NotYourToken, ScopeMissing, NotFound.
    """
    if actor.acts_for_client:
        raise NotAtHome()
    found = store.lock_again(actor, token)
    _require_may_end(actor, found)
    if found.ended_at is not None:
        return
    found.ended_at, found.ended_by_id = clock.now(), actor.person_id
    whose = found.membership.person.name
    audit.record(actor, Event.TOKEN_ENDED, found, person=whose)


def end_of_member(actor: Actor, membership: Membership) -> int:
    """How many tokens of a member ended, whose person is disabled: enabled again, they do not come back. The event is
    that of the act.
    """
    now = clock.now()
    ended = store.lock_working_of(membership, now)
    for token in ended:
        token.ended_at, token.ended_by_id = now, actor.person_id
    return len(ended)


def find(secret: str, at: datetime) -> PersonalToken | None:
    """The token with this secret, when it works at this moment, with membership, person and tenant loaded; or None.

    A text that is no token is told by its checksum: the database is not asked. Ended and expired tokens, and those of
    people who left or are disabled, are None. Whether the tenant is suspended is for who makes the actor.
    """
    if not texts.is_sound(secret):
        return None
    token = store.find_by_digest(texts.digest_of(secret))
    return token if token is not None and token.is_working(at) else None


def note_use(token: PersonalToken, at: datetime, act: str = "") -> None:
    """Note that it was used now, at most once a minute, in a transaction of its own; what is loaded stays loaded.

    act: what it was used for, such as `GET api.keys.show`.
    """
    if token.last_used_at is None or token.last_used_at <= at - NOTED_EVERY:
        store.note_use(token.tenant_id, token.id, at, act, NOTED_EVERY)


def report_leak(secret: str, where: str = "") -> PersonalToken | None:
    """The token that somebody reported to have found at `where`, flagged; None when none works by this secret.

    Nothing stops by it: whoever reports is not known. Its person and the tenant's owners are told, once; reported
    again, nothing changes.
    """
    if not texts.is_sound(secret):
        return None
    token = store.lock_by_digest(texts.digest_of(secret))
    now = clock.now()
    if token is None or not token.is_working(now):
        return None
    if token.leaked_at is None:
        token.leaked_at, token.leaked_where = now, where
        finder, whose = system_actor("leak report", token.tenant_id), token.membership.person.name
        audit.record(finder, Event.TOKEN_LEAKED, token, person=whose, where=where or "-")
        notices.tell_of_leak(token)
    return token


def _add(
    actor: Actor,
    secret: str,
    *,
    name: str,
    scopes: frozenset[Scope],
    ends_at: datetime,
    hint: str,
    mark: str | None = None,
) -> PersonalToken:
    membership_id = require_may_issue(actor)
    name = clean_name(name)
    lock(accounts.get_membership(actor, membership_id))  # so that two who send one form wait for each other
    before = store.find_asked_as(actor, mark) if mark else None
    if before is not None:
        raise IssuedAlready(name=before.name)
    _require_sound(actor, scopes, ends_at)
    if (count := store.count_held(actor, membership_id, clock.now())) >= MOST_PER_MEMBER:
        raise TooManyTokens(count=count)
    row = PersonalToken(
        tenant_id=actor.tenant_id,
        membership_id=membership_id,
        name=name,
        digest=texts.digest_of(secret),
        hint=hint,
        scopes=scopes | {Scope.READ},
        asked_as=mark,
        created_at=clock.now(),
        expires_at=ends_at,
    )
    token = store.add(row)
    told = ", ".join(sorted(token.scopes))
    audit.record(actor, Event.TOKEN_ISSUED, token, scopes=told, until=f"{ends_at:%Y-%m-%d %H:%M} UTC")
    return token


def _require_sound(actor: Actor, scopes: frozenset[Scope], ends_at: datetime) -> None:
    beyond = scopes - scopes_within(actor.permissions)
    if beyond:
        raise ScopeNotYours(scopes=", ".join(sorted(beyond)))
    # The end of the last day, which lies 1 to 365 days ahead.
    if not clock.now() < ends_at <= clock.now() + timedelta(days=LONGEST_DAYS + 1):
        raise LastDayOutOfRange(days=LONGEST_DAYS)


def _require_may_end(actor: Actor, token: PersonalToken) -> None:
    is_itself = actor.scopes is not None and actor.credential == token.public_id
    is_ones_own = actor.scopes is None and token.membership_id == actor.membership_id
    if is_itself or is_ones_own:
        return
    if Permission.MEMBERS_MANAGE in actor.withheld:
        require(actor, Permission.MEMBERS_MANAGE)
    if not sees_everybodys(actor):
        raise NotYourToken()
