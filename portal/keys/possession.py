"""Proof of possession: the holder signs a message that only this intent has."""

import base64
import binascii

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from portal.keys.errors import ProofUnreadable, ProofWrong

FIRST_LINE = "portal-pop-v1"
FIRST_LINE_OF_REVOCATION = "portal-revoke-v1"


def message(
    *, base_url: str, intent_id: str, nonce: bytes, owner: str, holder: str, environment: str, spki_sha256: bytes
) -> bytes:
    """The seven lines to sign, UTF-8, each ended by LF (security.md section 1, custody).

    owner and holder are account ids; base_url is the portal's EXTERNAL_BASE_URL without a slash at its end.
    """
    lines = (
        FIRST_LINE,
        base_url.rstrip("/"),
        intent_id,
        nonce.hex(),
        f"{owner} {holder}",
        environment,
        spki_sha256.hex(),
    )
    return "".join(f"{line}\n" for line in lines).encode()


def revocation(*, base_url: str, api_key: str, challenge: str) -> bytes:
    """The four lines that a private key signs to revoke its own pair, UTF-8, each ended by LF."""
    lines = (FIRST_LINE_OF_REVOCATION, base_url.rstrip("/"), api_key, challenge)
    return "".join(f"{line}\n" for line in lines).encode()


def read_signature(given: bytes) -> bytes:
    """A signature given as base64 text or as the file itself. Raises: ProofUnreadable."""
    compact = b"".join(given.split())
    try:
        return base64.b64decode(compact, validate=True)
    except binascii.Error:
        pass
    if not given or given.isascii():
        raise ProofUnreadable()
    return given


def check(spki: bytes, signed: bytes, signature: bytes) -> None:
    """Nothing, when the signature (RSASSA-PKCS1-v1_5 with SHA-256) fits. Raises: ProofWrong."""
    key = serialization.load_der_public_key(spki)
    if not isinstance(key, RSAPublicKey):
        raise ProofWrong()
    try:
        key.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature as error:
        raise ProofWrong() from error
