"""The worker freezes a campaign's list: some hundred lines in a transaction, until there are no more; then it opens."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from portal.access.actor import system_actor
from portal.access.rows import Reader
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.delegations.models import Side
from portal.foundation import ids
from portal.foundation.database import transaction
from portal.reviews import notices, store, subjects, uses
from portal.reviews.models import Campaign, CampaignState, ReviewSubject, Telling
from portal.reviews.silence import steps_past
from portal.reviews.subjects import Thing
from portal.reviews.uses import LastUse, Place

BATCH = 500
Rows = list[dict[str, Any]]


def run_once(at: datetime, failed: set[uuid.UUID] | None = None) -> int:
    """How many lines were frozen, at most 500, in a transaction of its own; the last of a campaign's open it.

    Call it until it says 0. Several workers may do so at once. failed: ids of campaigns that are passed over; one whose
    freezing fails joins them, before the error goes on.
    """
    failed = set() if failed is None else failed
    with transaction():
        campaign = store.next_in(CampaignState.PREPARING, failed)
        if campaign is None:
            return 0
        campaign_id = campaign.id
        try:
            return _freeze_next(campaign, at)
        except Exception:
            failed.add(campaign_id)
            raise


def _freeze_next(campaign: Campaign, at: datetime) -> int:
    things = subjects.after(campaign, store.last_frozen(campaign), BATCH, at)
    _freeze(campaign, things, at)
    if len(things) < BATCH:
        _open(campaign, at)
    return len(things)


def _freeze(campaign: Campaign, things: Sequence[Thing], at: datetime) -> None:
    places = [thing.place for thing in things]
    used = uses.last_uses(campaign.subject, places, reason=Reader.WORKER)
    reviewed = subjects.reviewed_at(campaign.tenant_id, places)
    lines = [_line(campaign, thing, number, used, reviewed) for number, thing in enumerate(things, campaign.frozen + 1)]
    store.insert_lines(campaign, lines)
    if campaign.subject is ReviewSubject.DELEGATIONS:
        pairs = zip(lines, things, strict=True)
        store.insert_questions(campaign, [row for line, thing in pairs for row in _questions(campaign, line, thing)])
    frozen = campaign.frozen + len(things)
    store.note(campaign, frozen=frozen, expected=max(campaign.expected, frozen))


def _line(
    campaign: Campaign,
    thing: Thing,
    position: int,
    used: Mapping[Place, LastUse],
    reviewed: Mapping[Place, datetime],
) -> dict[str, Any]:
    last = used.get(thing.place)
    seen = {
        "last_use": None if last is None else last.at.isoformat(timespec="seconds"),
        "installation": None if last is None else last.installation,
    }
    return {
        "tenant_id": campaign.tenant_id,
        "id": ids.uuid7(),
        "version": 1,
        "campaign_id": campaign.id,
        "position": position,
        "owner_id": thing.owner.id,
        "owner_account_id": thing.owner.account_id,
        "owner_name": thing.owner.name,
        "holder_account_id": None if thing.holder is None else thing.holder.account_id,
        "subject_id": thing.row.id,
        "subject_public_id": thing.public_id,
        "label": thing.label,
        "facts": thing.facts | seen,
        "reviewed_before_at": reviewed.get(thing.place),
        "warnings": 0,
        "reason": "",
    }


def _questions(campaign: Campaign, line: dict[str, Any], thing: Thing) -> Rows:
    """One for each side; shown once the campaign opens."""
    sides = [(Side.OWNER, thing.owner, thing.holder), (Side.INTEGRATOR, thing.holder, thing.owner)]
    return [
        {
            "tenant_id": campaign.tenant_id,
            "id": ids.uuid7(),
            "public_id": ids.new("rqn"),
            "campaign_id": campaign.id,
            "line_id": line["id"],
            "asked_id": asked.id,
            "side": side,
            "campaign_name": campaign.name,
            "other_name": other.name,
            "delegation_public_id": thing.public_id,
            "due_at": campaign.due_at,
            "reason": "",
        }
        for side, asked, other in sides
        if asked is not None and other is not None
    ]


def _open(campaign: Campaign, at: datetime) -> None:
    # What went away while the list was frozen is not missing from it.
    store.note(campaign, expected=campaign.frozen, warnings_sent=steps_past(campaign, at))
    campaign.state, campaign.opened_at = CampaignState.OPEN, at
    if campaign.subject is ReviewSubject.DELEGATIONS:
        store.mark_questions(campaign, asked_at=at)
        campaign.telling, campaign.told_to = Telling.OPENED, ""
    worker = system_actor("worker", campaign.tenant_id)
    audit.record(worker, Event.REVIEW_OPENED, campaign, lines=campaign.frozen)
    notices.opened(campaign)
