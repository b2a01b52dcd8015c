"""Approving what a tenant asked for: it takes effect in the transaction that approves it."""

from collections.abc import Callable

from portal.access.actor import Actor, require, system_actor
from portal.access.roles import Permission
from portal.contracts import store as contracts
from portal.contracts.errors import ContractNotRunning
from portal.contracts.models import Contract
from portal.entitlements import amending as services
from portal.entitlements import deciding
from portal.entitlements import store as entitlements
from portal.entitlements.errors import StandingHinders
from portal.entitlements.models import ContractRequest, Wish
from portal.foundation import clock
from portal.foundation.database import lock
from portal.projects import amending, growing, store, surplus
from portal.projects.models import DataSpaceType
from portal.tenants import store as tenants
from portal.tenants.models import STANDING_NAMES, Standing

TYPES = {Wish.PRODUCTION_SPACE: DataSpaceType.PRODUCTION, Wish.TESTING_SPACE: DataSpaceType.TESTING}


def approve(
    actor: Actor, request: ContractRequest, granted: int, answer: str = "", contract_version: int | None = None
) -> ContractRequest:
    """Approve `granted` of what was asked for; less than all of it needs an answer that says why.

    contract_version: for an edition, of the contract as its preview was made. The same approval by the same person
    twice is no event.
    Raises: NotAllowed, WholeOnly, PartOutOfRange, AnswerMissing, StandingHinders, ContractNotRunning,
    EditionOfOtherKind, Changed; and what somebody else decided meanwhile.
    """
    require(actor, Permission.REQUEST_DECIDE)
    worker = system_actor("console", request.tenant_id)
    lock(tenants.get(request.tenant_id))
    # The contract next, as when something is asked: two who decide on one contract wait for each other here.
    contract = contracts.lock_with_parties(worker, request.contract_id)
    request = entitlements.lock_request(worker, request.id)
    if deciding.is_repeated(actor, request, granted):
        return request
    deciding.check_part(request, granted)
    answer = deciding.checked_answer(answer, needed=granted < request.amount)
    require_grantable(contract)

    _GRANTS[request.wish](worker, contract, request, granted, contract_version)
    deciding.settle(actor, request, granted, answer)
    return request


def require_grantable(contract: Contract) -> None:
    """Nothing, when more can be granted under `contract` (its edition loaded) now.

    Raises: StandingHinders, ContractNotRunning.
    """
    tenant = tenants.get(contract.tenant_id)
    if tenant.standing is not Standing.GOOD:
        raise StandingHinders(tenant=tenant.name, standing=STANDING_NAMES[tenant.standing])
    if not contract.is_running(clock.now()):
        raise ContractNotRunning(contract=contract.public_id, edition=contract.edition.name)


def _grant_projects(*_what: object) -> None:
    """The approved request itself is what makes room (`entitlements.store.approved_projects`)."""


def _grant_spaces(
    worker: Actor, _contract: Contract, request: ContractRequest, granted: int, _version: int | None
) -> None:
    project, kind = store.lock_with_spaces(worker, request.project_id), TYPES[request.wish]
    taken_back = surplus.take_back(project, kind, granted)
    growing.add(project, kind, granted - taken_back)


def _grant_edition(
    _worker: Actor, contract: Contract, request: ContractRequest, _granted: int, version: int | None
) -> None:
    edition = contracts.edition(request.edition_code or "")
    amending.carry_out(contract, edition, contract.version if version is None else version)


def _grant_service(
    worker: Actor, contract: Contract, request: ContractRequest, _granted: int, _version: int | None
) -> None:
    services.entitle(worker, contract, request.service_code or "")


_GRANTS: dict[Wish, Callable[..., None]] = {
    Wish.PROJECT: _grant_projects,
    Wish.PRODUCTION_SPACE: _grant_spaces,
    Wish.TESTING_SPACE: _grant_spaces,
    Wish.EDITION: _grant_edition,
    Wish.SERVICE: _grant_service,
}
