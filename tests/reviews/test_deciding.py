"""Who decides, what, and what happens when two decide the same line."""

import pytest

from portal.access.actor import Actor
from portal.access.errors import NotAllowed
from portal.access.roles import Role
from portal.accounts import members
from portal.foundation.database import transaction
from portal.foundation.errors import NotFound
from portal.foundation.words import TextTooLong
from portal.reviews import contexts, store
from portal.reviews import operations as reviews
from portal.reviews.errors import (
    CampaignNotOpen,
    DecisionReasonMissing,
    KeysNotNarrowed,
    LineDecided,
    NarrowingMissing,
    NarrowingOutOfRange,
    NoLines,
    NotReviewer,
    TooManyLines,
)
from portal.reviews.models import Decision
from tests.factories import a_vendor, membership_of
from tests.reviews.scenes import KEYS, an_open, close, decide, events, lines, make, parties, seen, some_keys

KEEP, NARROW, END = Decision


def test_a_decision_is_stored_with_who_why_how_long_and_how_many_together(admin: Actor):
    some_keys(2)
    campaign = an_open(admin, KEYS)

    assert decide(admin, campaign, END, "Left over from the old shop.") == 2

    line = lines(admin, campaign)[0]
    assert (line.decision, line.reason) == (END, "Left over from the old shop.")
    assert (line.decided_by_label, line.seconds_taken, line.bulk_size) == (admin.label, 7, 2)


def test_deciding_several_lines_is_one_event(admin: Actor):
    some_keys(3)
    campaign = an_open(admin, KEYS)

    decide(admin, campaign, KEEP)

    (event,) = events("review.decided")
    assert event.facts == {"lines": 3, "decision": "keep"}


def test_deciding_the_same_again_changes_nothing_and_is_no_event(admin: Actor):
    some_keys(1)
    campaign = an_open(admin, KEYS)
    decide(admin, campaign, KEEP)
    version = lines(admin, campaign)[0].version

    assert decide(admin, campaign, KEEP) == 0
    assert lines(admin, campaign)[0].version == version
    assert len(events("review.decided")) == 1


def test_the_progress_counts_decisions(admin: Actor):
    some_keys(3)
    campaign = an_open(admin, KEYS)
    decide(admin, campaign, END, "Old.", 1)

    counts = store.progress_of(admin, seen(admin, campaign))

    assert (counts.total, counts.end, counts.keep, counts.undecided) == (3, 1, 0, 2)


@pytest.mark.parametrize("decision", [NARROW, END])
def test_what_takes_something_away_needs_a_reason(admin: Actor, decision: Decision):
    parties()
    campaign = an_open(admin)

    with pytest.raises(DecisionReasonMissing):
        decide(admin, campaign, decision, " ")


def test_keeping_needs_none(admin: Actor):
    parties()

    assert decide(admin, an_open(admin), KEEP, "") == 1


def test_a_reason_has_a_limit(admin: Actor):
    parties()

    with pytest.raises(TextTooLong):
        decide(admin, an_open(admin), KEEP, "x" * 2001)


def test_at_most_fifty_lines_are_decided_at_once(admin: Actor):
    parties()
    campaign = an_open(admin)
    found = list(lines(admin, campaign)) * 51

    with transaction(), pytest.raises(TooManyLines):
        reviews.decide(admin, seen(admin, campaign), found, KEEP, "", seconds_taken=1)


def test_no_line_at_all_is_refused(admin: Actor):
    parties()
    campaign = an_open(admin)

    with transaction(), pytest.raises(NoLines):
        reviews.decide(admin, seen(admin, campaign), [], KEEP, "", seconds_taken=1)


def test_a_line_of_another_campaign_is_not_there(admin: Actor):
    parties()
    some_keys(2)
    campaign, other = an_open(admin), an_open(admin, KEYS)
    foreign = lines(admin, other)

    with transaction(), pytest.raises(NotFound):
        reviews.decide(admin, seen(admin, campaign), foreign, KEEP, "", seconds_taken=1)


def test_nothing_is_decided_before_the_list_is_frozen(admin: Actor):
    parties()
    other = an_open(admin, name="Other")
    campaign = make(admin)
    found = lines(admin, other)

    with transaction(), pytest.raises(CampaignNotOpen):
        reviews.decide(admin, seen(admin, campaign), found, KEEP, "", seconds_taken=1)


def test_nothing_is_decided_after_closing(admin: Actor):
    parties()
    campaign = an_open(admin)
    decide(admin, campaign, KEEP)
    close(admin, campaign)

    with pytest.raises(CampaignNotOpen):
        decide(admin, campaign, END)


