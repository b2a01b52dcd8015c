"""JSON files that carry their own signature: what is signed, how it is written, and whether a file is what was signed.

A file is one JSON object with `format`, `portal` (whose it is) and `signature`, beside what it says. Signed is the
canonical form of the object without its signature, so a mail program may change spaces and line ends, and no more.
It asks no database: the caller says where public halves come from.
"""

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from portal.foundation import signing

EVIDENCE_FORMAT = "portal-review-evidence-v1"
ALGORITHM = "EdDSA"
SIGNATURE = "signature"
LARGEST = 64 * 1024 * 1024  # evidence over 20,000 lines is below 20 MB
DEEPEST = 100
SIGNATURE_BYTES = 64  # RFC 8032, 5.1.6
VALUE = re.compile(r"[\w-]{86}", re.ASCII)

FindPublic = Callable[[str], bytes | None]


class State(StrEnum):
    """What became of a file on its way."""

    GENUINE = "genuine"
    CHANGED = "changed"
    UNKNOWN_KEY = "unknown_key"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Verdict:
    """What a file is, `reason` in a sentence, and what it says where it could be read; believe only a genuine one."""

    state: State
    reason: str
    document: dict[str, Any] = field(default_factory=dict)
    key_id: str = ""


class Unreadable(ValueError):
    """It is no file of this kind. The text says why, in a sentence."""


def canonical(document: Mapping[str, Any]) -> bytes:
    """What is signed: JSON with sorted names, no spaces, in UTF-8. Raises: ValueError, TypeError."""
    said = {name: value for name, value in document.items() if name != SIGNATURE}
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def attach(document: Mapping[str, Any], key_id: str, signature: bytes) -> bytes:
    """The file: `document` with its signature, one thing on a line, for those who read it with their eyes."""
    value = base64.urlsafe_b64encode(signature).decode().rstrip("=")
    whole = {**document, SIGNATURE: {"alg": ALGORITHM, "key_id": key_id, "value": value}}
    return json.dumps(whole, ensure_ascii=False, indent=1, allow_nan=False).encode() + b"\n"


def verify(octets: bytes, find_public: FindPublic, *, kind: str = EVIDENCE_FORMAT) -> Verdict:
    """Whether a file of this kind is what was signed with a key that `find_public` knows by its id."""
    try:
        document = _read(octets, kind)
        key_id, signature = _signature_of(document)
        signed = canonical(document)
    except Unreadable as error:
        return Verdict(State.UNREADABLE, str(error))
    except (ValueError, RecursionError):
        return Verdict(State.UNREADABLE, "It holds what JSON cannot say in UTF-8.")
    public = find_public(key_id)
    if public is None:
        return Verdict(State.UNKNOWN_KEY, f"It names the key {key_id}, which is not known here.", document, key_id)
    if not signing.fits(public, signed, signature):
        return Verdict(State.CHANGED, "Its content is not what was signed.", document, key_id)
    return Verdict(State.GENUINE, "It is what was signed.", document, key_id)


def _read(octets: bytes, kind: str) -> dict[str, Any]:
    if not octets.strip():
        raise Unreadable("It is empty.")
    if len(octets) > LARGEST:
        raise Unreadable(f"It is larger than {LARGEST // 1024 // 1024} MB.")
    try:
        # Some editors put a mark before the first letter; it says nothing.
        document = json.loads(
            octets.decode("utf-8-sig"), object_pairs_hook=_without_doubles, parse_constant=_refuse, parse_float=_refuse
        )
    except UnicodeDecodeError:
        raise Unreadable("It is not in UTF-8.") from None
    except json.JSONDecodeError as error:
        raise Unreadable(f"It is not whole JSON: it breaks off, or is wrong, in line {error.lineno}.") from None
    if not isinstance(document, dict) or document.get("format") != kind:
        raise Unreadable(f"It is another kind of file: its format is not {kind}.")
    _refuse_deep(document)
    return document


def _without_doubles(members: list[tuple[str, Any]]) -> dict[str, Any]:
    # Of two members of one name each reader would believe another one.
    found = dict(members)
    if len(found) != len(members):
        raise Unreadable("A name stands twice in one object.")
    return found


def _refuse(number: str) -> None:
    raise Unreadable(f"It holds the number {number[:20]}, which is not written alike everywhere.")


def _refuse_deep(document: Any) -> None:
    level, depth = [document], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            raise Unreadable("It is nested too deeply.")
        level = [part for one in level for part in _parts(one)]


def _parts(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _signature_of(document: dict[str, Any]) -> tuple[str, bytes]:
    signature = document.get(SIGNATURE)
    if not isinstance(signature, dict) or signature.keys() != {"alg", "key_id", "value"}:
        raise Unreadable("It carries no signature.")
    key_id, value = signature["key_id"], signature["value"]
    if signature["alg"] != ALGORITHM or not isinstance(key_id, str) or not re.fullmatch(r"[\w-]{1,64}", key_id):
        raise Unreadable(f"Its signature is not {ALGORITHM}.")
    if not isinstance(value, str) or not VALUE.fullmatch(value):
        raise Unreadable(f"Its signature is not {SIGNATURE_BYTES} bytes in base64url.")
    try:
        return key_id, base64.urlsafe_b64decode(value + "==")
    except binascii.Error:
        raise Unreadable("Its signature is not base64url.") from None
