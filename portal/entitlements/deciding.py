"""A partner admin's answer to a request. What an approval grants is `projects.granting`'s business."""

from portal.access.actor import Actor, require, system_actor
from portal.access.roles import Permission
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.entitlements import notices, store
from portal.entitlements.asking import facts_of
from portal.entitlements.errors import (
    AnswerMissing,
    ApprovedMeanwhile,
    PartApprovedMeanwhile,
    PartOutOfRange,
    RefusedMeanwhile,
    WholeOnly,
    WithdrawnMeanwhile,
)
from portal.entitlements.models import ContractRequest, RequestState
from portal.foundation import clock
from portal.foundation.errors import Conflict
from portal.foundation.words import clean_text

EVENTS = {RequestState.APPROVED: Event.REQUEST_APPROVED, RequestState.REFUSED: Event.REQUEST_REFUSED}


def refuse(actor: Actor, request: ContractRequest, answer: str) -> ContractRequest:
    """Refuse the request, and say why. The same refusal by the same person twice is no event.

    Raises: NotAllowed, AnswerMissing and the other refusals of a text; and what somebody else decided meanwhile.
    """
    require(actor, Permission.REQUEST_DECIDE)
    request = store.lock_request(system_actor("console", request.tenant_id), request.id)
    if not is_repeated(actor, request, None):
        settle(actor, request, None, checked_answer(answer, needed=True))
    return request


def is_repeated(actor: Actor, request: ContractRequest, granted: int | None) -> bool:
    """Whether this actor made this very decision already. granted: how many were approved; None is a refusal.

    Raises: what somebody decided meanwhile, or the same person otherwise.
    """
    if request.state is RequestState.WAITING:
        return False
    own = request.decided_by_id is not None and request.decided_by_id == actor.person_id
    if own and request.state is not RequestState.WITHDRAWN and request.granted == granted:
        return True
    raise said_meanwhile(request)


def said_meanwhile(request: ContractRequest) -> Conflict:
    """The refusal that says what became of this request, when and by whom."""
    facts = {
        "who": request.decided_by.name if request.decided_by else "–",
        "at": request.closed_at.strftime("%Y-%m-%d %H:%M UTC") if request.closed_at else "–",
        "answer": request.answer or "",
        "granted": request.granted,
        "amount": request.amount,
    }
    if request.state is RequestState.WITHDRAWN:
        return WithdrawnMeanwhile(**facts)
    if request.state is RequestState.REFUSED:
        return RefusedMeanwhile(**facts)
    return PartApprovedMeanwhile(**facts) if request.is_in_part else ApprovedMeanwhile(**facts)


def check_part(request: ContractRequest, granted: int) -> None:
    """Nothing, when so many of it can be approved. Raises: WholeOnly, PartOutOfRange."""
    if not request.is_counted and granted != request.amount:
        raise WholeOnly()
    if not 1 <= granted <= request.amount:
        raise PartOutOfRange(most=request.amount)


def checked_answer(answer: str, *, needed: bool) -> str:
    """The answer, cleaned. Raises: AnswerMissing where one is needed, and the refusals of a text."""
    answer = clean_text(answer)
    if needed and not answer:
        raise AnswerMissing()
    return answer


def settle(actor: Actor, request: ContractRequest, granted: int | None, answer: str) -> None:
    """Close the request (locked, and waiting) with this decision, note it, and let who asked know."""
    request.state = RequestState.REFUSED if granted is None else RequestState.APPROVED
    request.granted, request.answer = granted, answer or None
    request.decided_by_id, request.closed_at = actor.person_id, clock.now()
    facts = facts_of(request) | ({} if granted is None else {"granted": granted})
    audit.record(actor, EVENTS[request.state], request, tenant_id=request.tenant_id, **facts)
    notices.post_decided(request)
