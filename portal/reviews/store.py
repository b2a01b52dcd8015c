"""Every query on campaigns, their reviewers, lines and questions."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeVar

from sqlalchemy import ColumnElement, Row, ScalarSelect, Select, Table, case, func, insert, or_, select, update
from sqlalchemy.orm import joinedload, selectinload

from portal.access.actor import Actor
from portal.access.roles import PERMISSIONS, Permission, Role
from portal.access.rows import Reader, across_tenants, one_or_not_found, owned_by, received_by, scoped_to
from portal.accounts.models import Membership
from portal.foundation.database import Base, db
from portal.foundation.errors import NotFound
from portal.foundation.paging import Page, page_of
from portal.foundation.states import keep
from portal.reviews.models import (
    Answer,
    Campaign,
    CampaignState,
    Decision,
    Line,
    Outcome,
    Question,
    Reviewer,
)
from portal.reviews.states import CAMPAIGN
from portal.reviews.uses import Place

keep(Campaign.state, CAMPAIGN)

Added = TypeVar("Added", bound=Base)
Undecided = Literal["undecided"]
NOT_NEEDED = "not_needed"
REVIEWERS = selectinload(Campaign.reviewers).joinedload(Reviewer.membership).joinedload(Membership.person)


@dataclass(frozen=True)
class Counts:
    """How far a campaign has come. not_needed_said: lines of which a side said that it needs it no longer."""

    total: int
    keep: int
    narrow: int
    end: int
    undecided: int
    not_needed_said: int


def tenant_of(actor: Actor) -> uuid.UUID:
    """The inner id of the actor's tenant, the vendor. Raises: NotFound when it acts in none."""
    if actor.tenant_id is None:
        raise NotFound()
    return actor.tenant_id


def campaigns_page(
    actor: Actor, state: CampaignState | None, place: str | None, *, due_before: datetime | None = None
) -> Page[Campaign]:
    """A page of the campaigns, newest first, with their reviewers. Raises: BadPlace."""
    rows = owned_by(actor, Campaign).options(REVIEWERS)
    if state is not None:
        rows = rows.where(Campaign.state == state)
    if due_before is not None:
        rows = rows.where(Campaign.due_at < due_before)
    return page_of(rows, Campaign.id, place=place, newest_first=True)


def get_campaign(actor: Actor, public_id: str) -> Campaign:
    """The campaign with its reviewers. Raises: NotFound."""
    rows = owned_by(actor, Campaign).where(Campaign.public_id == public_id).options(REVIEWERS)
    found: Campaign = one_or_not_found(rows)
    return found


def staff_of(actor: Actor) -> Sequence[Membership]:
    """The members of the actor's tenant, the vendor, who may keep reviews, with their persons: all there are."""
    may = [role for role in Role if Permission.REVIEW_KEEP in PERMISSIONS[role]]
    rows = owned_by(actor, Membership).where(Membership.ended_at.is_(None), Membership.role.in_(may))
    rows = rows.options(joinedload(Membership.person, innerjoin=True))
    return db.session.scalars(rows.order_by(Membership.id)).all()


def progress_of(actor: Actor, campaign: Campaign) -> Counts:
    """How many lines there are, by decision. One statement."""
    by = [func.count(case((Line.decision == decision, 1))) for decision in Decision]
    said = select(func.count(Question.line_id.distinct())).where(*_not_needed(campaign)).scalar_subquery()
    rows = _lines(actor, campaign).with_only_columns(func.count(), *by, said)
    found: Any = db.session.execute(rows).one()
    total, kept, narrowed, ended, not_needed = found
    return Counts(total, kept, narrowed, ended, total - kept - narrowed - ended, not_needed)


def lines_page(
    actor: Actor,
    campaign: Campaign,
    *,
    decision: Decision | Undecided | None = None,
    said: str | None = None,
    text: str = "",
    place: str | None = None,
) -> Page[Line]:
    """A page of the campaign's lines in their order.

    said: `not_needed`, lines of which a side said so; text: part of a name or an account id. Raises: BadPlace.
    """
    rows = _lines(actor, campaign)
    if decision is not None:
        rows = rows.where(Line.decision.is_(None) if decision == "undecided" else Line.decision == decision)
    if said == NOT_NEEDED:
        rows = rows.where(Line.id.in_(select(Question.line_id).where(*_not_needed(campaign))))
    if text.strip():
        rows = rows.where(_called(text.strip()))
    return page_of(rows, Line.position, place=place)


