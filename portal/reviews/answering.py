"""What the two sides of a delegation say about it while its review is open."""

from portal.access.actor import Actor, require
from portal.access.roles import Permission
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.foundation import clock
from portal.foundation.errors import NotFound
from portal.foundation.words import clean_text
from portal.reviews import store
from portal.reviews.errors import QuestionClosed
from portal.reviews.models import Answer, Question

EVENTS = {Answer.NEEDED: Event.REVIEW_NEEDED, Answer.NOT_NEEDED: Event.REVIEW_NOT_NEEDED}


def answer(actor: Actor, question: Question, said: Answer, reason: str = "") -> None:
    """Say for the actor's own tenant whether the delegation is still needed; it may say otherwise until the review
    closes. Saying the same again changes nothing.

    Raises: NotAllowed, NotFound, QuestionClosed, and the refusals of a text.
    """
    require(actor, Permission.REVIEW_ANSWER)
    if actor.acts_for_client or question.asked_id != actor.home_id:
        raise NotFound()
    reason = clean_text(reason)
    store.lock_question(question)
    if question.closed_at is not None or question.asked_at is None:
        raise QuestionClosed(review=question.campaign_name)
    if (question.answer, question.reason) == (said, reason):
        return
    question.answer, question.reason, question.answered_at = said, reason, clock.now()
    question.answered_by_id, question.answered_by_label = actor.person_id, actor.label
    audit.record(actor, EVENTS[said], question, review=question.campaign_name)
