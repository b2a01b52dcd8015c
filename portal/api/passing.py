"""Calls about hand-offs: whom a copy of a private key may go to, sealing it, opening it, and what became of it.

What is sealed is sealed on the caller's side, and opened there: these calls carry ciphertext and public halves.
"""

from typing import Annotated, Literal

from pydantic import Field

from portal.access.actor import Actor
from portal.access.roles import Permission
from portal.api.calls import Calls
from portal.api.door import base_url
from portal.api.guards import base64_of, octets
from portal.api.hand_off_shapes import (
    Base64,
    EnvelopeKeyShown,
    HandOffShown,
    HandOffWhole,
    OpenedShown,
    ReceiverShown,
    SealingShown,
    StepShown,
    key_shown,
    members_of,
    receiver_shown,
    sealing_shown,
)
from portal.api.shapes import Body, Listed, Paged, Text, all_of, listed
from portal.foundation.errors import NotFound
from portal.handoffs import giving, opening, operations, store
from portal.handoffs.envelope import Envelope
from portal.handoffs.giving import bound_by
from portal.handoffs.models import HandOff, Kept
from portal.impact import receipts
from portal.keys import possession
from portal.keys import store as keys

calls = Calls("handoffs", "Hand-offs")


class Wanted(Paged):
    """Which hand-offs."""

    side: Annotated[
        Literal["given", "received"], Field(description="Those of the account's own pairs, or those to it.")
    ] = "given"


class Giving(Body):
    """To whose envelope key, and a message that goes along. It is not sealed."""

    envelope_key: Annotated[Text, Field(description="The id of a receiver's envelope key, `env_…`.")]
    message: Text = ""


class Sealed(Body):
    """The envelope, and the signature of the private key in it over what it is for (docs/hand-offs.md)."""

    ciphertext: Base64
    signature: Base64


class Opening(Body):
    """What the caller is going to open it with; what does not fit is refused before anything is opened."""

    to_key: Annotated[
        Text, Field(description="The SHA-256 of the envelope key's public half, in hexadecimal.", max_length=64)
    ] = ""


class HandOffProof(Body):
    """The signature of the opened private key over `to_prove`."""

    signature: Base64


class Enrolling(Body):
    """The public half of an X25519 key that the caller made: 32 octets."""

    public_key: Base64


@calls.reads("/<account>/hand-offs", Permission.SEE)
def index(actor: Actor, query: Wanted) -> Listed[HandOffShown]:
    """List hand-offs, newest first. Those to an account are read at that account."""
    rows = store.given_by(actor) if query.side == "given" else store.received_for(actor)
    page = store.page(rows, place=query.after)
    return Listed[HandOffShown](**listed(page, lambda row: HandOffShown(**members_of(row))))


@calls.reads("/<account>/hand-offs/<hand_off_id>", Permission.SEE)
def show(actor: Actor, hand_off_id: str) -> HandOffWhole:
    """Show a hand-off with its receipt: who did what, and when."""
    hand_off = store.get(actor, hand_off_id)
    return HandOffWhole(
        **members_of(hand_off),
        public_key_sha256=hand_off.key_pair.spki_sha256.hex(),
        steps=[
            StepShown(step=one.step, at=one.at, party=one.party, person=one.person) for one in receipts.of(hand_off)
        ],
    )


@calls.reads("/<account>/keys/<api_key>/hand-over", Permission.HAND_OFF)
def receivers(actor: Actor, api_key: str) -> Listed[ReceiverShown]:
    """List to whom a copy of the private key of a pair may go."""
    found = giving.receivers(actor, keys.get(actor, api_key))
    return Listed[ReceiverShown](**all_of(found, receiver_shown))


@calls.writes("/<account>/keys/<api_key>/hand-over", Permission.HAND_OFF, makes=True)
def give(actor: Actor, api_key: str, body: Giving) -> SealingShown:
    """Begin to hand a copy of a private key over: get what it is to be sealed to, and what the envelope binds.

    Compare the words with the receiver by telephone before. Then send the envelope to
    `…/hand-offs/sealing/{intent_id}` within 30 minutes.
    """
    intent = operations.begin(actor, keys.get(actor, api_key), body.envelope_key, body.message)
    return sealing_shown(store.get_intent(actor, intent.public_id))


