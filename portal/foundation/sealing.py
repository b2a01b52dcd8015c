"""Secrets at rest: tokens are kept as hashes, and what must be read again is sealed under the key-encryption key."""

import base64
import hashlib
import os
import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

TOKEN_BYTES = 32
NONCE_BYTES = 12
VERSION = "s1"


class CannotUnseal(Exception):
    """The sealed value was changed, moved to another place, or sealed under another key-encryption key."""


def new_token() -> str:
    """A credential of 256 random bits as 43 base64url characters. Only its hash is ever stored."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def token_hash(token: str) -> bytes:
    """SHA-256 of a token: enough above 112 bits of entropy (NIST SP 800-63B of 2017, 5.1.2.2)."""
    return hashlib.sha256(token.encode()).digest()


@dataclass(frozen=True)
class Place:
    """Where a sealed value lives. It is authenticated with the value, so a value copied elsewhere does not open."""

    table: str
    column: str
    row: str
    tenant: str = ""

    def as_bytes(self) -> bytes:
        return "\x1f".join((self.table, self.column, self.row, self.tenant)).encode()


class Sealer:
    """Seals values with AES-256-GCM under a data key of their own, which is wrapped by the key-encryption key."""

    def __init__(self, kek: bytes) -> None:
        """`kek`: 32 bytes from outside the database."""
        self._kek = AESGCM(kek)
        self.key_id = hashlib.sha256(b"portal-kek-id" + kek).hexdigest()[:8]

    def seal(self, plaintext: bytes, place: Place) -> str:
        """The sealed value as text: version, key id, wrapped data key and ciphertext, joined by dots."""
        data_key = AESGCM.generate_key(bit_length=256)
        header = f"{VERSION}.{self.key_id}"
        bound = header.encode() + b"\x1f" + place.as_bytes()
        wrapped = _encrypt(self._kek, data_key, bound)
        return ".".join((header, _text(wrapped), _text(_encrypt(AESGCM(data_key), plaintext, bound))))

    def unseal(self, sealed: str, place: Place) -> bytes:
        """The value sealed at `place`. Raises: CannotUnseal."""
        try:
            version, key_id, wrapped, ciphertext = sealed.split(".")
            bound = f"{version}.{key_id}".encode() + b"\x1f" + place.as_bytes()
            data_key = _decrypt(self._kek, _octets(wrapped), bound)
            return _decrypt(AESGCM(data_key), _octets(ciphertext), bound)
        except (ValueError, InvalidTag) as error:
            raise CannotUnseal(f"a value of {place.table}.{place.column} does not open") from error


def _encrypt(cipher: AESGCM, plaintext: bytes, bound: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, plaintext, bound)


def _decrypt(cipher: AESGCM, octets: bytes, bound: bytes) -> bytes:
    return cipher.decrypt(octets[:NONCE_BYTES], octets[NONCE_BYTES:], bound)


def _text(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def _octets(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
