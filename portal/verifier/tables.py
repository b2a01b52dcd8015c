"""What is known, by id, kept up to date by deltas of which no reader sees half."""

from collections import deque
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, NamedTuple, TypeVar, TypeVarTuple
from uuid import UUID

from portal.verifier.decision import Policy
from portal.verifier.records import (
    Contract,
    ContractRow,
    Delegation,
    DelegationRow,
    Grant,
    GrantsRow,
    Key,
    KeyRow,
    Space,
    SpaceRow,
    Tenant,
    TenantRow,
)

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

MOST_NOTED = 10_000  # rows of a delta that is worth going on from


class Incomplete(ValueError):
    """A row names a thing that is not known: what came is not whole."""


@dataclass(slots=True)
class Delta:
    """Rows that are new or have changed, and keys and data spaces that are gone. A whole load is a delta on nothing.

    `services` are all codes of the catalogue, None where they are as before.
    """

    tenants: list[TenantRow] = field(default_factory=list)
    contracts: list[ContractRow] = field(default_factory=list)
    grants: list[GrantsRow] = field(default_factory=list)
    delegations: list[DelegationRow] = field(default_factory=list)
    keys: list[KeyRow] = field(default_factory=list)
    spaces: list[SpaceRow] = field(default_factory=list)
    gone_keys: list[str] = field(default_factory=list)
    gone_spaces: list[str] = field(default_factory=list)
    services: frozenset[str] | None = None

    def __len__(self) -> int:
        return sum(map(len, self._lists()))

    def _lists(self) -> Iterator[list[Any]]:
        yield from (self.tenants, self.contracts, self.grants, self.delegations, self.keys, self.spaces)
        yield from (self.gone_keys, self.gone_spaces)


class Applied(NamedTuple):
    """A delta that led from one version to another."""

    before: int
    after: int
    delta: Delta


