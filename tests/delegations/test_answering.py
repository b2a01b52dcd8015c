"""Answers to offers and requests, and taking them back."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from flask import Flask

from portal.access.actor import Actor
from portal.access.errors import NotAllowed
from portal.access.roles import Right, Role
from portal.contracts import store as contracts
from portal.delegations import errors, operations, store
from portal.delegations.models import Delegation, DelegationState, Side
from portal.delegations.states import Act
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.foundation.errors import NotFound
from tests.delegations.scenes import (
    BOTH,
    SANDBOX,
    a_project,
    as_role,
    attempt,
    do,
    events_of,
    mails_to,
    seen_by,
    terms_of,
)
from tests.factories import a_delegation, a_request, an_integrator, for_client


@pytest.fixture
def offered(owner: Actor, integrator: Actor) -> Delegation:
    return a_delegation(owner, integrator, accepted=False)


@pytest.fixture
def requested(owner: Actor, integrator: Actor) -> Delegation:
    return a_request(integrator, owner)


def end_agreement(integrator: Actor) -> None:
    contract = contracts.running(integrator, clock.now())[0]
    with transaction():
        contract.ended_at = clock.now()


def test_s8_an_accepted_offer_runs(owner: Actor, integrator: Actor, offered: Delegation) -> None:
    do(operations.accept, integrator, offered)

    now = seen_by(owner, offered)
    assert now.state is DelegationState.ACTIVE
    assert now.answered_at is not None


def test_s8_an_approved_request_runs_as_it_was_asked(owner: Actor, requested: Delegation) -> None:
    asked = terms_of(requested)

    do(operations.approve, owner, requested)

    now = seen_by(owner, requested)
    assert now.state is DelegationState.ACTIVE
    assert terms_of(now) == asked


def test_the_owner_chooses_the_projects_that_a_request_leaves_to_it(owner: Actor, integrator: Actor) -> None:
    row, project = a_request(integrator, owner, all_projects=False), a_project(owner, "One")

    do(operations.approve, owner, row, frozenset({project}))

    now = seen_by(owner, row)
    assert (now.state, now.project_ids) == (DelegationState.ACTIVE, {project})


def test_the_owner_may_choose_all_projects(owner: Actor, integrator: Actor) -> None:
    row = a_request(integrator, owner, all_projects=False)

    do(operations.approve, owner, row, None)

    assert seen_by(owner, row).project_ids is None


def test_a_request_that_leaves_the_projects_to_the_owner_is_not_approved_without_a_choice(
    owner: Actor, integrator: Actor
) -> None:
    row = a_request(integrator, owner, all_projects=False)

    with pytest.raises(errors.ProjectsMissing):
        do(operations.approve, owner, row)


def test_a_request_can_be_approved_in_its_last_day(owner: Actor, integrator: Actor, later) -> None:
    row = a_request(integrator, owner, days=2)
    later(days=1, hours=12)

    do(operations.approve, owner, row)

    assert seen_by(owner, row).state is DelegationState.ACTIVE


def test_a_narrowed_request_needs_the_integrators_consent(
    owner: Actor, integrator: Actor, requested: Delegation
) -> None:
    narrower = terms_of(requested, environments=SANDBOX)

    do(operations.narrow, owner, requested, **narrower, version=requested.version)

    offered = seen_by(integrator, requested)
    assert offered.state is DelegationState.OFFERED
    assert terms_of(offered) == narrower


def test_a_narrowed_request_runs_once_the_integrator_accepts(
    owner: Actor, integrator: Actor, requested: Delegation
) -> None:
    attempt(Act.NARROW, owner, requested)

    do(operations.accept, integrator, seen_by(integrator, requested))

    now = seen_by(owner, requested)
    assert (now.state, now.environments) == (DelegationState.ACTIVE, SANDBOX)


def test_a_narrowed_request_has_its_30_days_anew(owner: Actor, requested: Delegation, later) -> None:
    before = requested.lapses_at
    later(days=10)

    attempt(Act.NARROW, owner, requested)

    assert (seen_by(owner, requested).lapses_at - before).days == 10


def test_a_narrowed_request_is_no_wider_than_it_was_asked(owner: Actor, integrator: Actor) -> None:
    row = a_request(integrator, owner, environments=SANDBOX)

    with pytest.raises(errors.NotNarrower):
        do(operations.narrow, owner, row, **terms_of(row, environments=BOTH), version=row.version)


def test_a_request_narrowed_by_nothing_is_to_be_approved(owner: Actor, requested: Delegation) -> None:
    with pytest.raises(errors.NothingNarrowed):
        do(operations.narrow, owner, requested, **terms_of(requested), version=requested.version)


def test_a_request_that_leaves_the_projects_to_the_owner_can_be_narrowed_to_some(
    owner: Actor, integrator: Actor
) -> None:
    project = a_project(owner, "One")
    row = a_request(integrator, owner, all_projects=False)

    narrower = terms_of(row, project_ids=frozenset({project}), rights=frozenset())
    do(operations.narrow, owner, row, **narrower, version=row.version)

    now = seen_by(owner, row)
    assert (now.state, now.project_ids, now.rights) == (DelegationState.OFFERED, {project}, {Right.VIEW})


def test_a_declined_offer_is_over(owner: Actor, integrator: Actor, offered: Delegation) -> None:
    do(operations.decline, integrator, offered)

    now = seen_by(owner, offered)
    assert (now.state, now.ended_by) == (DelegationState.DECLINED, Side.INTEGRATOR)


def test_a_declined_request_is_over(owner: Actor, requested: Delegation) -> None:
    do(operations.decline, owner, requested)

    assert seen_by(owner, requested).state is DelegationState.DECLINED


def test_the_owner_withdraws_its_offer(owner: Actor, offered: Delegation) -> None:
    do(operations.withdraw, owner, offered)

    assert seen_by(owner, offered).state is DelegationState.WITHDRAWN


def test_the_integrator_withdraws_its_request(integrator: Actor, requested: Delegation) -> None:
    do(operations.withdraw, integrator, requested)

    assert seen_by(integrator, requested).state is DelegationState.WITHDRAWN


def test_the_owner_sees_the_integrators_name_only_after_it_said_yes(
    owner: Actor, integrator: Actor, offered: Delegation
) -> None:
    known_before = offered.integrator_is_known
    do(operations.accept, integrator, offered)

    assert not known_before
    assert seen_by(owner, offered).integrator_is_known


def test_declining_does_not_tell_the_integrators_name(owner: Actor, integrator: Actor, offered: Delegation) -> None:
    do(operations.decline, integrator, offered)

    assert not seen_by(owner, offered).integrator_is_known


@pytest.mark.parametrize("act", [Act.ACCEPT, Act.DECLINE])
@pytest.mark.parametrize("role", [Role.KEY_MANAGER, Role.DEVELOPER, Role.VIEWER])
def test_only_an_owner_of_the_integrator_answers(integrator: Actor, offered: Delegation, act: Act, role: Role) -> None:
    with pytest.raises(NotAllowed):
        attempt(act, as_role(integrator, role), offered)


@pytest.mark.parametrize("act", [Act.APPROVE, Act.DECLINE, Act.NARROW])
@pytest.mark.parametrize("role", [Role.KEY_MANAGER, Role.DEVELOPER, Role.VIEWER])
def test_only_an_owner_answers_a_request(owner: Actor, requested: Delegation, act: Act, role: Role) -> None:
    with pytest.raises(NotAllowed):
        attempt(act, as_role(owner, role), requested)


def test_an_account_without_agreement_accepts_nothing(integrator: Actor, offered: Delegation) -> None:
    end_agreement(integrator)

    with pytest.raises(errors.AgreementMissing):
        do(operations.accept, integrator, offered)


def test_a_request_is_not_approved_when_the_agreement_has_ended(
    owner: Actor, integrator: Actor, requested: Delegation
) -> None:
    end_agreement(integrator)

    with pytest.raises(errors.AgreementMissing):
        do(operations.approve, owner, requested)


@pytest.mark.parametrize("act", [Act.ACCEPT, Act.DECLINE, Act.WITHDRAW])
def test_another_integrator_finds_no_delegation_to_act_on(offered: Delegation, act: Act) -> None:
    with pytest.raises(NotFound):
        attempt(act, an_integrator(), offered)


@pytest.mark.parametrize("act", [Act.PAUSE, Act.END, Act.NARROW, Act.PROPOSE_WIDENING])
def test_nothing_is_done_with_a_delegation_while_acting_under_it(owner: Actor, integrator: Actor, act: Act) -> None:
    row = a_delegation(owner, integrator)

    with pytest.raises(errors.OnlyFromHome):
        attempt(act, for_client(integrator, row), row)


ANSWERS = {
    Act.ACCEPT: ("delegation.accepted", "delegation_accepted"),
    Act.DECLINE: ("delegation.declined", "delegation_declined"),
}


@pytest.mark.parametrize("act", ANSWERS)
def test_an_answer_is_one_event_for_both_sides_and_a_mail(
    owner: Actor, integrator: Actor, offered: Delegation, act: Act
) -> None:
    event, mail = ANSWERS[act]

    attempt(act, integrator, offered)

    assert [row.event for row in events_of(owner)] == ["delegation.offered", event]
    assert [row.event for row in events_of(integrator)] == ["delegation.offered", event]
    assert mails_to(owner) == [mail]


def test_the_event_of_an_answer_is_the_owners_with_a_copy_for_the_integrator(
    owner: Actor, integrator: Actor, offered: Delegation
) -> None:
    do(operations.accept, integrator, offered)

    original, copy = events_of(owner)[-1], events_of(integrator)[-1]
    assert original.copy_of is None
    assert copy.copy_of == f"{original.chain_id}/{original.seq}"


def test_a_refused_answer_leaves_nothing_behind(owner: Actor, integrator: Actor, offered: Delegation) -> None:
    end_agreement(integrator)

    with pytest.raises(errors.AgreementMissing):
        do(operations.accept, integrator, offered)

    db.session.rollback()
    assert [row.event for row in events_of(owner)] == ["delegation.offered"]
    assert mails_to(owner) == []


def test_of_an_acceptance_and_a_withdrawal_at_the_same_moment_one_holds(
    app: Flask, owner: Actor, integrator: Actor, offered: Delegation
) -> None:
    public_id, wins = offered.public_id, []
    db.session.rollback()

    def try_to(act: Act) -> None:
        actor, get = (integrator, store.get_taken) if act is Act.ACCEPT else (owner, store.get_given)
        with app.app_context(), suppress(errors.WrongState):
            attempt(act, actor, get(actor, public_id))
            wins.append(act)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(try_to, [Act.ACCEPT, Act.WITHDRAW]))

    db.session.rollback()
    expected = {Act.ACCEPT: DelegationState.ACTIVE, Act.WITHDRAW: DelegationState.WITHDRAWN}
    assert len(wins) == 1
    assert store.get_given(owner, public_id).state is expected[wins[0]]
