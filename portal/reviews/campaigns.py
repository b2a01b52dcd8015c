"""Making a campaign, giving it up, and making the next one of those that recur."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from portal.access.actor import Actor, require, system_actor
from portal.access.roles import Permission
from portal.accounts import store as accounts
from portal.accounts.models import Membership
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.foundation import clock
from portal.foundation.errors import Changed
from portal.foundation.marking import N_
from portal.foundation.words import NameTooLong, clean_name
from portal.reviews import people, store, subjects
from portal.reviews.errors import (
    CannotAbandon,
    DueOutOfRange,
    FilterUnknown,
    NothingToReview,
    RecurrenceOutOfRange,
    ReviewerNotStaff,
    ReviewersMissing,
    SilenceNeedsTime,
)
from portal.reviews.models import (
    LONGEST_CAMPAIGN_NAME,
    Campaign,
    CampaignState,
    Reviewer,
    ReviewSubject,
    Silence,
)
from portal.reviews.states import CAMPAIGN_STATE_NAMES
from portal.reviews.wanted import Wanted

SOONEST, LATEST = timedelta(days=1), timedelta(days=365)
# The first of the four warnings goes out 14 days before the due date; a day before that the list is frozen.
WITH_WARNINGS = timedelta(days=15)
LEAST_RECURRENCE, MOST_RECURRENCE = 7, 730
SAME_REQUEST = timedelta(minutes=1)
Chosen = dict[uuid.UUID, bool]  # by the ids of memberships, whether they are fallbacks


def preview(actor: Actor, subject: ReviewSubject, wanted: Wanted) -> int:
    """How many lines a campaign made now would freeze. Raises: NotAllowed, FilterOutOfRange, FilterUnknown."""
    require(actor, Permission.REVIEW_KEEP)
    _check_wanted(wanted)
    return subjects.count(subject, wanted, store.tenant_of(actor), clock.now())


def make(
    actor: Actor,
    *,
    name: str,
    subject: ReviewSubject,
    wanted: Wanted,
    reviewers: Sequence[Membership],
    fallbacks: Sequence[Membership] = (),
    due_at: datetime,
    silence: Silence = Silence.KEEP,
    recurs_days: int | None = None,
) -> Campaign:
    """A campaign whose list the worker freezes from now on. The same one made twice within a minute is one.

    reviewers, fallbacks: live members of the vendor who may keep reviews, with their persons.
    Raises: NotAllowed, the refusals of a name, FilterOutOfRange, FilterUnknown, ReviewersMissing, ReviewerNotStaff,
    DueOutOfRange, SilenceNeedsTime, RecurrenceOutOfRange, NothingToReview.
    """
    require(actor, Permission.REVIEW_KEEP)
    name = _checked(name)
    _check_wanted(wanted)
    _check_people(reviewers, fallbacks)
    _check_dates(due_at, silence, recurs_days)
    campaign = Campaign(
        tenant_id=store.tenant_of(actor),
        name=name,
        subject=subject,
        filters=wanted.as_json(),
        state=CampaignState.PREPARING,
        silence=silence,
        due_at=due_at,
        recurs_days=recurs_days,
        created_by_id=actor.person_id,
        created_by_label=actor.label,
    )
    if actor.membership_id is not None:
        accounts.lock_membership(actor, actor.membership_id)  # a double click of the same person waits for the first
    chosen = _chosen(reviewers, fallbacks)
    return store.find_same(campaign, chosen, clock.now() - SAME_REQUEST) or _begin(actor, campaign, chosen)


def _chosen(reviewers: Sequence[Membership], fallbacks: Sequence[Membership]) -> Chosen:
    return {member.id: True for member in fallbacks} | {member.id: False for member in reviewers}


def _begin(actor: Actor, campaign: Campaign, chosen: Chosen) -> Campaign:
    wanted = Wanted.from_json(campaign.filters)
    campaign.expected = subjects.count(campaign.subject, wanted, campaign.tenant_id, clock.now())
    if not campaign.expected:
        raise NothingToReview()
    _add(actor, campaign, chosen)
    return campaign


def _add(actor: Actor, campaign: Campaign, chosen: Chosen) -> None:
    store.add(campaign)
    store.add_reviewers(
        [
            Reviewer(tenant_id=campaign.tenant_id, campaign_id=campaign.id, membership_id=member_id, is_fallback=later)
            for member_id, later in chosen.items()
        ]
    )
    due = campaign.last_day.isoformat()
    audit.record(actor, Event.REVIEW_MADE, campaign, lines=campaign.expected, due=due)


def abandon(actor: Actor, campaign: Campaign, version: int) -> None:
    """Give the campaign up; nothing is applied. Abandoning twice changes nothing.

    Raises: NotAllowed, CannotAbandon, Changed.
    """
    require(actor, Permission.REVIEW_KEEP)
    store.hold(campaign)
    if campaign.state is CampaignState.ABANDONED:
        return
    if campaign.state not in (CampaignState.PREPARING, CampaignState.OPEN):
        raise CannotAbandon(review=campaign.name, state=CAMPAIGN_STATE_NAMES[campaign.state])
    check_version(campaign, version, CampaignState.ABANDONED)
    campaign.state, campaign.abandoned_at, campaign.telling = CampaignState.ABANDONED, clock.now(), None
    store.mark_questions(campaign, closed_at=campaign.abandoned_at)
    audit.record(actor, Event.REVIEW_ABANDONED, campaign)


def check_version(campaign: Campaign, version: int, wanted: CampaignState) -> None:
    """Nothing, when the campaign is as the form saw it. Raises: Changed."""
    if campaign.version != version:
        states = CAMPAIGN_STATE_NAMES[wanted], CAMPAIGN_STATE_NAMES[campaign.state]
        raise Changed(versions=[(N_("State"), *states)])


def follow(campaign: Campaign) -> Campaign | None:
    """The next campaign after one that is closed and recurs, by the same filters; None when none follows.

    Its people are those who are still there; it is due so long after the one before, or after now.
    """
    if campaign.recurs_days is None or store.followed(campaign):
        return None
    after, now = timedelta(days=campaign.recurs_days), clock.now()
    due_at = max(campaign.due_at, now) + after
    following = Campaign(
        tenant_id=campaign.tenant_id,
        name=campaign.name,
        subject=campaign.subject,
        filters=campaign.filters,
        state=CampaignState.PREPARING,
        silence=campaign.silence if due_at - now >= WITH_WARNINGS else Silence.KEEP,
        due_at=due_at,
        recurs_days=campaign.recurs_days,
        follows_id=campaign.id,
        expected=subjects.count(campaign.subject, Wanted.from_json(campaign.filters), campaign.tenant_id, now),
        created_by_id=campaign.created_by_id,
        created_by_label=campaign.created_by_label,
    )
    reviewers, fallbacks = (people.live(campaign, fallbacks=later) for later in (False, True))
    members = [[row.membership for row in rows] for rows in (reviewers, fallbacks)]
    _add(system_actor("worker", campaign.tenant_id), following, _chosen(*members))
    return following


def _checked(name: str) -> str:
    name = clean_name(name)
    if len(name) > LONGEST_CAMPAIGN_NAME:
        raise NameTooLong(longest=LONGEST_CAMPAIGN_NAME, length=len(name))
    return name


def _check_wanted(wanted: Wanted) -> None:
    wanted.check()
    unknown = subjects.unknown(wanted)
    if unknown is not None:
        raise FilterUnknown(what=unknown)


def _check_people(reviewers: Sequence[Membership], fallbacks: Sequence[Membership]) -> None:
    if not reviewers:
        raise ReviewersMissing()
    for member in (*reviewers, *fallbacks):
        if not people.is_staff(member):
            raise ReviewerNotStaff(person=member.person.name)


def _check_dates(due_at: datetime, silence: Silence, recurs_days: int | None) -> None:
    now = clock.now()
    first, last = now + SOONEST, now + LATEST
    if not first <= due_at <= last:
        raise DueOutOfRange(first=_day(first), last=_day(last - timedelta(days=1)))
    if silence is Silence.END and due_at - now < WITH_WARNINGS:
        raise SilenceNeedsTime(first=_day(now + WITH_WARNINGS))
    if recurs_days is not None and not LEAST_RECURRENCE <= recurs_days <= MOST_RECURRENCE:
        raise RecurrenceOutOfRange(least=LEAST_RECURRENCE, most=MOST_RECURRENCE)


def _day(moment: datetime) -> str:
    return moment.date().isoformat()
