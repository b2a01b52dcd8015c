"""The vendor's reviews as its list shows them: by when they are due, and how many lines wait in each."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, case, func

from portal.access.actor import Actor
from portal.access.rows import owned_by
from portal.foundation.database import db
from portal.foundation.paging import Page, page_of
from portal.impact.expiring import Kind, Term, in_term
from portal.reviews.models import Campaign, CampaignState, Line, Outcome


def page(
    actor: Actor, state: CampaignState | None, due: Term | None, at: datetime, place: str | None
) -> Page[Campaign]:
    """A page of the reviews, the newest first. Raises: BadPlace."""
    rows = owned_by(actor, Campaign)
    if state is not None:
        rows = rows.where(Campaign.state == state)
    if due is not None:
        rows = rows.where(*in_term(Kind.REVIEWS, due, at))
    return page_of(rows, Campaign.id, place=place, newest_first=True)


def due_counts(actor: Actor, at: datetime) -> Mapping[Term, int]:
    """How many open reviews are due when. One statement."""
    counts = [func.count(case((and_(*in_term(Kind.REVIEWS, due, at)), 1))) for due in Term]
    rows = owned_by(actor, Campaign).with_only_columns(*counts, maintain_column_froms=True)
    return dict(zip(Term, db.session.execute(rows).one(), strict=True))


def waiting_lines(actor: Actor, campaigns: Sequence[Campaign]) -> Mapping[uuid.UUID, int]:
    """How many lines of each of these that is open are not decided, by its id; one without is left out."""
    open_ = [campaign.id for campaign in campaigns if campaign.state is CampaignState.OPEN]
    rows = owned_by(actor, Line).where(Line.campaign_id.in_(open_), Line.decision.is_(None))
    counted = rows.with_only_columns(Line.campaign_id, func.count()).group_by(Line.campaign_id)
    found: Any = db.session.execute(counted).all()
    return dict(found)


def lines_with(actor: Actor, campaign: Campaign, outcome: Outcome, place: str | None) -> Page[Line]:
    """A page of the lines of a closed review that came to this, in their order. Raises: BadPlace."""
    rows = owned_by(actor, Line).where(Line.campaign_id == campaign.id, Line.outcome == outcome)
    return page_of(rows, Line.position, place=place)
