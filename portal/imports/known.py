"""What is there already, as far as a file is about it: read in portions, whatever the number of lines."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, or_
from sqlalchemy.orm import aliased

from portal.access.roles import PERMISSIONS, Permission, Role
from portal.access.rows import Reader, across_tenants
from portal.accounts.models import Invitation, Membership, Person
from portal.contracts.models import Contract, ContractRenewal
from portal.foundation.database import db
from portal.imports.lines import Line
from portal.tenants.models import Tenant

PORTION = 500
MANAGERS = frozenset(role for role in Role if Permission.MEMBERS_MANAGE in PERMISSIONS[role])


@dataclass(frozen=True)
class KnownTenant:
    """An account that is there."""

    id: uuid.UUID
    account_id: str
    name: str
    name_key: str
    is_vendor: bool


@dataclass(frozen=True)
class KnownContract:
    """A contract that is there. `ends_at` is what was agreed, also while its renewal lets it run on for longer.

    renewed_by: the public id of the contract that follows on it, or None.
    """

    id: uuid.UUID
    tenant_id: uuid.UUID
    public_id: str
    edition_code: str
    starts_at: datetime
    ends_at: datetime
    ended_at: datetime | None
    signer_id: uuid.UUID | None
    renewed_by: str | None

    @property
    def key(self) -> tuple[uuid.UUID, uuid.UUID]:
        """Its primary key."""
        return self.tenant_id, self.id

    @property
    def over_at(self) -> datetime:
        """When it ends, or was ended early."""
        return min(self.ends_at, self.ended_at or self.ends_at)


@dataclass
class Known:
    """Accounts by id and by name; of each account contracts, members and invited people by their address's key.

    managed: the accounts with somebody who may invite others, or an invitation that is open.
    """

    by_account_id: dict[str, KnownTenant] = field(default_factory=dict)
    by_name: dict[str, list[KnownTenant]] = field(default_factory=lambda: defaultdict(list))
    contracts: dict[uuid.UUID, list[KnownContract]] = field(default_factory=lambda: defaultdict(list))
    members: dict[uuid.UUID, dict[str, uuid.UUID]] = field(default_factory=lambda: defaultdict(dict))
    invited: dict[uuid.UUID, set[str]] = field(default_factory=lambda: defaultdict(set))
    managed: set[uuid.UUID] = field(default_factory=set)


def gather(lines: Sequence[Line], *, lock: bool = False) -> Known:
    """What is there of that which `lines` are about. lock: keep the accounts from changing until the end."""
    known = Known()
    for portion in _portions(lines):
        _tenants(known, portion, lock)
    ids = [tenant.id for tenant in known.by_account_id.values()]
    for some in _portions(ids):
        _contracts(known, some)
        _people(known, some)
        _invited(known, some)
    return known


def _portions(things: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (things[start : start + PORTION] for start in range(0, len(things), PORTION))


def _tenants(known: Known, lines: Sequence[Line], lock: bool) -> None:
    accounts = {line.account_id for line in lines if line.account_id}
    names = {line.name_key for line in lines if line.name}
    columns = (Tenant.id, Tenant.account_id, Tenant.name, Tenant.name_key, Tenant.is_vendor)
    rows = across_tenants(*columns, reason=Reader.CONSOLE).where(
        or_(Tenant.account_id.in_(accounts), Tenant.name_key.in_(names))
    )
    rows = rows.order_by(Tenant.id)  # always in the same order, so that two never wait for each other
    for found in _all(rows.with_for_update(key_share=True) if lock else rows):
        tenant = KnownTenant(*found)
        if tenant.account_id not in known.by_account_id:
            known.by_account_id[tenant.account_id] = tenant
            known.by_name[tenant.name_key].append(tenant)


def _contracts(known: Known, tenant_ids: Sequence[uuid.UUID]) -> None:
    following = aliased(Contract)
    columns = (
        Contract.id, Contract.tenant_id, Contract.public_id, Contract.edition_code, Contract.starts_at,
        func.coalesce(ContractRenewal.agreed_ends_at, Contract.ends_at, type_=Contract.ends_at.type),
        Contract.ended_at, Contract.signer_id, following.public_id,
    )  # fmt: skip
    rows = across_tenants(*columns, reason=Reader.CONSOLE).where(Contract.tenant_id.in_(tenant_ids))
    rows = rows.outerjoin(Contract.renewal).outerjoin(following, ContractRenewal.successor.of_type(following))
    for found in _all(rows.order_by(Contract.starts_at, Contract.id)):
        contract = KnownContract(*found)
        known.contracts[contract.tenant_id].append(contract)


def _people(known: Known, tenant_ids: Sequence[uuid.UUID]) -> None:
    columns = (Membership.tenant_id, Membership.id, Membership.role, Person.email_key)
    rows = across_tenants(*columns, reason=Reader.CONSOLE).join(Membership.person)
    for tenant_id, membership_id, role, email_key in _all(
        rows.where(Membership.tenant_id.in_(tenant_ids), Membership.ended_at.is_(None))
    ):
        known.members[tenant_id][email_key] = membership_id
        if role in MANAGERS:
            known.managed.add(tenant_id)


def _invited(known: Known, tenant_ids: Sequence[uuid.UUID]) -> None:
    rows = across_tenants(Invitation.tenant_id, Invitation.email_key, reason=Reader.CONSOLE).where(
        Invitation.tenant_id.in_(tenant_ids), Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None)
    )
    for tenant_id, email_key in _all(rows):
        known.invited[tenant_id].add(email_key)
        known.managed.add(tenant_id)


def _all(rows: Select[Any]) -> Sequence[Any]:
    return db.session.execute(rows).all()
