"""What tests of envelopes seal, to whom, and what somebody does to an envelope on its way."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from portal.cli.holder.signing import public_sha256
from portal.handoffs.envelope import Bound, Envelope, key_sha256, raw_public
from tests.factories import a_private_key

VECTORS = json.loads((Path(__file__).parent / "rfc9180.json").read_text())["vectors"]
RECEIVER = X25519PrivateKey.from_private_bytes(hashlib.sha256(b"receiver").digest())
SOMEBODY_ELSE = X25519PrivateKey.from_private_bytes(hashlib.sha256(b"somebody else").digest())


def bound_to(to: X25519PrivateKey = RECEIVER, number: int = 0, *bits: int, **others: Any) -> Bound:
    """What an envelope is for that holds `a_private_key(number, *bits)`."""
    facts = {
        "hand_off": "h7k2qmn4",
        "sender": "MAG000000101",
        "receiver": "MAG000000202",
        "to_key": key_sha256(raw_public(to)),
        "spki_sha256": public_sha256(a_private_key(number, *bits)).hex(),
        "environment": "production",
        "not_after": 1_900_000_000,
    }
    return Bound(**(facts | others))


def altered(envelope: Envelope, at: int) -> Envelope:
    """The envelope with one bit of its ciphertext turned."""
    octets = bytearray(envelope.ciphertext)
    octets[at] ^= 1
    return replace(envelope, ciphertext=bytes(octets))


# what an envelope was given for, other than it was sealed for
SWAPS: dict[str, Callable[[Bound], Bound]] = {
    "replayed in another hand-off": lambda bound: replace(bound, hand_off="another1"),
    "from another sender": lambda bound: replace(bound, sender="MAG000000999"),
    "to another receiver": lambda bound: replace(bound, receiver="MAG000000999"),
    "for the other environment": lambda bound: replace(bound, environment="sandbox"),
    "for longer": lambda bound: replace(bound, not_after=bound.not_after + 1),
}
