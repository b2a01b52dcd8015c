"""Records of keys as a door holds them."""

import uuid
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric import rsa

from portal.verifier.snapshot import Algorithm, KeyRecord, Window
from tests.factories import a_private_key

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def a_record(private: rsa.RSAPrivateKey | None = None, api_key: str = "0" * 32) -> KeyRecord:
    """The record of an owner's key, live for a day around noon."""
    return KeyRecord(
        api_key=api_key,
        name="Shop",
        id=uuid.uuid4(),
        tenant_id=uuid.uuid4(),
        holder_id=uuid.uuid4(),
        holder_name="Aurora",
        contract_id=uuid.uuid4(),
        environment="sandbox",
        algorithm=Algorithm.RS256,
        public_key=(private or a_private_key(500)).public_key(),
        delegation=None,
        windows=(Window(NOON - timedelta(hours=12), NOON + timedelta(hours=12)),),
    )
