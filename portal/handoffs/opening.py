"""The receiver opens a sealed copy: an explicit act, on record, repeatable until opening is proved (rule 16)."""

from portal.access.actor import Actor
from portal.access.roles import Permission
from portal.audit.events import Event
from portal.delegations.acting import require_home
from portal.delegations.states import is_live
from portal.foundation import clock
from portal.foundation.errors import NotFound
from portal.foundation.sealing import token_hash
from portal.handoffs import envelope, notices, store
from portal.handoffs.acting import record
from portal.handoffs.envelope import Envelope
from portal.handoffs.errors import (
    DelegationOver,
    FetchedTooOften,
    OpeningNotProved,
    PairNotInService,
    SealedToAnother,
    StrangersLink,
)
from portal.handoffs.faults import AnotherEnvelopeKey, KeyOfAnotherPair
from portal.handoffs.models import LIVE_STATES, HandOff, HandOffState, KeyCopy
from portal.handoffs.states import Act, move, state_at
from portal.keys import possession
from portal.keys import store as keys
from portal.keys.errors import ProofWrong
from portal.keys.status import LIVE, status_of

# Each fetching tells everybody on both sides: enough for a slow network, too little to flood them.
MOST_FETCHES = 20


def fetch(actor: Actor, hand_off: HandOff) -> Envelope:
    """The envelope, for its receiver to open. From now on the receiver counts as one that has a copy.

    The same person may fetch it again until the opening is proved; each time is on record, and both sides are told.
    Raises: NotAllowed, OnlyFromHome, NotFound, SealedToAnother, HandOffOver, DelegationOver, PairNotInService,
    FetchedTooOften.
    """
    _hold_received(actor, hand_off)
    now = clock.now()
    state = move(hand_off, Act.OPEN, now)
    _require_openable(hand_off)
    if hand_off.attempts >= MOST_FETCHES:
        raise FetchedTooOften(most=MOST_FETCHES)
    hand_off.state, hand_off.attempts = state, hand_off.attempts + 1
    if hand_off.opened_at is None:
        hand_off.opened_at, hand_off.opened_by_id = now, actor.person_id
        _note_copy(hand_off)
    record(actor, Event.HAND_OFF_OPENED, hand_off, opened_by=actor.label, attempt=str(hand_off.attempts))
    notices.opened(hand_off, actor.label)
    return Envelope(hand_off.envelope or b"", hand_off.signature)


def is_out(actor: Actor, hand_off: HandOff, *, to_key: str, spki_sha256: bytes | None) -> bool:
    """Whether this person opened it and has the private key already, so that it need not be fetched again to be proved.

    to_key: the fingerprint of the envelope key that the person will open with, "" where it is not known yet;
    spki_sha256: of the public half of what the person took for the private key. What would not fit is refused before
    anything is opened. Raises: NotAllowed, OnlyFromHome, NotFound, AnotherEnvelopeKey, KeyOfAnotherPair.
    """
    _hold_received(actor, hand_off)
    if to_key and to_key != envelope.key_sha256(hand_off.to_public):
        raise AnotherEnvelopeKey()
    if spki_sha256 is None:
        return False
    if spki_sha256 != hand_off.key_pair.spki_sha256:
        raise KeyOfAnotherPair()
    return hand_off.opened_by_id == actor.person_id


def message_of(hand_off: HandOff, *, base_url: str) -> bytes:
    """What the opened private key signs, so that both sides know that it was read."""
    return envelope.opening(
        base_url=base_url,
        hand_off=hand_off.public_id,
        nonce=hand_off.nonce,
        receiver=hand_off.receiver.account_id,
    )


def finish(actor: Actor, hand_off: HandOff, *, signature: bytes, base_url: str) -> None:
    """The hand-off is done, because the opened key signed its message; the ciphertext is destroyed.

    Repeating it changes nothing. Raises: NotAllowed, OnlyFromHome, NotFound, SealedToAnother, HandOffOver,
    OpeningNotProved.
    """
    _hold_received(actor, hand_off)
    if hand_off.state is HandOffState.DONE:
        return
    state = move(hand_off, Act.FINISH, clock.now())
    try:
        possession.check(hand_off.key_pair.spki, message_of(hand_off, base_url=base_url), signature)
    except ProofWrong as error:
        raise OpeningNotProved() from error
    hand_off.state, hand_off.envelope, hand_off.done_at = state, None, clock.now()
    record(actor, Event.HAND_OFF_DONE, hand_off)
    notices.done(hand_off)


def by_link(code: str) -> HandOff:
    """The hand-off that a link leads to, for whoever follows it. Nothing changes. Raises: StrangersLink."""
    hand_off = store.find_by_code(token_hash(code))
    if hand_off is None:
        raise StrangersLink()
    return hand_off


def freeze(actor: Actor, hand_off: HandOff) -> None:
    """Somebody of another tenant opened it by its link: it is over, the ciphertext is destroyed, both sides are told.

    No key is stopped: nothing was given out. On one that is over nothing happens.
    """
    store.hold(hand_off)
    if state_at(hand_off, clock.now()) not in LIVE_STATES:
        return
    hand_off.state = move(hand_off, Act.FREEZE, clock.now())
    hand_off.envelope, hand_off.closed_at = None, clock.now()
    record(actor, Event.HAND_OFF_FROZEN, hand_off)
    notices.frozen(hand_off)


def _hold_received(actor: Actor, hand_off: HandOff) -> None:
    require_home(actor, Permission.HAND_OFF)
    if hand_off.receiver_id != actor.tenant_id:
        raise NotFound()
    if hand_off.to_person_id != actor.person_id:
        raise SealedToAnother(person=hand_off.to_person.name)
    store.hold(hand_off)


def _require_openable(hand_off: HandOff) -> None:
    """What was given may have been taken back since: the environment, the delegation, the pair, or its secrecy."""
    delegation, pair = hand_off.delegation, keys.hold_by_id(hand_off.tenant_id, hand_off.key_pair_id)
    if not is_live(delegation, clock.now()) or hand_off.environment not in delegation.environments:
        raise DelegationOver()
    if status_of(pair, clock.now()) not in LIVE or keys.is_leaked(pair):
        raise PairNotInService()


def _note_copy(hand_off: HandOff) -> None:
    copy = store.find_copy(hand_off)
    if copy is not None:
        copy.hand_off_id, copy.rotation_due_at = hand_off.id, None
        return
    store.add(
        KeyCopy(
            tenant_id=hand_off.tenant_id,
            key_pair_id=hand_off.key_pair_id,
            holder_id=hand_off.receiver_id,
            hand_off_id=hand_off.id,
        )
    )
