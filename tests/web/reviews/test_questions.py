"""Owner and integrator say, each in its own account, whether they still need a delegation."""

import pytest

from portal.access.roles import Role
from portal.delegations import store
from portal.reviews.models import Answer, Decision
from portal.usage import traces
from tests.factories import a_call, a_delegation, a_key, a_licensee, a_member, an_integrator, for_client, tenant_of
from tests.reviews.scenes import an_open, close, decide, parties, question_for
from tests.web.reviews.pages import said


def address(actor) -> str:
    return f"/{tenant_of(actor).account_id}/reviews/questions"


@pytest.fixture(params=[0, 1], ids=["owner", "integrator"])
def side(request, sides):
    return sides[request.param]


def test_a_side_is_asked_on_its_overview(review, side, signed_in):
    page = signed_in(side).get(f"/{tenant_of(side).account_id}")

    assert "The vendor asks whether a delegation is still needed." in said(page)


def test_who_may_not_answer_is_not_called(review, sides, signed_in):
    viewer = a_member(tenant_of(sides[0]), Role.VIEWER)

    assert "The vendor asks" not in said(signed_in(viewer).get(f"/{tenant_of(viewer).account_id}"))


def test_a_side_answers_and_may_change_its_mind(review, side, signed_in):
    browser, question = signed_in(side), question_for(side).public_id
    for answer in ("not_needed", "needed"):
        done = browser.post(f"{address(side)}/{question}", data={"answer": answer, "reason": "As it is."})

        assert done.status_code == 303

    assert question_for(side).answer is Answer.NEEDED
    assert "Still needed" in said(browser.get(address(side)))


def test_an_answered_question_calls_nobody_any_more(review, side, signed_in):
    browser = signed_in(side)
    browser.post(f"{address(side)}/{question_for(side).public_id}", data={"answer": "needed"})

    assert "The vendor asks" not in said(browser.get(f"/{tenant_of(side).account_id}"))


def test_the_page_says_what_the_delegation_covers_and_its_last_use(review, sides, signed_in):
    owner, integrator = sides
    delegation = store.get_given(owner, question_for(owner).delegation_public_id)
    pair = a_key(for_client(integrator, delegation), name="Of the agency")
    a_call(pair)
    traces.flush()
    for side in sides:
        words = said(signed_in(side).get(f"{address(side)}/{question_for(side).public_id}"))

        assert "Key pairs in service under it 1" in words
        assert "Last used never" not in words


def test_the_other_sides_answer_is_not_shown(review, sides, signed_in):
    owner, integrator = sides
    signed_in(owner).post(
        f"{address(owner)}/{question_for(owner).public_id}", data={"answer": "not_needed", "reason": "A secret reason"}
    )

    page = signed_in(integrator).get(f"{address(integrator)}/{question_for(integrator).public_id}")

    assert "A secret reason" not in page.text


def test_the_reviewer_reads_both_answers(review, sides, reviewing, signed_in):
    owner, _integrator = sides
    signed_in(owner).post(
        f"{address(owner)}/{question_for(owner).public_id}", data={"answer": "not_needed", "reason": "We changed."}
    )

    words = said(reviewing.look("?said=not_needed"))

    assert "Owner: No longer needed We changed." in words
    assert "Integrator: no answer yet" in words


def test_a_viewer_sees_the_question_and_who_answers(review, sides, signed_in):
    viewer = a_member(tenant_of(sides[0]), Role.VIEWER)
    browser, where = signed_in(viewer), f"{address(viewer)}/{question_for(sides[0]).public_id}"

    assert "An owner or a key manager of this account can do this." in said(browser.get(where))
    assert browser.post(where, data={"answer": "needed"}).status_code == 403


def test_an_answer_is_needed(review, side, signed_in):
    answer = signed_in(side).post(f"{address(side)}/{question_for(side).public_id}", data={"reason": "Perhaps."})

    assert answer.status_code == 422
    assert "Choose an answer." in said(answer)
    assert "Perhaps." in answer.text


def test_after_closing_the_answer_stays_as_it_is(admin, review, side, signed_in):
    decide(admin, review, Decision.KEEP)
    close(admin, review)
    browser, where = signed_in(side), f"{address(side)}/{question_for(side).public_id}"

    assert "This review is over" in said(browser.get(where))
    assert browser.post(where, data={"answer": "needed"}).status_code == 409


def test_somebody_elses_question_does_not_exist(admin, review, sides, signed_in):
    stranger = a_licensee()

    answer = signed_in(stranger).get(f"{address(stranger)}/{question_for(sides[0]).public_id}")

    assert answer.status_code == 404


def test_who_is_asked_nothing_sees_a_friendly_page(signed_in):
    somebody = a_licensee()

    assert "Nothing is asked of you" in said(signed_in(somebody).get(address(somebody)))


def test_an_integrator_answers_in_its_own_account_only(review, sides, signed_in):
    owner, integrator = sides

    assert signed_in(integrator).get(address(owner)).status_code == 404


def test_several_are_counted_on_the_overview(admin, signed_in):
    owner, _integrator = parties()
    a_delegation(owner, an_integrator(name="Second"))
    an_open(admin)

    page = signed_in(owner).get(f"/{tenant_of(owner).account_id}")

    assert "The vendor asks whether 2 delegations are still needed." in said(page)
