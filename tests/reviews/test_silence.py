"""The warning ladder, whom it reaches, and when the fallbacks are called."""

from datetime import UTC, datetime, timedelta

import pytest

from portal.access.actor import Actor
from portal.accounts import members
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.reviews.models import Decision, Silence
from tests.factories import a_vendor, membership_of, tenant_of
from tests.reviews.scenes import (
    KEYS,
    an_open,
    close,
    days_later,
    decide,
    events,
    lines,
    mails,
    outcomes,
    parties,
    seen,
    some_keys,
    through_the_ladder,
    work,
)


def _before_due(campaign, days: float):
    return days_later(-days, after=campaign.due_at + timedelta(minutes=1))


def test_reviewers_hear_14_7_3_and_1_days_before_it_is_due(admin: Actor):
    some_keys(1)
    campaign = an_open(admin, KEYS)

    through_the_ladder(campaign)

    assert [mail.facts["days"] for mail in mails("review_due")] == [14, 7, 3, 1]
    assert [event.facts["days"] for event in events("review.warned")] == [14, 7, 3, 1]


def test_each_step_is_taken_once(admin: Actor):
    some_keys(1)
    campaign = an_open(admin, KEYS)

    with _before_due(campaign, 14):
        work()
        work()

    assert len(mails("review_due")) == 1


def test_a_worker_that_was_away_says_the_nearest_only(admin: Actor):
    some_keys(1)
    campaign = an_open(admin, KEYS)

    with _before_due(campaign, 3):
        work()

    assert [mail.facts["days"] for mail in mails("review_due")] == [3]
    assert seen(admin, campaign).warnings_sent == 3


def test_one_that_opens_late_begins_on_the_step_that_comes_next(admin: Actor):
    some_keys(1)
    campaign = an_open(admin, KEYS, due_at=clock.now() + timedelta(days=5))

    assert mails("review_due") == []
    with _before_due(campaign, 3):
        work()

    assert [mail.facts["days"] for mail in mails("review_due")] == [3]


def test_nobody_is_reminded_when_all_is_decided(admin: Actor):
    some_keys(1)
    campaign = an_open(admin, KEYS)
    decide(admin, campaign, Decision.KEEP)

    through_the_ladder(campaign)

    assert mails("review_due") == []


def test_where_silence_ends_the_parties_are_warned_too(admin: Actor):
    owner, integrator = parties()
    campaign = an_open(admin, silence=Silence.END)

    through_the_ladder(campaign)

    told = [mail.facts["account"] for mail in mails("review_warned")]
    assert sorted(set(told)) == sorted(tenant_of(actor).account_id for actor in (owner, integrator))
    assert len(told) == 8
    assert lines(admin, campaign)[0].warnings == 4


def test_where_silence_keeps_the_parties_hear_nothing(admin: Actor):
    parties()
    campaign = an_open(admin)

    through_the_ladder(campaign)

    assert mails("review_warned") == []


def test_one_mail_a_person_and_step_however_many_lines(admin: Actor):
    some_keys(3)
    campaign = an_open(admin, KEYS, silence=Silence.END)

    with _before_due(campaign, 14):
        work()

    assert [mail.facts["lines"] for mail in mails("review_warned")] == [3]


def test_a_decided_line_is_not_warned_of(admin: Actor):
    some_keys(2)
    campaign = an_open(admin, KEYS, silence=Silence.END)
    decide(admin, campaign, Decision.KEEP, "", 1)

    with _before_due(campaign, 14):
        work()

    assert [line.warnings for line in lines(admin, campaign)] == [0, 1]


def test_an_owner_without_anybody_to_tell_is_not_warned_and_keeps_what_it_has(admin: Actor):
    owner = some_keys(1)
    campaign = an_open(admin, KEYS, silence=Silence.END)
    with transaction():
        membership_of(owner).ended_at = clock.now()

    through_the_ladder(campaign)

    with days_later(31):
        campaign = close(admin, campaign)
    assert [outcome.value for outcome in outcomes(admin, campaign) if outcome] == ["not_warned"]


def test_fallbacks_are_called_three_days_before_it_is_due(admin: Actor):
    some_keys(1)
    fallback = a_vendor()
    campaign = an_open(admin, KEYS, fallbacks=[fallback])

    with _before_due(campaign, 7):
        work()
    assert mails("review_called") == []

    with _before_due(campaign, 3):
        work()
        work()
        assert decide(fallback, campaign, Decision.KEEP) == 1

    assert len(mails("review_called")) == 1
    assert events("review.fallbacks_called")[0].facts["people"] == [fallback.label]


def test_fallbacks_are_not_called_when_all_is_decided(admin: Actor):
    some_keys(1)
    campaign = an_open(admin, KEYS, fallbacks=[a_vendor()])
    decide(admin, campaign, Decision.KEEP)

    through_the_ladder(campaign)

    assert mails("review_called") == []


def test_fallbacks_are_called_at_once_when_the_reviewer_left_the_vendor(admin: Actor):
    some_keys(1)
    leaving, fallback = a_vendor(), a_vendor()
    campaign = an_open(admin, KEYS, reviewers=[leaving], fallbacks=[fallback])
    with transaction():
        members.remove(admin, membership_of(leaving))

    work()

    assert len(mails("review_called")) == 1
    assert decide(fallback, campaign, Decision.KEEP) == 1


def test_one_reviewer_of_two_who_leaves_calls_nobody(admin: Actor):
    some_keys(1)
    leaving = a_vendor()
    an_open(admin, KEYS, reviewers=[admin, leaving], fallbacks=[a_vendor()])
    with transaction():
        members.remove(admin, membership_of(leaving))

    work()

    assert mails("review_called") == []


@pytest.mark.parametrize("day", [datetime(2027, 3, 28, 1, tzinfo=UTC), datetime(2027, 10, 31, 1, tzinfo=UTC)])
def test_the_hour_in_which_clocks_change_has_no_step_twice_and_none_is_lost(admin: Actor, day: datetime):
    with clock.travelled_to(day - timedelta(days=20)):
        some_keys(1)
        campaign = an_open(admin, KEYS, silence=Silence.END, due_at=day + timedelta(days=1))
        for hours in range(-24 * 14, 25, 6):
            with clock.travelled_to(day + timedelta(hours=hours, minutes=1)):
                work()

    assert [mail.facts["days"] for mail in mails("review_due")] == [14, 7, 3, 1]
    assert lines(admin, campaign)[0].warnings == 4
