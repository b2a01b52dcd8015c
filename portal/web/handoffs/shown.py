"""How hand-offs are told to people: the name of a state, and each step with what it means."""

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _

from portal.foundation.marking import N_
from portal.handoffs.models import HandOffState
from portal.handoffs.states import STATE_NAMES
from portal.impact.receipts import Step, Told
from portal.web.handoffs.blueprint import pages

STEP_NAMES: dict[Step, str] = {
    Step.OFFERED: N_("Offered"),
    Step.OPENED: N_("Opened"),
    Step.PROVED: N_("Private key read: proved by its signature"),
    Step.INSTALLED: N_("First call by a shop that had not used the key before"),
    Step.USED: N_("First call of such a shop in a data space"),
    Step.WITHDRAWN: N_("Withdrawn"),
    Step.LAPSED: N_("Lapsed"),
    Step.FROZEN: N_("Frozen: opened from another account"),
}


@pages.app_template_filter("hand_off_state")
def hand_off_state(state: HandOffState) -> str:
    """The state in the reader's language."""
    return _(STATE_NAMES[state])


def steps_of(told: Sequence[Told]) -> list[dict[str, Any]]:
    """The steps as a page lists them: label, moment or None, who."""
    return [
        {
            "label": _(STEP_NAMES[one.step]),
            "at": one.at,
            "who": " · ".join(part for part in (one.person, one.party) if part),
        }
        for one in told
    ]
