"""Reviews in their list, and how one is counted, made, worked off, closed and abandoned."""

from datetime import UTC, datetime, time, timedelta

import pytest

from portal.access.roles import Role
from portal.foundation import clock
from portal.impact import reviews
from portal.impact.expiring import Term
from portal.reviews import applying, store, upkeep
from portal.reviews.models import CampaignState, Decision, Outcome, ReviewSubject
from portal.web.reviews import closable
from tests.factories import a_key, a_vendor, tenant_of
from tests.reviews.scenes import WORKER, an_open, days_later, decide, events, lines, make, seen, work
from tests.web.reviews.pages import Reviewing, read, said


@pytest.fixture
def place(admin):
    return f"/{tenant_of(admin).account_id}/reviews"


@pytest.fixture
def form(admin):
    """A form for a review of all delegations."""
    return {
        "name": "Spring",
        "subject": "delegations",
        "reviewers": [str(admin.membership_id)],
        "last_day": (clock.now() + timedelta(days=30)).date().isoformat(),
        "silence": "keep",
    }


def test_without_a_review_the_list_offers_to_make_one(place, admin, signed_in):
    assert "No review yet" in said(signed_in(admin).get(place))


def test_an_operator_sees_who_makes_them(place, signed_in):
    words = said(signed_in(a_vendor(Role.OPERATOR)).get(place))

    assert "A partner admin can do this." in words


def test_counting_makes_nothing(place, form, sides, admin, signed_in):
    answer = signed_in(admin).post(f"{place}/new/count", data=form)

    assert answer.status_code == 200
    assert "This review would hold 1 line" in said(answer)
    assert not store.campaigns_page(admin, None, None).rows


def test_a_count_of_nothing_offers_no_making(place, form, admin, signed_in):
    answer = signed_in(admin).post(f"{place}/new/count", data=form)

    assert "This review would hold no line" in said(answer)
    assert "Make the review" not in [button.get_text(strip=True) for button in read(answer).select("button")]


def test_making_writes_the_lines_down_with_progress(place, form, sides, admin, signed_in):
    browser = signed_in(admin)

    answer = browser.post(f"{place}/new", data=form)

    page = browser.get(answer.location)
    assert answer.status_code == 303
    assert page.headers["Refresh"] == "2"
    assert "0 of 1 lines" in said(page)
    assert "<script>" not in page.text


def test_an_open_review_does_not_look_again_by_itself(reviewing):
    assert "Refresh" not in reviewing.look().headers


def test_silence_that_ends_needs_time_for_its_warnings(place, form, sides, admin, signed_in):
    form |= {"silence": "end", "last_day": (clock.now() + timedelta(days=5)).date().isoformat()}

    answer = signed_in(admin).post(f"{place}/new", data=form)

    assert answer.status_code == 422
    assert "four warnings come first" in said(answer)


def test_an_unknown_contract_is_said_at_its_field(place, form, admin, signed_in):
    answer = signed_in(admin).post(f"{place}/new/count", data=form | {"contract": "con_nothing"})

    assert answer.status_code == 422
    assert "There is no contract" in read(answer).select_one("#contract-error").get_text()


@pytest.mark.parametrize(("days", "tile"), [(0.5, "1"), (5, "7"), (20, "30")])
def test_tiles_count_what_is_due_and_lead_to_it(days, tile, place, sides, admin, signed_in):
    an_open(admin, name="Soon", due_at=clock.now() + timedelta(days=25))

    with days_later(25 - days):
        page = signed_in(admin).get(f"{place}?due={tile}")

    assert "Soon" in said(page)


def test_a_review_past_its_date_stands_under_past(place, sides, admin):
    an_open(admin, name="Late", due_at=clock.now() + timedelta(days=2))

    counts = reviews.due_counts(admin, clock.now() + timedelta(days=3))

    assert counts == {Term.ONE_DAY: 0, Term.SEVEN_DAYS: 0, Term.THIRTY_DAYS: 0, Term.PAST: 1}