@calls.reads("/<account>/hand-offs/sealing/<intent_id>", Permission.HAND_OFF)
def sealing(actor: Actor, intent_id: str) -> SealingShown:
    """Show what an envelope has to bind that the caller's person is about to seal."""
    return sealing_shown(store.get_intent(actor, intent_id))


@calls.writes("/<account>/hand-offs/sealing/<intent_id>", Permission.HAND_OFF)
def seal(actor: Actor, intent_id: str, body: Sealed) -> HandOffShown:
    """Deposit the envelope: its receiver is told, and can open it for 72 hours.

    The same call again has the same answer, also with another envelope.
    """
    given = body.model_dump()
    sealed = Envelope(octets(given, "ciphertext"), octets(given, "signature"))
    hand_off = operations.deposit(actor, store.get_intent(actor, intent_id), sealed)
    return HandOffShown(**members_of(hand_off))


@calls.writes("/<account>/hand-offs/<hand_off_id>/open", Permission.HAND_OFF)
def fetch(actor: Actor, hand_off_id: str, body: Opening) -> OpenedShown:
    """Fetch the envelope. From now on the receiver counts as one that has a copy; both sides are told each time.

    Open it, sign `to_prove` with the private key, and send the signature to `…/proof`.
    """
    hand_off = _received(actor, hand_off_id)
    opening.is_out(actor, hand_off, to_key=body.to_key, spki_sha256=None)
    sealed = operations.fetch(actor, hand_off)
    return OpenedShown(
        **members_of(hand_off),
        ciphertext=base64_of(sealed.ciphertext),
        signature=base64_of(sealed.signature),
        info=bound_by(hand_off).info.decode(),
        to_prove=opening.message_of(hand_off, base_url=base_url()).decode(),
    )


@calls.writes("/<account>/hand-offs/<hand_off_id>/proof", Permission.HAND_OFF)
def prove(actor: Actor, hand_off_id: str, body: HandOffProof) -> HandOffShown:
    """Prove that the private key was read: the hand-off is done, and the ciphertext destroyed."""
    hand_off = _received(actor, hand_off_id)
    signature = possession.read_signature(body.signature.encode())
    operations.finish(actor, hand_off, signature=signature, base_url=base_url())
    return HandOffShown(**members_of(hand_off))


@calls.writes("/<account>/hand-offs/<hand_off_id>/withdraw", Permission.HAND_OFF)
def withdraw(actor: Actor, hand_off_id: str) -> HandOffShown:
    """Take a hand-off back: the ciphertext is destroyed. What was opened before stays with whoever opened it."""
    hand_off = store.get(actor, hand_off_id)
    if hand_off.tenant_id != actor.tenant_id:
        raise NotFound()
    operations.withdraw(actor, hand_off)
    return HandOffShown(**members_of(hand_off))


@calls.reads("/<account>/hand-offs/envelope-key", Permission.HAND_OFF)
def envelope_key(actor: Actor) -> EnvelopeKeyShown:
    """Show the envelope key of the token's person."""
    key = store.current_key(actor)
    if key is None:
        raise NotFound()
    return key_shown(key)


@calls.writes("/<account>/hand-offs/envelope-key", Permission.HAND_OFF)
def enrol(actor: Actor, body: Enrolling) -> EnvelopeKeyShown:
    """Enrol the public half of an envelope key, to which private keys can be sealed for the token's person.

    A first one may be used at once; one that takes another's place after 24 hours, and both sides are told.
    """
    return key_shown(operations.enrol(actor, octets(body.model_dump(), "public_key"), Kept.FILE))


def _received(actor: Actor, hand_off_id: str) -> HandOff:
    """A hand-off to the actor's own tenant. Raises: NotFound, for its giver too."""
    hand_off = store.get(actor, hand_off_id)
    if hand_off.receiver_id != actor.tenant_id:
        raise NotFound()
    return hand_off
