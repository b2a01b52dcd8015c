"""What an owner and an integrator are asked about a delegation that is reviewed, each in its own account."""

from dataclasses import replace
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from portal.access.actor import Actor, Reach, require
from portal.access.roles import Permission
from portal.delegations.models import Delegation
from portal.foundation.database import transaction
from portal.foundation.errors import NotFound
from portal.impact import blast
from portal.reviews import operations, store
from portal.reviews.models import Answer
from portal.usage import store as usage
from portal.web.delegations.seen import Seen, look
from portal.web.forms import CleanTextAreaField, PortalForm
from portal.web.guards import current_actor, requires
from portal.web.pages import answer
from portal.web.reviews import labels
from portal.web.reviews.blueprint import pages


class AnswerForm(PortalForm):
    """Yes or no, and why."""

    answer = RadioField(
        _l("Do you still need it?"),
        choices=[
            SelectChoice(Answer.NEEDED.value, _l("Yes, it is still needed")),
            SelectChoice(Answer.NOT_NEEDED.value, _l("No, it is no longer needed")),
        ],
        validators=[InputRequired(_l("Choose an answer."))],
    )
    reason = CleanTextAreaField(_l("Reason"), description=_l("The reviewers read it, and it stands in the evidence."))


@pages.get("/<account>/reviews/questions")
@requires(Permission.SEE)
def questions(account: str) -> str:
    """What this account is asked, and was asked."""
    page = store.questions_of(_member(), request.args.get("after"))
    return render_template(
        "reviews/questions.html",
        rows=page.rows,
        labels=labels,
        first_url=url_for(".questions", account=account) if request.args.get("after") else None,
        next_url=url_for(".questions", account=account, after=page.next_place) if page.next_place else None,
    )


@pages.route("/<account>/reviews/questions/<question_id>", methods=["GET", "POST"])
@requires(Permission.SEE)
def answer_question(account: str, question_id: str) -> ResponseReturnValue:
    """One question with what it is about; answered by whoever may end the delegation."""
    actor = _member()
    question = store.get_question(actor, question_id)
    if request.method == "POST":
        require(actor, Permission.REVIEW_ANSWER)
    form = AnswerForm(data={"answer": question.answer, "reason": question.reason})
    if form.validate_on_submit():
        with transaction():
            operations.answer(actor, question, Answer(form.answer.data), form.reason.data or "")
        flash(_("Thank you. Your answer is kept, and can be changed until the review is closed."), "success")
        return redirect(url_for(".questions", account=account), code=303)
    one = look(actor, question.side, question.delegation_public_id)
    return answer("reviews/question.html", form=form, question=question, seen=one, labels=labels, **_use(actor, one))


def _use(actor: Actor, one: Seen) -> dict[str, Any]:
    """How many key pairs are in service under it, and when one of them was last used."""
    pairs = blast.pairs_of(actor, one.row) if one.is_running else []
    uses = usage.last_uses(actor if one.is_owners else _at_client(actor, one.row), pairs)
    return {"pairs": pairs, "use": max(uses.values(), key=lambda use: use.at, default=None)}


def _at_client(actor: Actor, row: Delegation) -> Actor:
    """The integrator's member looking into its client's account as far as the delegation reaches."""
    reach = Reach(row.environments, row.project_ids, holder_id=actor.home_id)
    return replace(actor, tenant_id=row.tenant_id, reach=reach, delegation_id=row.id)


def _member() -> Actor:
    # A tenant answers for itself: an integrator does so in its own account.
    actor = current_actor()
    if actor.acts_for_client:
        raise NotFound()
    return actor
