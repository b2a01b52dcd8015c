"""Calls about key pairs: making one with a code, and revoking one with its private key."""

from flask import Response, g

from portal.access.actor import Actor
from portal.api import challenges
from portal.api.door import answered, api, base_url
from portal.api.guards import fingerprint, signed, texts
from portal.foundation.database import transaction
from portal.impact import rotation
from portal.keys import by_key, commanding, material, operations, possession, store
from portal.keys.commanding import Finder
from portal.keys.errors import PrivateKeyPasted
from portal.keys.material import PublicHalf
from portal.keys.models import KeyPair

MOST_SHOPS = 100


@api.post("/keys/making")
@signed
def making() -> Response:
    """What a code is for: all that the seven lines of the proof need, and the words to show."""
    given = texts("code", may=("public_key_sha256",))
    found = commanding.find(given["code"], fingerprint(given["public_key_sha256"]))
    intent = found.intent
    return answered(
        base_url=base_url(),
        intent=intent.public_id,
        nonce=intent.nonce.hex(),
        owner=found.owner,
        holder=found.holder,
        environment=intent.environment.value,
        name=intent.name,
        **_to_replace(intent.replaces),
        expires_at=intent.expires_at.isoformat(timespec="seconds"),
    )


@api.post("/keys/making/proof")
@signed
def prove() -> Response:
    """The pair, in service; the same call again has the same answer."""
    given = texts("code", "public_key", "signature")
    signature = possession.read_signature(given["signature"].encode())
    public = _public_half(given["public_key"], given["code"])
    with transaction():
        found = commanding.find(given["code"], public.spki_sha256, hold=True)
        g.actor = found.actor
        pair = commanding.prove_held(found, public=public, signature=signature, base_url=base_url())
        made = _told(pair) | _replaced(pair, by=found.actor)
    return answered(**made)


@api.post("/keys/revocation/challenge")
@signed
def challenge() -> Response:
    """A challenge for an API key; nobody learns from it whether there is such a pair."""
    api_key = texts("api_key")["api_key"]
    return answered(base_url=base_url(), challenge=challenges.to_revoke(api_key))


@api.post("/keys/revocation")
@signed
def revoke() -> Response:
    """The pair, revoked; the same call again has the same answer."""
    given = texts("api_key", "challenge", "signature")
    api_key = given["api_key"]
    challenges.require(given["challenge"], api_key)
    message = possession.revocation(base_url=base_url(), api_key=api_key, challenge=given["challenge"])
    signature = possession.read_signature(given["signature"].encode())
    with transaction():
        pair = by_key.revoke(api_key, signed=message, signature=signature)
        revoked = _told(pair)
    return answered(**revoked)


def _told(pair: KeyPair) -> dict[str, str]:
    """What is told of a pair; read inside the transaction, for afterwards it would be read anew."""
    return {
        "api_key": pair.api_key,
        "name": pair.name,
        "environment": pair.environment.value,
        "state": pair.state.value,
    }


def _to_replace(old: KeyPair | None) -> dict[str, str]:
    """The pair whose place the new one is to take: its name, "" where there is none, and what it is known by."""
    if old is None:
        return {"replaces": ""}
    return {
        "replaces": old.name,
        "replaces_api_key": old.api_key,
        "replaces_public_key_sha256": old.spki_sha256.hex(),
    }


def _replaced(pair: KeyPair, *, by: Actor) -> dict[str, str]:
    """For a successor: the old pair, until when it works and how it ends, and the shops not known to have moved."""
    old = store.predecessor_of(pair)
    if old is None or old.retiring_until is None or old.ending is None:
        return {}
    shops = [user.installation.name for user in rotation.users_of(old, by).laggards]
    return {
        "replaced": old.name,
        "replaced_api_key": old.api_key,
        "replaced_until": old.retiring_until.isoformat(timespec="seconds"),
        "replaced_ending": old.ending.value,
        "shops": "\n".join(shops[:MOST_SHOPS]),
    }


def _public_half(pem: str, code: str) -> PublicHalf:
    """The public key. A private one in its place is burnt, when the code says whose it is.

    Raises: those of `read_public_pem` and of `find`.
    """
    try:
        return material.read_public_pem(pem)
    except PrivateKeyPasted as refusal:
        found: Finder = commanding.find(code, refusal.facts["spki_sha256"])
        if refusal.facts["spki_sha256"] is not None:
            with transaction():
                operations.burn(found.actor, refusal.facts["spki_sha256"])
        raise
