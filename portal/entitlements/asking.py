"""Asking the vendor for more than a contract includes, and asking again. The vendor's partner admin decides."""

import uuid
from typing import Any

from portal.access.actor import Actor, require
from portal.access.roles import Permission
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.contracts import store as contracts
from portal.contracts.errors import ContractNotRunning, EditionOfOtherKind
from portal.contracts.models import Contract, ContractKind, Edition, Service
from portal.entitlements import notices, store
from portal.entitlements.errors import (
    AmountOutOfRange,
    EditionAlready,
    NothingToRaise,
    NotReopened,
    NotYourRequest,
    ReasonMissing,
    ReopenedAlready,
    RequestDecided,
    RequestWaiting,
    ServiceAlready,
    ThingWaiting,
    WishOutsideReach,
)
from portal.entitlements.models import COUNTED, WISH_NAMES, WISHES, ContractRequest, RequestState, Wish
from portal.foundation import clock
from portal.foundation.words import clean_text

LEAST, MOST = 1, 100  # the portal's own bound against slips of the hand; larger needs are a new contract


def request_more(
    actor: Actor,
    contract: Contract,
    wish: Wish,
    amount: int,
    reason: str,
    project_id: uuid.UUID | None = None,
) -> ContractRequest:
    """A request for `amount` more of `wish` under `contract`; for data spaces, in the project with this inner id.

    Asking again for the same while it waits gives back the request that is there.
    Raises: NotFound, NotAllowed, WishOutsideReach, AmountOutOfRange, ReasonMissing and the other refusals of a text,
    NothingToRaise, ContractNotRunning, RequestWaiting.
    """
    require(actor, needed_for(wish))
    _check_reach(actor, wish, project_id)
    if not LEAST <= amount <= MOST:
        raise AmountOutOfRange(least=LEAST, most=MOST)
    return _ask(actor, contract, ContractRequest(wish=wish, amount=amount, project_id=project_id), reason)


def request_edition(actor: Actor, contract: Contract, edition: Edition, reason: str) -> ContractRequest:
    """A request to change `contract` to `edition`. Asking the same while it waits gives back the one that is there.

    Raises: NotFound, NotAllowed, ReasonMissing and the other refusals of a text, NothingToRaise, ContractNotRunning,
    EditionOfOtherKind, EditionAlready, ThingWaiting.
    """
    require(actor, needed_for(Wish.EDITION))
    return _ask(actor, contract, ContractRequest(wish=Wish.EDITION, amount=1, edition_code=edition.code), reason)


def request_service(actor: Actor, contract: Contract, service: Service, reason: str) -> ContractRequest:
    """A request for a service that `contract` lacks. Asking the same while it waits gives back the one that is there.

    Raises: NotFound, NotAllowed, ReasonMissing and the other refusals of a text, NothingToRaise, ContractNotRunning,
    ServiceAlready, ThingWaiting.
    """
    require(actor, needed_for(Wish.SERVICE))
    return _ask(actor, contract, ContractRequest(wish=Wish.SERVICE, amount=1, service_code=service.code), reason)


def reopen(actor: Actor, request: ContractRequest, reason: str) -> ContractRequest:
    """A new request for what `request` was refused, or for the rest of what it got, with an answer to the refusal.

    Asking again twice with the same words gives back the request that is there.
    Raises: NotFound, NotAllowed, NotYourRequest, NotReopened, ReopenedAlready, and as the first request.
    """
    require_reopen(actor, request)
    contract = contracts.lock_with_edition(actor, request.contract_id)
    request = store.lock_request(actor, request.id)
    if (present := store.find_reopening(actor, request)) is not None:
        return _same_again(present, reason)
    if not is_open_to_more(request):
        raise NotReopened()
    again = ContractRequest(
        wish=request.wish,
        amount=request.left,
        project_id=request.project_id,
        edition_code=request.edition_code,
        service_code=request.service_code,
        reopens_id=request.id,
    )
    return _ask(actor, contract, again, reason)


def require_reopen(actor: Actor, request: ContractRequest) -> None:
    """Nothing, when the actor is one who may ask again. Raises: NotAllowed, NotYourRequest, WishOutsideReach."""
    require(actor, needed_for(request.wish))
    _require_ours(actor, request)
    _check_reach(actor, request.wish, request.project_id)


def is_open_to_more(request: ContractRequest) -> bool:
    """Whether something of it was not granted, so that it can be asked for again."""
    return request.state is RequestState.REFUSED or request.is_in_part


def _same_again(present: ContractRequest, reason: str) -> ContractRequest:
    if present.reason != clean_text(reason):
        raise ReopenedAlready()
    return present


def needed_for(wish: Wish) -> Permission:
    """Who may ask for it: what the contract is for is the owners' business, projects are the developers' too."""
    return Permission.PROJECT_CHANGE if wish in COUNTED else Permission.SETTINGS_MANAGE


