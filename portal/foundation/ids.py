"""Ids. Inside: UUIDv7, so that rows sort by age. Outside: random handles that say what they name and nothing more."""

import secrets
import uuid

from portal.foundation import clock

# Crockford's base32 alphabet in lower case: no i, l, o, u, so a handle survives being read aloud.
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
HANDLE_LENGTH = 20  # 100 random bits: unguessable, though a handle is never a credential


def uuid7() -> uuid.UUID:
    """A UUID version 7 (RFC 9562, 5.7): 48 bits of Unix milliseconds, then 74 random bits."""
    milliseconds = int(clock.now().timestamp() * 1000)
    value = (milliseconds & (2**48 - 1)) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return uuid.UUID(int=value)


def new(prefix: str) -> str:
    """A public handle such as `dlg_4tq0…`: `prefix`, an underscore, 20 random base32 characters."""
    return f"{prefix}_" + "".join(secrets.choice(ALPHABET) for _ in range(HANDLE_LENGTH))
