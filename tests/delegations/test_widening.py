"""A wider delegation: proposed by one side, answered by the other."""

from datetime import timedelta

import pytest

from portal.access.actor import Actor
from portal.access.roles import Environment, Right
from portal.delegations import errors, operations, store
from portal.delegations.models import Delegation, DelegationState, ProposalState, Side
from portal.foundation.errors import NotFound
from tests.delegations.scenes import BOTH, SANDBOX, a_project, do, events_of, mails_to, seen_by, terms_of
from tests.factories import a_delegation, an_integrator


@pytest.fixture
def running(owner: Actor, integrator: Actor) -> Delegation:
    """The sandbox, seeing and keys."""
    return a_delegation(owner, integrator, environments=SANDBOX, rights={Right.KEYS})


@pytest.fixture
def sides(owner: Actor, integrator: Actor) -> dict[Side, Actor]:
    return {Side.OWNER: owner, Side.INTEGRATOR: integrator}


def propose(actor: Actor, row: Delegation, **changed: object) -> str:
    """The public id of a proposal that adds production, or what is given."""
    wider = terms_of(seen_by(actor, row), **(changed or {"environments": BOTH}))
    return do(operations.propose_widening, actor, row, **wider).public_id


def across(sides: dict[Side, Actor], side: Side) -> Actor:
    return next(actor for name, actor in sides.items() if name is not side)


@pytest.mark.parametrize("side", Side)
def test_a_proposal_changes_nothing_before_its_answer(
    sides: dict[Side, Actor], running: Delegation, side: Side
) -> None:
    propose(sides[side], running)

    assert seen_by(sides[side], running).environments == SANDBOX


@pytest.mark.parametrize("side", Side)
def test_the_other_side_agrees_and_it_holds(sides: dict[Side, Actor], running: Delegation, side: Side) -> None:
    proposal = propose(sides[side], running)

    do(operations.accept_widening, across(sides, side), running, proposal)

    now = seen_by(sides[side], running)
    assert (now.state, now.environments) == (DelegationState.ACTIVE, BOTH)


@pytest.mark.parametrize("side", Side)
def test_the_other_side_declines_and_nothing_changes(sides: dict[Side, Actor], running: Delegation, side: Side) -> None:
    proposal = propose(sides[side], running)

    do(operations.decline_widening, across(sides, side), running, proposal)

    now = seen_by(sides[side], running)
    assert now.environments == SANDBOX
    assert store.get_proposal(now, proposal).state is ProposalState.DECLINED


@pytest.mark.parametrize("side", Side)
def test_the_side_that_proposed_takes_it_back(sides: dict[Side, Actor], running: Delegation, side: Side) -> None:
    proposal = propose(sides[side], running)

    do(operations.withdraw_widening, sides[side], running, proposal)

    assert store.get_proposal(running, proposal).state is ProposalState.WITHDRAWN


@pytest.mark.parametrize("answer", [operations.accept_widening, operations.decline_widening])
@pytest.mark.parametrize("side", Side)
def test_nobody_answers_its_own_proposal(sides: dict[Side, Actor], running: Delegation, side: Side, answer) -> None:
    proposal = propose(sides[side], running)

    with pytest.raises(errors.ProposalOfOwnSide):
        do(answer, sides[side], running, proposal)


def test_nobody_takes_back_the_other_sides_proposal(owner: Actor, integrator: Actor, running: Delegation) -> None:
    proposal = propose(owner, running)

    with pytest.raises(errors.ProposalOfOwnSide):
        do(operations.withdraw_widening, integrator, running, proposal)


def test_a_closed_proposal_is_not_answered_again(owner: Actor, integrator: Actor, running: Delegation) -> None:
    proposal = propose(owner, running)
    do(operations.accept_widening, integrator, running, proposal)

    with pytest.raises(errors.ProposalClosed) as refusal:
        do(operations.decline_widening, integrator, running, proposal)

    assert refusal.value.facts["state"] == "accepted"


def test_a_proposal_of_another_delegation_does_not_exist_here(
    owner: Actor, integrator: Actor, running: Delegation
) -> None:
    elsewhere = a_delegation(owner, an_integrator(), environments=SANDBOX)
    proposal = propose(owner, elsewhere)

    with pytest.raises(NotFound):
        do(operations.accept_widening, integrator, running, proposal)


