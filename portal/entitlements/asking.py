"""Asking for more than the edition's allotment. The vendor's partner admin decides."""

import uuid

from portal.access.actor import Actor, require
from portal.access.roles import Permission
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.contracts import store as contracts
from portal.contracts.errors import ContractNotRunning
from portal.contracts.models import Contract, ContractKind
from portal.entitlements import store
from portal.entitlements.errors import (
    AmountOutOfRange,
    NothingToRaise,
    NotYourRequest,
    ReasonMissing,
    RequestDecided,
    RequestWaiting,
    WishOutsideReach,
)
from portal.entitlements.models import WISH_NAMES, WISHES, AllotmentRequest, AllotmentWish, RequestState
from portal.foundation import clock
from portal.foundation.database import lock
from portal.foundation.words import clean_text

LEAST, MOST = 1, 100  # the portal's own bound against slips of the hand; larger needs are a new contract


def request_more(
    actor: Actor,
    contract: Contract,
    wish: AllotmentWish,
    amount: int,
    reason: str,
    project_id: uuid.UUID | None = None,
) -> AllotmentRequest:
    """A request for `amount` more of `wish` under `contract`; for data spaces, in the project with this inner id.

    Asking again for the same while it waits gives back the request that is there.
    Raises: NotFound, NotAllowed, WishOutsideReach, AmountOutOfRange, ReasonMissing and the other refusals of a text,
    NothingToRaise, ContractNotRunning, RequestWaiting.
    """
    require(actor, Permission.PROJECT_CHANGE)
    _check_reach(actor, wish, project_id)
    reason = _checked(amount, reason)
    contract = contracts.lock_with_edition(actor, contract.id)
    _check_contract(contract)

    waiting = store.find_waiting(actor, contract.id, project_id, wish)
    if waiting is not None:
        return _same(waiting, amount, reason)
    request = store.add(
        AllotmentRequest(
            tenant_id=contract.tenant_id,
            contract_id=contract.id,
            project_id=project_id,
            wish=wish,
            amount=amount,
            reason=reason,
            asked_by_id=actor.person_id,
        )
    )
    audit.record(
        actor,
        Event.ALLOTMENT_REQUESTED,
        request,
        also_seen_by=actor.home_id,
        amount=amount,
        wish=WISH_NAMES[wish],
    )
    return request


def may_wish(actor: Actor, wish: AllotmentWish) -> bool:
    """Whether `wish` lies within the actor's reach; more projects, like a new one, ask for all projects."""
    if wish is AllotmentWish.PROJECT:
        return actor.reach.project_ids is None
    return any(wish in WISHES[side] for side in actor.reach.environments)


def _check_reach(actor: Actor, wish: AllotmentWish, project_id: uuid.UUID | None) -> None:
    reached = actor.reach.project_ids
    if not may_wish(actor, wish) or (reached is not None and project_id not in reached):
        raise WishOutsideReach()


def _checked(amount: int, reason: str) -> str:
    if not LEAST <= amount <= MOST:
        raise AmountOutOfRange(least=LEAST, most=MOST)
    reason = clean_text(reason)
    if not reason:
        raise ReasonMissing()
    return reason


def _check_contract(contract: Contract) -> None:
    if contract.kind is ContractKind.INTEGRATOR:
        raise NothingToRaise()
    if not contract.is_running(clock.now()):
        raise ContractNotRunning(contract=contract.public_id, edition=contract.edition.name)


def _same(waiting: AllotmentRequest, amount: int, reason: str) -> AllotmentRequest:
    if (waiting.amount, waiting.reason) != (amount, reason):
        raise RequestWaiting(amount=waiting.amount)
    return waiting


def may_withdraw(actor: Actor, request: AllotmentRequest) -> bool:
    """Whether the actor may take this request back now: `withdraw` would not refuse it."""
    return request.state is RequestState.WAITING and actor.may(Permission.PROJECT_CHANGE) and _is_ours(actor, request)


def withdraw(actor: Actor, request: AllotmentRequest) -> None:
    """Take the request back. Withdrawing twice changes nothing and is no event.

    An integrator takes back only what the same person asked. Raises: NotAllowed, NotYourRequest, RequestDecided.
    """
    require(actor, Permission.PROJECT_CHANGE)
    if not _is_ours(actor, request):
        raise NotYourRequest()
    lock(request)
    if request.state is RequestState.WITHDRAWN:
        return
    if request.state is not RequestState.WAITING:
        raise RequestDecided()
    request.state, request.closed_at = RequestState.WITHDRAWN, clock.now()
    audit.record(actor, Event.ALLOTMENT_WITHDRAWN, request, also_seen_by=actor.home_id)


def _is_ours(actor: Actor, request: AllotmentRequest) -> bool:
    return not actor.acts_for_client or request.asked_by_id == actor.person_id
