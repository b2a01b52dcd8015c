"""How many projects a contract includes, how many are in use, and why another cannot be created."""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.access.actor import Actor, require
from portal.access.roles import Permission
from portal.contracts import store as contracts
from portal.contracts.errors import ContractNotRunning
from portal.contracts.models import Contract, ContractKind
from portal.entitlements import operations as entitlements
from portal.foundation import clock
from portal.foundation.errors import PortalError
from portal.projects import store
from portal.projects.errors import AllotmentUsedUp, ContractWithoutProjects, NoContractWithProjects, NotAllProjects

# The contracts that projects hang on; an integrator agreement alone creates nothing.
WITH_PROJECTS = (ContractKind.LICENCE, ContractKind.PARTNER)


@dataclass(frozen=True)
class Allotment:
    """The projects of one contract: included, with what was approved beyond the edition, and in use."""

    contract: Contract
    granted: int
    used: int

    @property
    def left(self) -> int:
        return max(0, self.granted - self.used)


def of(actor: Actor) -> list[Allotment]:
    """The allotments of the actor's running contracts that include projects, oldest contract first."""
    return _count(actor, contracts.running(actor, clock.now(), WITH_PROJECTS))


def _count(actor: Actor, running: Sequence[Contract]) -> list[Allotment]:
    granted = entitlements.projects_granted(actor, running)
    used = store.count_by_contract(actor, [contract.id for contract in running])
    return [Allotment(contract, granted[contract.id], used.get(contract.id, 0)) for contract in running]


def check_room(actor: Actor, contract: Contract) -> None:
    """Nothing, when `contract` (its edition loaded, its row locked by the caller) allows one more project.

    Raises: ContractWithoutProjects, ContractNotRunning, AllotmentUsedUp.
    """
    if contract.kind not in WITH_PROJECTS:
        raise ContractWithoutProjects()
    if not contract.is_running(clock.now()):
        raise ContractNotRunning(contract=contract.public_id, edition=contract.edition.name)
    (allotment,) = _count(actor, [contract])
    if not allotment.left:
        raise _used_up(allotment)


def require_all_projects(actor: Actor) -> None:
    """Nothing, when the actor may change projects and reaches all of them.

    A delegation for certain projects would not reach the new one. Raises: NotAllowed, NotAllProjects.
    """
    require(actor, Permission.PROJECT_CHANGE)
    if actor.reach.project_ids is not None:
        raise NotAllProjects()


def why_not_create(actor: Actor, allotments: Sequence[Allotment]) -> PortalError | None:
    """Why the actor cannot create a project now, or None: said before anybody fills in a form."""
    try:
        require_all_projects(actor)
    except PortalError as refusal:
        return refusal
    if not allotments:
        return NoContractWithProjects()
    return None if any(allotment.left for allotment in allotments) else _used_up(allotments[0])


def _used_up(allotment: Allotment) -> AllotmentUsedUp:
    return AllotmentUsedUp(edition=allotment.contract.edition.name, granted=allotment.granted, used=allotment.used)
