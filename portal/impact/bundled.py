"""What a bundle of one environment lists: its key pairs, and what they can need, and nothing else.

It follows from the tables alone. Data spaces of both sides are listed: under the policy `report` a key may be used in
one of the other side, and a data space may serve both.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from uuid import UUID

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
from portal.verifier.rows import KINDS, Row, name_of, rows_in
from portal.verifier.tables import Delta, Tables

Rows = dict[str, dict[str, Row]]  # by kind and name
Name = tuple[str, str]  # a row's kind, and what it is called among its kind


class Listing:
    """The rows that a bundle of one environment lists, kept by what changed.

    A row is listed as long as another one that is listed needs it; what is needed is counted.
    """

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.rows: Rows = {kind: {} for kind in KINDS}
        self._needed: Counter[Name] = Counter()
        self._spaces: dict[str, set[str]] = defaultdict(set)  # of each owner
        self._owner_of: dict[str, str] = {}  # of each data space
        self._touched: set[Name] = set()

    def update(self, tables: Tables, names: Iterable[Name]) -> set[Name]:
        """Look again at the rows of these names, inside `tables.still()`: which listed rows changed, came or went."""
        self._touched = set()
        for kind, name in names:
            if kind == "spaces":
                self._place(name, tables)
            if kind in ("keys", "spaces") or (kind, name) in self._needed:
                self._look(tables, kind, name)
        return self._touched

    def _place(self, name: str, tables: Tables) -> None:
        before, space = self._owner_of.pop(name, None), tables.spaces.get(name)
        if before is not None:
            self._spaces[before].discard(name)
        if space is not None:
            self._owner_of[name] = space.owner.id.hex
            self._spaces[space.owner.id.hex].add(name)

    def _look(self, tables: Tables, kind: str, name: str) -> None:
        """List the row as it is, or no more."""
        before, row = self.rows[kind].get(name), self._row(tables, kind, name)
        if before == row:
            return
        self._touched.add((kind, name))
        if row is None:
            del self.rows[kind][name]
        else:
            self.rows[kind][name] = row
        # First what is needed now, so that nothing goes and comes back.
        for needed in () if row is None else _needs(row):
            self._needed[needed] += 1
            if self._needed[needed] == 1:
                self._enter(tables, needed)
        for needed in () if before is None else _needs(before):
            self._needed[needed] -= 1
            if not self._needed[needed]:
                del self._needed[needed]
                self._enter(tables, needed)

    def _enter(self, tables: Tables, name: Name) -> None:
        """List it from now on, or no more; data spaces come and go with what their owner is entitled to."""
        self._look(tables, *name)
        if name[0] == "grants":
            for space in sorted(self._spaces[name[1]]):
                self._look(tables, "spaces", space)

    def _row(self, tables: Tables, kind: str, name: str) -> Row | None:
        if kind == "keys":
            key = tables.keys.get(name)
            return _key(key) if key is not None and key.environment == self.environment.value else None
        if kind == "spaces":
            space = tables.spaces.get(name)
            return _space(space) if space is not None and ("grants", space.owner.id.hex) in self._needed else None
        return _READERS[kind](tables, UUID(hex=name)) if (kind, name) in self._needed else None


def all_names(tables: Tables) -> Iterator[Name]:
    """What everything that is listed follows from: data spaces first, so that each is found when its owner is."""
    yield from (("spaces", name) for name in tables.spaces)
    yield from (("keys", name) for name in tables.keys)


def names_in(delta: Delta) -> Iterator[Name]:
    """The rows that a delta changed, or of which it says that they are gone."""
    yield from (("spaces", row.public_id) for row in delta.spaces)
    yield from (("spaces", name) for name in delta.gone_spaces)
    yield from ((kind, name_of(row)) for kind, row in rows_in(delta) if kind != "spaces")
    yield from (("keys", name) for name in delta.gone_keys)


def _needs(row: Row) -> Iterator[Name]:
    """What a row names that is to be listed with it."""
    if isinstance(row, KeyRow):
        yield "tenants", row.tenant_id.hex
        yield "tenants", row.holder_id.hex
        yield "contracts", row.contract_id.hex
        yield "grants", row.tenant_id.hex
        if row.delegation_id is not None:
            yield "delegations", row.delegation_id.hex
    elif isinstance(row, GrantsRow):
        yield from (("contracts", grant.contract_id.hex) for grant in row.grants)


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


_READERS: dict[str, Callable[[Tables, UUID], Row]] = {
    "tenants": lambda tables, id: _tenant(tables.tenants[id]),
    "contracts": lambda tables, id: _contract(tables.contracts[id]),
    "grants": lambda tables, id: _grants(tables.tenants[id]),
    "delegations": lambda tables, id: _delegation(tables.delegations[id]),
}
