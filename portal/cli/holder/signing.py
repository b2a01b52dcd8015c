"""What a private key signs here."""

import base64
import hashlib
import json
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

LIFETIME_SECONDS = 300


def token_of(key: rsa.RSAPrivateKey, ends_at: int | None = None) -> str:
    """A JWT as the shop's connector signs it; good until `ends_at` (Unix seconds), else for five minutes."""
    ends_at = int(time.time()) + LIFETIME_SECONDS if ends_at is None else ends_at
    parts = ({"typ": "JWT", "alg": "RS256"}, {"exp": ends_at})
    signed = ".".join(_base64url(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
    return f"{signed}.{_base64url(_sign(key, signed.encode()))}"


def signature_of(key: rsa.RSAPrivateKey, message: bytes) -> str:
    """The signature over `message`, in base64."""
    return base64.b64encode(_sign(key, message)).decode()


def public_pem(key: rsa.RSAPrivateKey) -> str:
    """The public half, as the portal takes it."""
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return key.public_key().public_bytes(*form).decode()


def public_sha256(key: rsa.RSAPrivateKey) -> bytes:
    """The SHA-256 of the public half in DER."""
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(key.public_key().public_bytes(*form)).digest()


def _sign(key: rsa.RSAPrivateKey, message: bytes) -> bytes:
    return key.sign(message, padding.PKCS1v15(), hashes.SHA256())


def _base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