def test_what_waits_keeps_the_review_open_and_says_so(reviewing):
    words = said(reviewing.look())

    assert "the review is due only on" in words
    assert reviewing.look("/close").status_code == 409


def test_closing_says_first_what_it_would_do(admin, review, reviewing):
    decide(admin, review, Decision.END)

    words = said(reviewing.look("/close"))

    assert "Would be ended 1" in words
    assert "Cancel, change nothing" in words


def test_closing_carries_out_and_shows_the_result(admin, review, reviewing):
    decide(admin, review, Decision.END)

    assert reviewing.confirm("/close").status_code == 303
    assert reviewing.look().headers["Refresh"] == "2"
    work()

    words = said(reviewing.look())
    assert "The result" in words
    assert lines(admin, review)[0].outcome is Outcome.ENDED
    assert len(read(reviewing.look("?outcome=ended")).select("tbody tr")) == 1
    assert "Nothing matches" in said(reviewing.look("?outcome=kept"))


def test_closing_twice_says_who_closed(admin, review, reviewing):
    decide(admin, review, Decision.END)
    version = {"version": str(review.version)}
    reviewing.confirm("/close")

    answer = reviewing.browser.post(f"{reviewing.address}/close", data=version)

    assert answer.status_code == 409
    assert f"{admin.label} closed the review" in said(answer)


def test_what_could_not_be_carried_out_says_why(admin, review, reviewing, monkeypatch):
    decide(admin, review, Decision.END)
    reviewing.confirm("/close")
    monkeypatch.setattr(applying, "carry_out", lambda *_all: (Outcome.NOT_APPLIED, "not_found"))
    work()

    words = said(reviewing.look())
    assert "1 line could not be carried out" in words
    assert "There is nothing here, or it is not yours to see." in words


def test_an_abandoned_review_carries_nothing_out(admin, review, reviewing):
    assert "no decision is carried out" in said(reviewing.look("/abandon"))

    assert reviewing.confirm("/abandon").status_code == 303

    assert seen(admin, review).state is CampaignState.ABANDONED
    assert "Abandoned" in said(reviewing.look())


def test_a_form_from_before_a_change_does_not_abandon(review, reviewing):
    answer = reviewing.browser.post(f"{reviewing.address}/abandon", data={"version": "999"})

    assert answer.status_code == 409


def test_a_review_of_entitlements_and_one_of_keys_are_drawn(admin, sides, signed_in, place):
    for subject in (ReviewSubject.ENTITLEMENTS, ReviewSubject.KEYS):
        a_key(sides[0], name=f"For {subject}")
        review = an_open(admin, subject, name=f"All {subject}")
        at = Reviewing(signed_in(admin), f"{place}/{review.public_id}")

        assert at.look().status_code == at.look("/lines/1").status_code == 200
        assert ("Narrow" in said(at.look("/lines/1"))) is (subject is ReviewSubject.ENTITLEMENTS)


def test_making_and_abandoning_are_on_record(admin, review, reviewing):
    reviewing.confirm("/abandon")

    assert [len(events(name)) for name in ("review.made", "review.abandoned")] == [1, 1]


def test_a_review_while_it_is_prepared_can_be_abandoned(admin, sides, signed_in, place):
    review = make(admin)
    at = Reviewing(signed_in(admin), f"{place}/{review.public_id}")

    at.confirm("/abandon")
    upkeep.freeze(WORKER)
    upkeep.close(WORKER)

    assert seen(admin, review).state is CampaignState.ABANDONED


def test_why_it_cannot_be_closed_yet_names_the_day_that_the_operation_names(admin, sides):
    day = (clock.now() + timedelta(days=30)).date()
    campaign = an_open(admin, due_at=datetime.combine(day, time(), tzinfo=UTC))

    refusal = closable.refusal_to_close(campaign, 1)

    assert refusal.facts["due"] == (day - timedelta(days=1)).isoformat()
