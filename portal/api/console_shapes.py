"""What the console's calls tell of tenants and of what hangs on them."""

from datetime import datetime

from portal.access.roles import Environment, Right
from portal.api.console import Party, party
from portal.api.shapes import Moment, Shown
from portal.contracts.models import Contract, ContractKind
from portal.contracts.term import ContractState, contract_state
from portal.delegations.models import Delegation, DelegationState
from portal.entitlements.models import Entitlement, EntitlementState
from portal.foundation.database import version_of
from portal.keys.models import KeyPair
from portal.keys.status import KeyStatus, status_of
from portal.projects.models import Claim, Installation
from portal.tenants.models import Standing, Tenant


class ConsoleTenant(Shown):
    """A tenant. `version` is its ETag for a change of its standing."""

    account_id: str
    name: str
    standing: Standing
    is_vendor: bool
    created_at: Moment
    version: int


class ConsoleContract(Shown):
    """A contract. `signer` is the name of who signed a partner contract; `ended_at` of one that was ended early."""

    id: str
    tenant: Party
    kind: ContractKind
    edition: str
    state: ContractState
    starts_at: Moment
    ends_at: Moment
    ended_at: Moment | None
    signer: str | None
    version: int


class ConsoleEntitlement(Shown):
    """A tenant may use a service because of a contract."""

    service: str
    tenant: Party
    state: EntitlementState
    starts_at: Moment
    ends_at: Moment
    ended_at: Moment | None
    contract: str
    edition: str


class ConsoleKeyPair(Shown):
    """Who holds access: a key pair with its owner and its holder, and under which delegation where that is another."""

    api_key: str
    name: str
    environment: Environment
    owner: Party
    holder: Party
    contract: str
    edition: str
    delegation: str | None
    status: KeyStatus
    stops_at: Moment | None
    created_at: Moment
    made_by: str | None
    last_used_at: Moment | None


class ConsoleDelegation(Shown):
    """An owner lets an integrator act. The integrator's name is null while no account has its id."""

    id: str
    owner: Party
    integrator_account_id: str
    integrator_name: str | None
    state: DelegationState
    environments: list[Environment]
    rights: list[Right]
    all_projects: bool
    is_ticket: bool
    ends_at: Moment


class ConsoleInstallation(Shown):
    """A shop that uses a data space."""

    id: str
    name: str
    address: str | None
    tenant: Party
    project: str
    data_space: str
    side: Environment
    claim: Claim
    last_seen_at: Moment | None


def tenant_shown(tenant: Tenant) -> ConsoleTenant:
    """A tenant as the console tells it."""
    return ConsoleTenant(
        account_id=tenant.account_id,
        name=tenant.name,
        standing=tenant.standing,
        is_vendor=tenant.is_vendor,
        created_at=tenant.created_at,
        version=version_of(tenant),
    )


def contract_shown(contract: Contract, tenant: Tenant, at: datetime) -> ConsoleContract:
    """A contract of this tenant, its signer loaded, as the console tells it."""
    return ConsoleContract(
        id=contract.public_id,
        tenant=party(tenant),
        kind=contract.kind,
        edition=contract.edition_code,
        state=contract_state(contract, at),
        starts_at=contract.starts_at,
        ends_at=contract.ends_at,
        ended_at=contract.ended_at,
        signer=contract.signer.person.name if contract.signer else None,
        version=version_of(contract),
    )


def entitlement_shown(entitlement: Entitlement, tenant: Tenant, at: datetime) -> ConsoleEntitlement:
    """An entitlement of this tenant, its contract loaded, as the console tells it."""
    return ConsoleEntitlement(
        service=entitlement.service_code,
        tenant=party(tenant),
        state=entitlement.state(at),
        starts_at=entitlement.starts_at,
        ends_at=entitlement.ends_at,
        ended_at=entitlement.ended_at,
        contract=entitlement.contract.public_id,
        edition=entitlement.contract.edition_code,
    )


def pair_shown(pair: KeyPair, at: datetime, last_used_at: datetime | None) -> ConsoleKeyPair:
    """A key pair, all that its status depends on loaded, as the console tells it."""
    return ConsoleKeyPair(
        api_key=pair.api_key,
        name=pair.name,
        environment=pair.environment,
        owner=party(pair.owner),
        holder=party(pair.holder),
        contract=pair.contract.public_id,
        edition=pair.contract.edition_code,
        delegation=pair.delegation.public_id if pair.delegation else None,
        status=status_of(pair, at),
        stops_at=pair.stops_at,
        created_at=pair.created_at,
        made_by=pair.made_by.name if pair.made_by else None,
        last_used_at=last_used_at,
    )


def delegation_shown(delegation: Delegation) -> ConsoleDelegation:
    """A delegation, its parties loaded, as the console tells it."""
    return ConsoleDelegation(
        id=delegation.public_id,
        owner=party(delegation.owner),
        integrator_account_id=delegation.integrator_account_id,
        integrator_name=delegation.integrator.name if delegation.integrator else None,
        state=delegation.state,
        environments=sorted(delegation.environments),
        rights=sorted(delegation.rights),
        all_projects=delegation.all_projects,
        is_ticket=delegation.one_pair,
        ends_at=delegation.ends_at,
    )


def installation_shown(installation: Installation) -> ConsoleInstallation:
    """An installation, its tenant, data space and project loaded, as the console tells it."""
    return ConsoleInstallation(
        id=installation.public_id,
        name=installation.name,
        address=installation.address,
        tenant=party(installation.tenant),
        project=installation.data_space.project.public_id,
        data_space=installation.data_space.public_id,
        side=installation.side,
        claim=installation.claim,
        last_seen_at=installation.last_seen_at,
    )
