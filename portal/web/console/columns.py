"""What a download of each of the console's lists holds. Words are the stored ones, so that scripts can rely on them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.contracts.models import Contract
from portal.delegations.models import Delegation
from portal.entitlements.models import Entitlement
from portal.keys.models import KeyPair
from portal.keys.status import status_of
from portal.projects.models import Installation
from portal.tenants.models import Tenant
from portal.web.console.labels import contract_state
from portal.web.exports import utc

Cells = tuple[Any, ...]


@dataclass(frozen=True)
class Columns:
    """The header of a file, and the cells of one row at a moment."""

    header: tuple[str, ...]
    cells: Callable[[Any, datetime], Cells]


def _tenant(tenant: Tenant, _at: datetime) -> Cells:
    return tenant.account_id, tenant.name, tenant.standing.value, utc(tenant.created_at)


def _contract(contract: Contract, at: datetime) -> Cells:
    return (
        contract.public_id,
        contract.tenant.account_id,
        contract.tenant.name,
        contract.kind.value,
        contract.edition_code,
        contract_state(contract, at).value,
        utc(contract.starts_at),
        utc(contract.ends_at),
        utc(contract.ended_at),
        contract.signer.person.name if contract.signer else "",
    )


def _entitlement(entitlement: Entitlement, at: datetime) -> Cells:
    return (
        entitlement.service_code,
        entitlement.tenant.account_id,
        entitlement.tenant.name,
        entitlement.state(at).value,
        utc(entitlement.starts_at),
        utc(entitlement.ends_at),
        entitlement.contract.public_id,
        entitlement.contract.edition_code,
    )


def _key_pair(pair: KeyPair, at: datetime) -> Cells:
    return (
        pair.api_key,
        pair.name,
        pair.environment.value,
        pair.owner.account_id,
        pair.owner.name,
        pair.holder.account_id,
        pair.holder.name,
        pair.contract.public_id,
        pair.contract.edition_code,
        pair.delegation.public_id if pair.delegation else "",
        status_of(pair, at).value,
        utc(pair.stops_at),
        utc(pair.created_at),
        pair.made_by.name if pair.made_by else "",
    )


def _delegation(delegation: Delegation, _at: datetime) -> Cells:
    return (
        delegation.public_id,
        delegation.owner.account_id,
        delegation.owner.name,
        delegation.integrator_account_id,
        delegation.integrator.name if delegation.integrator else "",
        delegation.state.value,
        " ".join(sorted(delegation.environments)),
        " ".join(sorted(delegation.rights)),
        "all" if delegation.all_projects else "some",
        "yes" if delegation.one_pair else "",
        utc(delegation.ends_at),
    )


def _installation(installation: Installation, _at: datetime) -> Cells:
    return (
        installation.public_id,
        installation.name,
        installation.address,
        installation.data_space.public_id,
        installation.data_space.name,
        installation.data_space.project.public_id,
        installation.data_space.project.name,
        installation.tenant.account_id,
        installation.tenant.name,
        installation.side.value,
        installation.claim.value,
        utc(installation.last_seen_at),
    )


COLUMNS: Mapping[str, Columns] = {
    "tenants": Columns(("account_id", "name", "standing", "since"), _tenant),
    "contracts": Columns(
        ("contract", "account_id", "tenant", "kind", "edition", "state", "from", "until", "ended_early", "signer"),
        _contract,
    ),
    "entitlements": Columns(
        ("service", "account_id", "tenant", "state", "from", "until", "contract", "edition"), _entitlement
    ),
    "access": Columns(
        (
            "api_key", "name", "environment", "owner_account_id", "owner", "holder_account_id", "holder", "contract",
            "edition", "delegation", "status", "stops_at", "made_at", "made_by",
        ),
        _key_pair,
    ),
    "delegations": Columns(
        (
            "delegation", "owner_account_id", "owner", "integrator_account_id", "integrator", "state", "environments",
            "rights", "projects", "ticket", "until",
        ),
        _delegation,
    ),
    "installations": Columns(
        (
            "installation", "name", "address", "data_space_id", "data_space", "project_id", "project", "account_id",
            "tenant", "side", "claim", "last_seen_at",
        ),
        _installation,
    ),
}  # fmt: skip
