"""Tickets: a delegation for one key pair in each of its environments, given and redeemed by who looks after keys."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from flask import Flask

from portal.access.actor import Actor, system_actor
from portal.access.errors import NotAllowed
from portal.access.roles import PERMISSIONS, Permission, Right, Role
from portal.delegations import errors, operations, store
from portal.delegations.models import Delegation, DelegationState
from portal.delegations.states import Act
from portal.foundation import clock
from portal.foundation.database import db
from portal.foundation.errors import NotFound
from tests.delegations.scenes import (
    BOTH,
    NOBODY,
    SANDBOX,
    account_of,
    as_role,
    attempt,
    do,
    events_of,
    mails_to,
    seen_by,
    terms,
    terms_of,
)
from tests.factories import a_delegation, a_licensee, a_member, a_ticket, an_integrator, for_client, tenant_of

WORKER = system_actor("worker")
AT_ONCE = 64


@pytest.fixture
def given(owner: Actor, integrator: Actor) -> Delegation:
    """A ticket for the sandbox that nobody has redeemed yet."""
    return a_ticket(owner, integrator, redeemed=False)


@pytest.fixture
def redeemed(owner: Actor, integrator: Actor) -> Delegation:
    return a_ticket(owner, integrator)


def give(owner: Actor, account_id: str, **changed: Any) -> Delegation:
    wanted = {name: value for name, value in terms(**changed).items() if name != "rights"}
    return do(operations.offer_ticket, owner, account_id, **wanted)


def test_s8_a_ticket_gives_the_right_to_make_a_key_pair_and_nothing_else(owner: Actor, integrator: Actor) -> None:
    ticket = give(owner, account_of(integrator))

    taken = store.get_taken(integrator, ticket.public_id)
    assert (taken.state, taken.one_pair) == (DelegationState.OFFERED, True)
    assert taken.rights == {Right.VIEW, Right.KEYS}


def test_an_ordinary_delegation_is_no_ticket(owner: Actor, integrator: Actor) -> None:
    assert not a_delegation(owner, integrator).one_pair


@pytest.mark.parametrize("role", [Role.OWNER, Role.KEY_MANAGER])
def test_who_looks_after_keys_gives_tickets(owner: Actor, integrator: Actor, role: Role) -> None:
    assert give(as_role(owner, role), account_of(integrator)).one_pair


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.VIEWER])
def test_nobody_else_gives_tickets(owner: Actor, integrator: Actor, role: Role) -> None:
    with pytest.raises(NotAllowed):
        give(as_role(owner, role), account_of(integrator))


def test_a_ticket_gives_no_right_that_the_giver_has_not(owner: Actor, integrator: Actor) -> None:
    weaker = replace(owner, permissions=PERMISSIONS[Role.OWNER] - {Permission.KEY_ROTATE})

    with pytest.raises(errors.RightsNotHeld):
        give(weaker, account_of(integrator))


def test_an_integrator_gives_no_tickets_of_its_client(owner: Actor, integrator: Actor) -> None:
    acting = for_client(integrator, a_delegation(owner, integrator))

    with pytest.raises(errors.OnlyFromHome):
        give(acting, NOBODY)


def test_a_ticket_for_nobody_waits_like_any_other(owner: Actor, integrator: Actor) -> None:
    real, unreal = give(owner, account_of(integrator)), give(owner, NOBODY)

    assert unreal.integrator_id is None
    assert (real.state, real.lapses_at.date()) == (unreal.state, unreal.lapses_at.date())


def test_repeating_it_returns_the_first(owner: Actor, integrator: Actor) -> None:
    ends_at = terms()["ends_at"]
    first = give(owner, account_of(integrator), ends_at=ends_at)

    again = give(owner, account_of(integrator), ends_at=ends_at)

    assert again.public_id == first.public_id
    assert len(events_of(owner)) == 1


def test_an_offer_with_the_same_terms_is_not_the_ticket_repeated(owner: Actor, integrator: Actor) -> None:
    ends_at = terms()["ends_at"]
    give(owner, account_of(integrator), ends_at=ends_at)

    with pytest.raises(errors.TicketOpen):
        do(operations.offer, owner, account_of(integrator), **terms(ends_at=ends_at))


@pytest.mark.parametrize(
    ("rights", "refusal"), [({Right.KEYS}, errors.TicketNotNeeded), ({Right.PROJECTS}, errors.KeysNotGiven)]
)
def test_beside_an_open_delegation_the_refusal_says_what_to_do_instead(
    owner: Actor, integrator: Actor, rights: set[Right], refusal: type[errors.AlreadyOpen]
) -> None:
    running = a_delegation(owner, integrator, rights=rights)

    with pytest.raises(refusal) as raised:
        give(owner, account_of(integrator))

    assert type(raised.value) is refusal
    assert raised.value.facts["delegation"] == running.public_id


@pytest.mark.parametrize("role", [Role.OWNER, Role.KEY_MANAGER])
def test_who_looks_after_keys_redeems_it(integrator: Actor, given: Delegation, role: Role) -> None:
    member = a_member(tenant_of(integrator), role)

    do(operations.accept, member, store.get_taken(member, given.public_id))

    assert seen_by(integrator, given).state is DelegationState.ACTIVE


@pytest.mark.parametrize("act", [Act.ACCEPT, Act.DECLINE])
@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.VIEWER])
def test_nobody_else_there_redeems_or_declines_it(integrator: Actor, given: Delegation, act: Act, role: Role) -> None:
    with pytest.raises(NotAllowed):
        attempt(act, as_role(integrator, role), given)


@pytest.mark.parametrize("act", [Act.ACCEPT, Act.DECLINE, Act.WITHDRAW])
def test_for_other_integrators_it_does_not_exist(given: Delegation, act: Act) -> None:
    with pytest.raises(NotFound):
        attempt(act, an_integrator(), given)


def test_a_key_manager_declines_it(owner: Actor, integrator: Actor, given: Delegation) -> None:
    do(operations.decline, as_role(integrator, Role.KEY_MANAGER), given)

    assert seen_by(owner, given).state is DelegationState.DECLINED


def test_a_key_manager_withdraws_it(owner: Actor, given: Delegation) -> None:
    do(operations.withdraw, as_role(owner, Role.KEY_MANAGER), given)

    assert seen_by(owner, given).state is DelegationState.WITHDRAWN


@pytest.mark.parametrize("act", [Act.NARROW, Act.PROPOSE_WIDENING])
def test_its_terms_are_changed_by_an_owner_alone(owner: Actor, redeemed: Delegation, act: Act) -> None:
    with pytest.raises(NotAllowed):
        attempt(act, as_role(owner, Role.KEY_MANAGER), redeemed)


def test_a_refusal_calls_it_a_ticket(integrator: Actor, given: Delegation) -> None:
    do(operations.decline, integrator, given)

    with pytest.raises(errors.TicketWrongState):
        do(operations.accept, integrator, given)


def test_it_is_redeemed_once(owner: Actor, integrator: Actor, redeemed: Delegation) -> None:
    with pytest.raises(errors.WrongState):
        do(operations.accept, integrator, redeemed)

    db.session.rollback()
    assert [event.event for event in events_of(owner)].count("delegation.accepted") == 1


def test_of_64_that_redeem_it_at_once_one_wins(app: Flask, owner: Actor, integrator: Actor, given: Delegation) -> None:
    public_id, barrier, won = given.public_id, Barrier(AT_ONCE), []
    db.session.rollback()

    def redeem() -> None:
        with app.app_context():
            barrier.wait()
            with suppress(errors.WrongState):
                do(operations.accept, integrator, store.get_taken(integrator, public_id))
                won.append(True)
            db.session.remove()

    threads = [Thread(target=redeem) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    db.session.rollback()
    assert won == [True]
    assert [event.event for event in events_of(owner)] == ["delegation.offered", "delegation.accepted"]


@pytest.mark.parametrize(("term", "days"), [(90, 30), (5, 5)])
def test_unredeemed_it_lapses_after_30_days_or_with_its_end(
    owner: Actor, integrator: Actor, later, term: int, days: int
) -> None:
    ticket = a_ticket(owner, integrator, days=term, redeemed=False)
    later(days=days, seconds=1)

    do(operations.lapse_due, WORKER)

    assert seen_by(owner, ticket).state is DelegationState.LAPSED


def test_after_that_it_is_not_redeemed(integrator: Actor, given: Delegation, later) -> None:
    later(days=30, seconds=1)

    with pytest.raises(errors.TicketWrongState):
        do(operations.accept, integrator, given)


def test_a_new_one_can_be_given_after_the_end(owner: Actor, integrator: Actor, redeemed: Delegation) -> None:
    do(operations.end, owner, redeemed)

    assert give(owner, account_of(integrator)).public_id != redeemed.public_id


def test_a_wider_one_is_no_ticket_any_more(owner: Actor, integrator: Actor, redeemed: Delegation) -> None:
    wider = terms_of(redeemed, environments=BOTH, rights=frozenset(Right))
    proposal = do(operations.propose_widening, owner, redeemed, **wider)

    do(operations.accept_widening, integrator, redeemed, proposal.public_id)

    now = seen_by(owner, redeemed)
    assert (now.one_pair, now.environments, now.state) == (False, BOTH, DelegationState.ACTIVE)


def test_the_same_terms_are_wider_than_a_ticket(owner: Actor, integrator: Actor, redeemed: Delegation) -> None:
    proposal = do(operations.propose_widening, integrator, redeemed, **terms_of(redeemed))

    do(operations.accept_widening, owner, redeemed, proposal.public_id)

    assert not seen_by(owner, redeemed).one_pair


def test_a_proposal_that_takes_something_away_is_still_not_wider(owner: Actor, redeemed: Delegation) -> None:
    shorter = terms_of(redeemed, ends_at=redeemed.ends_at - timedelta(days=1))

    with pytest.raises(errors.NotWider):
        do(operations.propose_widening, owner, redeemed, **shorter)


def test_a_proposal_lifts_nothing_before_its_answer(owner: Actor, redeemed: Delegation) -> None:
    do(operations.propose_widening, owner, redeemed, **terms_of(redeemed))

    assert seen_by(owner, redeemed).one_pair


def test_a_declined_proposal_leaves_it_a_ticket(owner: Actor, integrator: Actor, redeemed: Delegation) -> None:
    proposal = do(operations.propose_widening, owner, redeemed, **terms_of(redeemed))

    do(operations.decline_widening, integrator, redeemed, proposal.public_id)

    assert seen_by(owner, redeemed).one_pair


def test_a_narrowed_ticket_is_a_ticket(owner: Actor, integrator: Actor) -> None:
    ticket = a_ticket(owner, integrator, environments=BOTH)

    do(operations.narrow, owner, ticket, **terms_of(ticket, environments=SANDBOX), version=ticket.version)

    now = seen_by(owner, ticket)
    assert (now.one_pair, now.environments) == (True, SANDBOX)


def test_its_events_say_that_it_is_a_ticket(owner: Actor, integrator: Actor, redeemed: Delegation) -> None:
    proposal = do(operations.propose_widening, owner, redeemed, **terms_of(redeemed))
    do(operations.accept_widening, integrator, redeemed, proposal.public_id)

    assert [event.facts.get("ticket") for event in events_of(owner)] == [True] * 4


def test_once_widened_they_say_so_no_more(owner: Actor, integrator: Actor, redeemed: Delegation) -> None:
    proposal = do(operations.propose_widening, owner, redeemed, **terms_of(redeemed))
    do(operations.accept_widening, integrator, redeemed, proposal.public_id)

    do(operations.end, owner, redeemed)

    assert "ticket" not in events_of(owner)[-1].facts


@pytest.mark.parametrize(
    ("role", "told"),
    [(Role.KEY_MANAGER, ["ticket_offered"]), (Role.DEVELOPER, []), (Role.VIEWER, [])],
)
def test_who_may_redeem_it_is_told_of_it(owner: Actor, integrator: Actor, role: Role, told: list[str]) -> None:
    member = a_member(tenant_of(integrator), role)

    give(owner, account_of(integrator))

    assert mails_to(member) == told


def test_an_answer_is_told_to_the_owners_side(owner: Actor, redeemed: Delegation) -> None:
    assert mails_to(owner) == ["ticket_accepted"]


def test_a_key_manager_does_not_answer_a_delegation_by_way_of_a_ticket(integrator: Actor) -> None:
    offered = a_delegation(a_licensee(), integrator, accepted=False)

    with pytest.raises(NotAllowed):
        do(operations.accept, as_role(integrator, Role.KEY_MANAGER), offered)


def test_it_ends_on_its_last_day(owner: Actor, redeemed: Delegation, later) -> None:
    later(days=90, seconds=1)

    do(operations.lapse_due, WORKER)

    now = seen_by(owner, redeemed)
    assert now.state is DelegationState.ENDED
    assert now.ended_at is not None
    assert now.ended_at <= clock.now()