def _called(text: str) -> ColumnElement[bool]:
    named = [column.icontains(text, autoescape=True) for column in (Line.owner_name, Line.label)]
    accounts = [column == text.upper() for column in (Line.owner_account_id, Line.holder_account_id)]
    return or_(*named, *accounts, Line.subject_public_id == text)


def _not_needed(campaign: Campaign) -> list[ColumnElement[bool]]:
    return [
        Question.tenant_id == campaign.tenant_id,
        Question.campaign_id == campaign.id,
        Question.answer == Answer.NOT_NEEDED,
    ]


def get_line(actor: Actor, campaign: Campaign, position: int) -> Line:
    """The campaign's line at this position. Raises: NotFound."""
    if not 0 < position < 2**31:
        raise NotFound()
    found: Line = one_or_not_found(_lines(actor, campaign).where(Line.position == position))
    return found


def get_lines(actor: Actor, campaign: Campaign, positions: Collection[int]) -> Sequence[Line]:
    """The campaign's lines at these positions, in their order; one that is not there is left out."""
    known = [position for position in positions if 0 < position < 2**31]
    return db.session.scalars(_lines(actor, campaign).where(Line.position.in_(known)).order_by(Line.position)).all()


def _lines(actor: Actor, campaign: Campaign) -> Select[Any]:
    return owned_by(actor, Line).where(Line.campaign_id == campaign.id)


def questions_of(actor: Actor, place: str | None = None) -> Page[Question]:
    """What the actor's own tenant is or was asked in reviews, the newest first. Raises: NotFound, BadPlace."""
    return page_of(_asked(actor), Question.id, place=place, newest_first=True)


def waiting_questions(actor: Actor) -> ScalarSelect[int]:
    """How many questions wait for an answer of the actor's own tenant, as a part of a statement in its scope."""
    rows = _asked(actor).where(Question.answer.is_(None), Question.closed_at.is_(None))
    return rows.with_only_columns(func.count(), maintain_column_froms=True).scalar_subquery()


def get_question(actor: Actor, public_id: str) -> Question:
    """One of those that `questions_of` lists. Raises: NotFound."""
    found: Question = one_or_not_found(_asked(actor).where(Question.public_id == public_id))
    return found


def _asked(actor: Actor) -> Select[Any]:
    # At a client, its reviews are no business of the integrator's; its own stand in its own account.
    if actor.acts_for_client:
        raise NotFound()
    return received_by(actor, Question).where(Question.asked_at.is_not(None))


def questions_about(campaign: Campaign, line_ids: Collection[uuid.UUID]) -> Sequence[Question]:
    """What the sides of these lines are asked, and what they said; the owner first."""
    rows = select(Question).where(Question.tenant_id == campaign.tenant_id, Question.line_id.in_(line_ids))
    rows = rows.order_by(Question.line_id, Question.side.desc())
    return db.session.scalars(rows, execution_options=scoped_to(campaign.tenant_id)).all()


def answers_in(campaign: Campaign) -> Sequence[Question]:
    """All that was asked in the campaign and answered."""
    rows = select(Question).where(
        Question.tenant_id == campaign.tenant_id, Question.campaign_id == campaign.id, Question.answer.is_not(None)
    )
    return db.session.scalars(rows, execution_options=scoped_to(campaign.tenant_id)).all()


def hold(campaign: Campaign, *, share: bool = False) -> None:
    """Read the campaign again, and keep others from changing it; share: others may hold it so at the same time."""
    rows = _campaign(campaign).options(REVIEWERS).with_for_update(of=Campaign, read=share)
    db.session.scalars(rows.execution_options(populate_existing=True)).one()


def next_in(state: CampaignState, but: Collection[uuid.UUID] = ()) -> Campaign | None:
    """The oldest campaign in this state that no other worker holds, with its reviewers, locked; or None.

    but: the ids of those that are passed over.
    """
    rows = across_tenants(Campaign, reason=Reader.WORKER).where(Campaign.state == state).options(REVIEWERS)
    if but:
        rows = rows.where(Campaign.id.not_in(but))
    return db.session.scalars(
        rows.order_by(Campaign.id).limit(1).with_for_update(of=Campaign, skip_locked=True)
    ).first()


