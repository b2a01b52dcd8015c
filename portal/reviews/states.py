"""How a campaign moves. Closing twice, or deciding in one that is closed, is a refusal; any other move is a bug."""

from portal.foundation.marking import N_
from portal.foundation.states import Machine, Move
from portal.reviews.models import CampaignState

PREPARING, OPEN, CLOSING = CampaignState.PREPARING, CampaignState.OPEN, CampaignState.CLOSING
CLOSED, ABANDONED = CampaignState.CLOSED, CampaignState.ABANDONED

CAMPAIGN = Machine(
    name="Review",
    states=CampaignState,
    begins={PREPARING: "made by a partner admin, or by the one before it that recurs"},
    moves=(
        Move(PREPARING, OPEN, "the worker: the last line is frozen"),
        Move(PREPARING, ABANDONED, "abandoned by a partner admin"),
        Move(OPEN, CLOSING, "closed by a partner admin: everything is decided, or the due date is past"),
        Move(OPEN, ABANDONED, "abandoned by a partner admin"),
        Move(CLOSING, CLOSED, "the worker: the last line is applied, the evidence signed"),
    ),
)

CAMPAIGN_STATE_NAMES: dict[CampaignState, str] = {
    PREPARING: N_("preparing"),
    OPEN: N_("open"),
    CLOSING: N_("closing"),
    CLOSED: N_("closed"),
    ABANDONED: N_("abandoned"),
}
