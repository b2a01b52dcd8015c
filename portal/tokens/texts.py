"""What a script shows: `ppt_`, 30 random characters, and 6 that are the checksum of what stands before them.

The prefix tells scanners for leaked secrets what it is; by the checksum they, and the portal, know without asking
anybody that a text is no token.
"""

import re
import secrets
import string
import zlib

from portal.foundation.sealing import token_hash

PREFIX = "ppt_"
RANDOM, CHECKSUM, SHOWN = 30, 6, 8
ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
FORM = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{RANDOM + CHECKSUM}}}")


def make() -> str:
    """A new token: 30 characters of base62 have 178 random bits."""
    body = PREFIX + "".join(secrets.choice(ALPHABET) for _ in range(RANDOM))
    return body + checksum(body)


def is_sound(text: str) -> bool:
    """Whether the text may be a token: its form, and its checksum. Nothing is asked of the database."""
    return FORM.fullmatch(text) is not None and checksum(text[:-CHECKSUM]) == text[-CHECKSUM:]


def checksum(body: str) -> str:
    """CRC-32 of these ASCII characters, the prefix included, as 6 digits of base62, zeros in front."""
    value, digits = zlib.crc32(body.encode("ascii")), ""
    for _ in range(CHECKSUM):
        value, digit = divmod(value, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits


def hint_of(token: str) -> str:
    """The first 8 characters, by which its person recognises it; the random part loses 24 of its 178 bits."""
    return token[:SHOWN]


def digest_of(token: str) -> bytes:
    """The SHA-256 of the whole token: what is stored, and looked up."""
    return token_hash(token)
