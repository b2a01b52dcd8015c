"""Changing a contract to another edition, with what that means for its services, projects and data spaces."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from portal.access.actor import Actor, require, system_actor
from portal.access.roles import Permission
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.contracts import amending as contract_amending
from portal.contracts import store as contracts
from portal.contracts.models import Contract, Edition
from portal.entitlements import amending as services
from portal.entitlements import operations as entitlements
from portal.entitlements import store as entitlement_store
from portal.entitlements.amending import ServiceChange
from portal.entitlements.models import Wish
from portal.foundation import clock
from portal.foundation.database import lock
from portal.projects import growing, store, surplus
from portal.projects.models import DataSpaceType, Project
from portal.projects.surplus import Plan
from portal.tenants import store as tenants

Approved = Mapping[tuple[uuid.UUID, Wish], int]
WISH_OF = {DataSpaceType.PRODUCTION: Wish.PRODUCTION_SPACE, DataSpaceType.TESTING: Wish.TESTING_SPACE}


@dataclass(frozen=True)
class Preview:
    """What changing `contract` to `edition` means: projects included before and after, and in use; services; and what
    happens to the data spaces of each project to which something happens."""

    contract: Contract
    edition: Edition
    projects_before: int
    projects_after: int
    projects_used: int
    services: ServiceChange
    plans: Sequence[Plan]

    @property
    def is_too_many_projects(self) -> bool:
        return self.projects_used > self.projects_after


def preview(contract: Contract, edition: Edition) -> Preview:
    """What `edition` would mean for `contract` (both with services loaded). Nothing is changed.

    Raises: EditionOfOtherKind, ContractNotRunning.
    """
    contract_amending.check(contract, edition)
    reader = system_actor("console", contract.tenant_id)
    before = entitlements.projects_granted(reader, [contract])[contract.id]
    projects = store.under_contract(reader, contract.id)
    return Preview(
        contract=contract,
        edition=edition,
        projects_before=before,
        projects_after=before - contract.edition.projects + edition.projects,
        projects_used=len(projects),
        services=services.preview(reader, contract, edition),
        plans=[found for found in _plans(reader, contract, edition, projects) if not found.is_empty],
    )


def amend(actor: Actor, contract: Contract, edition: Edition, version: int) -> Contract:
    """Change `contract` to `edition` from now on. Changing it to what it is changes nothing and is no event.

    version: of the contract as the preview was made.
    Raises: NotAllowed, EditionOfOtherKind, ContractNotRunning, RenewedAlready, ContractOverlaps, Changed.
    """
    require(actor, Permission.CONTRACT_CHANGE)
    lock(tenants.get(contract.tenant_id))
    contract = contracts.lock_with_parties(system_actor("console", contract.tenant_id), contract.id)
    if contract.edition_code == edition.code:
        return contract
    before = contract.edition.name
    carry_out(contract, edition, version)
    audit.record(
        actor, Event.CONTRACT_AMENDED, contract, tenant_id=contract.tenant_id, before=before, after=edition.name
    )
    return contract


def carry_out(contract: Contract, edition: Edition, version: int) -> None:
    """Let the locked `contract` be for `edition`, with all that it means; whoever calls notes it as one event.

    Nothing is deleted: data spaces beyond the new allotment are marked, missing ones are made.
    Raises: EditionOfOtherKind, ContractNotRunning, Changed, DataSpaceNameTaken.
    """
    worker = system_actor("console", contract.tenant_id)
    change = services.preview(worker, contract, edition)
    plans = _plans(worker, contract, edition, store.under_contract(worker, contract.id))
    contract_amending.change_edition(contract, edition, version)
    services.carry_out(worker, contract, change)
    for found in plans:
        _carry_out(found, edition)


def fit(contract: Contract) -> None:
    """Bring the projects that came to hang on `contract` to its edition's allotment, as `carry_out` does. No event.

    Raises: DataSpaceNameTaken.
    """
    worker = system_actor("console", contract.tenant_id)
    contract = contracts.lock_with_parties(worker, contract.id)
    for found in _plans(worker, contract, contract.edition, store.under_contract(worker, contract.id)):
        _carry_out(found, contract.edition)


def _plans(reader: Actor, contract: Contract, edition: Edition, projects: Sequence[Project]) -> list[Plan]:
    approved = entitlement_store.approved_spaces(reader, contract.id)
    return [surplus.plan(project, _allowed(project, edition, approved)) for project in projects]


def _allowed(project: Project, edition: Edition, approved: Approved) -> dict[DataSpaceType, int]:
    return {
        kind: surplus.allotted(edition, kind) + approved.get((project.id, WISH_OF[kind]), 0) for kind in DataSpaceType
    }


def _carry_out(found: Plan, edition: Edition) -> None:
    surplus.mark(found, clock.now())
    if not edition.testing_spaces:
        # Only ever widened: a sandbox shop that uses a production space today is not shut out by a larger edition.
        for space in found.project.data_spaces:
            space.serves_both_sides = space.serves_both_sides or space.type is DataSpaceType.PRODUCTION
    for kind, count in found.missing.items():
        growing.add(found.project, kind, count)
