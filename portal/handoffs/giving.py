"""The owner hands over a copy of a private key: to whom it may go, sealing, depositing, taking back (rule 16)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.exc import IntegrityError

from portal.access.actor import Actor, system_actor
from portal.access.roles import Permission
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.delegations.acting import require_home
from portal.delegations.models import Delegation
from portal.foundation import clock
from portal.foundation.errors import NotFound
from portal.foundation.sealing import new_token, token_hash
from portal.foundation.words import clean_text
from portal.handoffs import envelope, notices, store, upkeep
from portal.handoffs.acting import record
from portal.handoffs.envelope import Bound, Envelope
from portal.handoffs.errors import (
    EnvelopeKeyHeld,
    EnvelopeKeyReplaced,
    HandOffRunning,
    IntentOver,
    NoReceiver,
    NotYourPair,
    PairNotInService,
)
from portal.handoffs.models import EnvelopeKey, HandOff, HandOffIntent, HandOffState
from portal.handoffs.states import Act, move
from portal.keys import store as keys
from portal.keys.handing_over import moment_in_words
from portal.keys.models import KeyPair
from portal.keys.status import LIVE, MAKING_TIME, status_of

# The default: long enough for a weekend, short enough that ciphertext does not lie about.
OPEN_FOR = timedelta(hours=72)


@dataclass(frozen=True)
class Receiver:
    """Somebody to whom a copy may go: an integrator's person with an envelope key, under a running delegation."""

    delegation: Delegation
    key: EnvelopeKey

    @property
    def is_held(self) -> bool:
        """Whether the key took another's place less than 24 hours ago."""
        return self.key.usable_at > clock.now()


def receivers(actor: Actor, pair: KeyPair) -> Sequence[Receiver]:
    """To whom the actor may hand this pair's private key. Those with a changed key are among them, marked.

    Raises: those of `require_may_give`.
    """
    require_may_give(actor, pair)
    running = {
        row.integrator_id: row
        for row in store.running_delegations(actor, clock.now())
        if pair.environment in row.environments and row.integrator_id is not None
    }
    return [Receiver(running[key.tenant_id], key) for key in store.keys_of_receivers(list(running))]


def require_may_give(actor: Actor, pair: KeyPair) -> None:
    """Nothing, when the actor may hand this pair's private key over now.

    Raises: NotAllowed, OnlyFromHome, NotYourPair, PairNotInService.
    """
    require_home(actor, Permission.HAND_OFF)
    if pair.holder_id != actor.tenant_id:
        raise NotYourPair(holder=pair.holder.name)
    if status_of(pair, clock.now()) not in LIVE or keys.is_leaked(pair):
        raise PairNotInService()


def begin(actor: Actor, pair: KeyPair, envelope_key: str, message: str = "") -> HandOffIntent:
    """The intent to hand this pair over to the person with the envelope key of this public id.

    It says what the envelope has to bind. The same request repeated meets the same intent.
    Raises: those of `require_may_give`, NoReceiver, EnvelopeKeyReplaced, EnvelopeKeyHeld, HandOffRunning.
    """
    keys.hold(pair)  # puts repeated requests in order
    to = _receiver(actor, pair, envelope_key)
    _require_free(actor, pair)
    now = clock.now()
    intent = HandOffIntent(
        tenant_id=pair.tenant_id,
        receiver_id=to.key.tenant_id,
        key_pair_id=pair.id,
        delegation_id=to.delegation.id,
        to_person_id=to.key.person_id,
        to_public=to.key.public,
        person_id=_person(actor),
        message=clean_text(message),
        expires_at=now + MAKING_TIME,
        lapses_at=(now + OPEN_FOR).replace(microsecond=0),  # bound in whole seconds
    )
    known = store.find_open_intent(intent, now)
    if known is not None:
        return known
    store.add(intent)
    audit.record(
        actor,
        Event.HAND_OFF_INTENDED,
        intent,
        pair=pair.name,
        environment=pair.environment.value,
        person=to.key.person.name,
    )
    return intent


def require_may_seal(actor: Actor, intent: HandOffIntent) -> None:
    """Nothing, while an envelope for this intent would be taken, or was.

    Raises: IntentOver, and those of `require_may_give`.
    """
    require_may_give(actor, keys.get_by_id(actor, intent.key_pair_id))
    if clock.now() >= intent.expires_at and store.find_by_public_id(actor, intent.public_id) is None:
        raise IntentOver()


