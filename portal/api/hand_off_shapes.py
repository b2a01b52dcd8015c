"""How hand-offs and envelope keys are told to callers."""

from typing import Annotated, Any

from pydantic import Field

from portal.access.roles import Environment
from portal.api.guards import base64_of
from portal.api.shapes import ONCE, Moment, Shown, Text
from portal.foundation import clock
from portal.handoffs import envelope
from portal.handoffs.giving import Receiver, bound_by
from portal.handoffs.models import EnvelopeKey, HandOff, HandOffIntent, HandOffState, Kept
from portal.handoffs.states import state_at
from portal.handoffs.words import comparison_words
from portal.impact.receipts import Step

LONGEST_BASE64 = 16_000
Base64 = Annotated[Text, Field(description="In base64.", max_length=LONGEST_BASE64)]
Words = Annotated[list[str], Field(description="Eight words, to be compared by telephone.")]
Info = Annotated[str, Field(description="HPKE's `info`, octet by octet: what the envelope binds (docs/hand-offs.md).")]


class ReceiverShown(Shown):
    """Somebody to whom a copy may go; `usable_at` is past but for a key that took another's place lately."""

    envelope_key: Annotated[str, Field(description="Its id, `env_…`.")]
    account: str
    name: str
    person: str
    delegation: str
    words: Words
    usable_at: Moment


class SealingShown(Shown):
    """A copy that is being handed over: the public half to seal to, and what the envelope has to bind."""

    id: str
    api_key: str
    pair: str
    receiver: str
    receiver_name: str
    person: str
    words: Words
    message: str
    to_public: Annotated[str, Field(description="The receiver's envelope key, 32 octets in base64.")]
    info: Info
    expires_at: Moment


class HandOffShown(Shown):
    """A sealed copy of a private key, for one person of another account."""

    id: str
    state: HandOffState
    api_key: str
    pair: str
    environment: Environment
    giver: str
    giver_name: str
    given_by: str
    receiver: str
    receiver_name: str
    person: str
    words: Words
    message: str
    attempts: int
    created_at: Moment
    lapses_at: Moment


class StepShown(Shown):
    """What happened, or is to happen where `at` is null."""

    step: Step
    at: Moment | None
    party: str
    person: str


class HandOffWhole(HandOffShown):
    """A hand-off with its receipt."""

    public_key_sha256: str
    steps: list[StepShown]


class OpenedShown(HandOffShown):
    """The envelope, and all that opening it and proving that needs. The ciphertext is given with this answer only."""

    ciphertext: Annotated[str | None, Field(json_schema_extra={ONCE: True})]
    signature: Annotated[str | None, Field(json_schema_extra={ONCE: True})]
    info: Info
    to_prove: Annotated[
        str, Field(description="What the opened private key signs, so that both sides know that it was read.")
    ]


class EnvelopeKeyShown(Shown):
    """The envelope key of the token's person. One that took another's place waits until `usable_at`."""

    id: str
    public_key: str
    sha256: str
    words: Words
    kept: Kept
    enrolled_at: Moment
    usable_at: Moment


def receiver_shown(receiver: Receiver) -> ReceiverShown:
    """Somebody to whom a copy may go, as the API tells it."""
    key = receiver.key
    return ReceiverShown(
        envelope_key=key.public_id,
        account=key.tenant.account_id,
        name=key.tenant.name,
        person=key.person.name,
        delegation=receiver.delegation.public_id,
        words=list(comparison_words(key.public)),
        usable_at=key.usable_at,
    )


def sealing_shown(intent: HandOffIntent) -> SealingShown:
    """An intent, loaded as `store.get_intent` does, as the API tells it."""
    return SealingShown(
        id=intent.public_id,
        api_key=intent.key_pair.api_key,
        pair=intent.key_pair.name,
        receiver=intent.receiver.account_id,
        receiver_name=intent.receiver.name,
        person=intent.to_person.name,
        words=list(comparison_words(intent.to_public)),
        message=intent.message,
        to_public=base64_of(intent.to_public),
        info=bound_by(intent).info.decode(),
        expires_at=intent.expires_at,
    )


def members_of(hand_off: HandOff) -> dict[str, Any]:
    """The members of `HandOffShown`, of a hand-off loaded as `store.get` does."""
    return {
        "id": hand_off.public_id,
        "state": state_at(hand_off, clock.now()),
        "api_key": hand_off.key_pair.api_key,
        "pair": hand_off.key_pair.name,
        "environment": hand_off.environment,
        "giver": hand_off.owner.account_id,
        "giver_name": hand_off.owner.name,
        "given_by": hand_off.given_by.name,
        "receiver": hand_off.receiver.account_id,
        "receiver_name": hand_off.receiver.name,
        "person": hand_off.to_person.name,
        "words": list(comparison_words(hand_off.to_public)),
        "message": hand_off.message,
        "attempts": hand_off.attempts,
        "created_at": hand_off.created_at,
        "lapses_at": hand_off.lapses_at,
    }


def key_shown(key: EnvelopeKey) -> EnvelopeKeyShown:
    """An envelope key as the API tells it."""
    return EnvelopeKeyShown(
        id=key.public_id,
        public_key=base64_of(key.public),
        sha256=envelope.key_sha256(key.public),
        words=list(comparison_words(key.public)),
        kept=key.kept,
        enrolled_at=key.created_at,
        usable_at=key.usable_at,
    )
