"""Reads what doors hold in memory of key pairs, across all tenants: the named reader "snapshot loader"."""

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from sqlalchemy.orm import joinedload

from portal.access.rows import Reader, across_tenants
from portal.delegations.models import Delegation
from portal.foundation import changes
from portal.foundation.changes import Version
from portal.foundation.database import db
from portal.keys.models import KeyPair
from portal.keys.status import live_windows
from portal.verifier.snapshot import Algorithm, Delegated, KeyRecord

DECIDING = (
    joinedload(KeyPair.owner, innerjoin=True),
    joinedload(KeyPair.holder, innerjoin=True),
    joinedload(KeyPair.contract, innerjoin=True),
    joinedload(KeyPair.delegation).selectinload(Delegation.projects),
)


def version() -> Version | None:
    """The version of everything that `find` reads: as long as it stays equal, no record has changed."""
    return changes.version_of(changes.KEYS)


def find(api_key: str) -> KeyRecord | None:
    """The record of the key pair with this API key, whoever's it is and whatever its state; or None. Two statements."""
    rows = across_tenants(KeyPair, reason=Reader.SNAPSHOT).where(KeyPair.api_key == api_key).options(*DECIDING)
    pair = db.session.scalars(rows).one_or_none()
    return None if pair is None else record_of(pair)


def record_of(pair: KeyPair) -> KeyRecord:
    """The record of `pair`, which comes with owner, holder, contract, delegation and its projects."""
    public_key = load_der_public_key(pair.spki)
    assert isinstance(public_key, RSAPublicKey)  # noqa: S101 - no other kind is ever registered (rule 4)
    return KeyRecord(
        api_key=pair.api_key,
        name=pair.name,
        id=pair.id,
        tenant_id=pair.tenant_id,
        holder_id=pair.holder_id,
        holder_name=pair.holder.name,
        contract_id=pair.contract_id,
        environment=pair.environment.value,
        algorithm=Algorithm.RS256,
        public_key=public_key,
        delegation=None if pair.delegation is None else _delegated(pair.delegation),
        windows=live_windows(pair),
    )


def _delegated(delegation: Delegation) -> Delegated:
    return Delegated(
        id=delegation.id,
        environments=frozenset(side.value for side in delegation.environments),
        rights=frozenset(right.value for right in delegation.rights),
        project_ids=delegation.project_ids,
    )
