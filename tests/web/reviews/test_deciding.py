"""Lines of a review: looked at with their context, decided one by one or together, by whoever may."""

from datetime import timedelta

import pytest

from portal.access.roles import Role
from portal.foundation import clock
from portal.reviews.deciding import MOST_AT_ONCE
from portal.reviews.models import Decision, ReviewSubject
from tests.factories import a_vendor, tenant_of
from tests.reviews.scenes import an_open, days_later, decide, lines, parties, some_keys, work
from tests.web.reviews.pages import Reviewing, read, said


def test_a_line_is_told_with_its_context(reviewing):
    words = said(reviewing.look())

    assert "Agency" in words
    assert "Last used never" in words
    assert "Owner: no answer yet" in words


def test_ticked_lines_are_decided_together(admin, review, reviewing):
    answer = reviewing.decide("end", reason="Nobody works there.")

    assert answer.status_code == 303
    (line,) = lines(admin, review)
    assert (line.decision, line.reason) == (Decision.END, "Nobody works there.")


def test_the_server_measures_how_long_it_took(admin, review, reviewing):
    stamp, ticks = reviewing.stamp(), reviewing.ticks()

    with clock.travelled_to(clock.now() + timedelta(seconds=95)):
        reviewing.decide("keep", *ticks, started=stamp)

    assert 95 <= lines(admin, review)[0].seconds_taken <= 100


def test_a_stamp_of_another_review_is_not_taken(admin, review, reviewing):
    another = an_open(admin, name="Another")
    elsewhere = Reviewing(reviewing.browser, reviewing.address.replace(review.public_id, another.public_id))

    answer = reviewing.decide("keep", started=elsewhere.stamp())

    assert answer.status_code == 422
    assert lines(admin, review)[0].decision is None


def test_to_end_something_needs_a_reason_and_the_ticks_stay(reviewing):
    answer = reviewing.decide("end", reason=" ")

    assert answer.status_code == 422
    assert "Say why" in said(answer)
    assert read(answer).select("input[name=lines][checked]")


def test_51_ticked_lines_are_too_many_and_nothing_is_lost(admin, review, reviewing):
    ticks = [*reviewing.ticks(), *(f"{number}.1" for number in range(2, MOST_AT_ONCE + 2))]

    answer = reviewing.decide("keep", *ticks, reason="All looked at.")

    assert answer.status_code == 422
    assert "At most 50 lines" in said(answer)
    assert "All looked at." in answer.text
    assert lines(admin, review)[0].decision is None


def test_a_line_that_is_not_there_does_not_exist(reviewing):
    assert reviewing.decide("keep", "77.1").status_code == 404
    assert reviewing.look("/lines/77").status_code == 404
    assert reviewing.look("/lines/x").status_code == 404


def test_what_somebody_else_decided_meanwhile_is_said(admin, review, signed_in, reviewing):
    other = a_vendor()
    shared = an_open(admin, name="Shared", reviewers=[admin, other])
    at = Reviewing(reviewing.browser, reviewing.address.replace(review.public_id, shared.public_id))
    ticks = at.ticks()
    decide(other, shared, Decision.END)

    answer = at.decide("keep", *ticks)

    assert answer.status_code == 409
    assert f"{other.label} decided line 1 meanwhile: end" in said(answer)
    assert lines(admin, shared)[0].decision is Decision.END


def test_one_line_is_narrowed_to_what_stays(admin, review, reviewing):
    answer = reviewing.decide_line(1, "narrow", environments=["sandbox"], rights=["keys"], last_day="")

    assert answer.status_code == 303
    assert lines(admin, review)[0].narrow_to == {"environments": ["sandbox"], "rights": ["keys", "view"]}


def test_narrowing_leaves_an_environment(reviewing):
    answer = reviewing.decide_line(1, "narrow", rights=["keys"], last_day="")

    assert answer.status_code == 422
    assert "To take all away, end it." in said(answer)


def test_narrowing_takes_something_away(reviewing):
    kept = {"environments": ["sandbox", "production"], "rights": ["keys", "projects", "installations"]}

    answer = reviewing.decide_line(1, "narrow", **kept, last_day="")

    assert answer.status_code == 422


def test_a_line_keeps_what_was_decided_before_a_changed_mind(admin, review, reviewing):
    reviewing.decide("keep")

    page = read(reviewing.look("/lines/1"))

    assert page.select_one("input[name=decision][value=keep]").has_attr("checked")
    assert "Took" in said(reviewing.look("/lines/1"))


def test_who_is_no_reviewer_looks_and_decides_nothing(review, reviewing, signed_in):
    other = Reviewing(signed_in(a_vendor()), reviewing.address)

    page = other.look()

    assert page.status_code == 200
    assert not read(page).select("input[name=lines]")
    assert "You are not one of its reviewers" in said(other.look("/lines/1"))


def test_an_operator_decides_nothing(reviewing, signed_in):
    operator = Reviewing(signed_in(a_vendor(Role.OPERATOR)), reviewing.address)

    assert operator.browser.post(operator.address, data={}).status_code == 403
    assert operator.browser.post(operator.address + "/lines/1", data={}).status_code == 403


@pytest.mark.parametrize(
    ("query", "shown"),
    [("?decision=undecided", 1), ("?decision=end", 1), ("?decision=narrow", 0), ("?q=agency", 2), ("?q=nobody", 0)],
)
def test_lines_are_filtered_by_the_address(query, shown, admin, signed_in):
    parties()
    parties()
    review = an_open(admin)
    decide(admin, review, Decision.END, "Over.", 1)
    at = Reviewing(signed_in(admin), f"/{tenant_of(admin).account_id}/reviews/{review.public_id}")

    assert len(read(at.look(query)).select("input[name=lines]")) == shown


def test_a_page_holds_as_many_lines_as_can_be_ticked(admin, signed_in):
    some_keys(MOST_AT_ONCE + 2)
    review = an_open(admin, ReviewSubject.KEYS)
    at = Reviewing(signed_in(admin), f"/{tenant_of(admin).account_id}/reviews/{review.public_id}")

    first = read(at.look())
    second = read(at.browser.get(first.select_one("a[rel=next]")["href"]))

    pages = [page.select("input[name=lines]") for page in (first, second)]
    assert [len(ticks) for ticks in pages] == [MOST_AT_ONCE, 2]


def test_a_filter_that_leaves_nothing_offers_the_way_back(reviewing):
    assert "Nothing matches these filters" in said(reviewing.look("?decision=end"))


LARGE = b"9999999999".hex()


@pytest.mark.parametrize(
    "query",
    [
        "?after=nonsense",
        "?after=" + "61" * 40,
        f"?after={LARGE}",
        f"?outcome=kept&after={LARGE}",
        f"?outcome=kept&after={LARGE * 3}",
        "?decision=x&said=y&outcome=z&q=%00",
    ],
)
def test_an_address_that_was_typed_by_hand_breaks_nothing(query, reviewing):
    assert reviewing.look(query).status_code in (200, 422)


def test_a_called_fallback_decides(admin, review, reviewing, signed_in):
    fallback = a_vendor()
    shared = an_open(admin, name="With a fallback", fallbacks=[fallback])
    at = Reviewing(signed_in(fallback), reviewing.address.replace(review.public_id, shared.public_id))
    assert not at.ticks()

    with days_later(28):
        work()

    assert at.ticks()
