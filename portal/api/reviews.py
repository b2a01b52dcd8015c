"""Calls about the vendor's reviews: making one, deciding its lines, closing it, and its evidence."""

import json

from portal.access.actor import Actor
from portal.access.roles import Permission
from portal.api.calls import Calls
from portal.api.review_bodies import (
    Deciding,
    DecidingSeveral,
    LinesFilter,
    LinesWanted,
    NewReview,
    ReviewsWanted,
)
from portal.api.review_shapes import (
    Evidence,
    ReviewLineShown,
    ReviewListed,
    ReviewShown,
    lines_shown,
    review_listed,
    review_shown,
)
from portal.api.shapes import Listed, Shown, Version, listed
from portal.foundation import clock
from portal.foundation.errors import NotFound
from portal.foundation.paging import Page
from portal.impact import reviews as impact
from portal.reviews import evidence as evidence_of
from portal.reviews import operations, store
from portal.reviews.deciding import require_open
from portal.reviews.models import Campaign, Line, Outcome

calls = Calls("reviews", "Reviews")


class LinesCounted(Shown):
    """How many lines such a review would hold now."""

    lines: int


class LinesDecided(Shown):
    """How many lines were decided, and how many of them this changed."""

    lines: int
    changed: int


class Forecast(Shown):
    """What closing the review now would make of how many lines, and how many nobody has decided.

    With undecided lines it is closed only once it is due. What is refused when it is carried out shows only then.
    """

    outcomes: dict[Outcome, int]
    undecided: int


@calls.reads("/<account>/reviews", Permission.CONSOLE_SEE)
def index(actor: Actor, query: ReviewsWanted) -> Listed[ReviewListed]:
    """List the reviews, the newest first."""
    page = impact.page(actor, query.state, query.due, clock.now(), query.after)
    waiting = impact.waiting_lines(actor, page.rows)
    return Listed[ReviewListed](**listed(page, lambda row: review_listed(row, waiting.get(row.id, 0))))


@calls.reads("/<account>/reviews/<campaign_id>", Permission.CONSOLE_SEE)
def show(actor: Actor, campaign_id: str) -> ReviewShown:
    """Show a review: who decides, how far it is, what became of its lines."""
    return review_shown(actor, store.get_campaign(actor, campaign_id))


@calls.reads("/<account>/reviews/<campaign_id>/lines", Permission.CONSOLE_SEE)
def lines(actor: Actor, campaign_id: str, query: LinesWanted) -> Listed[ReviewLineShown]:
    """List the lines of a review in their order, each with what is different now, its last use and who said what."""
    campaign = store.get_campaign(actor, campaign_id)
    page = _page(actor, campaign, query)
    return Listed[ReviewLineShown](items=lines_shown(actor, campaign, list(page.rows)), next=page.next_place)


@calls.reads("/<account>/reviews/<campaign_id>/lines/<position>", Permission.CONSOLE_SEE)
def line(actor: Actor, campaign_id: str, position: str) -> ReviewLineShown:
    """Show one line of a review."""
    campaign = store.get_campaign(actor, campaign_id)
    return _one(actor, campaign, store.get_line(actor, campaign, _number(position)))


@calls.writes("/<account>/reviews", Permission.REVIEW_KEEP, makes=True)
def new(actor: Actor, body: NewReview) -> ReviewShown:
    """Make a review; its lines are written down from now on, and it opens by itself.

    The same one made twice within a minute is one.
    """
    campaign = operations.make(actor, **body.content(actor))
    return review_shown(actor, store.get_campaign(actor, campaign.public_id))


@calls.writes("/<account>/reviews/count", Permission.REVIEW_KEEP)
def count(actor: Actor, body: LinesFilter) -> LinesCounted:
    """Count the lines that a review would hold. It makes nothing."""
    return LinesCounted(lines=operations.preview(actor, body.subject, body.wanted()))


@calls.writes("/<account>/reviews/<campaign_id>/lines/<position>/decide", Permission.REVIEW_KEEP)
def decide_line(actor: Actor, campaign_id: str, position: str, version: Version, body: Deciding) -> ReviewLineShown:
    """Decide one line: keep it, narrow it or end it. Nothing is carried out before the review is closed."""
    campaign = store.get_campaign(actor, campaign_id)
    one = store.get_line(actor, campaign, _number(position))
    operations.decide(
        actor,
        campaign,
        [one],
        body.decision,
        body.reason,
        seconds_taken=None,
        narrow_to=body.narrow_to.less_than(one) if body.narrow_to else None,
        versions={one.position: version},
    )
    return _one(actor, campaign, one)


@calls.writes("/<account>/reviews/<campaign_id>/decide", Permission.REVIEW_KEEP)
def decide(actor: Actor, campaign_id: str, body: DecidingSeveral) -> LinesDecided:
    """Decide up to 50 lines at once: keep them or end them."""
    campaign = store.get_campaign(actor, campaign_id)
    seen = {one.line: one.version for one in body.lines}
    chosen = store.get_lines(actor, campaign, list(seen))
    if len(chosen) < len(seen):
        raise NotFound()
    changed = operations.decide(actor, campaign, chosen, body.decision, body.reason, seconds_taken=None, versions=seen)
    return LinesDecided(lines=len(chosen), changed=changed)


@calls.reads("/<account>/reviews/<campaign_id>/blast-radius", Permission.REVIEW_KEEP)
def forecast(actor: Actor, campaign_id: str) -> Forecast:
    """Show what closing an open review now would do."""
    campaign = store.get_campaign(actor, campaign_id)
    require_open(campaign)
    undecided = store.progress_of(actor, campaign).undecided
    return Forecast(outcomes=dict(operations.forecast(actor, campaign)), undecided=undecided)


@calls.writes("/<account>/reviews/<campaign_id>/close", Permission.REVIEW_KEEP)
def close(actor: Actor, campaign_id: str, version: Version) -> ReviewShown:
    """Close a review: its decisions are carried out from now on, one after the other. There is no way back."""
    campaign = store.get_campaign(actor, campaign_id)
    operations.close(actor, campaign, version)
    return review_shown(actor, campaign)


@calls.writes("/<account>/reviews/<campaign_id>/abandon", Permission.REVIEW_KEEP)
def abandon(actor: Actor, campaign_id: str, version: Version) -> ReviewShown:
    """Give a review up: nothing is carried out."""
    campaign = store.get_campaign(actor, campaign_id)
    operations.abandon(actor, campaign, version)
    return review_shown(actor, campaign)


@calls.reads("/<account>/reviews/<campaign_id>/evidence", Permission.CONSOLE_SEE)
def evidence(actor: Actor, campaign_id: str) -> Evidence:
    """Show the signed evidence of a closed review, every line with what was decided and done."""
    return Evidence(json.loads(evidence_of.signed(store.get_campaign(actor, campaign_id))))


def _page(actor: Actor, campaign: Campaign, query: LinesWanted) -> Page[Line]:
    if query.outcome is not None:
        return impact.lines_with(actor, campaign, query.outcome, query.after)
    return store.lines_page(
        actor,
        campaign,
        decision="undecided" if query.undecided else query.decision,
        said=store.NOT_NEEDED if query.not_needed else None,
        text=query.q,
        place=query.after,
    )


def _one(actor: Actor, campaign: Campaign, one: Line) -> ReviewLineShown:
    (shown,) = lines_shown(actor, campaign, [one])
    return shown


def _number(position: str) -> int:
    if not (position.isascii() and position.isdigit() and len(position) < 10):
        raise NotFound()
    return int(position)
