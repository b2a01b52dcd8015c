"""The recovery copy of an envelope key: a text file that its passphrase opens, where the browser's store was cleared.

Pure. docs/hand-offs.md gives the format; static/js/envelope.js reads and writes the same.
"""

import base64
import json
import os
import unicodedata
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

from portal.handoffs.envelope import raw_public
from portal.handoffs.faults import NotARecoveryCopy, PassphraseTooShort, PassphraseWrong

WHAT = (
    "Recovery copy of an envelope key of the partner portal. Whoever has this file and its passphrase can open what is "
    "sealed to the key. Keep the passphrase elsewhere."
)
# As many characters as a password needs that stands alone (security.md section 1, sign-in).
SHORTEST = 15
# OWASP's Password Storage Cheat Sheet of 2023 for PBKDF2-HMAC-SHA256.
ITERATIONS = 600_000
# Version 1 has these figures and no others: a file cannot ask for fewer rounds, or for hours of them.
FIXED = {"v": 1, "kdf": "PBKDF2-HMAC-SHA256", "iterations": ITERATIONS, "cipher": "AES-256-GCM"}
OCTETS = {"public_key": 32, "salt": 16, "nonce": 12, "wrapped": 32 + 16}
LONGEST_FILE = 4096  # octets; a copy has about 500


def wrap(private: X25519PrivateKey, passphrase: str) -> str:
    """The text of a recovery copy, a member of JSON on each line. Raises: PassphraseTooShort."""
    normal = _normal(passphrase)
    if len(normal) < SHORTEST:
        raise PassphraseTooShort(shortest=SHORTEST)
    public, salt, nonce = raw_public(private), os.urandom(OCTETS["salt"]), os.urandom(OCTETS["nonce"])
    wrapped = AESGCM(_key(normal, salt)).encrypt(nonce, private.private_bytes_raw(), public)
    octets = {"public_key": public, "salt": salt, "nonce": nonce, "wrapped": wrapped}
    members = {"what": WHAT} | FIXED | {name: base64.b64encode(value).decode() for name, value in octets.items()}
    return json.dumps(members, indent=2) + "\n"


def unwrap(text: str, passphrase: str) -> X25519PrivateKey:
    """The envelope key in a recovery copy. Raises: NotARecoveryCopy, PassphraseWrong."""
    public, salt, nonce, wrapped = _read(text)
    try:
        octets = AESGCM(_key(_normal(passphrase), salt)).decrypt(nonce, wrapped, public)
    except InvalidTag as error:
        raise PassphraseWrong() from error
    private = X25519PrivateKey.from_private_bytes(octets)
    if raw_public(private) != public:
        raise NotARecoveryCopy()
    return private


def _read(text: str) -> list[bytes]:
    """The four members that are octets, in the order of `OCTETS`."""
    try:
        members = json.loads(text) if len(text) <= LONGEST_FILE else None
        if not isinstance(members, dict) or any(members.get(name) != value for name, value in FIXED.items()):
            raise NotARecoveryCopy()
        return [_octets(members.get(name), length) for name, length in OCTETS.items()]
    except (ValueError, RecursionError) as error:  # no JSON, or no base64
        raise NotARecoveryCopy() from error


def _octets(value: Any, length: int) -> bytes:
    if not isinstance(value, str) or len(octets := base64.b64decode(value, validate=True)) != length:
        raise NotARecoveryCopy()
    return octets


def _normal(passphrase: str) -> str:
    # Two keyboards write one letter in two ways.
    return unicodedata.normalize("NFKC", passphrase)


def _key(passphrase: str, salt: bytes) -> bytes:
    return PBKDF2HMAC(hashes.SHA256(), 32, salt, ITERATIONS).derive(passphrase.encode())
