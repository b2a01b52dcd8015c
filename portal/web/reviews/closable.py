"""Why a review cannot be closed now, for the button that is shown disabled; the operation says the same."""

from portal.foundation import clock
from portal.foundation.errors import PortalError
from portal.reviews.errors import AlreadyClosing, CampaignNotOpen, LinesUndecided
from portal.reviews.models import Campaign, CampaignState
from portal.reviews.states import CAMPAIGN_STATE_NAMES


def refusal_to_close(campaign: Campaign, undecided: int) -> PortalError | None:
    """What closing this review would be refused with while so many lines wait, or None."""
    if campaign.closing_at is not None:
        at = f"{campaign.closing_at:%Y-%m-%d %H:%M}"
        return AlreadyClosing(by=campaign.closed_by_label, review=campaign.name, at=at)
    if campaign.state is not CampaignState.OPEN:
        return CampaignNotOpen(review=campaign.name, state=CAMPAIGN_STATE_NAMES[campaign.state])
    if undecided and clock.now() < campaign.due_at:
        return LinesUndecided(open=undecided, due=campaign.last_day.isoformat())
    return None
