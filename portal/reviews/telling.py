"""The worker tells the tenants concerned: one mail a person, some tenants in a transaction, by account id."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement

from portal.foundation.database import transaction
from portal.reviews import notices, store
from portal.reviews.models import Campaign, Line, Outcome, Telling
from portal.tenants import store as tenants

BATCH = 50


def run_once(_at: datetime) -> int:
    """How many tenants were told, at most 50, in a transaction of its own. Call it until it says 0."""
    with transaction():
        campaign = store.next_telling()
        if campaign is None or campaign.telling is None:
            return 0
        parties = store.parties_after(campaign, *_about(campaign.telling), limit=BATCH)
        _tell(campaign, campaign.telling, parties)
        if len(parties) < BATCH:
            store.note(campaign, telling=None, told_to="")
        else:
            store.note(campaign, told_to=max(parties))
        return max(1, len(parties))


def _about(telling: Telling) -> Sequence[ColumnElement[bool]]:
    """The lines it is about."""
    return {
        Telling.OPENED: [],
        Telling.WARNED: [Line.decision.is_(None)],
        Telling.APPLIED: [Line.outcome.in_((Outcome.ENDED, Outcome.NARROWED))],
    }[telling]


def _tell(campaign: Campaign, telling: Telling, parties: Mapping[str, int]) -> None:
    told = [
        account
        for account, lines in parties.items()
        if notices.to_party(campaign, telling, tenants.get_by_account_id(account), lines)
    ]
    if telling is Telling.WARNED:
        store.count_warning(campaign, told)