def _ask(actor: Actor, contract: Contract, wanted: ContractRequest, reason: str) -> ContractRequest:
    reason = _checked(reason)
    contract = contracts.lock_with_edition(actor, contract.id)
    _check_contract(contract)
    wanted.tenant_id, wanted.contract_id, wanted.state = contract.tenant_id, contract.id, RequestState.WAITING
    wanted.reason, wanted.asked_by_id = reason, actor.person_id
    waiting = store.find_waiting(actor, wanted)
    if waiting is not None:
        return _same(waiting, wanted)
    _check_thing(actor, contract, wanted)

    request = store.add_request(actor, wanted)
    event = Event.REQUEST_REOPENED if request.reopens_id else Event.REQUEST_MADE
    audit.record(actor, event, request, also_seen_by=actor.home_id, **facts_of(request))
    notices.post_made(request)
    return request


def facts_of(request: ContractRequest) -> dict[str, Any]:
    """What the record says of every request: what, and how many or which."""
    facts: dict[str, Any] = {"amount": request.amount, "wish": WISH_NAMES[request.wish]}
    return facts | ({"thing": request.thing} if request.thing else {})


def may_wish(actor: Actor, wish: Wish) -> bool:
    """Whether `wish` lies within the actor's reach; more projects, like a new one, ask for all projects."""
    if wish not in COUNTED:
        return not actor.acts_for_client
    if wish is Wish.PROJECT:
        return actor.reach.project_ids is None
    return any(wish in WISHES[side] for side in actor.reach.environments)


def _check_reach(actor: Actor, wish: Wish, project_id: uuid.UUID | None) -> None:
    reached = actor.reach.project_ids
    if not may_wish(actor, wish) or (reached is not None and project_id not in reached):
        raise WishOutsideReach()


def _checked(reason: str) -> str:
    reason = clean_text(reason)
    if not reason:
        raise ReasonMissing()
    return reason


def _check_contract(contract: Contract) -> None:
    if contract.kind is ContractKind.INTEGRATOR:
        raise NothingToRaise()
    if not contract.is_running(clock.now()):
        raise ContractNotRunning(contract=contract.public_id, edition=contract.edition.name)


def _check_thing(actor: Actor, contract: Contract, wanted: ContractRequest) -> None:
    if wanted.edition_code is not None:
        check_edition(contract, contracts.edition(wanted.edition_code))
    if wanted.service_code is not None:
        _check_service(actor, contract, wanted.service_code)


def check_edition(contract: Contract, edition: Edition) -> None:
    """Nothing, when `contract` (its edition loaded) can become one for `edition`.

    Raises: EditionOfOtherKind, EditionAlready.
    """
    if edition.kind is not contract.kind:
        raise EditionOfOtherKind(edition=edition.name)
    if edition.code == contract.edition_code:
        raise EditionAlready(edition=edition.name)


def _check_service(actor: Actor, contract: Contract, code: str) -> None:
    now = clock.now()
    for row in store.under(actor, contract.id):
        if row.service_code == code and not row.is_over(now):
            raise ServiceAlready(service=row.service.name)


def _same(waiting: ContractRequest, wanted: ContractRequest) -> ContractRequest:
    if (waiting.amount, waiting.reason) == (wanted.amount, wanted.reason):
        return waiting
    if waiting.thing:
        raise ThingWaiting(thing=waiting.thing)
    raise RequestWaiting(amount=waiting.amount)


def may_withdraw(actor: Actor, request: ContractRequest) -> bool:
    """Whether the actor may take this request back now: `withdraw` would not refuse it."""
    return request.state is RequestState.WAITING and _may_change(actor, request)


def may_reopen(actor: Actor, request: ContractRequest) -> bool:
    """Whether the actor may ask again for what was not granted, as far as the request itself says."""
    return is_open_to_more(request) and _may_change(actor, request)


def _may_change(actor: Actor, request: ContractRequest) -> bool:
    return actor.may(needed_for(request.wish)) and _is_ours(actor, request)


def withdraw(actor: Actor, request: ContractRequest) -> None:
    """Take the request back. Withdrawing twice changes nothing and is no event.

    An integrator takes back only what the same person asked. Raises: NotAllowed, NotYourRequest, RequestDecided.
    """
    require(actor, needed_for(request.wish))
    _require_ours(actor, request)
    request = store.lock_request(actor, request.id)
    if request.state is RequestState.WITHDRAWN:
        return
    if request.state is not RequestState.WAITING:
        raise RequestDecided()
    request.state, request.closed_at = RequestState.WITHDRAWN, clock.now()
    audit.record(actor, Event.REQUEST_WITHDRAWN, request, also_seen_by=actor.home_id, **facts_of(request))


def _require_ours(actor: Actor, request: ContractRequest) -> None:
    if not _is_ours(actor, request):
        raise NotYourRequest()


def _is_ours(actor: Actor, request: ContractRequest) -> bool:
    return not actor.acts_for_client or request.asked_by_id == actor.person_id
