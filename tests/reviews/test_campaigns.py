"""Making a campaign, giving it up, and the next one of those that recur."""

from datetime import timedelta

import pytest

from portal.access.actor import Actor
from portal.access.errors import NotAllowed
from portal.access.roles import Role
from portal.accounts import members
from portal.foundation import clock, paging
from portal.foundation.database import transaction
from portal.foundation.errors import Changed, NotFound
from portal.foundation.words import NameTooLong
from portal.reviews import operations as reviews
from portal.reviews import store
from portal.reviews.errors import (
    CannotAbandon,
    DueOutOfRange,
    FilterOutOfRange,
    FilterUnknown,
    NothingToReview,
    RecurrenceOutOfRange,
    ReviewerNotStaff,
    ReviewersMissing,
    SilenceNeedsTime,
)
from portal.reviews.models import CampaignState, Decision, Silence
from portal.reviews.wanted import Wanted
from tests.factories import a_vendor, membership_of
from tests.reviews.scenes import (
    DELEGATIONS,
    ENTITLEMENTS,
    an_open,
    close,
    days_later,
    decide,
    events,
    make,
    parties,
    seen,
    work,
)


def test_a_campaign_begins_in_preparation_with_the_number_of_lines_it_expects(admin: Actor):
    parties()

    campaign = make(admin)

    assert campaign.state is CampaignState.PREPARING
    assert campaign.expected == 1
    assert events("review.made")[0].facts["lines"] == 1


def test_the_preview_counts_what_would_be_frozen(admin: Actor):
    parties()

    assert reviews.preview(admin, DELEGATIONS, Wanted()) == 1
    assert reviews.preview(admin, DELEGATIONS, Wanted(older_than_days=1)) == 0


def test_the_same_request_twice_is_one_campaign(admin: Actor):
    parties()
    due_at = clock.now() + timedelta(days=30)

    first, second = make(admin, due_at=due_at), make(admin, due_at=due_at)

    assert first.public_id == second.public_id
    assert len(events("review.made")) == 1


@pytest.mark.parametrize("changed", ["recurs_days", "reviewers", "fallbacks"])
def test_a_request_with_other_people_or_another_recurrence_is_another_campaign(changed: str, admin: Actor):
    parties()
    due_at, other = clock.now() + timedelta(days=30), a_vendor()
    value = {"recurs_days": 90, "reviewers": [admin, other], "fallbacks": [other]}[changed]

    first = make(admin, due_at=due_at)

    assert make(admin, due_at=due_at, **{changed: value}).public_id != first.public_id
    assert make(admin, due_at=due_at).public_id == first.public_id


def test_all_partner_admins_may_be_named_however_many_there_are(admin: Actor, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(paging, "PAGE_ROWS", 2)
    others = [a_vendor() for _one in range(3)]
    a_vendor(Role.OPERATOR)

    found = store.staff_of(admin)

    assert {row.id for row in found} == {actor.membership_id for actor in (admin, *others)}


def test_the_same_request_for_other_things_is_another_campaign(admin: Actor):
    parties()
    due_at = clock.now() + timedelta(days=30)

    assert make(admin, due_at=due_at).public_id != make(admin, ENTITLEMENTS, due_at=due_at).public_id


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"due_at": timedelta(days=-1)}, DueOutOfRange),
        ({"due_at": timedelta(hours=23)}, DueOutOfRange),
        ({"due_at": timedelta(days=366)}, DueOutOfRange),
        ({"due_at": timedelta(days=14), "silence": Silence.END}, SilenceNeedsTime),
        ({"recurs_days": 6}, RecurrenceOutOfRange),
        ({"recurs_days": 731}, RecurrenceOutOfRange),
        ({"reviewers": []}, ReviewersMissing),
        ({"wanted": Wanted(older_than_days=-1)}, FilterOutOfRange),
        ({"wanted": Wanted(unused_for_days=3651)}, FilterOutOfRange),
        ({"wanted": Wanted(edition="no-such-edition")}, FilterUnknown),
        ({"wanted": Wanted(contract="ctr_none")}, FilterUnknown),
        ({"wanted": Wanted(older_than_days=1)}, NothingToReview),
        ({"name": "x" * 101}, NameTooLong),
    ],
)
def test_what_no_campaign_is_made_of(admin: Actor, changed, refusal):
    parties()
    if "due_at" in changed:
        changed = changed | {"due_at": clock.now() + changed["due_at"]}

    with pytest.raises(refusal):
        make(admin, **changed)


