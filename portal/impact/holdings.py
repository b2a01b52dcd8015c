"""Everything that hangs on one tenant, as the vendor's console draws it: contracts, keys, projects, people, parties."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from portal.access.roles import Role
from portal.access.rows import Reader, across_tenants
from portal.accounts.models import Membership, Person
from portal.contracts import signer_store
from portal.contracts.models import Contract, ContractKind, Deputy, Service, SignerChange
from portal.contracts.store import RENEWED
from portal.delegations.models import Delegation
from portal.entitlements.models import Entitlement
from portal.foundation.database import db
from portal.foundation.errors import NotFound
from portal.handoffs.models import KeyCopy
from portal.keys.models import KeyPair
from portal.keys.store import WHOLE
from portal.projects.models import DataSpace, Installation, Project
from portal.tenants.models import Tenant
from portal.usage.models import Sighting

SHOWN = 100  # of each kind; the console's lists have the rest


@dataclass(frozen=True)
class Holdings:
    """One tenant and at most 100 rows of each kind that hangs on it; `delegations` has it as either party."""

    tenant: Tenant
    contracts: Sequence[Contract]
    entitlements: Sequence[Entitlement]
    keys: Sequence[KeyPair]
    copies: Sequence[KeyCopy]
    sightings: Sequence[Sighting]
    spaces: Sequence[DataSpace]
    members: Sequence[Membership]
    delegations: Sequence[Delegation]
    signer_changes: Sequence[SignerChange]

    @property
    def has_owner(self) -> bool:
        """Whether somebody can act as an owner."""
        return any(row.role is Role.OWNER and row.person.disabled_at is None for row in self.members)

    @property
    def is_cut(self) -> bool:
        """Whether there may be more of some kind than these."""
        of_tenant = (self.contracts, self.entitlements, self.keys, self.spaces, self.members, self.delegations)
        of_keys = (self.copies, self.sightings)
        return any(len(rows) == SHOWN for rows in (*of_tenant, *of_keys))


def holdings(account_id: str) -> Holdings:
    """What hangs on the tenant with this account id, in eleven statements at most. Raises: NotFound."""
    tenant = db.session.scalars(select(Tenant).where(Tenant.account_id == account_id)).one_or_none()
    if tenant is None:
        raise NotFound()
    contracts, keys = _some(_contracts(tenant)), _some(_keys(tenant))
    has_signers = any(row.kind is ContractKind.PARTNER for row in contracts)
    return Holdings(
        tenant,
        contracts,
        _some(_entitlements(tenant)),
        keys,
        _some(_copies(tenant, keys)),
        _some(_sightings(tenant, keys)),
        _some(_spaces(tenant)),
        _some(_members(tenant)),
        _some(_delegations(tenant)),
        signer_store.waiting_of(tenant) if has_signers else [],
    )


def _some(rows: Select[Any]) -> Sequence[Any]:
    return db.session.scalars(rows.limit(SHOWN)).unique().all()


def _contracts(tenant: Tenant) -> Select[Any]:
    rows = across_tenants(Contract, reason=Reader.CONSOLE).where(Contract.tenant_id == tenant.id)
    return rows.order_by(Contract.ends_at.desc(), Contract.id).options(
        joinedload(Contract.edition),
        RENEWED,
        joinedload(Contract.signer).joinedload(Membership.person),
        selectinload(Contract.deputies).joinedload(Deputy.membership).joinedload(Membership.person),
    )


def _entitlements(tenant: Tenant) -> Select[Any]:
    rows = across_tenants(Entitlement, reason=Reader.CONSOLE).where(Entitlement.tenant_id == tenant.id)
    rows = rows.join(Entitlement.service).options(contains_eager(Entitlement.service), joinedload(Entitlement.contract))
    return rows.order_by(Service.position, Entitlement.id)


def _keys(tenant: Tenant) -> Select[Any]:
    rows = across_tenants(KeyPair, reason=Reader.CONSOLE).where(KeyPair.tenant_id == tenant.id)
    return rows.order_by(KeyPair.id.desc()).options(*WHOLE)


def _copies(tenant: Tenant, keys: Sequence[KeyPair]) -> Select[Any]:
    rows = across_tenants(KeyCopy, reason=Reader.CONSOLE).where(KeyCopy.tenant_id == tenant.id)
    rows = rows.where(KeyCopy.key_pair_id.in_([pair.id for pair in keys]))
    return rows.order_by(KeyCopy.id).options(joinedload(KeyCopy.holder))


def _sightings(tenant: Tenant, keys: Sequence[KeyPair]) -> Select[Any]:
    rows = across_tenants(Sighting, reason=Reader.CONSOLE).where(Sighting.tenant_id == tenant.id)
    rows = rows.where(Sighting.key_pair_id.in_([pair.id for pair in keys]))
    to_space = joinedload(Sighting.installation).joinedload(Installation.data_space)
    return rows.order_by(Sighting.last_at.desc(), Sighting.id).options(to_space.joinedload(DataSpace.project))


def _spaces(tenant: Tenant) -> Select[Any]:
    rows = across_tenants(DataSpace, reason=Reader.CONSOLE).where(DataSpace.tenant_id == tenant.id)
    rows = rows.join(DataSpace.project).options(contains_eager(DataSpace.project), joinedload(DataSpace.installation))
    return rows.order_by(Project.id, DataSpace.position)


def _members(tenant: Tenant) -> Select[Any]:
    rows = across_tenants(Membership, reason=Reader.CONSOLE).where(
        Membership.tenant_id == tenant.id, Membership.ended_at.is_(None)
    )
    rows = rows.join(Membership.person).options(contains_eager(Membership.person))
    return rows.order_by(Person.email_key)


def _delegations(tenant: Tenant) -> Select[Any]:
    rows = across_tenants(Delegation, reason=Reader.CONSOLE).where(
        or_(Delegation.tenant_id == tenant.id, Delegation.integrator_id == tenant.id)
    )
    return rows.order_by(Delegation.id.desc()).options(joinedload(Delegation.owner), joinedload(Delegation.integrator))
