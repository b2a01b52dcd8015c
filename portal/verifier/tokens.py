"""The token that a shop's connector sends: a JWT signed with the private key (connector-protocol section 1)."""

import json
import math
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from enum import StrEnum
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from portal.verifier.snapshot import Algorithm, KeyRecord

LEEWAY_SECONDS = 60
LIFETIME_SECONDS = 300
# The stock client's token has about 1,300 characters with a key of 4096 bits; nothing longer is looked into.
LONGEST_TOKEN = 8192
PARTS = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")
SCHEMES = {Algorithm.RS256: (PKCS1v15(), SHA256())}
# What a verifier must understand or refuse, and this one understands none (RFC 7515, 4.1.11).
CRITICAL = "crit"


class Verdict(StrEnum):
    """What became of a token; all but VALID refuse it. The reason is for the log and for those whose signature fits."""

    VALID = "valid"
    MALFORMED = "malformed"
    WRONG_ALGORITHM = "wrong_algorithm"
    WRONG_SIGNATURE = "wrong_signature"
    EXPIRED = "expired"
    TOO_FAR_AHEAD = "too_far_ahead"


class _Malformed(ValueError):
    pass


def verify(token: str, key: KeyRecord, now: float) -> Verdict:
    """Whether `token` was signed with the private half of `key` and its time has come; `now` in Unix seconds.

    The algorithm is the key's own; a token that names another is refused, and none can choose. Any issuer, subject and
    audience will do. Two equal tokens are both valid: signing is deterministic, so a shop sends the same one twice.
    """
    try:
        header, claims, signature, signed = _taken_apart(token)
        expires = _expiry(claims)
    except _Malformed:
        return Verdict.MALFORMED
    if header.get("alg") != key.algorithm or CRITICAL in header:
        return Verdict.WRONG_ALGORITHM
    if not _fits(key, signature, signed):
        return Verdict.WRONG_SIGNATURE
    if expires <= now - LEEWAY_SECONDS:
        return Verdict.EXPIRED
    if expires > now + LIFETIME_SECONDS + LEEWAY_SECONDS:
        return Verdict.TOO_FAR_AHEAD
    return Verdict.VALID


def _taken_apart(token: str) -> tuple[dict[str, Any], dict[str, Any], bytes, bytes]:
    """Header, claims, signature and the octets that were signed. Raises: _Malformed."""
    if len(token) > LONGEST_TOKEN:
        raise _Malformed
    parts = PARTS.fullmatch(token)
    if parts is None:
        raise _Malformed
    signed = token[: parts.end(2)].encode()
    return _object(parts[1]), _object(parts[2]), _octets(parts[3]), signed


def _octets(text: str) -> bytes:
    octets = urlsafe_b64decode(text + "=" * (-len(text) % 4)) if len(text) % 4 != 1 else b""
    # One spelling for each value: left-over bits that are not zero would give a token several.
    if not octets or urlsafe_b64encode(octets).rstrip(b"=") != text.encode():
        raise _Malformed
    return octets


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(_octets(text).decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise _Malformed from error
    if not isinstance(value, dict):
        raise _Malformed
    return value


def _refuse_constant(name: str) -> None:
    raise _Malformed(name)


def _expiry(claims: dict[str, Any]) -> int | float:
    """When the token ends: a JSON number, in Unix seconds. Raises: _Malformed."""
    expires = claims.get("exp")
    # True and false are integers to Python, and 1e999 is infinite.
    if isinstance(expires, bool) or not isinstance(expires, int | float) or abs(expires) == math.inf:
        raise _Malformed
    return expires


def _fits(key: KeyRecord, signature: bytes, signed: bytes) -> bool:
    padding, digest = SCHEMES[key.algorithm]
    try:
        key.public_key.verify(signature, signed, padding, digest)
    except InvalidSignature:
        return False
    return True
