"""What an account is asked in the vendor's reviews: whether a delegation is still needed."""

from dataclasses import replace

from portal.access.actor import Actor, Reach
from portal.access.roles import Permission, Scope
from portal.api.home import own
from portal.api.review_bodies import Reason
from portal.api.reviews import calls
from portal.api.shapes import Body, Listed, Moment, Paged, Shown, listed
from portal.delegations import store as delegations
from portal.delegations.models import RUNNING_STATES, Delegation, Side
from portal.delegations.states import state_at
from portal.foundation import clock
from portal.foundation.paging import Page
from portal.impact import blast
from portal.reviews import operations, store
from portal.reviews.models import Answer, Question
from portal.usage import store as usage


class QuestionShown(Shown):
    """A question about a delegation that this account gives or takes; it may be answered until it is closed."""

    id: str
    review: str
    delegation: str
    side: Side
    other: str
    due_at: Moment
    answer: Answer | None
    reason: str
    answered_by: str | None
    answered_at: Moment | None
    closed_at: Moment | None


class QuestionWhole(QuestionShown):
    """The question with what hangs on the delegation: how many key pairs work under it, and when one was last used."""

    live_key_pairs: int
    last_used_at: Moment | None


class Answering(Body):
    """Whether the delegation is still needed, and why: the reviewers read it."""

    answer: Answer
    reason: Reason = ""


@calls.reads("/<account>/reviews/questions", Permission.SEE)
def questions(actor: Actor, query: Paged) -> Listed[QuestionShown]:
    """List what this account is asked, and was asked, the newest first."""
    page: Page[Question] = store.questions_of(own(actor), query.after)
    return Listed[QuestionShown](**listed(page, lambda row: QuestionShown(**_members(row))))


@calls.reads("/<account>/reviews/questions/<question_id>", Permission.SEE)
def question(actor: Actor, question_id: str) -> QuestionWhole:
    """Show a question with what it is about."""
    return _whole(actor, store.get_question(own(actor), question_id))


@calls.writes("/<account>/reviews/questions/<question_id>/answer", Permission.SEE, scopes=(Scope.REVIEWS,))
def answer_question(actor: Actor, question_id: str, body: Answering) -> QuestionWhole:
    """Say whether the delegation is still needed; it may be said otherwise until the review is closed."""
    found = store.get_question(own(actor), question_id)
    operations.answer(actor, found, body.answer, body.reason)
    return _whole(actor, found)


def _members(row: Question) -> dict[str, object]:
    return {
        "id": row.public_id,
        "review": row.campaign_name,
        "delegation": row.delegation_public_id,
        "side": row.side,
        "other": row.other_name,
        "due_at": row.due_at,
        "answer": row.answer,
        "reason": row.reason,
        "answered_by": row.answered_by_label,
        "answered_at": row.answered_at,
        "closed_at": row.closed_at,
    }


def _whole(actor: Actor, row: Question) -> QuestionWhole:
    is_owners = row.side is Side.OWNER
    find = delegations.get_given if is_owners else delegations.get_taken
    delegation = find(actor, row.delegation_public_id)
    is_running = state_at(delegation, clock.now()) in RUNNING_STATES
    pairs = blast.pairs_of(actor, delegation) if is_running else []
    uses = usage.last_uses(actor if is_owners else _at_client(actor, delegation), pairs)
    last_used_at = max((use.at for use in uses.values()), default=None)
    return QuestionWhole.model_validate(_members(row) | {"live_key_pairs": len(pairs), "last_used_at": last_used_at})


def _at_client(actor: Actor, row: Delegation) -> Actor:
    """The integrator's member looking into its client's account as far as the delegation reaches."""
    reach = Reach(row.environments, row.project_ids, holder_id=actor.home_id)
    return replace(actor, tenant_id=row.tenant_id, reach=reach, delegation_id=row.id)
