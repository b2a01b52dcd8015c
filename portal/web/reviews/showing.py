"""One review: its progress, its lines with their contexts, the decision on ticked ones, and its result."""

from dataclasses import dataclass
from typing import Any

from flask import Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from portal.access.actor import Actor, require, system_actor
from portal.access.roles import Permission
from portal.foundation.database import transaction
from portal.foundation.errors import NotFound
from portal.foundation.paging import shortened
from portal.impact import reviews
from portal.reviews import contexts, operations, people, store
from portal.reviews.deciding import MOST_AT_ONCE
from portal.reviews.models import Campaign, CampaignState, Decision, Line, Outcome
from portal.web import arguments
from portal.web.guards import current_actor, requires
from portal.web.pages import answer
from portal.web.reviews import labels
from portal.web.reviews.blueprint import pages
from portal.web.reviews.closable import refusal_to_close
from portal.web.reviews.deciding_forms import TickedForm
from portal.web.reviews.refusals import at_fields
from portal.web.say import why

LOOK_AGAIN_SECONDS = 2
UNDECIDED, NOT_NEEDED = "undecided", "not_needed"
MOVING = (CampaignState.PREPARING, CampaignState.CLOSING)


@dataclass(frozen=True)
class LinesWanted:
    """Which lines the address asks for; empty is all. An outcome stands alone."""

    decision: str
    said: str
    outcome: str
    q: str

    @classmethod
    def in_address(cls) -> "LinesWanted":
        """What this request's address asks for."""
        return cls(
            arguments.one_of("decision", {UNDECIDED, *Decision}),
            arguments.one_of("said", {NOT_NEEDED}),
            arguments.one_of("outcome", set(Outcome)),
            arguments.text("q"),
        )

    def as_arguments(self) -> dict[str, Any]:
        """What an address says to ask for the same."""
        return {name: value for name, value in vars(self).items() if value}

    def as_filters(self) -> dict[str, Any]:
        """The same for the store, the outcome aside."""
        return {
            "decision": self.decision or None,
            "said": self.said or None,
            "text": self.q,
        }


@pages.route("/<account>/reviews/<campaign_id>", methods=["GET", "POST"])
@requires(Permission.CONSOLE_SEE)
def show(account: str, campaign_id: str) -> ResponseReturnValue:
    """The review with a page of its lines; a form decides those that are ticked."""
    actor = current_actor()
    campaign = store.get_campaign(actor, campaign_id)
    form = TickedForm()
    form.started.begin(campaign.public_id, actor.person_id)
    if request.method == "POST":
        require(actor, Permission.REVIEW_KEEP)
    if form.validate_on_submit():
        with at_fields(form):
            count = _decide(actor, campaign, form)
            flash(ngettext("%(num)s line is decided.", "%(num)s lines are decided.", count), "success")
            return redirect(request.full_path.rstrip("?"), code=303)
    return _drawn(actor, account, campaign_id, form)


def _decide(actor: Actor, campaign: Campaign, form: TickedForm) -> int:
    with transaction():
        lines = store.get_lines(actor, campaign, list(form.seen))
        if len(lines) < len(form.seen):
            raise NotFound()
        operations.decide(
            actor,
            campaign,
            lines,
            Decision(form.decision.data),
            form.reason.data or "",
            seconds_taken=form.started.seconds,
            versions=form.seen,
        )
    return len(lines)


def _drawn(actor: Actor, account: str, campaign_id: str, form: TickedForm) -> Response:
    """The page as things stand now; it looks again by itself while the worker is at it."""
    campaign = store.get_campaign(actor, campaign_id)  # anew: a refusal has rolled back what was loaded before it
    page = answer("reviews/show.html", form=form, **_about(actor, campaign), **_lines(actor, account, campaign))
    if campaign.state in MOVING and request.method == "GET":
        page.headers["Refresh"] = str(LOOK_AGAIN_SECONDS)
    return page


def _about(actor: Actor, campaign: Campaign) -> dict[str, Any]:
    counts = store.progress_of(actor, campaign)
    named = {row.membership.person.name: row.is_fallback for row in campaign.reviewers}
    return {
        "review": campaign,
        "labels": labels,
        "counts": counts,
        "reviewers": [name for name, is_fallback in named.items() if not is_fallback],
        "fallbacks": [name for name, is_fallback in named.items() if is_fallback],
        "outcomes": _outcomes(actor, campaign),
        "why_not_close": _why_not_close(actor, campaign, counts.undecided),
        "may_decide": campaign.state is CampaignState.OPEN and people.may_decide(actor, campaign),
        "most": MOST_AT_ONCE,
    }


def _outcomes(actor: Actor, campaign: Campaign) -> list[tuple[Outcome, int]]:
    """What became of how many lines, in the order in which outcomes are told; none before it is closed."""
    if campaign.state is not CampaignState.CLOSED:
        return []
    found = store.outcomes_of(campaign)
    return [(outcome, found[outcome]) for outcome in Outcome if found.get(outcome)]


def _why_not_close(actor: Actor, campaign: Campaign, undecided: int) -> str:
    if not actor.may(Permission.REVIEW_KEEP):
        return _("A partner admin can do this.")
    return why(refusal_to_close(campaign, undecided))


def _lines(actor: Actor, account: str, campaign: Campaign) -> dict[str, Any]:
    if campaign.state in MOVING:
        return {}
    wanted, place = LinesWanted.in_address(), request.args.get("after")
    if wanted.outcome:
        page = reviews.lines_with(actor, campaign, Outcome(wanted.outcome), place)
    else:
        page = store.lines_page(actor, campaign, **wanted.as_filters(), place=place)
    page = shortened(page, MOST_AT_ONCE, Line.position)  # so that all that is shown can be ticked

    def url(after: str | None) -> str:
        return url_for(".show", account=account, campaign_id=campaign.public_id, **wanted.as_arguments(), after=after)

    return {
        "rows": page.rows,
        # The door asked for CONSOLE_SEE: an operator looks, too, and decides nothing.
        "contexts": contexts.of(system_actor("console", actor.tenant_id), campaign, page.rows),
        "wanted": wanted.as_arguments(),
        "first_url": url(None) if place else None,
        "next_url": url(page.next_place) if page.next_place else None,
    }
