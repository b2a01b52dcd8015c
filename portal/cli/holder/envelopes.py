"""Between what the portal answers about a hand-off and the envelope that is sealed or opened here."""

import base64

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from portal.handoffs.envelope import PKCS8, Bound, Envelope


def bound_of(facts: dict[str, str]) -> Bound:
    """What the envelope binds."""
    return Bound(
        hand_off=facts["hand_off"],
        sender=facts["from"],
        receiver=facts["to"],
        to_key=facts["to_key"],
        spki_sha256=facts["spki_sha256"],
        environment=facts["environment"],
        not_after=int(facts["not_after"]),
    )


def octets(facts: dict[str, str], member: str) -> bytes:
    """A member in base64."""
    return base64.b64decode(facts[member])


def envelope_of(facts: dict[str, str]) -> Envelope:
    """The envelope that the portal keeps."""
    return Envelope(octets(facts, "ciphertext"), octets(facts, "signature"))


def members_of(envelope: Envelope) -> dict[str, str]:
    """The envelope as it is sent."""
    return {"ciphertext": text_of(envelope.ciphertext), "signature": text_of(envelope.signature)}


def text_of(octets: bytes) -> str:
    """These octets in base64."""
    return base64.b64encode(octets).decode()


def pem_of(key: rsa.RSAPrivateKey) -> str:
    """A private key as it goes into an envelope."""
    return key.private_bytes(*PKCS8).decode()


def key_in(pem: str) -> rsa.RSAPrivateKey:
    """The private key that came out of an envelope, where it was looked at already."""
    key = serialization.load_pem_private_key(pem.encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)  # noqa: S101 - `open_envelope` gives nothing else
    return key
