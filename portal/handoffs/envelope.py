"""A private key sealed to one receiver: HPKE (RFC 9180) around it, and a signature by the key inside.

Pure: portal, command line and tests use it alike. docs/hand-offs.md gives the format octet by octet;
static/js/envelope.js does the same in the browser.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature, InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, hpke, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from portal.handoffs.faults import (
    AnotherEnvelopeKey,
    EnvelopeKeyUnusable,
    KeyOfAnotherPair,
    KeyTooLong,
    NotAPrivateKey,
    NotFromTheHolder,
    NotOpened,
    NotWhole,
)

VERSION = 1
FIRST_LINE = "portal-envelope-v1"
FIRST_LINE_OF_OPENING = "portal-opened-v1"
# Base mode, DHKEM(X25519, HKDF-SHA256) 0x0020, HKDF-SHA256 0x0001, AES-256-GCM 0x0002.
SUITE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
ENC_OCTETS, TAG_OCTETS = 32, 16
# Every key is padded to one length, so that an envelope does not tell the size of the key in it.
PADDED_OCTETS, LENGTH_OCTETS = 4096, 2
OCTETS = ENC_OCTETS + PADDED_OCTETS + TAG_OCTETS
PKCS8 = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
SPKI = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


@dataclass(frozen=True)
class Bound:
    """What an envelope is for; it opens for nothing else.

    sender and receiver are account ids; to_key is the SHA-256 of the 32 octets of the receiver's envelope key and
    spki_sha256 that of the pair's public half in DER, both as hex; not_after is in Unix seconds.
    """

    hand_off: str
    sender: str
    receiver: str
    to_key: str
    spki_sha256: str
    environment: str
    not_after: int

    @property
    def info(self) -> bytes:
        """HPKE's `info`: compact UTF-8 JSON with sorted members (security.md section 1)."""
        members = {
            "v": VERSION,
            "hand_off": self.hand_off,
            "from": self.sender,
            "to": self.receiver,
            "to_key": self.to_key,
            "spki_sha256": self.spki_sha256,
            "environment": self.environment,
            "not_after": self.not_after,
        }
        return json.dumps(members, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


@dataclass(frozen=True)
class Envelope:
    """What is deposited: 4144 octets of ciphertext, and the signature of the key inside over them."""

    ciphertext: bytes
    signature: bytes


def key_sha256(public: bytes) -> str:
    """The fingerprint of an envelope key, given as its 32 octets."""
    return hashlib.sha256(public).hexdigest()


def raw_public(private: X25519PrivateKey) -> bytes:
    """The 32 octets of an envelope key's public half."""
    return private.public_key().public_bytes_raw()


def seal(private_pem: str, to_public: bytes, bound: Bound) -> Envelope:
    """The private key in `private_pem`, as PKCS#8 PEM, sealed to the receiver's envelope key of 32 octets.

    Raises: NotAPrivateKey, KeyOfAnotherPair, KeyTooLong, AnotherEnvelopeKey, EnvelopeKeyUnusable.
    """
    key = _read(private_pem)
    _require_pair(_spki(key), bound)
    _require_envelope_key(to_public, bound)
    padded = _pad(_pem(key))
    try:
        ciphertext = SUITE.encrypt(padded, X25519PublicKey.from_public_bytes(to_public), info=bound.info)
    except ValueError as error:  # not 32 octets, or a point with which every secret is zero
        raise EnvelopeKeyUnusable() from error
    return Envelope(ciphertext, key.sign(_signed(ciphertext, bound), padding.PKCS1v15(), hashes.SHA256()))


def check(spki: bytes, envelope: Envelope, bound: Bound) -> None:
    """Nothing, when the holder of the pair with the public half `spki` (DER) sealed this for exactly `bound`.

    This is all that can be seen from outside: whether the receiver can open it is not.
    Raises: NotWhole, KeyOfAnotherPair, NotFromTheHolder.
    """
    _require_whole(envelope)
    _require_pair(spki, bound)
    _require_signature(serialization.load_der_public_key(spki), envelope, bound)


def open_envelope(envelope: Envelope, private: X25519PrivateKey, bound: Bound) -> str:
    """The private key in the envelope, as PKCS#8 PEM.

    Raises: NotWhole, AnotherEnvelopeKey, NotOpened, NotAPrivateKey, KeyOfAnotherPair, NotFromTheHolder.
    """
    _require_whole(envelope)
    _require_envelope_key(raw_public(private), bound)
    try:
        padded = SUITE.decrypt(envelope.ciphertext, private, info=bound.info)
    except InvalidTag as error:
        raise NotOpened() from error
    key = _read(_unpad(padded))
    _require_pair(_spki(key), bound)
    _require_signature(key.public_key(), envelope, bound)
    return _pem(key)


def opening(*, base_url: str, hand_off: str, nonce: bytes, receiver: str) -> bytes:
    """The five lines that the private key signs to prove that it was taken out, UTF-8, each ended by LF.

    base_url is the portal's EXTERNAL_BASE_URL without a slash at its end, receiver an account id.
    """
    lines = (FIRST_LINE_OF_OPENING, base_url.rstrip("/"), hand_off, nonce.hex(), receiver)
    return "".join(f"{line}\n" for line in lines).encode()


def _signed(ciphertext: bytes, bound: Bound) -> bytes:
    digest = hashlib.sha256(ciphertext).hexdigest()
    return b"".join(line + b"\n" for line in (FIRST_LINE.encode(), bound.info, digest.encode()))


def _require_whole(envelope: Envelope) -> None:
    if len(envelope.ciphertext) != OCTETS:
        raise NotWhole(octets=OCTETS)


def _require_envelope_key(public: bytes, bound: Bound) -> None:
    if key_sha256(public) != bound.to_key:
        raise AnotherEnvelopeKey()


def _require_pair(spki: bytes, bound: Bound) -> None:
    if hashlib.sha256(spki).hexdigest() != bound.spki_sha256:
        raise KeyOfAnotherPair()


def _require_signature(public: Any, envelope: Envelope, bound: Bound) -> None:
    # HPKE's base mode does not say who sealed: the key inside does.
    if not isinstance(public, rsa.RSAPublicKey):
        raise NotFromTheHolder()
    try:
        public.verify(envelope.signature, _signed(envelope.ciphertext, bound), padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature as error:
        raise NotFromTheHolder() from error


def _pad(pem: str) -> bytes:
    text = pem.encode()
    if len(text) > PADDED_OCTETS - LENGTH_OCTETS:
        raise KeyTooLong()
    return (len(text).to_bytes(LENGTH_OCTETS) + text).ljust(PADDED_OCTETS, b"\0")


def _unpad(padded: bytes) -> str:
    length, rest = int.from_bytes(padded[:LENGTH_OCTETS]), padded[LENGTH_OCTETS:]
    if length > len(rest) or any(rest[length:]):
        raise NotAPrivateKey()
    return rest[:length].decode(errors="replace")


def _read(pem: str) -> rsa.RSAPrivateKey:
    try:
        key = serialization.load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise NotAPrivateKey() from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise NotAPrivateKey()
    return key


def _pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(*PKCS8).decode()


def _spki(key: rsa.RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(*SPKI)
