"""What a service shows when it asks: `psc_` and 43 base64url characters, kept as a hash."""

import re

from portal.foundation.sealing import new_token, token_hash

PREFIX = "psc_"
FORM = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{43}}")


def make() -> str:
    """A new credential of 256 random bits. The prefix tells people and scanners for leaked secrets what it is."""
    return PREFIX + new_token()


def digest_of(token: str) -> bytes:
    """The SHA-256 of the whole token, its prefix included: what is stored, and looked up by who answers calls."""
    return token_hash(token)


def is_sound(text: str) -> bool:
    """Whether the text has the form of a credential."""
    return FORM.fullmatch(text) is not None
