"""The token that a shop's connector sends: a JWT signed with the private key (connector-protocol section 1)."""

import json
import math
from enum import StrEnum
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from portal.verifier import base64url

LEEWAY_SECONDS = 60
LIFETIME_SECONDS = 300
# The stock client's token has about 1,300 characters with a key of 4096 bits; nothing longer is looked into.
LONGEST_TOKEN = 8192
# How every key signs, by its JWA name (RFC 7518). It belongs to the key, never to a token.
ALGORITHM = "RS256"
PADDING, DIGEST = PKCS1v15(), SHA256()
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


VALID = Verdict.VALID  # to look a member up in its class takes longer than to compare a time


class Malformed(ValueError):
    """It is no token."""


class Opened(NamedTuple):
    """A token taken apart: nothing of it is believed before its signature fits."""

    names_our_algorithm: bool
    ends_at: float
    signature: bytes
    signed: bytes


def verify(token: str, public_key: RSAPublicKey, now: float) -> Verdict:
    """Whether `token` was signed with the private half and its time has come; `now` in Unix seconds.

    The algorithm is the key's own; a token that names another is refused, and none can choose. Any issuer, subject and
    audience will do. Two equal tokens are both valid: signing is deterministic, so a shop sends the same one twice.
    """
    try:
        opened = taken_apart(token)
    except Malformed:
        return Verdict.MALFORMED
    if not opened.names_our_algorithm:
        return Verdict.WRONG_ALGORITHM
    return in_time(opened.ends_at, now) if fits(opened, public_key) else Verdict.WRONG_SIGNATURE


def taken_apart(token: str) -> Opened:
    """The parts of the token. Raises: Malformed."""
    parts = token.split(".") if len(token) <= LONGEST_TOKEN and token.isascii() else ()
    if len(parts) != 3:
        raise Malformed
    header, claims, signature = parts
    octets = _octets(signature)
    signed = f"{header}.{claims}".encode()
    return Opened(_names_ours(header), _end_of(claims), octets, signed)


def fits(opened: Opened, public_key: RSAPublicKey) -> bool:
    """Whether the signature was made with the private half of this key."""
    try:
        public_key.verify(opened.signature, opened.signed, PADDING, DIGEST)
    except InvalidSignature:
        return False
    return True


def in_time(ends_at: float, now: float) -> Verdict:
    """Whether a token that ends then is good now: VALID, EXPIRED or TOO_FAR_AHEAD."""
    if ends_at <= now - LEEWAY_SECONDS:
        return Verdict.EXPIRED
    return VALID if ends_at <= now + LIFETIME_SECONDS + LEEWAY_SECONDS else Verdict.TOO_FAR_AHEAD


# The connector's header is always the same text.
_HEADERS: dict[str, bool] = {}
MOST_HEADERS = 64


def _names_ours(header: str) -> bool:
    known = _HEADERS.get(header)
    if known is None:
        content = object_in(header)
        known = content.get("alg") == ALGORITHM and CRITICAL not in content
        if len(_HEADERS) >= MOST_HEADERS:
            _HEADERS.clear()  # strangers may have sent them; the connector's is soon there again
        _HEADERS[header] = known
    return known


def _octets(text: str) -> bytes:
    try:
        octets = base64url.decode(text.encode())
    except ValueError as error:
        raise Malformed from error
    if not octets:
        raise Malformed
    return octets


def object_in(text: str) -> dict[str, Any]:
    """The JSON object in a token's header or claims. Raises: Malformed."""
    try:
        value = DECODER.decode(_octets(text).decode())
    except (ValueError, RecursionError) as error:
        raise Malformed from error
    if not isinstance(value, dict):
        raise Malformed
    return value


def _refuse_constant(name: str) -> None:
    raise Malformed(name)


DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def _end_of(claims: str) -> float:
    """When the token ends: a JSON number, in Unix seconds. Raises: Malformed."""
    expires = object_in(claims).get("exp")
    # True and false are integers to Python, and 1e999 is infinite.
    if isinstance(expires, bool) or not isinstance(expires, int | float) or abs(expires) == math.inf:
        raise Malformed
    return expires
