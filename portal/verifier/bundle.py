"""The bundle: what decisions of one environment are made from, signed by the portal, for those who decide offline.

It is a JWS in compact form (RFC 7515, EdDSA of RFC 8037) over canonical JSON. A full bundle says everything; a delta
names the state that it builds on and the one that it leads to, by version and digest. docs/offline.md describes it.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from portal.verifier import base64url
from portal.verifier.decision import Policy
from portal.verifier.records import Moment
from portal.verifier.rows import KINDS, as_json, canonical, row_of
from portal.verifier.tables import Delta

FORMAT = "portal-bundle-v1"
TYPE = "portal-bundle+jws"
ALGORITHM = "EdDSA"
FULL, DELTA = "full", "delta"
GONE = tuple(f"gone_{kind}" for kind in KINDS)
ABOUT = {"format", "portal", "environment", "version", "issued_at", "next_update", "kind", "previous", "digest"}
MEMBERS = frozenset({*ABOUT, "policy", "services", *KINDS, *GONE})
LONGEST_HEADER = 512

FindPublic = Callable[[str], bytes | None]  # the public half (32 bytes) of the key with this id
Sign = Callable[[bytes], bytes]


class Refused(Exception):
    """The bundle is not believed: `code` never changes, the text is a sentence."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class State(NamedTuple):
    """What somebody knows: as of which version, and the digest of the rows."""

    version: int
    digest: str


@dataclass(frozen=True)
class Bundle:
    """What a bundle says. `previous` is None where it is everything; `gone` are names of rows, by kind.

    What it says held at `issued_at`; nobody may decide by it from `next_update` on.
    """

    portal: str
    environment: str
    issued_at: Moment
    next_update: Moment
    state: State
    policy: Policy
    rows: Delta
    previous: State | None = None
    gone: Mapping[str, list[str]] = field(default_factory=dict)


def write(bundle: Bundle, key_id: str, sign: Sign) -> bytes:
    """The bundle as it is sent; `sign` makes 64 bytes (RFC 8032) with the key of this id."""
    header = canonical({"alg": ALGORITHM, "kid": key_id, "typ": TYPE})
    signed = base64url.encode(header) + b"." + base64url.encode(canonical(_document(bundle)))
    return signed + b"." + base64url.encode(sign(signed))


def _document(bundle: Bundle) -> dict[str, Any]:
    previous = bundle.previous
    said = {
        "format": FORMAT,
        "portal": bundle.portal,
        "environment": bundle.environment,
        "version": bundle.state.version,
        "issued_at": bundle.issued_at,
        "next_update": bundle.next_update,
        "kind": FULL if previous is None else DELTA,
        "previous": None if previous is None else previous._asdict(),
        "digest": bundle.state.digest,
        "policy": bundle.policy.value,
        "services": sorted(bundle.rows.services or ()),
    }
    rows = {kind: [as_json(row) for row in getattr(bundle.rows, kind)] for kind in KINDS}
    return said | rows | {f"gone_{kind}": list(bundle.gone.get(kind, ())) for kind in KINDS}


def key_id_of(octets: bytes) -> str:
    """The id of the key that a bundle says it was signed with; believe it when the signature fits. Raises: Refused."""
    header, dot, _rest = octets[: LONGEST_HEADER + 1].partition(b".")
    if not dot:
        raise _unreadable()
    content = _object(_octets(header))
    key_id = content.get("kid")
    if not isinstance(key_id, str) or content != {"alg": ALGORITHM, "kid": key_id, "typ": TYPE}:
        raise Refused("unreadable", f"This is no bundle of the kind that is known here: {TYPE}, {ALGORITHM}.")
    return key_id


def read(octets: bytes, find_public: FindPublic) -> Bundle:
    """What the bundle says, once its signature fits a key that `find_public` knows. Raises: Refused."""
    key_id = key_id_of(octets)
    signed, _dot, signature = octets.rpartition(b".")
    public = find_public(key_id)
    if public is None:
        raise Refused("unknown_key", f"The bundle is signed with the key {key_id}, which the portal does not publish.")
    if signed.count(b".") != 1:
        raise _unreadable()
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(_octets(signature), signed)
    except (InvalidSignature, ValueError):
        raise Refused("wrong_signature", "The bundle is not what the portal signed: altered, or cut off.") from None
    return _bundle(_object(_octets(signed.partition(b".")[2])))


def _bundle(said: dict[str, Any]) -> Bundle:
    if said.get("format") != FORMAT or said.keys() != MEMBERS:
        raise Refused("wrong_format", f"The bundle is not of the format {FORMAT}: this library is too old or too new.")
    try:
        return Bundle(
            said["portal"],
            said["environment"],
            float(said["issued_at"]),
            float(said["next_update"]),
            State(int(said["version"]), str(said["digest"])),
            Policy(said["policy"]),
            _rows(said),
            _previous(said),
            {kind: _texts(said[f"gone_{kind}"]) for kind in KINDS},
        )
    except (ValueError, TypeError, KeyError) as error:
        raise Refused("wrong_format", f"The bundle holds what the format {FORMAT} does not know.") from error


def _rows(said: dict[str, Any]) -> Delta:
    rows: dict[str, Any] = {kind: [row_of(kind, value) for value in said[kind]] for kind in KINDS}
    rows |= {name: _texts(said[name]) for name in ("gone_keys", "gone_spaces")}
    return Delta(**rows, services=frozenset(_texts(said["services"])))


def _texts(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise ValueError("no list of texts")
    return value


def _previous(said: dict[str, Any]) -> State | None:
    if said["kind"] == FULL:
        return None
    if said["kind"] != DELTA:
        raise ValueError("neither full nor a delta")
    return State(**said["previous"])


def public_keys(jwks: Any) -> dict[str, bytes]:
    """The public halves in a JWK set (RFC 7517, RFC 8037), by their ids; what is no key for bundles is passed over."""
    keys = jwks.get("keys") if isinstance(jwks, dict) else None
    found = {}
    for key in keys if isinstance(keys, list) else ():
        if isinstance(key, dict) and (key.get("kty"), key.get("crv")) == ("OKP", "Ed25519"):
            with suppress(Refused):
                found[str(key.get("kid"))] = _octets(str(key.get("x")).encode())
    return found


def as_jwk(key_id: str, public: bytes) -> dict[str, str]:
    """A public half as a JWK."""
    x = base64url.encode(public).decode()
    return {"kty": "OKP", "crv": "Ed25519", "x": x, "kid": key_id, "use": "sig", "alg": ALGORITHM}


def _octets(encoded: bytes) -> bytes:
    try:
        return base64url.decode(encoded)
    except ValueError:
        raise _unreadable() from None


def _object(octets: bytes) -> dict[str, Any]:
    try:
        value = json.loads(octets)
    except (ValueError, RecursionError):
        raise _unreadable() from None
    if not isinstance(value, dict):
        raise _unreadable()
    return value


def _unreadable() -> Refused:
    return Refused("unreadable", "This is no bundle: it is cut off, or something else.")