class Tables:
    """Everything that decisions are made from, as of `version`. It is a `decision.Known`.

    Written by one thread, read by any number: `read` gives what a reader made of one state, never of two.
    """

    def __init__(self, policy: Policy = Policy.REPORT) -> None:
        self.policy = policy
        self.version = 0
        self.services: frozenset[str] = frozenset()
        self.tenants: dict[UUID, Tenant] = {}
        self.contracts: dict[UUID, Contract] = {}
        self.delegations: dict[UUID, Delegation] = {}
        self.keys: dict[str, Key] = {}
        self.spaces: dict[str, Space] = {}
        self.applied: deque[Applied] | None = None  # the last deltas, for who wants to go on from them
        self._turn = 0  # odd while a delta is being applied
        self.begin_anew()

    @contextmanager
    def still(self) -> Iterator[None]:
        """Inside, nothing changes; whoever would change something waits, so it must not take long."""
        with self._applying:
            yield

    def begin_anew(self) -> None:
        """Be free, as after a fork in which another thread held the lock; nobody may have been applying then."""
        self._applying = Lock()

    def read(self, ask: Callable[[*Ts], T], *args: *Ts) -> T:
        """What `ask` returns or raises with these arguments, all of it from one state.

        It may be called twice, so it must change nothing here; and records change in place, so it must take from them
        all that the answer tells.
        """
        turn = self._turn
        if not turn & 1:
            try:
                answer = ask(*args)
            except Exception:
                if turn == self._turn:
                    raise
            else:
                if turn == self._turn:
                    return answer
        with self._applying:
            return ask(*args)

    def apply(self, delta: Delta, version: int) -> None:
        """Bring everything to `version`, at once for every reader. Raises: Incomplete, and then nothing has changed."""
        self._check(delta)
        with self._applying:
            self._turn += 1
            try:
                self._note(delta, version)
                self._put(delta)
                self.version = version
            finally:
                self._turn += 1

    def _note(self, delta: Delta, version: int) -> None:
        if self.applied is None:
            return
        if len(delta) > MOST_NOTED:
            self.applied.clear()
        else:
            self.applied.append(Applied(self.version, version, delta))

    def _put(self, delta: Delta) -> None:
        for tenant in delta.tenants:
            self._put_tenant(tenant)
        for contract in delta.contracts:
            self._put_contract(contract)
        for grants in delta.grants:
            self._put_grants(grants)
        for delegation in delta.delegations:
            self._put_delegation(delegation)
        for key in delta.keys:
            self._put_key(key)
        for space in delta.spaces:
            self._put_space(space)
        for api_key in delta.gone_keys:
            self.keys.pop(api_key, None)
        for public_id in delta.gone_spaces:
            self.spaces.pop(public_id, None)
        if delta.services is not None:
            self.services = delta.services

    def _check(self, delta: Delta) -> None:
        """Nothing, when every row finds what it names. Raises: Incomplete."""
        tenants = (self.tenants, {row.id for row in delta.tenants})
        contracts = (self.contracts, {row.id for row in delta.contracts})
        delegations = (self.delegations, {row.id for row in delta.delegations})
        for grants in delta.grants:
            _require(tenants, grants.tenant_id)
            for grant in grants.grants:
                _require(contracts, grant.contract_id)
        for key in delta.keys:
            _require(tenants, key.tenant_id)
            _require(tenants, key.holder_id)
            _require(contracts, key.contract_id)
            if key.delegation_id is not None:
                _require(delegations, key.delegation_id)
        for space in delta.spaces:
            _require(tenants, space.tenant_id)

    def _put_tenant(self, row: TenantRow) -> None:
        known = self.tenants.get(row.id)
        if known is None:
            self.tenants[row.id] = Tenant(*row)
        else:
            known.account_id, known.name, known.standing = row.account_id, row.name, row.standing

    def _put_contract(self, row: ContractRow) -> None:
        known = self.contracts.get(row.id)
        if known is None:
            self.contracts[row.id] = Contract(*row)
        else:
            known.starts_at, known.ends_at, known.ended_at = row.starts_at, row.ends_at, row.ended_at

    def _put_grants(self, row: GrantsRow) -> None:
        grants: dict[str, tuple[Grant, ...]] = {}
        for one in row.grants:
            term = (one.starts_at, one.ends_at, one.ended_at, one.is_suspended)
            grants[one.service] = (*grants.get(one.service, ()), Grant(self.contracts[one.contract_id], *term))
        self.tenants[row.tenant_id].grants = grants

    def _put_delegation(self, row: DelegationRow) -> None:
        known = self.delegations.get(row.id)
        project_ids = None if row.project_ids is None else frozenset(row.project_ids)
        reach = (frozenset(row.environments), frozenset(row.rights), project_ids)
        if known is None:
            self.delegations[row.id] = Delegation(row.id, row.public_id, row.state, row.ends_at, *reach)
        else:
            known.state, known.ends_at = row.state, row.ends_at
            known.environments, known.rights, known.project_ids = reach

    def _put_key(self, row: KeyRow) -> None:
        contract = self.contracts[row.contract_id]
        known = self.keys.get(row.api_key)
        if known is None:
            self.keys[row.api_key] = Key(
                row.api_key,
                row.id,
                self.tenants[row.tenant_id],
                self.tenants[row.holder_id],
                contract,
                None if row.delegation_id is None else self.delegations[row.delegation_id],
                row.environment,
                row.state,
                row.expires_at,
                row.retiring_until,
                row.ending,
                row.spki,
            )
        else:
            # Owner, holder, delegation, environment and public half of a pair never change.
            known.contract, known.state, known.expires_at = contract, row.state, row.expires_at
            known.retiring_until, known.ending = row.retiring_until, row.ending

    def _put_space(self, row: SpaceRow) -> None:
        facts = (row.project_id, row.environment, row.serves_both_sides)
        self.spaces[row.public_id] = Space(row.public_id, self.tenants[row.tenant_id], *facts)


def _require(known: tuple[Container[UUID], Container[UUID]], named: UUID) -> None:
    before, new = known
    if named not in before and named not in new:
        raise Incomplete(f"{named} is named and not known")
