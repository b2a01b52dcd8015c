"""What is done with key pairs that exist: rename, revoke, lapse; and burning one whose private half was pasted."""

from sqlalchemy.exc import IntegrityError

from portal.access.actor import Actor
from portal.access.roles import Permission
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.foundation import clock
from portal.foundation.database import db
from portal.foundation.errors import Changed
from portal.foundation.marking import N_
from portal.foundation.words import clean_name, same_name
from portal.keys import store
from portal.keys.eligibility import require_power
from portal.keys.errors import CannotRevoke, KeyNameTaken, NotHolder
from portal.keys.models import PASTED, BlockedKey, KeyPair, KeyState
from portal.keys.status import LIVE_STATES, MAKING_TIME

LAPSED_AT_ONCE = 100


def rename(actor: Actor, pair: KeyPair, *, name: str, version: int) -> None:
    """Give the pair another name. Only its holder does: the name is how the holder finds the private half.

    The name that it has already changes nothing and is no event.

    Raises: NotAllowed, NotHolder, Changed, KeyNameTaken and the refusals of a name.
    """
    store.hold(pair)
    require_power(actor, pair, Permission.KEY_RENAME)
    if pair.holder_id != actor.home_id:
        raise NotHolder(holder=pair.holder.name)
    name = clean_name(name)
    if pair.name == name:
        return
    if pair.version != version:
        raise Changed(versions=[(N_("Name"), name, pair.name)])
    if store.name_is_taken(pair, same_name(name)):
        raise KeyNameTaken(name=name)
    before, pair.name, pair.name_key = pair.name, name, same_name(name)
    try:
        db.session.flush()
    except IntegrityError as error:  # somebody was faster with the same name
        raise KeyNameTaken(name=name) from error
    audit.record(actor, Event.KEY_RENAMED, pair, also_seen_by=pair.holder_id, before=before)


def revoke(actor: Actor, pair: KeyPair) -> None:
    """Take the pair out of service for ever. Owner and holder may both do it. Repeating it changes nothing.

    One that was never in service lapses. Raises: NotAllowed, CannotRevoke when it is out of service for another reason.
    """
    store.hold(pair)
    require_power(actor, pair, Permission.KEY_REVOKE)
    if pair.state is KeyState.REVOKED:
        return
    if pair.state is KeyState.PENDING:
        pair.state = KeyState.LAPSED
        _record(actor, Event.KEY_DISCARDED, pair)
        return
    if pair.state not in LIVE_STATES:
        raise CannotRevoke()
    pair.state, pair.revoked_at, pair.revoked_by_id = KeyState.REVOKED, clock.now(), actor.person_id
    _record(actor, Event.KEY_REVOKED, pair)


def burn(actor: Actor, spki_sha256: bytes) -> KeyPair | None:
    """Block a public key whose private half was pasted. Returns the actor's own pair with it, if there is one.

    Nothing in service is stopped: whether the pair leaked is for its owner to say.
    """
    store.block(spki_sha256, PASTED)
    audit.record(actor, Event.KEY_BURNT, BlockedKey(spki_sha256=spki_sha256))
    return store.find_own_by_fingerprint(actor, spki_sha256)


def lapse_due(actor: Actor) -> int:
    """Lapse pairs that nobody confirmed within 30 minutes; how many there were, at most 100. For the worker."""
    due = store.unconfirmed_since(clock.now() - MAKING_TIME, LAPSED_AT_ONCE)
    for pair in due:
        pair.state = KeyState.LAPSED
        audit.record(actor, Event.KEY_LAPSED, pair, tenant_id=pair.tenant_id, also_seen_by=pair.holder_id)
    return len(due)


def _record(actor: Actor, event: Event, pair: KeyPair) -> None:
    audit.record(actor, event, pair, also_seen_by=pair.holder_id, environment=pair.environment.value)
