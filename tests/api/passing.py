"""Hand-offs as scripts do them: a code of a person, and what goes with it to each call."""

from dataclasses import dataclass, replace

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from portal.access.actor import Actor
from portal.access.rows import Reader, across_tenants
from portal.foundation.database import db, transaction
from portal.handoffs import codes, envelope, opening
from portal.handoffs.envelope import Envelope
from portal.handoffs.models import HandOff, Purpose
from portal.keys.models import KeyPair
from tests.api.calling import base64_of
from tests.factories import BASE_URL, a_member, a_private_key, sign, tenant_of
from tests.handoffs.scenes import Scene, a_hand_off, a_scene, an_envelope_key, an_intent, fetched, sealed


@dataclass
class Passing:
    """Whose code it is, what it is for, and the members of a call that is answered with 200."""

    actor: Actor
    purpose: Purpose
    subject: str
    body: dict[str, str]

    @property
    def another_purpose(self) -> Purpose:
        return Purpose.OPEN if self.purpose is Purpose.SEAL else Purpose.SEAL


def a_code_for(actor: Actor, purpose: Purpose, subject: str = "") -> str:
    """A one-time code that this person was shown."""
    with transaction():
        return codes.show(actor, purpose, subject)


def members_of(sealed: Envelope) -> dict[str, str]:
    """An envelope as it is sent."""
    return {"ciphertext": base64_of(sealed.ciphertext), "signature": base64_of(sealed.signature)}


def opening_of(scene: Scene, hand_off: HandOff) -> str:
    """The signature that proves the opening."""
    return base64_of(sign(scene.private, opening.message_of(hand_off, base_url=BASE_URL)))


def a_passing(path: str) -> Passing:
    """All that a call to this path needs, by a member beside the account's owner."""
    scene = a_scene(private=_unused_key())
    if "sealing" in path:
        return _sealing(replace(scene, owner=a_member(tenant_of(scene.owner))), path)
    colleague = a_member(tenant_of(scene.integrator))
    if "opening" in path:
        receiving = X25519PrivateKey.generate()
        to_it = replace(scene, integrator=colleague, receiving=receiving, key=an_envelope_key(colleague, receiving))
        return _opening(to_it, path)
    public = envelope.raw_public(X25519PrivateKey.generate())
    body = {"public_key": base64_of(public)} if path.endswith("envelope-key") else {}
    return _with_code(colleague, Purpose.ENROL, "", body)


def _unused_key() -> rsa.RSAPrivateKey:
    return a_private_key(730 + len(list(db.session.scalars(across_tenants(KeyPair, reason=Reader.UPKEEP)))))


def _sealing(scene: Scene, path: str) -> Passing:
    intent = an_intent(scene)
    body = members_of(sealed(scene, intent)) if path.endswith("envelope") else {}
    return _with_code(scene.owner, Purpose.SEAL, intent.public_id, body)


def _opening(scene: Scene, path: str) -> Passing:
    hand_off = a_hand_off(scene)
    body = {}
    if path.endswith("proof"):
        fetched(scene, hand_off)
        body["signature"] = opening_of(scene, hand_off)
    return _with_code(scene.integrator, Purpose.OPEN, hand_off.public_id, body)


def _with_code(actor: Actor, purpose: Purpose, subject: str, body: dict[str, str]) -> Passing:
    return Passing(actor, purpose, subject, body | {"code": a_code_for(actor, purpose, subject)})
