"""What a bundle of one environment lists: its key pairs, and what they can need, and nothing else.

It follows from the tables alone. Data spaces of both sides are listed: under the policy `report` a key may be used in
one of the other side, and a data space may serve both.
"""

from collections.abc import Iterable
from typing import Any

from portal.access.roles import Environment
from portal.verifier.records import (
    Contract,
    ContractRow,
    Delegation,
    DelegationRow,
    GrantRow,
    GrantsRow,
    Key,
    KeyRow,
    Space,
    SpaceRow,
    Tenant,
    TenantRow,
)
from portal.verifier.rows import Row, name_of
from portal.verifier.tables import Tables

Rows = dict[str, dict[str, Row]]  # by kind and name


def rows_of(tables: Tables, environment: Environment) -> Rows:
    """The rows that a bundle of this environment lists. To be called inside `tables.read`."""
    keys = [key for key in tables.keys.values() if key.environment == environment.value]
    owners = _each(key.owner for key in keys)
    contracts = [key.contract for key in keys]
    contracts += [grant.contract for owner in owners for grants in owner.grants.values() for grant in grants]
    owner_ids = {owner.id for owner in owners}
    spaces = (space for space in tables.spaces.values() if space.owner.id in owner_ids)
    return {
        "tenants": _named(map(_tenant, _each([*owners, *(key.holder for key in keys)]))),
        "contracts": _named(map(_contract, _each(contracts))),
        "grants": _named(map(_grants, owners)),
        "delegations": _named(map(_delegation, _each(key.delegation for key in keys if key.delegation))),
        "keys": _named(map(_key, keys)),
        "spaces": _named(map(_space, spaces)),
    }


def _each(records: Iterable[Any]) -> list[Any]:
    """Each of them once."""
    return list({record.id: record for record in records}.values())


def _named(rows: Iterable[Row]) -> dict[str, Row]:
    return {name_of(row): row for row in rows}


def _tenant(tenant: Tenant) -> TenantRow:
    return TenantRow(tenant.id, tenant.account_id, tenant.name, tenant.standing)


def _contract(contract: Contract) -> ContractRow:
    return ContractRow(contract.id, contract.starts_at, contract.ends_at, contract.ended_at)


def _grants(tenant: Tenant) -> GrantsRow:
    # In an order of their own, so that two workers say the same.
    grants = [
        GrantRow(service, grant.contract.id, grant.starts_at, grant.ends_at, grant.ended_at, grant.is_suspended)
        for service, several in tenant.grants.items()
        for grant in several
    ]
    return GrantsRow(tenant.id, tuple(sorted(grants, key=repr)))


def _delegation(delegation: Delegation) -> DelegationRow:
    projects = None if delegation.project_ids is None else tuple(sorted(delegation.project_ids))
    reach = (tuple(sorted(delegation.environments)), tuple(sorted(delegation.rights)), projects)
    return DelegationRow(delegation.id, delegation.public_id, delegation.state, delegation.ends_at, *reach)


def _key(key: Key) -> KeyRow:
    return KeyRow(
        key.api_key,
        key.id,
        key.owner.id,
        key.holder.id,
        key.contract.id,
        None if key.delegation is None else key.delegation.id,
        key.environment,
        key.state,
        key.expires_at,
        key.retiring_until,
        key.ending,
        key.spki,
    )


def _space(space: Space) -> SpaceRow:
    facts = (space.project_id, space.environment, space.serves_both_sides)
    return SpaceRow(space.public_id, space.owner.id, *facts)
