"""What becomes of a call that carries an Idempotency-Key: the first one is carried out, later ones are answered alike.

with transaction(): kept = begin(...)          the call is in progress; or it was answered before
with transaction(): ...; finish(...)           its answer is kept with what it changed, or neither is
with transaction(): release(...)               it was refused: nothing happened, so it may come again
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError

from portal.access.actor import Actor
from portal.foundation import clock
from portal.repeats import store
from portal.repeats.errors import KeyUsedOtherwise, StillInProgress
from portal.repeats.models import KeyedCall

KEPT = timedelta(hours=24)
# Longer than any call takes; whoever was killed meanwhile leaves the key to the next try.
LEASE = timedelta(seconds=60)


@dataclass(frozen=True)
class Kept:
    """What a call was answered: the HTTP status, and the body without what is shown once."""

    status: int
    answer: str


@dataclass(frozen=True)
class Begun:
    """A call in progress: whoever takes it over after the lease begins at another moment."""

    key_sha256: bytes
    at: datetime


def begin(actor: Actor, key: str, call_sha256: bytes) -> Kept | Begun:
    """The answer that this call had before; or that it is in progress from now on.

    actor: `actor.credential` is the caller. call_sha256: of all that makes two calls the same.
    Raises: KeyUsedOtherwise, StillInProgress.
    """
    now, digest = clock.now(), _digest(key)
    call = store.hold(actor, digest)
    if call is not None and call.begun_at <= now - KEPT:
        store.remove(call)
        call = None
    if call is None:
        return _added(actor, digest, call_sha256)
    if call.call_sha256 != call_sha256:
        raise KeyUsedOtherwise()
    if call.status is not None:
        return Kept(call.status, call.answer or "")
    if call.begun_at > now - LEASE:
        raise StillInProgress(seconds=int((call.begun_at + LEASE - now).total_seconds()) + 1)
    call.begun_at = now
    return Begun(digest, now)


def finish(actor: Actor, begun: Begun, kept: Kept) -> None:
    """Keep the answer, in the transaction of what the call changed.

    Raises: StillInProgress when it took so long that another try has taken the key over; nothing is changed then.
    """
    call = _still_ours(actor, begun)
    if call is None:
        raise StillInProgress(seconds=int(LEASE.total_seconds()))
    call.status, call.answer = kept.status, kept.answer


def release(actor: Actor, begun: Begun) -> None:
    """Forget a call that was refused, for nothing of it happened."""
    call = _still_ours(actor, begun)
    if call is not None:
        store.remove(call)


def _still_ours(actor: Actor, begun: Begun) -> KeyedCall | None:
    call = store.hold(actor, begun.key_sha256)
    is_ours = call is not None and call.status is None and call.begun_at == begun.at
    return call if is_ours else None


def tidy_up() -> None:
    """Delete calls of more than 24 hours ago."""
    store.forget(clock.now() - KEPT)


def _added(actor: Actor, digest: bytes, call_sha256: bytes) -> Begun:
    call = KeyedCall(
        tenant_id=actor.tenant_id,
        caller=actor.credential,
        key_sha256=digest,
        call_sha256=call_sha256,
        begun_at=clock.now(),
    )
    try:
        store.add(call)
    except IntegrityError as error:  # the same key came twice at the same moment
        raise StillInProgress(seconds=1) from error
    return Begun(digest, call.begun_at)


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
