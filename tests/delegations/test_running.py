"""Pausing, resuming, ending and narrowing a running delegation."""

from datetime import timedelta

import pytest

from portal.access.actor import Actor
from portal.access.errors import NotAllowed
from portal.access.roles import Environment, Right, Role
from portal.delegations import errors, operations, store
from portal.delegations.models import Delegation, DelegationState, Side
from portal.delegations.states import Act
from portal.foundation import clock
from portal.foundation.errors import Changed
from tests.delegations.scenes import (
    SANDBOX,
    a_project,
    account_of,
    as_role,
    attempt,
    do,
    events_of,
    mails_to,
    seen_by,
    terms_of,
)
from tests.factories import a_delegation, an_integrator


@pytest.fixture
def running(owner: Actor, integrator: Actor) -> Delegation:
    return a_delegation(owner, integrator)


@pytest.fixture
def sides(owner: Actor, integrator: Actor) -> dict[Side, Actor]:
    return {Side.OWNER: owner, Side.INTEGRATOR: integrator}


def narrow(owner: Actor, row: Delegation, **changed: object) -> None:
    do(operations.narrow, owner, row, **terms_of(row, **changed), version=row.version)


@pytest.mark.parametrize("side", Side)
def test_either_side_pauses(sides: dict[Side, Actor], running: Delegation, side: Side) -> None:
    do(operations.pause, sides[side], running)

    now = seen_by(sides[side], running)
    assert (now.state, now.paused_by) == (DelegationState.PAUSED, side)


@pytest.mark.parametrize("side", Side)
def test_the_side_that_paused_resumes(sides: dict[Side, Actor], running: Delegation, side: Side) -> None:
    do(operations.pause, sides[side], running)

    do(operations.resume, sides[side], running)

    now = seen_by(sides[side], running)
    assert (now.state, now.paused_by, now.paused_at) == (DelegationState.ACTIVE, None, None)


@pytest.mark.parametrize("side", Side)
def test_the_other_side_does_not_resume(sides: dict[Side, Actor], running: Delegation, side: Side) -> None:
    other = next(actor for name, actor in sides.items() if name is not side)
    do(operations.pause, sides[side], running)

    with pytest.raises(errors.PausedByOtherSide):
        do(operations.resume, other, running)


@pytest.mark.parametrize("paused", [False, True])
@pytest.mark.parametrize("side", Side)
def test_either_side_ends_it_alone(sides: dict[Side, Actor], running: Delegation, side: Side, paused: bool) -> None:
    if paused:
        do(operations.pause, sides[Side.OWNER], running)

    do(operations.end, sides[side], running)

    now = seen_by(sides[side], running)
    assert (now.state, now.ended_by) == (DelegationState.ENDED, side)


def test_a_key_manager_pauses_and_ends(owner: Actor, running: Delegation) -> None:
    manager = as_role(owner, Role.KEY_MANAGER)

    for operation in (operations.pause, operations.end):
        do(operation, manager, running)

    assert seen_by(owner, running).state is DelegationState.ENDED


def test_a_key_manager_does_not_resume(owner: Actor, running: Delegation) -> None:
    do(operations.pause, owner, running)

    with pytest.raises(NotAllowed):
        do(operations.resume, as_role(owner, Role.KEY_MANAGER), running)


@pytest.mark.parametrize("act", [Act.PAUSE, Act.END])
@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.VIEWER])
def test_a_developer_or_viewer_neither_pauses_nor_ends(owner: Actor, running: Delegation, act: Act, role: Role) -> None:
    with pytest.raises(NotAllowed):
        attempt(act, as_role(owner, role), running)


def test_a_key_manager_does_not_narrow(owner: Actor, running: Delegation) -> None:
    with pytest.raises(NotAllowed):
        attempt(Act.NARROW, as_role(owner, Role.KEY_MANAGER), running)


def test_a_paused_or_ended_delegation_opens_no_clients_account_as_if_it_ran(
    owner: Actor, integrator: Actor, running: Delegation
) -> None:
    account_id, ids = account_of(owner), [integrator.tenant_id]
    found = [[row.state for row in store.running_for(account_id, ids)]]

    for operation in (operations.pause, operations.end):
        do(operation, owner, running)
        found.append([row.state for row in store.running_for(account_id, ids)])

    assert found == [[DelegationState.ACTIVE], [DelegationState.PAUSED], []]


def test_after_its_last_day_it_opens_nothing_before_the_worker_came(
    owner: Actor, integrator: Actor, running: Delegation, later
) -> None:
    account_id = account_of(owner)
    later(days=91)

    assert store.running_for(account_id, [integrator.tenant_id]) == []


def test_narrowing_takes_effect_at_once(owner: Actor, integrator: Actor, running: Delegation) -> None:
    narrow(owner, running, environments=SANDBOX, rights=frozenset({Right.KEYS}))

    (now,) = store.running_for(account_of(owner), [integrator.tenant_id])
    assert (now.state, now.environments, now.rights) == (
        DelegationState.ACTIVE, SANDBOX, {Right.VIEW, Right.KEYS}
    )  # fmt: skip


