"""What is known of a call's surroundings: tenants, contracts, delegations, keys, data spaces.

Each thing has two forms. A *row* is flat, names other things by their ids, and is what a loader reads, a delta carries
and a bundle is made of. A *record* refers to other records, so that a decision asks no index twice; it is changed in
place when a newer row comes (`tables.py`). Moments are Unix seconds; None where there is none.
"""

from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

Moment = float

GOOD, PAST_DUE, SUSPENDED = "good", "past_due", "suspended"  # standings
PENDING, ACTIVE, RETIRING = "pending", "active", "retiring"  # states of a key pair that is not over
LAPSED, RETIRED, REVOKED, COMPROMISED = "lapsed", "retired", "revoked", "compromised"
HELD, HARD, LEAK = "held", "hard", "leak"  # how a retiring pair ends at its date
DELEGATION_ACTIVE, DELEGATION_PAUSED = "active", "paused"
KEYS_RIGHT = "keys"  # the right to have pairs of its own, which using one needs
PRODUCTION, SANDBOX = "production", "sandbox"


class TenantRow(NamedTuple):
    """An organisation. `name` is for those who read answers."""

    id: UUID
    account_id: str
    name: str
    standing: str


class ContractRow(NamedTuple):
    """A contract's term. `ended_at` is when it was ended early."""

    id: UUID
    starts_at: Moment
    ends_at: Moment
    ended_at: Moment | None


class GrantRow(NamedTuple):
    """A tenant may use a service, because of a contract. `ended_at`: ended early."""

    service: str
    contract_id: UUID
    starts_at: Moment
    ends_at: Moment
    ended_at: Moment | None
    is_suspended: bool


class GrantsRow(NamedTuple):
    """All that a tenant is entitled to: it always comes whole."""

    tenant_id: UUID
    grants: tuple[GrantRow, ...]


class DelegationRow(NamedTuple):
    """A delegation. `project_ids` is None for all of the owner's projects."""

    id: UUID
    public_id: str
    state: str
    ends_at: Moment
    environments: tuple[str, ...]
    rights: tuple[str, ...]
    project_ids: tuple[UUID, ...] | None


class KeyRow(NamedTuple):
    """A key pair, in any state but lapsed. `spki` is the public half in DER; `ending` says how a retiring one ends."""

    api_key: str
    id: UUID
    tenant_id: UUID
    holder_id: UUID
    contract_id: UUID
    delegation_id: UUID | None
    environment: str
    state: str
    expires_at: Moment | None
    retiring_until: Moment | None
    ending: str | None
    spki: bytes


class SpaceRow(NamedTuple):
    """A data space, by the id that the connector knows."""

    public_id: str
    tenant_id: UUID
    project_id: UUID
    environment: str
    serves_both_sides: bool


@dataclass(slots=True)
class Contract:
    id: UUID
    starts_at: Moment
    ends_at: Moment
    ended_at: Moment | None

    def is_over(self, at: Moment) -> bool:
        """Whether it has run to its end, or was ended before."""
        return at >= self.ends_at or (self.ended_at is not None and at >= self.ended_at)


@dataclass(slots=True)
class Grant:
    contract: Contract
    starts_at: Moment
    ends_at: Moment
    ended_at: Moment | None
    is_suspended: bool


@dataclass(slots=True)
class Tenant:
    """An organisation; `grants` are its entitlements by service code."""

    id: UUID
    account_id: str
    name: str
    standing: str
    grants: dict[str, tuple[Grant, ...]] = field(default_factory=dict)


@dataclass(slots=True)
class Delegation:
    id: UUID
    public_id: str
    state: str
    ends_at: Moment
    environments: frozenset[str]
    rights: frozenset[str]
    project_ids: frozenset[UUID] | None


@dataclass(slots=True)
class Key:
    """A key pair; without a delegation its holder is its owner."""

    api_key: str
    id: UUID
    owner: Tenant
    holder: Tenant
    contract: Contract
    delegation: Delegation | None
    environment: str
    state: str
    expires_at: Moment | None
    retiring_until: Moment | None
    ending: str | None
    spki: bytes


@dataclass(slots=True)
class Space:
    """A data space. One that serves both sides has no other beside it (design 4)."""

    public_id: str
    owner: Tenant
    project_id: UUID
    environment: str
    serves_both_sides: bool
