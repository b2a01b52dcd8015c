"""The moment in which a successor takes over: it is in service, and from then on the old pair is retiring."""

from datetime import datetime, timedelta
from itertools import chain, count

from portal.foundation import clock
from portal.foundation.database import db
from portal.foundation.words import LONGEST_NAME, same_name
from portal.keys import store
from portal.keys.errors import OldPairChanged, OldPairLeaked
from portal.keys.models import KeyEnding, KeyIntent, KeyPair, KeyState
from portal.keys.status import KeyStatus, status_of

SUFFIX = 12  # room for " (123456789)" behind a name that is as long as names may be


def retire_old(intent: KeyIntent) -> KeyPair | None:
    """The pair that the intent's own is to replace, retiring from now on; None when it replaces none.

    Both work until the chosen overlap has passed, which is never beyond the old pair's own end. One that was stopped
    because it leaked is left as it is. Raises: OldPairChanged, OldPairLeaked.
    """
    if intent.replaces_id is None or intent.overlap_seconds is None:
        return None
    old, now = store.hold_by_id(intent.tenant_id, intent.replaces_id), clock.now()
    _require_replaceable(intent, old, now)
    if old.state is KeyState.COMPROMISED:
        return old
    old.state, old.ending, old.retiring_since = KeyState.RETIRING, intent.ending, now
    old.retiring_until = within_own_end(old, now + timedelta(seconds=intent.overlap_seconds))
    db.session.flush()  # its name is free from here on
    return old


def require_old_in_service(intent: KeyIntent) -> None:
    """Nothing, while a successor of this intent could take over: nobody saves a private key for nothing.

    Raises: OldPairChanged, OldPairLeaked.
    """
    if intent.replaces_id is None:
        return
    old = store.find_by_id(intent.tenant_id, intent.replaces_id)
    if old is None:
        raise OldPairChanged()
    _require_replaceable(intent, old, clock.now())


def is_stopped_alone(pair: KeyPair) -> bool:
    """Whether the pair was stopped because it leaked, and nothing took its place yet."""
    return pair.state is KeyState.COMPROMISED and not store.was_succeeded(pair)


def _require_replaceable(intent: KeyIntent, old: KeyPair, at: datetime) -> None:
    if is_stopped_alone(old):
        return
    if status_of(old, at) is not KeyStatus.ACTIVE:
        raise OldPairChanged()
    if intent.ending is not KeyEnding.LEAK and store.is_leaked(old):
        raise OldPairLeaked()


def within_own_end(pair: KeyPair, moment: datetime) -> datetime:
    """`moment`, or the pair's own end when that is earlier."""
    return moment if pair.expires_at is None else min(moment, pair.expires_at)


def free_name(pair: KeyPair | KeyIntent, name: str, *, numbered: bool = False) -> str:
    """`name`, or with the first number behind it that no other pair bears; with a number in any case if `numbered`."""
    stem = name[: LONGEST_NAME - SUFFIX]
    names = chain([] if numbered else [name], (f"{stem} ({number})" for number in count(2)))
    return next(each for each in names if not store.name_is_taken(pair, same_name(each)))


def moment_in_words(moment: datetime) -> str:
    """A moment as the record has it: UTC, to the minute."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"
