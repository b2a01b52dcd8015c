"""A software authenticator: makes passkeys and signs with them as a phone does, and as none should."""

import hashlib
import json
import secrets
from dataclasses import dataclass, field, replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import base64url_to_bytes, encode_cbor
from webauthn.helpers import bytes_to_base64url as text_of

ORIGIN, RP_ID = "http://localhost", "localhost"
PRESENT, VERIFIED, HAS_KEY = 0x01, 0x04, 0x40


@dataclass
class Authenticator:
    """One passkey, and the site it is used at. What it says of itself can be changed before it answers."""

    origin: str = ORIGIN
    rp_id: str = RP_ID
    flags: int = PRESENT | VERIFIED
    counter: int = 0
    counts: bool = False
    crosses: bool = False
    handle: bytes = b""
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def but(self, **changes: Any) -> "Authenticator":
        """The same passkey, used otherwise."""
        return replace(self, **changes)

    def make(self, question: str) -> str:
        """What `navigator.credentials.create` gives for this question."""
        asked = json.loads(question)
        self.handle = base64url_to_bytes(asked["user"]["id"])
        data = self._data(HAS_KEY) + bytes(16) + len(self.credential_id).to_bytes(2, "big")
        data += self.credential_id + encode_cbor(self._public())
        attested = encode_cbor({"fmt": "none", "attStmt": {}, "authData": data})
        told = self._told("webauthn.create", asked["challenge"])
        return self._answer({"clientDataJSON": text_of(told), "attestationObject": text_of(attested)})

    def sign(self, question: str) -> str:
        """What `navigator.credentials.get` gives for this question."""
        if self.counts:
            self.counter += 1
        told = self._told("webauthn.get", json.loads(question)["challenge"])
        data = self._data(0)
        signature = self.private.sign(data + hashlib.sha256(told).digest(), ec.ECDSA(SHA256()))
        response = {"clientDataJSON": told, "authenticatorData": data, "signature": signature}
        if self.handle:
            response["userHandle"] = self.handle
        return self._answer({name: text_of(value) for name, value in response.items()})

    def _told(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": self.crosses}
        return json.dumps(said).encode()

    def _data(self, more: int) -> bytes:
        return (
            hashlib.sha256(self.rp_id.encode()).digest() + bytes([self.flags | more]) + self.counter.to_bytes(4, "big")
        )

    def _public(self) -> dict[int, Any]:
        point = self.private.public_key().public_numbers()
        return {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}

    def _answer(self, response: dict[str, str]) -> str:
        name = text_of(self.credential_id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})
