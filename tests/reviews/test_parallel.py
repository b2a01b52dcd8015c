"""Reviewers, workers and double clicks, all at once."""

from datetime import timedelta

import pytest

from portal.access.actor import Actor
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.reviews import closing, freezing, store
from portal.reviews import operations as reviews
from portal.reviews.models import CampaignState, Decision
from tests.factories import a_vendor
from tests.parallel import at_once
from tests.reviews.scenes import KEYS, an_open, decide, events, lines, make, outcomes, parties, seen, some_keys


def test_of_8_who_decide_one_line_differently_one_wins(admin: Actor):
    parties()
    others = [admin, *(a_vendor() for _one in range(7))]
    public_id = (campaign := an_open(admin, reviewers=others)).public_id

    def one(number: int) -> None:
        decision = Decision.KEEP if number % 2 else Decision.END
        with transaction():
            found = store.get_campaign(others[number], public_id)
            line = store.lines_page(others[number], found).rows
            reviews.decide(others[number], found, line, decision, f"Reason {number}.", seconds_taken=1)

    assert at_once(one, 8) == {"done": 1, "review_line_decided": 7}
    assert len(events("review.decided")) == 1
    assert lines(admin, campaign)[0].decision is not None


def test_of_8_who_close_one_campaign_one_does(admin: Actor):
    parties()
    public_id = (campaign := an_open(admin)).public_id
    decide(admin, campaign, Decision.KEEP)
    version = seen(admin, campaign).version

    def close(_number: int) -> None:
        with transaction():
            reviews.close(admin, store.get_campaign(admin, public_id), version)

    assert at_once(close, 8) == {"done": 1, "review_already_closing": 7}
    assert len(events("review.closing")) == 1


def test_8_identical_wishes_make_one_campaign(admin: Actor):
    parties()
    due_at = clock.now() + timedelta(days=30)

    assert at_once(lambda _number: make(admin, due_at=due_at), 8) == {"done": 8}
    assert len(store.campaigns_page(admin, None, None).rows) == 1


def test_several_workers_freeze_each_line_once(admin: Actor, monkeypatch: pytest.MonkeyPatch):
    some_keys(6)
    monkeypatch.setattr(freezing, "BATCH", 2)
    campaign = make(admin, KEYS)
    public_id = campaign.public_id

    def work(_number: int) -> None:
        for _time in range(30):
            freezing.run_once(clock.now())

    at_once(work, 4)

    found = store.get_campaign(admin, public_id)
    assert found.state is CampaignState.OPEN
    assert [line.position for line in lines(admin, found)] == [1, 2, 3, 4, 5, 6]


def test_several_workers_carry_each_line_out_once(admin: Actor, monkeypatch: pytest.MonkeyPatch):
    some_keys(6)
    monkeypatch.setattr(closing, "BATCH", 2)
    campaign = an_open(admin, KEYS)
    decide(admin, campaign, Decision.END, "Gone.")
    with transaction():
        found = store.get_campaign(admin, campaign.public_id)
        reviews.close(admin, found, found.version)
    campaign = seen(admin, campaign)

    def work(_number: int) -> None:
        for _time in range(30):
            closing.run_once(clock.now())

    at_once(work, 4)

    assert len(events("key.revoked")) == 6
    assert len(events("review.closed")) == 1
    assert {outcome.value for outcome in outcomes(admin, campaign) if outcome} == {"ended"}