def test_a_last_review_in_the_future_is_refused(admin: Actor):
    parties()

    with pytest.raises(FilterOutOfRange):
        make(admin, wanted=Wanted(not_reviewed_since=clock.now().date() + timedelta(days=1)))


@pytest.mark.parametrize("role", [Role.OPERATOR])
def test_only_who_may_keep_reviews_can_be_a_reviewer(admin: Actor, role: Role):
    parties()

    with pytest.raises(ReviewerNotStaff):
        make(admin, reviewers=[a_vendor(role)])


@pytest.mark.parametrize("role", [Role.OPERATOR])
def test_an_operator_makes_no_campaign(admin: Actor, role: Role):
    parties()

    with pytest.raises(NotAllowed):
        make(a_vendor(role), reviewers=[admin])


def test_a_tenant_neither_makes_nor_finds_a_campaign(admin: Actor):
    owner, _integrator = parties()
    campaign = make(admin)

    with pytest.raises(NotAllowed):
        reviews.preview(owner, DELEGATIONS, Wanted())
    with pytest.raises(NotFound):
        store.get_campaign(owner, campaign.public_id)


def test_abandoning_ends_it_and_what_was_asked(admin: Actor):
    owner, _integrator = parties()
    campaign = an_open(admin)

    with transaction():
        found = store.get_campaign(admin, campaign.public_id)
        reviews.abandon(admin, found, found.version)

    assert seen(admin, campaign).state is CampaignState.ABANDONED
    assert store.questions_of(owner).rows[0].closed_at is not None
    assert len(events("review.abandoned")) == 1


def test_abandoning_twice_changes_nothing(admin: Actor):
    parties()
    campaign = an_open(admin)
    version = campaign.version

    for _time in range(2):
        with transaction():
            reviews.abandon(admin, store.get_campaign(admin, campaign.public_id), version)

    assert len(events("review.abandoned")) == 1


def test_a_form_from_before_the_list_was_frozen_abandons_nothing(admin: Actor):
    parties()
    campaign = make(admin)
    version = campaign.version
    work()

    with transaction(), pytest.raises(Changed):
        reviews.abandon(admin, seen(admin, campaign), version)


def test_a_closed_campaign_cannot_be_abandoned(admin: Actor):
    parties()
    campaign = an_open(admin)
    decide(admin, campaign, Decision.KEEP)
    campaign = close(admin, campaign)

    with transaction(), pytest.raises(CannotAbandon):
        reviews.abandon(admin, store.get_campaign(admin, campaign.public_id), campaign.version)


def test_one_that_recurs_is_followed_by_the_next_when_it_is_closed(admin: Actor):
    parties()
    campaign = an_open(admin, recurs_days=90, wanted=Wanted(edition="adobe-commerce"))
    decide(admin, campaign, Decision.KEEP)

    close(admin, campaign)

    following, first = store.campaigns_page(admin, None, None).rows
    assert following.follows_id == first.id
    assert following.due_at == first.due_at + timedelta(days=90)
    assert following.filters == first.filters
    assert [row.membership_id for row in following.reviewers] == [admin.membership_id]
    work()
    assert seen(admin, following).state is CampaignState.OPEN


def test_the_next_one_is_decided_by_those_who_are_still_there(admin: Actor):
    parties()
    leaving, staying = a_vendor(), admin
    campaign = an_open(admin, recurs_days=90, reviewers=[leaving, staying])
    decide(staying, campaign, Decision.KEEP)
    with transaction():
        members.remove(admin, membership_of(leaving))

    close(admin, campaign)

    following = store.campaigns_page(admin, CampaignState.PREPARING, None).rows[0]
    assert [row.membership_id for row in following.reviewers] == [staying.membership_id]


def test_one_closed_late_is_followed_from_the_day_it_was_closed(admin: Actor):
    parties()
    campaign = an_open(admin, recurs_days=7)

    with days_later(200, after=campaign.due_at):
        close(admin, campaign)
        following = store.campaigns_page(admin, None, None).rows[0]

        assert following.due_at > clock.now() + timedelta(days=6)


def test_due_is_a_moment_wherever_clocks_change(admin: Actor):
    """A day on which clocks somewhere are put back has 25 hours there; in UTC every step is as long as any other."""
    with clock.travelled_to(clock.now().replace(month=10, day=1, hour=12)):
        parties()
        campaign = an_open(admin, due_at=clock.now().replace(day=25, hour=23, minute=59), recurs_days=7)
        decide(admin, campaign, Decision.KEEP)
        close(admin, campaign)
        following, first = store.campaigns_page(admin, None, None).rows

        assert following.due_at - first.due_at == timedelta(days=7)
