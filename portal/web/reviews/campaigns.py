"""The list of reviews, and how one is made: counted first, then made."""

from collections.abc import Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.access.actor import Actor
from portal.access.roles import Permission
from portal.accounts.models import Membership
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.impact import console, reviews
from portal.impact.expiring import Term
from portal.reviews import operations, people, store
from portal.reviews.models import CampaignState
from portal.web import arguments
from portal.web.guards import current_actor, requires
from portal.web.pages import answer
from portal.web.reviews import labels
from portal.web.reviews.blueprint import pages
from portal.web.reviews.forms import NewReviewForm
from portal.web.reviews.refusals import at_fields


@pages.get("/<account>/reviews")
@requires(Permission.CONSOLE_SEE)
def index(account: str) -> str:
    """All reviews, the latest first, and how many are due when."""
    actor, now = current_actor(), clock.now()
    state, due = arguments.one_of("state", set(CampaignState)), arguments.one_of("due", set(Term))
    page = reviews.page(
        actor, CampaignState(state) if state else None, Term(due) if due else None, now, request.args.get("after")
    )
    wanted: dict[str, Any] = {name: value for name, value in (("state", state), ("due", due)) if value}
    here = url_for(".index", account=account)
    return render_template(
        "reviews/index.html",
        rows=page.rows,
        waiting=reviews.waiting_lines(actor, page.rows),
        counts=reviews.due_counts(actor, now),
        labels=labels,
        wanted=wanted,
        here=here,
        clear_url=here if wanted else None,
        first_url=url_for(".index", account=account, **wanted) if request.args.get("after") else None,
        next_url=url_for(".index", account=account, **wanted, after=page.next_place) if page.next_place else None,
    )


@pages.route("/<account>/reviews/new", methods=["GET", "POST"])
@requires(Permission.REVIEW_KEEP)
def new(account: str) -> ResponseReturnValue:
    """The form, and the making itself; the worker then writes the lines down."""
    actor = current_actor()
    admins = _admins(actor)
    form = _form(admins)
    if form.validate_on_submit():
        with at_fields(form):
            with transaction():
                campaign = operations.make(actor, **form.content(admins))
            flash(_("The review is made. Its lines are written down now."), "success")
            return redirect(url_for(".show", account=account, campaign_id=campaign.public_id), code=303)
    return answer("reviews/new.html", form=form, lines=None)


@pages.route("/<account>/reviews/new/count", methods=["GET", "POST"])
@requires(Permission.REVIEW_KEEP)
def count(account: str) -> ResponseReturnValue:
    """How many lines the review in the form would hold. It makes nothing."""
    actor = current_actor()
    form = _form(_admins(actor))
    if request.method == "GET":
        return redirect(url_for(".new", account=account))
    lines = None
    if form.validate_on_submit():
        with at_fields(form):
            content = form.content([])
            lines = operations.preview(actor, content["subject"], content["wanted"])
    return answer("reviews/new.html", form=form, lines=lines)


def _admins(actor: Actor) -> Sequence[Membership]:
    """Who may be named as reviewer or fallback."""
    return [row for row in store.staff_of(actor) if people.is_staff(row)]


def _form(admins: Sequence[Membership]) -> NewReviewForm:
    form = NewReviewForm()
    form.offer(console.editions(), console.services(), admins)
    return form
