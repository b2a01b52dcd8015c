"""One-time codes that are shown to people and typed by them: 140 random bits, kept as a hash."""

import secrets

from portal.foundation import ids
from portal.foundation.sealing import token_hash

GROUPS, GROUP = 7, 4  # 28 characters of 5 bits each: 140 random bits
LOOKALIKES = str.maketrans("oil", "011")


def new_code() -> str:
    """A code such as `7h2k-…`."""
    characters = [secrets.choice(ids.ALPHABET) for _ in range(GROUPS * GROUP)]
    return "-".join("".join(characters[start : start + GROUP]) for start in range(0, GROUPS * GROUP, GROUP))


def hash_of(code: str) -> bytes:
    """The hash of a code as it was typed: case, spaces, hyphens and letters that look like figures do not matter."""
    characters = (character for character in code.lower() if not character.isspace())
    return token_hash("".join(characters).replace("-", "").translate(LOOKALIKES))
