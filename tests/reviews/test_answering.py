"""What each side of a delegation says, and who may say it."""

import pytest

from portal.access.actor import Actor
from portal.access.errors import NotAllowed
from portal.access.roles import Role
from portal.delegations import store as delegations
from portal.foundation.database import transaction
from portal.foundation.errors import NotFound
from portal.reviews import contexts, store
from portal.reviews import operations as reviews
from portal.reviews.errors import QuestionClosed
from portal.reviews.models import Answer, Decision
from tests.factories import a_licensee, a_member, for_client, tenant_of
from tests.reviews.scenes import an_open, close, decide, events, lines, parties, question_for, seen


def _say(actor: Actor, said: Answer, reason: str = "") -> None:
    with transaction():
        reviews.answer(actor, question_for(actor), said, reason)


def test_an_answer_is_stored_with_who_when_and_why(admin: Actor):
    owner, _integrator = parties()
    an_open(admin)

    _say(owner, Answer.NOT_NEEDED, "The relaunch is over.")

    question = question_for(owner)
    assert (question.answer, question.reason) == (Answer.NOT_NEEDED, "The relaunch is over.")
    assert question.answered_by_label == owner.label
    assert question.answered_at is not None


def test_it_is_an_event_of_the_own_tenant_only(admin: Actor):
    owner, _integrator = parties()
    an_open(admin)

    _say(owner, Answer.NEEDED)

    (event,) = events("review.needed")
    assert (event.tenant_id, event.subject_label, event.facts["review"]) == (owner.tenant_id, "Agency", "Autumn")


def test_it_may_be_changed_until_the_review_closes(admin: Actor):
    owner, _integrator = parties()
    campaign = an_open(admin)
    _say(owner, Answer.NEEDED)
    _say(owner, Answer.NOT_NEEDED)

    decide(admin, campaign, Decision.KEEP)
    close(admin, campaign)

    with pytest.raises(QuestionClosed):
        _say(owner, Answer.NEEDED)


def test_saying_the_same_again_is_no_event(admin: Actor):
    owner, _integrator = parties()
    an_open(admin)

    _say(owner, Answer.NEEDED)
    _say(owner, Answer.NEEDED)

    assert len(events("review.needed")) == 1


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.VIEWER])
def test_only_owners_and_key_managers_answer(admin: Actor, role: Role):
    owner, _integrator = parties()
    an_open(admin)

    with pytest.raises(NotAllowed):
        _say(a_member(tenant_of(owner), role), Answer.NEEDED)


def test_another_tenants_question_is_not_there(admin: Actor):
    owner, _integrator = parties()
    an_open(admin)
    question = question_for(owner)

    with pytest.raises(NotFound):
        store.get_question(a_licensee(), question.public_id)


def test_the_question_to_the_other_side_is_not_there_either(admin: Actor):
    owner, integrator = parties()
    an_open(admin)

    with pytest.raises(NotFound):
        store.get_question(owner, question_for(integrator).public_id)


def test_an_integrator_at_its_client_finds_no_questions_there(admin: Actor):
    owner, integrator = parties()
    an_open(admin)
    delegation = next(iter(lines(admin, store.campaigns_page(admin, None, None).rows[0])))
    at_client = for_client(integrator, delegations.get_given(owner, delegation.subject_public_id))

    with pytest.raises(NotFound):
        store.questions_of(at_client)


def test_reviewers_see_what_both_sides_said(admin: Actor):
    owner, integrator = parties()
    campaign = an_open(admin)
    _say(owner, Answer.NEEDED)
    _say(integrator, Answer.NOT_NEEDED, "No project any more.")

    found = lines(admin, campaign)
    context = contexts.of(admin, seen(admin, campaign), found)[found[0].id]

    assert {side.value: question.answer for side, question in context.said.items()} == {
        "owner": Answer.NEEDED,
        "integrator": Answer.NOT_NEEDED,
    }
