"""Reads a key and all it hangs on, across all tenants, for the connector: the named reader "snapshot loader"."""

from datetime import datetime

from sqlalchemy.orm import joinedload

from portal.access.rows import Reader, across_tenants
from portal.delegations.models import Delegation
from portal.foundation import changes
from portal.foundation.changes import Version
from portal.foundation.database import db
from portal.keys.models import KeyPair
from portal.tenants.models import Tenant
from portal.verifier import records
from portal.verifier.held_keys import HeldKey
from portal.verifier.records import Moment

DECIDING = (
    joinedload(KeyPair.owner, innerjoin=True),
    joinedload(KeyPair.holder, innerjoin=True),
    joinedload(KeyPair.contract, innerjoin=True),
    joinedload(KeyPair.delegation).selectinload(Delegation.projects),
)


def version() -> Version | None:
    """The version of everything that `find` reads: as long as it stays equal, no key has changed."""
    return changes.version_of(changes.KEYS)


def find(api_key: str) -> HeldKey | None:
    """The key pair with this API key, whoever's it is and whatever its state; or None. Two statements."""
    rows = across_tenants(KeyPair, reason=Reader.SNAPSHOT).where(KeyPair.api_key == api_key).options(*DECIDING)
    pair = db.session.scalars(rows).one_or_none()
    return None if pair is None else HeldKey(key_of(pair), pair.name)


def key_of(pair: KeyPair) -> records.Key:
    """The record of `pair`, which comes with owner, holder, contract, delegation and its projects."""
    owner, contract = _tenant(pair.owner), pair.contract
    term = (_moment(contract.starts_at), _moment(contract.ends_at), moment_or_none(contract.ended_at))
    return records.Key(
        pair.api_key,
        pair.id,
        owner,
        owner if pair.delegation is None else _tenant(pair.holder),
        records.Contract(contract.id, *term),
        None if pair.delegation is None else _delegation(pair.delegation),
        pair.environment.value,
        pair.state.value,
        moment_or_none(pair.expires_at),
        moment_or_none(pair.retiring_until),
        None if pair.ending is None else pair.ending.value,
        pair.spki,
    )


def moment_or_none(moment: datetime | None) -> Moment | None:
    """As the verifier has it."""
    return None if moment is None else moment.timestamp()


def _moment(moment: datetime) -> Moment:
    return moment.timestamp()


def _tenant(tenant: Tenant) -> records.Tenant:
    return records.Tenant(tenant.id, tenant.account_id, tenant.name, tenant.standing.value)


def _delegation(delegation: Delegation) -> records.Delegation:
    return records.Delegation(
        delegation.id,
        delegation.public_id,
        delegation.state.value,
        _moment(delegation.ends_at),
        frozenset(side.value for side in delegation.environments),
        frozenset(right.value for right in delegation.rights),
        delegation.project_ids,
    )
