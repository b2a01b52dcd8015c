"""The warning ladder before a campaign is due, and calling the fallbacks."""

from datetime import datetime, timedelta

from portal.access.actor import system_actor
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.foundation.database import transaction
from portal.reviews import notices, people, store
from portal.reviews.models import Campaign, Line, Silence, Telling

STEPS = tuple(timedelta(days=days) for days in (14, 7, 3, 1))
# With the third warning, somebody else is asked to decide.
FALLBACKS = timedelta(days=3)


def run_once(at: datetime) -> int:
    """How many open campaigns took a step of the ladder or called their fallbacks, in a transaction of its own."""
    with transaction():
        return sum(_look(campaign, at) for campaign in store.open_campaigns())


def steps_past(campaign: Campaign, at: datetime) -> int:
    """How many steps of the ladder lie behind this moment."""
    return sum(campaign.due_at - step <= at for step in STEPS)


def _look(campaign: Campaign, at: datetime) -> bool:
    called = _call_fallbacks(campaign, at)
    # While one thing is being told, the next waits for its turn.
    if campaign.telling is not None or at >= campaign.due_at or steps_past(campaign, at) <= campaign.warnings_sent:
        return called
    _warn(campaign, at)
    return True


def _warn(campaign: Campaign, at: datetime) -> None:
    """The nearest step only, when the worker was away for several: who missed one was not warned in full."""
    past = steps_past(campaign, at)
    store.note(campaign, warnings_sent=past)
    undecided = store.count_lines(campaign, Line.decision.is_(None))
    if not undecided:
        return
    days = STEPS[past - 1].days
    if campaign.silence is Silence.END:
        store.note(campaign, telling=Telling.WARNED, told_to="")
    audit.record(system_actor("worker", campaign.tenant_id), Event.REVIEW_WARNED, campaign, days=days)
    notices.due(campaign, undecided, days)


def _call_fallbacks(campaign: Campaign, at: datetime) -> bool:
    waiting = [row for row in people.live(campaign, fallbacks=True) if row.called_at is None]
    left_alone = not people.live(campaign, fallbacks=False)
    if not waiting or not (left_alone or at >= campaign.due_at - FALLBACKS):
        return False
    undecided = store.count_lines(campaign, Line.decision.is_(None))
    if not undecided:
        return False
    for row in waiting:
        row.called_at = at
    names = [row.membership.person.name for row in waiting]
    worker = system_actor("worker", campaign.tenant_id)
    audit.record(worker, Event.REVIEW_FALLBACKS_CALLED, campaign, people=names)
    notices.called(campaign, waiting, undecided)
    return True
