"""Recovery codes: ten of 120 random bits, for who has lost the second factor. Kept as hashes, each works once."""

import hashlib
import re
import secrets
import uuid
from base64 import b32encode

HOW_MANY = 10
CODE_BYTES = 15
GROUP = 4
CODE = re.compile(r"[A-Z2-7]{24}")
SEPARATORS = str.maketrans("", "", " -")


def new_codes() -> list[str]:
    """Ten codes as people copy them: 24 letters and digits of base32 (RFC 4648), in groups of four."""
    return [_grouped(b32encode(secrets.token_bytes(CODE_BYTES)).decode()) for _ in range(HOW_MANY)]


def clean(text: str) -> str | None:
    """The code in `text` without spaces, dashes and case, or None when there is none."""
    code = text.translate(SEPARATORS).upper()
    return code if CODE.fullmatch(code) else None


def hash_of(person_id: uuid.UUID, code: str) -> bytes:
    """SHA-256 of a clean code, for this purpose and person only: enough above 112 bits of entropy."""
    return hashlib.sha256(b"\x1f".join((b"recovery code", person_id.bytes, code.encode()))).digest()


def _grouped(code: str) -> str:
    return "-".join(code[start : start + GROUP] for start in range(0, len(code), GROUP))
