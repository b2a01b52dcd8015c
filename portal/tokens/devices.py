"""A command line asks for a token, a person grants it on a page, the command line fetches it (RFC 8628).

Neither code is stored, only hashes; the token's secret is made when it is fetched, so it is never stored either.
"""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from portal.access.actor import Actor
from portal.access.roles import Scope, scopes_within
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.foundation import clock
from portal.foundation.database import lock
from portal.foundation.errors import PortalError
from portal.foundation.sealing import new_token, token_hash
from portal.foundation.words import clean_name
from portal.tokens import operations, store
from portal.tokens.errors import (
    AuthorizationDeclined,
    AuthorizationPending,
    DecidedAlready,
    DeviceCodeExpired,
    DeviceCodeUnknown,
    SlowDown,
    UserCodeUnknown,
)
from portal.tokens.models import FETCHED_WITHIN, DeviceRequest, PersonalToken, TokenState
from portal.tokens.operations import Issued

INTERVAL_SECONDS, MORE_SECONDS = 5, 5  # RFC 8628, 3.2 and 3.5
# RFC 8628, 6.1: no vowels, so that no code is a word, nothing that is read as something else. 34 bits, for 10 minutes.
LETTERS, HALF = "BCDFGHJKLMNPQRSTVWXZ", 4


@dataclass(frozen=True)
class Begun:
    """What the command line is told: it keeps the one code, and shows the other to its person."""

    device_code: str = field(repr=False)
    user_code: str = field(repr=False)
    request: DeviceRequest


@dataclass(frozen=True)
class Fetched:
    """What the command line gets when it asks: a token with its secret, or why there is none (yet)."""

    issued: Issued | None = None
    refusal: PortalError | None = None


def begin(machine: str, scopes: frozenset[Scope]) -> Begun:
    """A request of a command line on `machine`, which wishes for these scopes, for ten minutes.

    Raises: what a name is refused for.
    """
    device_code, user_code = new_token(), _new_user_code()
    now = clock.now()
    request = DeviceRequest(
        device_hash=token_hash(device_code),
        user_hash=token_hash(user_code),
        machine=clean_name(machine),
        scopes=scopes,
        created_at=now,
        expires_at=now + FETCHED_WITHIN,
        interval_seconds=INTERVAL_SECONDS,
    )
    return Begun(device_code, user_code, store.add(request))


def get(user_code: str) -> DeviceRequest:
    """The request that waits with this code, however that is typed. Raises: UserCodeUnknown, DecidedAlready."""
    found = store.request_by_user(token_hash(plain(user_code)))
    if found is None:
        raise UserCodeUnknown()
    _require_waiting(found)
    return found


def plain(user_code: str) -> str:
    """The code as it was made, of letters only: people add spaces, leave the hyphen out, and type small letters."""
    letters = "".join(letter for letter in user_code.upper() if letter in LETTERS)
    return f"{letters[:HALF]}-{letters[HALF:]}"


def wished(actor: Actor, request: DeviceRequest) -> frozenset[Scope]:
    """What the command line wishes for, within the actor's role."""
    return request.scopes & scopes_within(actor.permissions)


def approve(
    actor: Actor, request: DeviceRequest, *, name: str, scopes: frozenset[Scope], ends_at: datetime
) -> PersonalToken:
    """The token that the command line may fetch now, of the actor's person in its own tenant; it works from then on.

    Raises: DecidedAlready, UserCodeUnknown when it is too late, and as `operations.promise`.
    """
    _hold(request)
    token = operations.promise(actor, name=name, scopes=scopes, ends_at=ends_at)
    _decide(actor, request)
    request.tenant_id, request.token_id = token.tenant_id, token.id
    return token


def refuse(actor: Actor, request: DeviceRequest) -> None:
    """The command line gets nothing. Raises: DecidedAlready, UserCodeUnknown when it is too late."""
    operations.require_may_issue(actor)
    _hold(request)
    _decide(actor, request)
    audit.record(actor, Event.DEVICE_REFUSED, request)


def fetch(device_code: str) -> Fetched:
    """The token, once, or the refusal that says why not (yet); asking too often makes the interval longer.

    A refusal is told and not raised, since what it notes has to be kept.
    """
    now = clock.now()
    request = store.request_by_device(token_hash(device_code))
    if request is None or request.fetched_at is not None:
        return Fetched(refusal=DeviceCodeUnknown())
    if now >= request.expires_at:
        return Fetched(refusal=DeviceCodeExpired())
    is_early, request.polled_at = not request.may_be_polled(now), now
    if is_early:
        request.interval_seconds += MORE_SECONDS
        return Fetched(refusal=SlowDown(seconds=request.interval_seconds))
    if request.decided_at is None:
        return Fetched(refusal=AuthorizationPending())
    return _hand_over(request, now)


def tidy_up() -> None:
    """Forget the requests whose codes have stopped a day ago."""
    store.forget_requests(clock.now() - timedelta(days=1))


def _hand_over(request: DeviceRequest, now: datetime) -> Fetched:
    token = None
    if request.tenant_id is not None and request.token_id is not None:
        token = store.lock_by_id(request.tenant_id, request.token_id)
    # It may have ended since, by its person's own hand or with the membership.
    if token is None or token.state(now) is not TokenState.WAITING:
        return Fetched(refusal=AuthorizationDeclined())
    request.fetched_at = now
    return Fetched(operations.give_secret(token))


def _hold(request: DeviceRequest) -> None:
    # Two tabs that answer at once: the second waits here, and hears what the first did.
    lock(request)
    _require_waiting(request)


def _require_waiting(request: DeviceRequest) -> None:
    if clock.now() >= request.expires_at:
        raise UserCodeUnknown()
    if request.decided_at is not None:
        raise DecidedAlready(machine=request.machine)


def _decide(actor: Actor, request: DeviceRequest) -> None:
    request.decided_at, request.decided_by_id = clock.now(), actor.person_id


def _new_user_code() -> str:
    return plain("".join(secrets.choice(LETTERS) for _ in range(2 * HALF)))
