"""Secrets at rest: tokens are kept as hashes, what must be read again is sealed under a key-encryption key (KEK)."""

import base64
import hashlib
import os
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

TOKEN_BYTES = 32
NONCE_BYTES = 12
VERSION = "s1"
KEY_ID_DIGITS = 8
KEY_ID = re.compile(f"[0-9a-f]{{{KEY_ID_DIGITS}}}")
SEALED = re.compile(rf"{VERSION}\.({KEY_ID.pattern})\.[\w-]+\.[\w-]+", re.ASCII)


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


def key_id_of(kek: bytes) -> str:
    """What a KEK is called wherever it must not be told: 8 hexadecimal digits that follow from it."""
    return hashlib.sha256(b"portal-kek-id" + kek).hexdigest()[:KEY_ID_DIGITS]


def key_id_in(sealed: str) -> str | None:
    """The id of the KEK that this value is sealed under, or None when it is no sealed value."""
    found = SEALED.fullmatch(sealed)
    return found and found[1]


class Sealer:
    """Seals values with AES-256-GCM under a data key of their own, which is wrapped by the key-encryption key.

    It seals under one KEK, and opens what is sealed under that or any other one of its ring.
    """

    def __init__(self, kek: bytes, others: Iterable[bytes] = ()) -> None:
        """`kek` seals; `others` open what was sealed under them. 32 bytes each, from outside the database."""
        self.key_id = key_id_of(kek)
        self._keks = {key_id_of(each): AESGCM(each) for each in (*others, kek)}

    @property
    def key_ids(self) -> frozenset[str]:
        """The ids of all KEKs that it opens with."""
        return frozenset(self._keks)

    def seal(self, plaintext: bytes, place: Place) -> str:
        """The sealed value as text: version, key id, wrapped data key and ciphertext, joined by dots."""
        data_key = AESGCM.generate_key(bit_length=256)
        header = f"{VERSION}.{self.key_id}"
        bound = header.encode() + b"\x1f" + place.as_bytes()
        wrapped = _encrypt(self._keks[self.key_id], data_key, bound)
        return ".".join((header, _text(wrapped), _text(_encrypt(AESGCM(data_key), plaintext, bound))))

    def unseal(self, sealed: str, place: Place) -> bytes:
        """The value sealed at `place`, under whichever KEK of the ring. Raises: CannotUnseal, which says why."""
        try:
            version, key_id, wrapped, ciphertext = sealed.split(".")
            if version == VERSION and KEY_ID.fullmatch(key_id) and key_id not in self._keks:
                raise CannotUnseal(
                    f"a value of {place.table}.{place.column} is sealed under the key-encryption key {key_id}, "
                    "which is not here"
                )
            bound = f"{version}.{key_id}".encode() + b"\x1f" + place.as_bytes()
            data_key = _decrypt(self._keks[key_id], _octets(wrapped), bound)
            return _decrypt(AESGCM(data_key), _octets(ciphertext), bound)
        except (ValueError, KeyError, InvalidTag) as error:
            raise CannotUnseal(f"a value of {place.table}.{place.column} does not open") from error

    def seal_anew(self, sealed: str, place: Place) -> str:
        """The same value, sealed under the KEK that seals now and a new data key. Raises: CannotUnseal.

        The ciphertext is bound to the key id as the wrapped data key is, so it cannot stay when the KEK changes: the
        value is opened and sealed whole. Values are small, and thus nobody who once had the old KEK and a backup has
        the data key of anything in the new one.
        """
        return self.seal(self.unseal(sealed, place), place)


def _encrypt(cipher: AESGCM, plaintext: bytes, bound: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, plaintext, bound)


def _decrypt(cipher: AESGCM, octets: bytes, bound: bytes) -> bytes:
    return cipher.decrypt(octets[:NONCE_BYTES], octets[NONCE_BYTES:], bound)


def _text(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def _octets(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
