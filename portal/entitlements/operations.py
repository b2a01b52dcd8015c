"""What a contract grants."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from portal.access.actor import Actor, require
from portal.access.roles import Permission
from portal.accounts.models import Membership
from portal.contracts import operations as contracts
from portal.contracts.models import Contract, Edition
from portal.entitlements import store
from portal.entitlements.models import Entitlement
from portal.tenants.models import Tenant


def conclude(
    actor: Actor,
    tenant: Tenant,
    edition: Edition,
    starts_at: datetime,
    ends_at: datetime,
    signer: Membership | None = None,
) -> Contract:
    """A contract of `tenant` together with what it grants: the one way in which doors make contracts.

    Raises: as `contracts.operations.make`.
    """
    contract = contracts.make(actor, tenant, edition, starts_at, ends_at, signer)
    grant_for(actor, contract)
    return contract


def grant_for(actor: Actor, contract: Contract) -> None:
    """Entitle the contract's tenant to each service of its edition, for the contract's term.

    What is granted already stays as it is. It is part of making the contract and no event of its own.
    Raises: NotAllowed.
    """
    require(actor, Permission.CONTRACT_CHANGE)
    store.add_all(
        [
            Entitlement(
                tenant_id=contract.tenant_id,
                contract_id=contract.id,
                service_code=code,
                starts_at=contract.starts_at,
                ends_at=contract.ends_at,
            )
            for code in store.not_granted(contract)
        ]
    )


def extend(actor: Actor, contract: Contract, ends_at: datetime) -> None:
    """Let the contract run until `ends_at`, together with what it grants until its end.

    Raises: as `contracts.operations.extend`.
    """
    granted = store.ending_with(contract)
    contracts.extend(actor, contract, ends_at)
    for entitlement in granted:
        entitlement.ends_at = ends_at


def projects_granted(actor: Actor, running: Sequence[Contract]) -> dict[uuid.UUID, int]:
    """How many projects each of these contracts (editions loaded) includes: its edition's, and what was approved."""
    approved = store.approved_projects(actor, [contract.id for contract in running])
    return {contract.id: contract.edition.projects + approved.get(contract.id, 0) for contract in running}
