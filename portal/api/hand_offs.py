"""Calls about hand-offs: a person enrols an envelope key, seals or opens with a one-time code of the portal's pages."""

from flask import Response, g

from portal.access.roles import Permission
from portal.api.door import answered, api, base_url
from portal.api.guards import base64_of, fingerprint, octets, signed, texts
from portal.delegations.acting import require_home
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.handoffs import codes, enrolling, envelope, giving, opening, store
from portal.handoffs.codes import Shown
from portal.handoffs.envelope import Bound, Envelope
from portal.handoffs.giving import bound_by
from portal.handoffs.models import HandOff, HandOffIntent, Kept, Purpose
from portal.handoffs.states import state_at
from portal.handoffs.words import comparison_words
from portal.keys import possession


@api.post("/hand-offs/enrolling")
@signed
def look_before_enrolling() -> Response:
    """For whom the code enrols, and the fingerprint of the envelope key that this person has, or ""."""
    actor = _shown(texts("code")["code"], Purpose.ENROL).actor
    require_home(actor, Permission.HAND_OFF)
    current = store.current_key(actor)
    return answered(
        base_url=base_url(),
        person=actor.label,
        party=actor.home_name,
        enrolled=envelope.key_sha256(current.public) if current else "",
    )


@api.post("/hand-offs/envelope-key")
@signed
def enrol() -> Response:
    """The person's envelope key from now on; the same call again has the same answer."""
    given = texts("code", "public_key")
    public = octets(given, "public_key")
    with transaction():
        actor = _shown(given["code"], Purpose.ENROL).actor
        codes.bind(given["code"], envelope.key_sha256(public))
        key = enrolling.enrol(actor, public, Kept.FILE)
        told = {
            "to_key": envelope.key_sha256(key.public),
            "words": _words(key.public),
            "person": actor.label,
            "party": actor.home_name,
            "enrolled_at": key.created_at.isoformat(timespec="seconds"),
            "usable_at": key.usable_at.isoformat(timespec="seconds"),
        }
    return answered(**told)


@api.post("/hand-offs/sealing")
@signed
def look_before_sealing() -> Response:
    """What the envelope has to bind, and to whom the private key goes."""
    shown = _shown(texts("code")["code"], Purpose.SEAL)
    intent = store.get_intent(shown.actor, shown.subject)
    giving.require_may_seal(shown.actor, intent)
    return answered(
        base_url=base_url(),
        **_bound(bound_by(intent)),
        **_named(intent),
        to_public=base64_of(intent.to_public),
        words=_words(intent.to_public),
    )


@api.post("/hand-offs/sealing/envelope")
@signed
def deposit() -> Response:
    """The hand-off, offered; the same call again has the same answer, also with another envelope."""
    given = texts("code", "ciphertext", "signature")
    sealed = Envelope(octets(given, "ciphertext"), octets(given, "signature"))
    with transaction():
        shown = _shown(given["code"], Purpose.SEAL)
        hand_off = giving.deposit(shown.actor, store.get_intent(shown.actor, shown.subject), sealed)
        told = _told(hand_off)
    return answered(**told)


@api.post("/hand-offs/opening")
@signed
def fetch() -> Response:
    """The envelope and all that it binds, and what the proof needs. Each call is an opening, on record.

    Only one that comes with the fingerprint of the private key, from the person who opened before, is none: it gets no
    envelope. Fingerprints that do not fit are refused before anything is opened.
    """
    given = texts("code", may=("to_key", "public_key_sha256"))
    spki_sha256 = fingerprint(given["public_key_sha256"])
    with transaction():
        shown = _shown(given["code"], Purpose.OPEN)
        hand_off = store.get(shown.actor, shown.subject)
        is_out = opening.is_out(shown.actor, hand_off, to_key=given["to_key"], spki_sha256=spki_sha256)
        sealed = Envelope(b"", b"") if is_out else opening.fetch(shown.actor, hand_off)
        told = _told(hand_off) | _bound(bound_by(hand_off)) | _named(hand_off)
        told |= {"nonce": hand_off.nonce.hex(), "attempts": str(hand_off.attempts)}
    return answered(
        base_url=base_url(),
        **told,
        ciphertext=base64_of(sealed.ciphertext),
        signature=base64_of(sealed.signature),
    )


@api.post("/hand-offs/opening/proof")
@signed
def finish() -> Response:
    """The hand-off, done, because the opened key signed; the same call again has the same answer."""
    given = texts("code", "signature")
    signature = possession.read_signature(given["signature"].encode())
    with transaction():
        shown = _shown(given["code"], Purpose.OPEN)
        hand_off = store.get(shown.actor, shown.subject)
        opening.finish(shown.actor, hand_off, signature=signature, base_url=base_url())
        told = _told(hand_off)
    return answered(**told)


def _shown(code: str, purpose: Purpose) -> Shown:
    """What the code leads to; refusals from here on are recorded for its person. Raises: those of `codes.find`."""
    shown = codes.find(code, purpose)
    g.actor = shown.actor
    return shown


def _bound(bound: Bound) -> dict[str, str]:
    """The members of HPKE's `info`, as texts, without the version."""
    return {
        "hand_off": bound.hand_off,
        "from": bound.sender,
        "to": bound.receiver,
        "to_key": bound.to_key,
        "spki_sha256": bound.spki_sha256,
        "environment": bound.environment,
        "not_after": str(bound.not_after),
    }


def _named(row: HandOffIntent | HandOff) -> dict[str, str]:
    return {
        "pair": row.key_pair.name,
        "api_key": row.key_pair.api_key,
        "giver": row.owner.name,
        "receiver": row.receiver.name,
        "person": row.to_person.name,
        "message": row.message,
    }


def _told(hand_off: HandOff) -> dict[str, str]:
    return {
        "hand_off": hand_off.public_id,
        "state": state_at(hand_off, clock.now()).value,
        "pair": hand_off.key_pair.name,
        "api_key": hand_off.key_pair.api_key,
        "environment": hand_off.environment.value,
        "lapses_at": hand_off.lapses_at.isoformat(timespec="seconds"),
    }


def _words(public: bytes) -> str:
    return " ".join(comparison_words(public))