def test_a_paused_delegation_stays_paused_when_it_is_narrowed(owner: Actor, running: Delegation) -> None:
    do(operations.pause, owner, running)

    narrow(owner, seen_by(owner, running), environments=SANDBOX)

    assert seen_by(owner, running).state is DelegationState.PAUSED


def test_narrowing_to_some_projects_leaves_just_them(owner: Actor, running: Delegation) -> None:
    one, _other = a_project(owner, "One"), a_project(owner, "Other")

    narrow(owner, running, project_ids=frozenset({one}))

    assert seen_by(owner, running).project_ids == {one}


def test_narrowing_the_projects_alone_counts_as_a_change(owner: Actor, integrator: Actor) -> None:
    one, other = a_project(owner, "One"), a_project(owner, "Other")
    row = a_delegation(owner, integrator, project_ids=frozenset({one, other}))
    before = row.version

    narrow(owner, row, project_ids=frozenset({one}))

    now = seen_by(owner, row)
    assert (now.project_ids, now.version) == ({one}, before + 1)


WIDER = {
    "environments": frozenset(Environment),
    "rights": frozenset({Right.KEYS, Right.PROJECTS}),
    "project_ids": None,
    "ends_at": "later",
}


@pytest.mark.parametrize("part", WIDER)
def test_narrowing_gives_nothing_more(owner: Actor, integrator: Actor, part: str) -> None:
    project = a_project(owner, "One")
    row = a_delegation(owner, integrator, environments=SANDBOX, rights={Right.KEYS}, project_ids=frozenset({project}))
    wider = row.ends_at + timedelta(seconds=1) if part == "ends_at" else WIDER[part]

    with pytest.raises(errors.NotNarrower):
        narrow(owner, row, **{part: wider})


def test_narrowing_leaves_at_least_one_environment(owner: Actor, running: Delegation) -> None:
    with pytest.raises(errors.EnvironmentsMissing):
        narrow(owner, running, environments=frozenset())


def test_narrowing_leaves_at_least_one_project(owner: Actor, running: Delegation) -> None:
    with pytest.raises(errors.ProjectsMissing):
        narrow(owner, running, project_ids=frozenset())


def test_an_earlier_end_is_at_least_a_day_ahead(owner: Actor, running: Delegation) -> None:
    with pytest.raises(errors.EndOutOfRange):
        narrow(owner, running, ends_at=clock.now() + timedelta(hours=1))


def test_narrowing_in_the_last_day_keeps_the_end(owner: Actor, integrator: Actor, later) -> None:
    row = a_delegation(owner, integrator, days=2)
    later(days=1, hours=12)

    narrow(owner, row, environments=SANDBOX)

    assert seen_by(owner, row).environments == SANDBOX


def test_narrowing_by_nothing_is_no_event(owner: Actor, running: Delegation) -> None:
    before = len(events_of(owner))

    narrow(owner, running)

    assert len(events_of(owner)) == before


def test_of_two_tabs_the_second_is_shown_both_versions(owner: Actor, running: Delegation) -> None:
    seen = running.version
    first = terms_of(running, environments=SANDBOX)
    second = terms_of(running, rights=frozenset({Right.KEYS}))
    do(operations.narrow, owner, running, **first, version=seen)

    with pytest.raises(Changed) as refusal:
        do(operations.narrow, owner, running, **second, version=seen)

    assert ("Production", "yes", "no") in refusal.value.versions
    assert seen_by(owner, running).rights == frozenset(Right)


EVENTS = {
    Act.PAUSE: "delegation.paused",
    Act.END: "delegation.ended",
    Act.NARROW: "delegation.narrowed",
}


@pytest.mark.parametrize("act", EVENTS)
def test_each_act_is_one_event_for_both_sides_and_a_mail_to_the_other(
    owner: Actor, integrator: Actor, running: Delegation, act: Act
) -> None:
    attempt(act, owner, running)

    assert [row.event for row in events_of(owner)][2:] == [EVENTS[act]]
    assert [row.event for row in events_of(integrator)][2:] == [EVENTS[act]]
    assert mails_to(integrator)[-1] == EVENTS[act].replace(".", "_")


def test_resuming_is_one_event_for_both_sides(owner: Actor, integrator: Actor, running: Delegation) -> None:
    do(operations.pause, integrator, running)

    do(operations.resume, integrator, running)

    assert events_of(owner)[-1].event == "delegation.resumed"
    assert mails_to(owner)[-1] == "delegation_resumed"


def test_ending_one_delegation_leaves_another_running(owner: Actor, running: Delegation) -> None:
    another = a_delegation(owner, an_integrator())

    do(operations.end, owner, running)

    assert seen_by(owner, another).state is DelegationState.ACTIVE
