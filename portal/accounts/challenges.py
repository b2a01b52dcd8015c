"""Challenges that passkeys sign: each for one purpose, in one browser, for ten minutes, and once.

None is stored before it is answered, so nobody can fill the database by asking for them: a challenge says until when it
counts, and carries the portal's own mark over that, its purpose and the browser.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from portal.accounts import factor_store as store
from portal.foundation import clock

LASTS = timedelta(minutes=10)
TIME_BYTES, RANDOM_BYTES = 8, 24  # Web Authentication Level 3, 13.4.3: at least 16 random bytes

_key: bytes | None = None


class Purpose(StrEnum):
    """What an answer is taken for. An answer for one purpose is none for another."""

    SIGN_IN = "sign-in"
    CONFIRM = "confirm"
    REGISTER = "register"


@dataclass(frozen=True)
class Asked:
    """For what, and in which browser, a passkey is asked. `browser` is a secret that no other browser has."""

    purpose: Purpose
    browser: str


def configure(secret_key: str) -> None:
    """Mark challenges under this secret from now on."""
    global _key
    _key = hmac.digest(secret_key.encode(), b"portal-passkey-challenge-v1", hashlib.sha256)


def new(asked: Asked) -> bytes:
    """A challenge of 64 bytes that counts for ten minutes."""
    ends_at = int((clock.now() + LASTS).timestamp())
    told = ends_at.to_bytes(TIME_BYTES, "big") + secrets.token_bytes(RANDOM_BYTES)
    return told + _mark(told, asked)


def is_live(challenge: bytes, asked: Asked) -> bool:
    """Whether the portal asked this, of this browser and for this purpose, at most ten minutes ago."""
    told, mark = challenge[: TIME_BYTES + RANDOM_BYTES], challenge[TIME_BYTES + RANDOM_BYTES :]
    return hmac.compare_digest(_mark(told, asked), mark) and clock.now() < _end(challenge)


def is_spent(challenge: bytes) -> bool:
    """Whether it was answered already."""
    return store.is_spent(_hash(challenge))


def spend(challenge: bytes) -> bool:
    """Whether a live challenge was not answered yet; from now on it was. One statement, so one wins."""
    return store.spend_challenge(_hash(challenge), _end(challenge))


def _end(challenge: bytes) -> datetime:
    return datetime.fromtimestamp(int.from_bytes(challenge[:TIME_BYTES], "big"), UTC)


def _mark(told: bytes, asked: Asked) -> bytes:
    if _key is None:
        raise RuntimeError("challenges.configure() was not called")
    browser = hashlib.sha256(asked.browser.encode()).digest()
    return hmac.digest(_key, b"\x1f".join((asked.purpose.encode(), browser, told)), hashlib.sha256)


def _hash(challenge: bytes) -> bytes:
    return hashlib.sha256(challenge).digest()
