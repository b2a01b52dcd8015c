"""The vendor's reviews in the world: one that is open, one that can be closed, and one that is closed."""

from datetime import timedelta

from portal.access.actor import Actor, system_actor
from portal.accounts import store as accounts
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.reviews import operations, store, upkeep
from portal.reviews.models import Campaign, Decision, ReviewSubject
from portal.reviews.wanted import Wanted
from portal.web.reviews.stamps import stamp
from portal.web.reviews.ticks import tick
from tests.access.furnishing import Place, Things
from tests.factories import a_delegation, a_licensee, an_integrator

WORKER = system_actor("worker")


def reviews_of(admin: Actor) -> Things:
    """Ids of the reviews over all delegations there are, which this partner admin decides, and of a line."""
    wide = a_delegation(a_licensee(name="Under review"), an_integrator(name="Agency under review"))
    open_, closable, closed = (_a_review(admin, name) for name in ("Open", "To be closed", "Closed"))
    for name in (closable, closed):
        _decide(admin, name)
    _close(admin, closed)
    campaign = store.get_campaign(admin, open_)
    (line,) = store.lines_page(admin, campaign, text=wide.public_id).rows
    return {
        "review": open_,
        "review_version": str(campaign.version),
        "closable_review": closable,
        "closable_review_version": str(store.get_campaign(admin, closable).version),
        "closed_review": closed,
        "line": str(line.position),
        "line_version": str(line.version),
        "ticked_line": tick(line),
        "line_last_day": (clock.now() + timedelta(days=2)).date().isoformat(),
        "reviewer": str(admin.membership_id),
        "stamp": stamp(open_, admin.person_id),
    }


def question_for(place: Place) -> Things:
    """What the place's owner is asked in the open review."""
    rows = [row for row in store.questions_of(place.owner).rows if row.campaign_name == "Open"]
    return {"question": rows[0].public_id}


def _a_review(admin: Actor, name: str) -> str:
    with transaction():
        campaign = operations.make(
            admin,
            name=name,
            subject=ReviewSubject.DELEGATIONS,
            wanted=Wanted(),
            reviewers=[accounts.get_membership(admin, admin.membership_id)],  # type: ignore[arg-type]
            due_at=clock.now() + timedelta(days=30),
        )
    upkeep.freeze(WORKER)
    upkeep.close(WORKER)
    return campaign.public_id


def _decide(admin: Actor, review_id: str) -> None:
    place: str | None = ""
    while place is not None:
        with transaction():
            campaign = store.get_campaign(admin, review_id)
            page = store.lines_page(admin, campaign, decision="undecided")
            operations.decide(admin, campaign, page.rows[:50], Decision.KEEP, "", seconds_taken=60)
        place = page.next_place or ("" if len(page.rows) > 50 else None)


def _close(admin: Actor, review_id: str) -> None:
    with transaction():
        campaign: Campaign = store.get_campaign(admin, review_id)
        operations.close(admin, campaign, campaign.version)
    upkeep.freeze(WORKER)
    upkeep.close(WORKER)
