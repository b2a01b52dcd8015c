"""Keys as a door holds them."""

import uuid
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from portal.impact import snapshot
from portal.keys.models import KeyPair
from portal.verifier import liveness, records
from portal.verifier.held_keys import HeldKey
from tests.factories import a_private_key

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def a_key_record(private: rsa.RSAPrivateKey | None = None, api_key: str = "0" * 32) -> records.Key:
    """An owner's key, under a contract that runs for a day around noon."""
    public = (private or a_private_key(500)).public_key()
    owner = records.Tenant(uuid.uuid4(), "MAG000000001", "Aurora", records.GOOD)
    term = ((NOON - timedelta(hours=12)).timestamp(), (NOON + timedelta(hours=12)).timestamp(), None)
    contract = records.Contract(uuid.uuid4(), *term)
    spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    facts = ("sandbox", records.ACTIVE, None, None, None, spki)
    return records.Key(api_key, uuid.uuid4(), owner, owner, contract, None, *facts)


def a_held_key(api_key: str = "0" * 32) -> HeldKey:
    """The same with a name."""
    return HeldKey(a_key_record(api_key=api_key), "Shop")


def verifies(pair: KeyPair, at: datetime) -> bool:
    """Whether the verifier takes this pair for live, all it hangs on being loaded."""
    return liveness.what_stops(snapshot.key_of(pair), at.timestamp()) is None
