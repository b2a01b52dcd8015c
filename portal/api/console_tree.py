"""Everything that hangs on one tenant, contract by contract."""

from datetime import datetime

from portal.access.roles import Environment, Permission, Role
from portal.api.console import Party, calls, party
from portal.api.console_shapes import (
    ConsoleContract,
    ConsoleDelegation,
    ConsoleEntitlement,
    ConsoleKeyPair,
    ConsoleTenant,
    contract_shown,
    delegation_shown,
    entitlement_shown,
    pair_shown,
    tenant_shown,
)
from portal.api.console_signers import ConsoleSignerChange, signer_change_shown
from portal.api.shapes import Moment, Shown
from portal.contracts.models import Contract
from portal.foundation import clock
from portal.foundation.database import version_of
from portal.impact.holdings import Holdings, holdings
from portal.impact.tree import Branch, KeyBranch, ProjectBranch, SpaceBranch, tree
from portal.projects.models import Surplus
from portal.tenants.models import Tenant


class ShopSeen(Shown):
    """A shop that was seen with a key pair, and when last."""

    installation: str
    name: str
    address: str | None
    project: str
    data_space: str
    last_at: Moment


class KeyPairTwig(Shown):
    """A key pair, who besides its holder has a copy of the private key, and the shops that were seen with it."""

    key_pair: ConsoleKeyPair
    copies: list[Party]
    used_by: list[ShopSeen]


class SpaceTwig(Shown):
    """A data space, its installation, and the pairs it was used with. `version` is its ETag for a decision about it."""

    id: str
    name: str
    environment: Environment
    surplus: Surplus | None
    installation: str | None
    used_with: list[str]
    version: int


class ProjectTwig(Shown):
    """A project with its data spaces."""

    id: str
    name: str
    data_spaces: list[SpaceTwig]


class DeputyTwig(Shown):
    """Who may act for a signer, from when to when."""

    id: str
    name: str
    starts_at: Moment
    ends_at: Moment
    withdrawn_at: Moment | None


class ContractBranch(Shown):
    """A contract and what hangs on it; where another one follows on it, that one's id, and since when it took over."""

    contract: ConsoleContract
    renewed_by: str | None
    handed_over_at: Moment | None
    deputies: list[DeputyTwig]
    entitlements: list[ConsoleEntitlement]
    key_pairs: list[KeyPairTwig]
    projects: list[ProjectTwig]


class MemberTwig(Shown):
    """A member of the tenant."""

    id: str
    name: str
    email: str
    role: Role
    since: Moment


class TenantTree(Shown):
    """A tenant and at most 100 of each kind that hangs on it; `is_cut`: there may be more, which the lists have.

    `version` is the tenant's ETag for a change of its standing.
    """

    tenant: ConsoleTenant
    contracts: list[ContractBranch]
    signer_changes: list[ConsoleSignerChange]
    delegations: list[ConsoleDelegation]
    members: list[MemberTwig]
    is_cut: bool
    version: int


@calls.reads("/<account>/console/tenants/<owner_id>", Permission.CONSOLE_SEE)
def tenant(owner_id: str) -> TenantTree:
    """Show a tenant with everything that hangs on it."""
    found, now = holdings(owner_id), clock.now()
    return TenantTree(
        tenant=tenant_shown(found.tenant),
        contracts=[_branch_shown(branch, found.tenant, now) for branch in tree(found)],
        signer_changes=[signer_change_shown(change) for change in found.signer_changes],
        delegations=[delegation_shown(row) for row in found.delegations],
        members=_members_shown(found),
        is_cut=found.is_cut,
        version=version_of(found.tenant),
    )


def _branch_shown(branch: Branch, owner: Tenant, at: datetime) -> ContractBranch:
    contract = branch.contract
    renewal = contract.renewal
    return ContractBranch(
        contract=contract_shown(contract, owner, at),
        renewed_by=renewal.successor.public_id if renewal else None,
        handed_over_at=renewal.handed_over_at if renewal else None,
        deputies=_deputies_shown(contract),
        entitlements=[entitlement_shown(row, owner, at) for row in branch.entitlements],
        key_pairs=[_key_twig(key, at) for key in branch.keys],
        projects=[_project_twig(project) for project in branch.projects],
    )


def _deputies_shown(contract: Contract) -> list[DeputyTwig]:
    return [
        DeputyTwig(
            id=deputy.public_id,
            name=deputy.membership.person.name,
            starts_at=deputy.starts_at,
            ends_at=deputy.ends_at,
            withdrawn_at=deputy.withdrawn_at,
        )
        for deputy in contract.deputies
    ]


def _key_twig(key: KeyBranch, at: datetime) -> KeyPairTwig:
    seen = [
        ShopSeen(
            installation=sighting.installation.public_id,
            name=sighting.installation.name,
            address=sighting.installation.address,
            project=sighting.installation.data_space.project.public_id,
            data_space=sighting.installation.data_space.public_id,
            last_at=sighting.last_at,
        )
        for sighting in key.used_by
    ]
    last_seen = max((sighting.last_at for sighting in key.used_by), default=None)
    copies = [party(copy.holder) for copy in key.copies]
    return KeyPairTwig(key_pair=pair_shown(key.pair, at, last_seen), copies=copies, used_by=seen)


def _project_twig(branch: ProjectBranch) -> ProjectTwig:
    spaces = [_space_twig(twig) for twig in branch.spaces]
    return ProjectTwig(id=branch.project.public_id, name=branch.project.name, data_spaces=spaces)


def _space_twig(twig: SpaceBranch) -> SpaceTwig:
    space = twig.space
    return SpaceTwig(
        id=space.public_id,
        name=space.name,
        environment=space.environment,
        surplus=space.surplus,
        installation=space.installation.public_id if space.installation else None,
        used_with=[pair.api_key for pair in twig.pairs],
        version=version_of(space),
    )


def _members_shown(found: Holdings) -> list[MemberTwig]:
    return [
        MemberTwig(id=str(row.id), name=row.person.name, email=row.person.email, role=row.role, since=row.created_at)
        for row in found.members
    ]