def test_only_its_reviewers_decide(admin: Actor):
    parties()
    campaign = an_open(admin)

    with pytest.raises(NotReviewer):
        decide(a_vendor(), campaign, KEEP)
    with pytest.raises(NotAllowed):
        decide(a_vendor(Role.OPERATOR), campaign, KEEP)


def test_a_fallback_decides_nothing_before_it_is_called(admin: Actor):
    parties()
    fallback = a_vendor()
    campaign = an_open(admin, fallbacks=[fallback])

    with pytest.raises(NotReviewer):
        decide(fallback, campaign, KEEP)


def test_a_reviewer_who_left_decides_nothing(admin: Actor):
    parties()
    leaving = a_vendor()
    campaign = an_open(admin, reviewers=[admin, leaving])
    with transaction():
        members.remove(admin, membership_of(leaving))

    with pytest.raises(NotReviewer):
        decide(leaving, campaign, KEEP)


def test_when_nobody_who_was_named_is_left_whoever_keeps_reviews_decides(admin: Actor):
    parties()
    leaving = a_vendor()
    campaign = an_open(admin, reviewers=[leaving])
    with transaction():
        members.remove(admin, membership_of(leaving))

    assert decide(admin, campaign, KEEP) == 1


def test_the_second_who_decides_a_line_hears_what_the_first_decided(admin: Actor):
    parties()
    second = a_vendor()
    campaign = an_open(admin, reviewers=[admin, second])
    decide(admin, campaign, END, "Gone.")

    with pytest.raises(LineDecided) as refusal:
        decide(second, campaign, KEEP)

    assert refusal.value.status == 409
    assert refusal.value.facts == {"by": admin.label, "line": 1, "decision": "end"}
    assert lines(admin, campaign)[0].decision is END


def test_who_has_seen_the_others_decision_may_change_it(admin: Actor):
    parties()
    second = a_vendor()
    campaign = an_open(admin, reviewers=[admin, second])
    decide(admin, campaign, END, "Gone.")
    versions = {line.position: line.version for line in lines(second, campaign)}

    assert decide(second, campaign, KEEP, versions=versions) == 1


def test_two_tabs_of_one_person_do_not_overwrite_each_other(admin: Actor):
    parties()
    campaign = an_open(admin)
    versions = {line.position: line.version for line in lines(admin, campaign)}
    decide(admin, campaign, END, "Gone.", versions=versions)

    with pytest.raises(LineDecided):
        decide(admin, campaign, KEEP, versions=versions)


def test_one_of_fifty_that_somebody_decided_keeps_all_from_being_saved(admin: Actor):
    some_keys(3)
    second = a_vendor()
    campaign = an_open(admin, KEYS, reviewers=[admin, second])
    decide(admin, campaign, END, "Gone.", 2)

    with pytest.raises(LineDecided):
        decide(second, campaign, KEEP)

    assert [line.decision for line in lines(admin, campaign)] == [None, END, None]


def test_a_delegation_is_narrowed_to_fewer_rights(admin: Actor):
    parties()
    campaign = an_open(admin)

    decide(admin, campaign, NARROW, narrow_to={"rights": ["view"], "environments": ["sandbox"], "ends_on": ""})

    assert lines(admin, campaign)[0].narrow_to == {"rights": ["view"], "environments": ["sandbox"]}


@pytest.mark.parametrize(
    ("narrow_to", "refusal"),
    [
        (None, NarrowingMissing),
        ({}, NarrowingMissing),
        ({"ends_on": ""}, NarrowingMissing),
        ({"colour": "red"}, NarrowingMissing),
        ({"ends_on": "31.12.2026"}, NarrowingOutOfRange),
        ({"ends_on": "2020-01-01"}, NarrowingOutOfRange),
        ({"ends_on": "9999-12-31"}, NarrowingOutOfRange),
        ({"rights": ["everything"]}, NarrowingOutOfRange),
        ({"rights": ["view", "keys", "projects", "installations"]}, NarrowingOutOfRange),
        ({"environments": ["sandbox", "production"]}, NarrowingOutOfRange),
    ],
)
def test_what_is_no_narrowing(admin: Actor, narrow_to, refusal):
    parties()
    campaign = an_open(admin)

    with pytest.raises(refusal):
        decide(admin, campaign, NARROW, narrow_to=narrow_to)


def test_a_key_pair_cannot_be_narrowed(admin: Actor):
    some_keys(1)

    with pytest.raises(KeysNotNarrowed):
        decide(admin, an_open(admin, KEYS), NARROW, narrow_to={"ends_on": "2027-01-01"})


def test_a_page_of_lines_has_its_context_in_as_many_statements_however_long(admin: Actor):
    some_keys(3)
    campaign = an_open(admin, KEYS)

    found = contexts.of(admin, campaign, lines(admin, campaign))

    assert len(found) == 3
    assert all(context.facts and not context.changes and not context.is_over for context in found.values())
