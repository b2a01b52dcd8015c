"""What the worker stores: unanswered delegations lapse, others end on their last day."""

import pytest

from portal.access.actor import Actor, system_actor
from portal.delegations import operations, store
from portal.delegations.models import Delegation, DelegationState, ProposalState
from tests.delegations.scenes import BOTH, NOBODY, SANDBOX, do, events_of, mails_to, seen_by, terms, terms_of
from tests.factories import a_delegation, a_request

WORKER = system_actor("worker")


@pytest.fixture
def offered(owner: Actor, integrator: Actor) -> Delegation:
    return a_delegation(owner, integrator, accepted=False)


def test_an_offer_without_an_answer_lapses_after_30_days(owner: Actor, offered: Delegation, later) -> None:
    later(days=30, seconds=1)

    assert do(operations.lapse_due, WORKER) == 1
    assert seen_by(owner, offered).state is DelegationState.LAPSED


def test_a_request_without_an_answer_lapses_after_30_days(owner: Actor, integrator: Actor, later) -> None:
    row = a_request(integrator, owner)
    later(days=30, seconds=1)

    do(operations.lapse_due, WORKER)

    assert seen_by(owner, row).state is DelegationState.LAPSED


def test_an_offer_for_less_than_30_days_lapses_with_its_end(owner: Actor, integrator: Actor, later) -> None:
    row = a_delegation(owner, integrator, days=5, accepted=False)
    later(days=5, seconds=1)

    do(operations.lapse_due, WORKER)

    assert seen_by(owner, row).state is DelegationState.LAPSED


def test_before_that_nothing_lapses(owner: Actor, offered: Delegation, later) -> None:
    later(days=29)

    assert do(operations.lapse_due, WORKER) == 0
    assert seen_by(owner, offered).state is DelegationState.OFFERED


@pytest.mark.parametrize("paused", [False, True])
def test_a_running_delegation_ends_with_its_date(owner: Actor, integrator: Actor, later, paused: bool) -> None:
    row = a_delegation(owner, integrator, days=90)
    if paused:
        do(operations.pause, owner, row)
    later(days=90, seconds=1)

    do(operations.lapse_due, WORKER)

    now = seen_by(owner, row)
    assert (now.state, now.ended_at, now.ended_by) == (DelegationState.ENDED, now.ends_at, None)


def test_a_running_delegation_does_not_lapse(owner: Actor, integrator: Actor, later) -> None:
    row = a_delegation(owner, integrator, days=90)
    later(days=31)

    do(operations.lapse_due, WORKER)

    assert seen_by(owner, row).state is DelegationState.ACTIVE


def test_each_is_one_event_for_both_sides_and_a_mail_to_both(
    owner: Actor, integrator: Actor, offered: Delegation, later
) -> None:
    later(days=31)

    do(operations.lapse_due, WORKER)

    for side in (owner, integrator):
        last = events_of(side)[-1]
        assert (last.event, last.actor_label) == ("delegation.lapsed", "worker")
        assert mails_to(side)[-1] == "delegation_lapsed"


def test_the_end_by_date_is_told_apart_from_an_end_by_somebody(owner: Actor, integrator: Actor, later) -> None:
    a_delegation(owner, integrator, days=2)
    later(days=3)

    do(operations.lapse_due, WORKER)

    assert events_of(integrator)[-1].event == "delegation.ran_out"


def test_an_offer_to_nobody_lapses_like_any_other(owner: Actor, later) -> None:
    row = do(operations.offer, owner, NOBODY, **terms())
    later(days=31)

    do(operations.lapse_due, WORKER)

    assert seen_by(owner, row).state is DelegationState.LAPSED
    assert mails_to(owner) == ["delegation_lapsed"]


def test_what_lapsed_is_not_stored_twice(owner: Actor, offered: Delegation, later) -> None:
    later(days=31)
    do(operations.lapse_due, WORKER)

    assert do(operations.lapse_due, WORKER) == 0


def test_a_proposal_goes_with_its_delegation(owner: Actor, integrator: Actor, later) -> None:
    row = a_delegation(owner, integrator, environments=SANDBOX, days=2)
    wider = terms_of(row, environments=BOTH)
    proposal = do(operations.propose_widening, owner, row, **wider).public_id
    later(days=3)

    do(operations.lapse_due, WORKER)

    assert store.get_proposal(seen_by(owner, row), proposal).state is ProposalState.WITHDRAWN
