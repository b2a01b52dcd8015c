"""Envelope keys: a person enrols one, so that private keys can be sealed to it."""

from datetime import timedelta

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from sqlalchemy.exc import IntegrityError

from portal.access.actor import Actor
from portal.access.roles import Permission
from portal.accounts import store as accounts
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.delegations.acting import require_home
from portal.foundation import clock
from portal.foundation.database import db
from portal.foundation.errors import NotFound
from portal.handoffs import notices, store
from portal.handoffs.errors import EnvelopeKeyKnown, NotAnEnvelopeKey
from portal.handoffs.models import EnvelopeKey, Kept

# security.md section 1, custody: a changed key waits, so that its person can say that the change was not theirs.
HOLD = timedelta(hours=24)
OCTETS = 32


def enrol(actor: Actor, public: bytes, kept: Kept) -> EnvelopeKey:
    """The person's envelope key in its own tenant from now on; the one that it had before is out of use.

    A first key may be used at once. One that takes another's place may be used after 24 hours, and both sides are told.
    Enrolling the same key again changes nothing.
    Raises: NotAllowed, OnlyFromHome, NotAnEnvelopeKey, EnvelopeKeyKnown when it is, or was, another one's.
    """
    require_home(actor, Permission.HAND_OFF)
    require_usable(public)
    before = _held(actor)
    if before is not None and before.public == public:
        return before
    if store.find_envelope_key(public) is not None:
        raise EnvelopeKeyKnown()
    now = clock.now()
    if before is not None:
        before.replaced_at = now
        db.session.flush()  # the place is free from here on
    key = _added(actor, public, kept, replaces=before)
    event = Event.ENVELOPE_KEY_ENROLLED if before is None else Event.ENVELOPE_KEY_CHANGED
    audit.record(actor, event, key, person=actor.label, kept=kept.value)
    if before is not None:
        notices.key_changed(key)
    return key


def require_usable(public: bytes) -> None:
    """Nothing, when these octets are an X25519 public key that leads to a secret. Raises: NotAnEnvelopeKey.

    The points of small order give the same shared secret to everybody (RFC 7748, 6.1).
    """
    try:
        X25519PrivateKey.generate().exchange(X25519PublicKey.from_public_bytes(public))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise NotAnEnvelopeKey() from error


def _held(actor: Actor) -> EnvelopeKey | None:
    """The person's key, with its membership held: two tabs come one after the other."""
    if actor.membership_id is None:
        raise NotFound()
    accounts.lock_membership(actor, actor.membership_id)
    return store.current_key(actor)


def _added(actor: Actor, public: bytes, kept: Kept, *, replaces: EnvelopeKey | None) -> EnvelopeKey:
    now = clock.now()
    key = EnvelopeKey(
        tenant_id=actor.tenant_id,
        person_id=actor.person_id,
        public=public,
        kept=kept,
        usable_at=now if replaces is None else now + HOLD,
    )
    try:
        return store.add(key)
    except IntegrityError as error:  # another tenant's person was faster with the same key
        raise EnvelopeKeyKnown() from error
