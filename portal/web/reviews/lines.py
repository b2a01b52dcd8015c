"""One line of a review: its context, and the decision on it alone."""

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.access.actor import Actor, require, system_actor
from portal.access.roles import Permission
from portal.foundation.database import transaction
from portal.foundation.errors import NotFound
from portal.reviews import contexts, operations, people, store
from portal.reviews.models import Campaign, CampaignState, Decision, Line
from portal.web.guards import current_actor, requires
from portal.web.pages import answer
from portal.web.reviews import labels
from portal.web.reviews.blueprint import pages
from portal.web.reviews.deciding_forms import LineForm
from portal.web.reviews.refusals import at_fields


@pages.route("/<account>/reviews/<campaign_id>/lines/<position>", methods=["GET", "POST"])
@requires(Permission.CONSOLE_SEE)
def line(account: str, campaign_id: str, position: str) -> ResponseReturnValue:
    """The line with all that is known about it, and its decision."""
    actor = current_actor()
    campaign = store.get_campaign(actor, campaign_id)
    one = store.get_line(actor, campaign, _number(position))
    if request.method == "POST":
        require(actor, Permission.REVIEW_KEEP)
    form = LineForm.of(campaign.subject, one)
    form.started.begin(campaign.public_id, actor.person_id)
    if form.validate_on_submit():
        with at_fields(form):
            _decide(actor, campaign, one, form)
            flash(_("Line %(number)s is decided.", number=one.position), "success")
            return redirect(url_for(".show", account=account, campaign_id=campaign_id), code=303)
    return _drawn(actor, campaign_id, one.position, form)


def _number(position: str) -> int:
    if not (position.isascii() and position.isdigit() and len(position) < 10):
        raise NotFound()
    return int(position)


def _decide(actor: Actor, campaign: Campaign, one: Line, form: LineForm) -> None:
    decision = Decision(form.decision.data)
    narrow_to = form.narrow_to(one) if decision is Decision.NARROW else None
    with transaction():
        operations.decide(
            actor,
            campaign,
            [one],
            decision,
            form.reason.data or "",
            seconds_taken=form.started.seconds,
            narrow_to=narrow_to,
            versions={one.position: form.version.data},
        )


def _drawn(actor: Actor, campaign_id: str, position: int, form: LineForm) -> ResponseReturnValue:
    # Read anew: a refusal has rolled back what was loaded before it.
    campaign = store.get_campaign(actor, campaign_id)
    one = store.get_line(actor, campaign, position)
    return answer(
        "reviews/line.html",
        form=form,
        review=campaign,
        line=one,
        context=contexts.of(system_actor("console", actor.tenant_id), campaign, [one])[one.id],
        labels=labels,
        may_decide=campaign.state is CampaignState.OPEN and people.may_decide(actor, campaign),
        why_not=_why_not(campaign),
    )


def _why_not(campaign: Campaign) -> str:
    if campaign.state is CampaignState.OPEN:
        return _("You are not one of its reviewers. They decide, and those who step in once they are called.")
    return ""
