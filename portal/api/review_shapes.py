"""Reviews as the API tells them to the vendor's staff: the review, its lines, and what stands beside a line now."""

from typing import Any

from pydantic import RootModel

from portal.access.actor import Actor, system_actor
from portal.api.shapes import Moment, Shown
from portal.delegations.models import Side
from portal.foundation.database import version_of
from portal.reviews import contexts, people, store
from portal.reviews.contexts import Context
from portal.reviews.models import (
    Answer,
    Campaign,
    CampaignState,
    Decision,
    Line,
    Outcome,
    Question,
    ReviewSubject,
    Silence,
)


class ReviewListed(Shown):
    """A review. `waiting` says how many lines of an open one are not decided. `version` is its ETag."""

    id: str
    name: str
    subject: ReviewSubject
    state: CampaignState
    filters: dict[str, Any]
    silence: Silence
    lines: int
    waiting: int
    due_at: Moment
    recurs_days: int | None
    made_by: str
    made_at: Moment
    opened_at: Moment | None
    closing_at: Moment | None
    closed_at: Moment | None
    closed_by: str | None
    abandoned_at: Moment | None
    version: int


class Progress(Shown):
    """How many lines are decided how. `not_needed_said`: of which a side says that it needs it no longer."""

    total: int
    keep: int
    narrow: int
    end: int
    undecided: int
    not_needed_said: int


class ReviewShown(ReviewListed):
    """A review with who decides, how far it is and, once it is closed, what became of how many lines."""

    reviewers: list[str]
    fallbacks: list[str]
    may_decide: bool
    progress: Progress
    outcomes: dict[Outcome, int]


class FactChanged(Shown):
    """A fact that is another one now than when the line was written down."""

    name: str
    before: Any
    now: Any


class SideSaid(Shown):
    """What a side of a delegation says about it; `answer` is null while it has said nothing."""

    side: Side
    answer: Answer | None
    reason: str
    by: str | None
    at: Moment | None


class ReviewLineShown(Shown):
    """What is reviewed as it was when it was written down, what is different now, and what was decided.

    `events` counts what the record says of it since it was reviewed last. `version` is the line's ETag.
    """

    line: int
    account: str
    owner: str
    holder_account: str | None
    subject: str
    label: str
    facts: dict[str, Any]
    changes: list[FactChanged]
    is_over: bool
    last_used_at: Moment | None
    last_used_by: str | None
    events: int
    said: list[SideSaid]
    reviewed_before_at: Moment | None
    decision: Decision | None
    narrow_to: dict[str, Any] | None
    reason: str
    decided_by: str | None
    decided_at: Moment | None
    outcome: Outcome | None
    outcome_code: str | None
    version: int


class Evidence(RootModel[dict[str, Any]]):
    """What a closed review leaves behind, signed: `flask reviews verify` takes it as it comes."""


def review_listed(campaign: Campaign, waiting: int) -> ReviewListed:
    """A review as the list tells it."""
    return ReviewListed(**_members(campaign, waiting))


def review_shown(actor: Actor, campaign: Campaign) -> ReviewShown:
    """A review, its reviewers loaded, with its progress."""
    counts = store.progress_of(actor, campaign)
    is_open, is_closed = campaign.state is CampaignState.OPEN, campaign.state is CampaignState.CLOSED
    return ReviewShown(
        **_members(campaign, counts.undecided if is_open else 0),
        reviewers=_names(campaign, fallbacks=False),
        fallbacks=_names(campaign, fallbacks=True),
        may_decide=is_open and people.may_decide(actor, campaign),
        progress=Progress(**vars(counts)),
        outcomes=dict(store.outcomes_of(campaign)) if is_closed else {},
    )


def lines_shown(actor: Actor, campaign: Campaign, lines: list[Line]) -> list[ReviewLineShown]:
    """These lines, each with its context: a few statements, however many they are."""
    # The call asked for CONSOLE_SEE: an operator looks, too, and decides nothing.
    around = contexts.of(system_actor("console", actor.tenant_id), campaign, lines)
    return [_line_shown(line, around[line.id]) for line in lines]


def _members(campaign: Campaign, waiting: int) -> dict[str, Any]:
    return {
        "id": campaign.public_id,
        "name": campaign.name,
        "subject": campaign.subject,
        "state": campaign.state,
        "filters": campaign.filters,
        "silence": campaign.silence,
        "lines": campaign.expected,
        "waiting": waiting,
        "due_at": campaign.due_at,
        "recurs_days": campaign.recurs_days,
        "made_by": campaign.created_by_label,
        "made_at": campaign.created_at,
        "opened_at": campaign.opened_at,
        "closing_at": campaign.closing_at,
        "closed_at": campaign.closed_at,
        "closed_by": campaign.closed_by_label,
        "abandoned_at": campaign.abandoned_at,
        "version": version_of(campaign),
    }


def _names(campaign: Campaign, *, fallbacks: bool) -> list[str]:
    return [row.membership.person.name for row in campaign.reviewers if row.is_fallback is fallbacks]


def _line_shown(line: Line, context: Context) -> ReviewLineShown:
    use = context.last_use
    return ReviewLineShown(
        line=line.position,
        account=line.owner_account_id,
        owner=line.owner_name,
        holder_account=line.holder_account_id,
        subject=line.subject_public_id,
        label=line.label,
        facts=line.facts,
        changes=[FactChanged(name=one.name, before=one.before, now=one.now) for one in context.changes],
        is_over=context.is_over,
        last_used_at=use.at if use else None,
        last_used_by=use.installation if use else None,
        events=context.events,
        said=[_said(question) for question in context.said.values()],
        reviewed_before_at=line.reviewed_before_at,
        decision=line.decision,
        narrow_to=line.narrow_to,
        reason=line.reason,
        decided_by=line.decided_by_label,
        decided_at=line.decided_at,
        outcome=line.outcome,
        outcome_code=line.outcome_code,
        version=version_of(line),
    )


def _said(question: Question) -> SideSaid:
    return SideSaid(
        side=question.side,
        answer=question.answer,
        reason=question.reason,
        by=question.answered_by_label,
        at=question.answered_at,
    )