def next_telling() -> Campaign | None:
    """The oldest campaign that is telling the parties something and that no other worker holds, locked; or None."""
    rows = across_tenants(Campaign, reason=Reader.WORKER).where(Campaign.telling.is_not(None))
    return db.session.scalars(
        rows.order_by(Campaign.id).limit(1).with_for_update(of=Campaign, skip_locked=True)
    ).first()


def open_campaigns() -> Sequence[Campaign]:
    """The campaigns that are open and no other worker holds, with their reviewers, locked."""
    rows = across_tenants(Campaign, reason=Reader.WORKER).where(Campaign.state == CampaignState.OPEN).options(REVIEWERS)
    return db.session.scalars(rows.order_by(Campaign.id).with_for_update(of=Campaign, skip_locked=True)).all()


def hold_lines(campaign: Campaign, positions: Collection[int]) -> Sequence[Line]:
    """These lines as they are now, kept from changing until the transaction ends; in one order for everybody."""
    rows = _of(campaign).where(Line.position.in_(positions)).order_by(Line.position).with_for_update()
    return db.session.scalars(rows.execution_options(populate_existing=True)).all()


def not_applied(campaign: Campaign, limit: int) -> Sequence[Line]:
    """The next lines that closing has not come to, in their order, locked."""
    rows = _of(campaign).where(Line.outcome.is_(None), Line.position > campaign.applied).order_by(Line.position)
    return db.session.scalars(rows.limit(limit).with_for_update().execution_options(populate_existing=True)).all()


def last_frozen(campaign: Campaign) -> Place | None:
    """What the last frozen line is about, or None when there is none yet."""
    rows = _of(campaign).with_only_columns(Line.owner_id, Line.subject_id).order_by(Line.position.desc()).limit(1)
    found = db.session.execute(rows).first()
    return None if found is None else (found[0], found[1])


def lines_of(campaign: Campaign) -> Sequence[Row[Any]]:
    """All lines of the campaign, in their order, as plain rows: some ten thousand are read at once."""
    columns = [
        column for column in Line.__table__.columns if column.name not in {"tenant_id", "campaign_id", "version"}
    ]
    rows = _of(campaign).with_only_columns(*(getattr(Line, column.key) for column in columns))
    return db.session.execute(rows.order_by(Line.position)).all()


def count_lines(campaign: Campaign, *conditions: ColumnElement[bool]) -> int:
    """How many of the campaign's lines these conditions hold for."""
    return db.session.scalar(_of(campaign).where(*conditions).with_only_columns(func.count())) or 0


def outcomes_of(campaign: Campaign) -> Mapping[Outcome, int]:
    """How many lines came to each outcome; one that none came to is left out."""
    rows = _of(campaign).where(Line.outcome.is_not(None)).group_by(Line.outcome)
    found = db.session.execute(rows.with_only_columns(Line.outcome, func.count()))
    return {outcome: number for outcome, number in found if outcome is not None}


def parties_after(campaign: Campaign, *conditions: ColumnElement[bool], limit: int) -> Mapping[str, int]:
    """The next tenants, by account id, that own or hold what these lines are about, each with how many they are."""
    columns = (Line.owner_account_id, Line.holder_account_id)
    both = [_of(campaign).where(*conditions).with_only_columns(column.label("account")) for column in columns]
    party = both[0].union_all(both[1]).subquery()
    rows = (
        select(party.c.account, func.count().label("number"))
        .where(party.c.account > campaign.told_to)
        .group_by(party.c.account)
    )
    rows = rows.order_by(party.c.account).limit(limit)
    found = db.session.execute(rows, execution_options=scoped_to(campaign.tenant_id))
    return {row.account: row.number for row in found}


def _campaign(campaign: Campaign) -> Select[Any]:
    rows = select(Campaign).where(Campaign.tenant_id == campaign.tenant_id, Campaign.id == campaign.id)
    return rows.execution_options(**scoped_to(campaign.tenant_id))


def _of(campaign: Campaign) -> Select[Any]:
    rows = select(Line).where(Line.tenant_id == campaign.tenant_id, Line.campaign_id == campaign.id)
    return rows.execution_options(**scoped_to(campaign.tenant_id))