def deposit(actor: Actor, intent: HandOffIntent, sealed: Envelope) -> HandOff:
    """The hand-off, offered: its receiver is told. The same intent again ends in the same hand-off.

    Raises: IntentOver, those of `begin`, and of `envelope.check` when the private key of this pair did not sign
    exactly this.
    """
    intent = store.get_intent(actor, intent.public_id)
    pair = keys.get_by_id(actor, intent.key_pair_id)
    keys.hold(pair)  # puts repeated requests in order
    known = store.find_by_public_id(actor, intent.public_id)
    if known is not None:
        return known
    if clock.now() >= intent.expires_at:
        raise IntentOver()
    _require_same_receiver(actor, pair, intent)
    _require_free(actor, pair)
    envelope.check(pair.spki, sealed, bound_by(intent))
    code = new_token()
    hand_off = _offered(intent, pair, sealed, code)
    record(actor, Event.HAND_OFF_OFFERED, hand_off, until=moment_in_words(hand_off.lapses_at))
    notices.offered(hand_off, code)
    return hand_off


def withdraw(actor: Actor, hand_off: HandOff) -> None:
    """Take it back; the ciphertext is destroyed. What was opened before stays with whoever opened it.

    Repeating it changes nothing. Raises: NotAllowed, OnlyFromHome, NotFound, HandOffOver.
    """
    require_home(actor, Permission.HAND_OFF)
    if hand_off.tenant_id != actor.tenant_id:
        raise NotFound()
    store.hold(hand_off)
    if hand_off.state is HandOffState.WITHDRAWN:
        return
    state = move(hand_off, Act.WITHDRAW, clock.now())
    hand_off.state, hand_off.envelope, hand_off.closed_at = state, None, clock.now()
    record(actor, Event.HAND_OFF_WITHDRAWN, hand_off)
    notices.withdrawn(hand_off)


def bound_by(row: HandOffIntent | HandOff) -> Bound:
    """What the envelope of this intent has to bind, and that of this hand-off binds. Loaded as `get` does."""
    return Bound(
        hand_off=row.public_id,
        sender=row.owner.account_id,
        receiver=row.receiver.account_id,
        to_key=envelope.key_sha256(row.to_public),
        spki_sha256=row.key_pair.spki_sha256.hex(),
        environment=row.key_pair.environment.value,
        not_after=int(row.lapses_at.timestamp()),
    )


def _receiver(actor: Actor, pair: KeyPair, envelope_key: str) -> Receiver:
    found = receivers(actor, pair)
    if not found:
        raise NoReceiver()
    receiver = next((one for one in found if one.key.public_id == envelope_key), None)
    if receiver is None:
        raise EnvelopeKeyReplaced()
    if receiver.is_held:
        raise EnvelopeKeyHeld(usable=moment_in_words(receiver.key.usable_at))
    return receiver


def _require_same_receiver(actor: Actor, pair: KeyPair, intent: HandOffIntent) -> None:
    found = receivers(actor, pair)
    same = [one for one in found if one.key.public == intent.to_public and one.delegation.id == intent.delegation_id]
    if not same:
        raise EnvelopeKeyReplaced() if found else NoReceiver()


def _require_free(actor: Actor, pair: KeyPair) -> None:
    running = store.live_of(actor, pair)
    if running is not None and not upkeep.settle(system_actor("clock"), running):
        raise HandOffRunning(hand_off=running.public_id)


def _offered(intent: HandOffIntent, pair: KeyPair, sealed: Envelope, code: str) -> HandOff:
    hand_off = HandOff(
        tenant_id=intent.tenant_id,
        public_id=intent.public_id,
        receiver_id=intent.receiver_id,
        key_pair_id=pair.id,
        delegation_id=intent.delegation_id,
        to_person_id=intent.to_person_id,
        to_public=intent.to_public,
        environment=pair.environment,
        state=HandOffState.OFFERED,
        code_hash=token_hash(code),
        envelope=sealed.ciphertext,
        signature=sealed.signature,
        message=intent.message,
        given_by_id=intent.person_id,
        lapses_at=intent.lapses_at,
    )
    try:
        store.add(hand_off)
    except IntegrityError as error:  # somebody was faster with a hand-off of this pair
        raise HandOffRunning(hand_off="") from error
    store.hold(hand_off)  # with all that it hangs on
    return hand_off


def _person(actor: Actor) -> uuid.UUID:
    if actor.person_id is None:
        raise NotFound()
    return actor.person_id