def test_two_proposals_do_not_wait_at_once(owner: Actor, integrator: Actor, running: Delegation) -> None:
    propose(owner, running)

    with pytest.raises(errors.ProposalWaiting):
        propose(integrator, running)


def test_repeating_a_proposal_has_one_effect(owner: Actor, running: Delegation) -> None:
    first = propose(owner, running)
    before = len(events_of(owner))

    again = propose(owner, running)

    assert again == first
    assert len(events_of(owner)) == before


NOT_WIDER = {
    "nothing": {"rights": frozenset({Right.KEYS})},
    "less rights": {"rights": frozenset(), "environments": BOTH},
    "another environment": {"environments": frozenset({Environment.PRODUCTION})},
}


@pytest.mark.parametrize("case", NOT_WIDER)
def test_a_proposal_keeps_what_is_given_and_adds_to_it(owner: Actor, running: Delegation, case: str) -> None:
    with pytest.raises(errors.NotWider):
        propose(owner, running, **NOT_WIDER[case])


def test_a_later_end_is_wider(owner: Actor, integrator: Actor, running: Delegation) -> None:
    end = running.ends_at + timedelta(days=100)
    proposal = propose(integrator, running, ends_at=end)

    do(operations.accept_widening, owner, running, proposal)

    assert seen_by(owner, running).ends_at == end


def test_a_later_end_is_at_most_730_days_ahead(owner: Actor, running: Delegation) -> None:
    with pytest.raises(errors.EndOutOfRange):
        propose(owner, running, ends_at=running.ends_at + timedelta(days=730))


def test_the_owner_adds_a_project(owner: Actor, integrator: Actor) -> None:
    one, other = a_project(owner, "One"), a_project(owner, "Other")
    row = a_delegation(owner, integrator, project_ids=frozenset({one}))
    proposal = propose(owner, row, project_ids=frozenset({one, other}))

    do(operations.accept_widening, integrator, row, proposal)

    assert seen_by(owner, row).project_ids == {one, other}


def test_an_integrator_names_no_project_it_does_not_reach(owner: Actor, integrator: Actor) -> None:
    one, other = a_project(owner, "One"), a_project(owner, "Other")
    row = a_delegation(owner, integrator, project_ids=frozenset({one}))

    with pytest.raises(errors.NotWider):
        propose(integrator, row, project_ids=frozenset({one, other}))


def test_an_integrator_may_ask_for_all_projects(owner: Actor, integrator: Actor) -> None:
    row = a_delegation(owner, integrator, project_ids=frozenset({a_project(owner, "One")}))
    proposal = propose(integrator, row, project_ids=None)

    do(operations.accept_widening, owner, row, proposal)

    assert seen_by(owner, row).project_ids is None


def test_narrowing_closes_a_proposal_that_builds_on_what_is_gone(
    owner: Actor, integrator: Actor, running: Delegation
) -> None:
    proposal = propose(integrator, running)
    now = seen_by(owner, running)
    do(operations.narrow, owner, now, **terms_of(now, rights=frozenset()), version=now.version)

    with pytest.raises(errors.ProposalClosed):
        do(operations.accept_widening, owner, running, proposal)


def test_ending_closes_the_proposal(owner: Actor, integrator: Actor, running: Delegation) -> None:
    proposal = propose(integrator, running)

    do(operations.end, owner, running)

    assert store.get_proposal(running, proposal).state is ProposalState.DECLINED


def test_a_paused_delegation_can_be_widened_and_stays_paused(
    owner: Actor, integrator: Actor, running: Delegation
) -> None:
    do(operations.pause, owner, running)
    proposal = propose(integrator, running)

    do(operations.accept_widening, owner, running, proposal)

    now = seen_by(owner, running)
    assert (now.state, now.environments) == (DelegationState.PAUSED, BOTH)


def test_proposal_and_answer_are_events_for_both_sides_and_mails(
    owner: Actor, integrator: Actor, running: Delegation
) -> None:
    proposal = propose(owner, running)
    do(operations.accept_widening, integrator, running, proposal)

    expected = ["delegation.widening_proposed", "delegation.widening_accepted"]
    assert [row.event for row in events_of(owner)][2:] == expected
    assert [row.event for row in events_of(integrator)][2:] == expected
    assert mails_to(integrator)[-1] == "delegation_widening_proposed"
    assert mails_to(owner)[-1] == "delegation_widening_accepted"