def find_same(campaign: Campaign, chosen: Mapping[uuid.UUID, bool], since: datetime) -> Campaign | None:
    """A campaign like this new one that the same person made since then and did not abandon, or None.

    chosen: who is to decide in it, by the ids of memberships; whether they are fallbacks.
    """
    rows = select(Campaign).where(
        Campaign.tenant_id == campaign.tenant_id,
        Campaign.created_by_id == campaign.created_by_id,
        Campaign.created_at >= since,
        Campaign.name == campaign.name,
        Campaign.subject == campaign.subject,
        Campaign.silence == campaign.silence,
        Campaign.due_at == campaign.due_at,
        Campaign.recurs_days == campaign.recurs_days,
        Campaign.state != CampaignState.ABANDONED,
    )
    found = db.session.scalars(rows.options(REVIEWERS), execution_options=scoped_to(campaign.tenant_id)).all()
    same = (row for row in found if row.filters == campaign.filters and _chosen_in(row) == chosen)
    return next(same, None)


def _chosen_in(campaign: Campaign) -> dict[uuid.UUID, bool]:
    return {row.membership_id: row.is_fallback for row in campaign.reviewers}


def followed(campaign: Campaign) -> bool:
    """Whether a campaign follows this one already."""
    rows = select(Campaign.id).where(Campaign.tenant_id == campaign.tenant_id, Campaign.follows_id == campaign.id)
    return db.session.scalar(rows.limit(1), execution_options=scoped_to(campaign.tenant_id)) is not None


def note(campaign: Campaign, **values: Any) -> None:
    """Write progress onto the campaign without counting it as a change: no form has missed anything."""
    row = update(Campaign).where(Campaign.tenant_id == campaign.tenant_id, Campaign.id == campaign.id)
    options = scoped_to(campaign.tenant_id) | {"synchronize_session": "evaluate"}
    db.session.execute(row.values(**values), execution_options=options)


def insert_lines(campaign: Campaign, rows: Sequence[dict[str, Any]]) -> None:
    """Write these new lines of the campaign."""
    _insert(Line, campaign, rows)


def insert_questions(campaign: Campaign, rows: Sequence[dict[str, Any]]) -> None:
    """Write these new questions of the campaign."""
    _insert(Question, campaign, rows)


def _insert(model: type[Base], campaign: Campaign, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        table: Table = Base.metadata.tables[model.__tablename__]
        db.session.execute(insert(table), list(rows), execution_options=scoped_to(campaign.tenant_id))


def mark_questions(campaign: Campaign, **values: datetime) -> None:
    """Write onto all questions of the campaign since when they are shown, or closed."""
    rows = update(Question).where(Question.tenant_id == campaign.tenant_id, Question.campaign_id == campaign.id)
    options = scoped_to(campaign.tenant_id) | {"synchronize_session": False}
    db.session.execute(rows.values(**values), execution_options=options)


def count_warning(campaign: Campaign, accounts: Collection[str]) -> None:
    """Count one more warning on the undecided lines that these tenants own."""
    rows = update(Line).where(
        Line.tenant_id == campaign.tenant_id,
        Line.campaign_id == campaign.id,
        Line.decision.is_(None),
        Line.owner_account_id.in_(accounts),
    )
    options = scoped_to(campaign.tenant_id) | {"synchronize_session": False}
    db.session.execute(rows.values(warnings=Line.warnings + 1), execution_options=options)


def note_outcome(campaign: Campaign, line_ids: Collection[uuid.UUID], **values: Any) -> None:
    """Write what became of these lines, without counting it as a change: nobody decides them any more."""
    rows = update(Line).where(Line.tenant_id == campaign.tenant_id, Line.id.in_(line_ids))
    options = scoped_to(campaign.tenant_id) | {"synchronize_session": False}
    db.session.execute(rows.values(**values), execution_options=options)


def lock_question(question: Question) -> Question:
    """The question as it is now, kept from changing until the transaction ends."""
    rows = select(Question).where(Question.tenant_id == question.tenant_id, Question.id == question.id)
    rows = rows.with_for_update().execution_options(populate_existing=True, **scoped_to(question.tenant_id))
    return db.session.scalars(rows).one()


def add(row: Added) -> Added:
    """`row`, with its id."""
    db.session.add(row)
    db.session.flush()
    return row


def add_reviewers(rows: Sequence[Reviewer]) -> None:
    """Put new reviewers into the session."""
    db.session.add_all(rows)
    db.session.flush()
