"""Closing a campaign: what would happen, the decision to close it, and the worker that carries it out line by line."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, func, literal, select
from sqlalchemy.exc import OperationalError
from structlog import get_logger

from portal.access.actor import Actor, require, system_actor
from portal.access.roles import Permission
from portal.access.rows import Reader, across_tenants
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.reviews import applying, campaigns, evidence, notices, store, subjects
from portal.reviews.deciding import require_open
from portal.reviews.errors import AlreadyClosing, LinesUndecided
from portal.reviews.models import Answer, Campaign, CampaignState, Decision, Line, Outcome, Question, Silence, Telling
from portal.reviews.silence import STEPS
from portal.reviews.subjects import Thing
from portal.reviews.uses import RECENTLY, at_work_since

log = get_logger()

BATCH = 100
UNFORESEEN = "internal_error"
CLOSED_STATES = (CampaignState.CLOSING, CampaignState.CLOSED)


def forecast(actor: Actor, campaign: Campaign) -> Mapping[Outcome, int]:
    """How many lines would come to what, were the campaign closed now; what nobody would come to is left out.

    What is refused when it is carried out shows only then. Raises: NotAllowed.
    """
    require(actor, Permission.REVIEW_KEEP)
    outcome = _outcome(campaign, clock.now()).label("outcome")
    rows = across_tenants(outcome, func.count(), reason=Reader.CONSOLE)  # what is used lies with its owners
    rows = rows.where(Line.tenant_id == campaign.tenant_id, Line.campaign_id == campaign.id)
    found = db.session.execute(rows.group_by(outcome))
    return {Outcome(word): number for word, number in found}


def _outcome(campaign: Campaign, at: datetime) -> ColumnElement[str]:
    by_decision = {Decision.KEEP: Outcome.KEPT, Decision.NARROW: Outcome.NARROWED, Decision.END: Outcome.ENDED}
    decided: Any = [(Line.decision == decision, literal(outcome.value)) for decision, outcome in by_decision.items()]
    said: Any = [(_said_not_needed(), literal(Outcome.ENDED.value))]
    if campaign.silence is Silence.KEEP:
        return case(*decided, *said, else_=literal(Outcome.KEPT.value))
    used = at_work_since(campaign.subject, Line.owner_id, Line.subject_id, at - RECENTLY)
    silent: Any = [
        (used, literal(Outcome.KEPT_IN_USE.value)),
        (Line.warnings < len(STEPS), literal(Outcome.NOT_WARNED.value)),
    ]
    return case(*decided, *said, *silent, else_=literal(Outcome.ENDED.value))


def _said_not_needed() -> ColumnElement[bool]:
    return (
        select(Question.id)
        .where(Question.tenant_id == Line.tenant_id, Question.line_id == Line.id, Question.answer == Answer.NOT_NEEDED)
        .exists()
    )


def close(actor: Actor, campaign: Campaign, version: int) -> None:
    """Close the campaign: nothing is decided or answered any more, and the worker carries it out.

    Only once every line is decided, or the due date is past. Closing twice says who did it, and when.
    Raises: NotAllowed, AlreadyClosing, CampaignNotOpen, Changed, LinesUndecided.
    """
    require(actor, Permission.REVIEW_KEEP)
    store.hold(campaign)
    now = clock.now()
    if campaign.state in CLOSED_STATES and campaign.closing_at is not None:
        at = f"{campaign.closing_at:%Y-%m-%d %H:%M}"
        raise AlreadyClosing(by=campaign.closed_by_label, review=campaign.name, at=at)
    require_open(campaign)
    campaigns.check_version(campaign, version, CampaignState.CLOSING)
    undecided = store.count_lines(campaign, Line.decision.is_(None))
    if undecided and now < campaign.due_at:
        raise LinesUndecided(open=undecided, due=campaign.last_day.isoformat())
    campaign.state, campaign.closing_at = CampaignState.CLOSING, now
    campaign.closed_by_id, campaign.closed_by_label = actor.person_id, actor.label
    campaign.telling, campaign.told_to = None, ""
    store.mark_questions(campaign, closed_at=now)
    audit.record(actor, Event.REVIEW_CLOSING, campaign)


def run_once(at: datetime) -> int:
    """How many lines were closed, at most 100, in a transaction of its own; after the last one the campaign is closed.

    Call it until it says 0. Several workers may do so at once. A line is closed or it is not; whoever is killed in
    between leaves it to the next one. A line that fails in a way that nobody foresaw is closed as not applied.
    """
    try:
        return _close_next(at, BATCH)
    except OperationalError:
        raise
    except Exception as error:
        log.error("a portion of a review failed", error=type(error).__name__, exc_info=error)
        return _close_alone(at)


def _close_next(at: datetime, limit: int) -> int:
    with transaction():
        campaign = store.next_in(CampaignState.CLOSING)
        if campaign is None:
            return 0
        lines = store.not_applied(campaign, limit)
        if not lines:
            _finish(campaign, at)
            return 1
        _close_lines(campaign, lines, at)
        store.note(campaign, applied=lines[-1].position)
        return len(lines)


def _close_alone(at: datetime) -> int:
    """Close the next line by itself; when it fails again, it is what fails, and is marked so."""
    with transaction():
        campaign = store.next_in(CampaignState.CLOSING)
        found = [] if campaign is None else [line.position for line in store.not_applied(campaign, 1)]
    if not found:
        return _close_next(at, 1)  # it is not a line that failed: let it be told
    try:
        return _close_next(at, 1)
    except OperationalError:
        raise
    except Exception as error:
        log.error("a line of a review failed", position=found[0], error=type(error).__name__, exc_info=error)
        return _give_up(at, found[0])


def _give_up(at: datetime, position: int) -> int:
    with transaction():
        campaign = store.next_in(CampaignState.CLOSING)
        lines = [] if campaign is None else store.not_applied(campaign, 1)
        if campaign is None or [line.position for line in lines] != [position]:
            return 1  # another worker came by
        outcome = {"outcome": Outcome.NOT_APPLIED, "outcome_code": UNFORESEEN, "applied_at": at}
        store.note_outcome(campaign, [lines[0].id], **outcome)
        store.note(campaign, applied=position)
        return 1


def _close_lines(campaign: Campaign, lines: Collection[Line], at: datetime) -> None:
    things = subjects.now(
        campaign.subject, {(line.owner_id, line.subject_id) for line in lines}, at, reason=Reader.WORKER
    )
    silent = _silent_outcomes(campaign, lines, at)
    closed = defaultdict(list)
    for line in lines:
        thing = things.get((line.owner_id, line.subject_id))
        closed[_close_line(campaign, line, thing, silent.get(line.id))].append(line.id)
    for (outcome, code), line_ids in closed.items():
        store.note_outcome(campaign, line_ids, outcome=outcome, outcome_code=code, applied_at=at)


def _close_line(
    campaign: Campaign, line: Line, thing: Thing | None, silent: Outcome | None
) -> tuple[Outcome, str | None]:
    if thing is None or thing.is_over:
        return Outcome.UNCHANGED, None
    if line.decision is Decision.KEEP or (line.decision is None and silent is not Outcome.ENDED):
        return silent or Outcome.KEPT, None
    return applying.carry_out(campaign, line, thing, line.decision or Decision.END)


def _silent_outcomes(campaign: Campaign, lines: Collection[Line], at: datetime) -> Mapping[uuid.UUID, Outcome]:
    """What becomes of those of the lines that nobody decided, by id: by what a side said, else by silence."""
    undecided = [line.id for line in lines if line.decision is None]
    rows = across_tenants(Line.id, _outcome(campaign, at), reason=Reader.WORKER)  # as above
    found = db.session.execute(rows.where(Line.tenant_id == campaign.tenant_id, Line.id.in_(undecided)))
    return {line_id: Outcome(word) for line_id, word in found}


def _finish(campaign: Campaign, at: datetime) -> None:
    """The evidence is signed, the next campaign made where it recurs, and everybody concerned told."""
    outcomes = store.outcomes_of(campaign)
    campaign.state, campaign.closed_at = CampaignState.CLOSED, at
    campaign.telling, campaign.told_to = Telling.APPLIED, ""
    evidence.sign(campaign)
    facts: dict[str, Any] = {
        word.value: outcomes.get(word, 0) for word in (Outcome.ENDED, Outcome.NARROWED, Outcome.NOT_APPLIED)
    }
    worker = system_actor("worker", campaign.tenant_id)
    audit.record(worker, Event.REVIEW_CLOSED, campaign, **facts)
    notices.closed(campaign, facts)
    campaigns.follow(campaign)
