"""What a ticket gives: one key pair in each of its environments, by whatever way, and its successors."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine

from portal.access.actor import Actor, system_actor
from portal.access.errors import NotDelegated
from portal.access.roles import Environment, Role
from portal.audit import operations as audit
from portal.delegations import operations as delegations
from portal.delegations.models import Delegation
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.keys import batch, commanding, intent_store, making, operations, rotation, store, tickets
from portal.keys.eligibility import usable_contracts
from portal.keys.errors import (
    DelegationNotLive,
    EnvironmentOutOfReach,
    MakingOver,
    StandingNotGood,
    TicketPairBeside,
    TicketUsed,
    TooManyNames,
)
from portal.keys.models import KeyOrigin, KeyPair, KeyState
from portal.keys.status import KeyStatus, status_of
from portal.tenants import operations as tenants
from portal.tenants.models import Standing
from tests.factories import (
    BASE_URL,
    a_code,
    a_command_intent,
    a_delegation,
    a_key,
    a_licensee,
    a_member,
    a_private_key,
    a_successor,
    a_ticket,
    an_integrator,
    an_intent,
    for_client,
    message_of,
    public_of,
    sign,
    tenant_of,
)

SANDBOX, PRODUCTION = Environment.SANDBOX, Environment.PRODUCTION


@pytest.fixture
def owner() -> Actor:
    return a_licensee()


@pytest.fixture
def integrator() -> Actor:
    return an_integrator()


@pytest.fixture
def ticket(owner: Actor, integrator: Actor) -> Delegation:
    """For the sandbox, and redeemed."""
    return a_ticket(owner, integrator)


@pytest.fixture
def acting(integrator: Actor, ticket: Delegation) -> Actor:
    """The integrator in its client's account."""
    return for_client(integrator, ticket)


def by_browser(actor: Actor) -> KeyPair:
    private = a_private_key(900)
    intent = an_intent(actor, origin=KeyOrigin.BROWSER)
    message = message_of(actor, intent, private)
    with transaction():
        return making.prove(actor, intent, signed=message, signature=sign(private, message), public=public_of(private))


def by_command(actor: Actor) -> KeyPair:
    private, intent = a_private_key(901), a_command_intent(actor)
    code, message = a_code(actor, intent), message_of(actor, intent, private)
    with transaction():
        return commanding.prove(code, public=public_of(private), signature=sign(private, message), base_url=BASE_URL)


def by_server(actor: Actor) -> KeyPair:
    intent = an_intent(actor)
    with transaction():
        making.issue(actor, intent, public_of(a_private_key(902)))
    with transaction():
        return making.confirm(actor, intent)


def shown_by_server(actor: Actor) -> KeyPair:
    """A pair whose private key was shown, and that nobody has confirmed yet."""
    intent = an_intent(actor)
    with transaction():
        return making.issue(actor, intent, public_of(a_private_key(903)))


WAYS = {"browser": by_browser, "command": by_command, "upload": a_key, "server": by_server, "shown": shown_by_server}


def end(actor: Actor, ticket: Delegation) -> None:
    with transaction():
        delegations.end(actor, ticket)


def pair_of(actor: Actor, pair: KeyPair) -> KeyPair:
    db.session.rollback()
    return store.get(actor, pair.api_key)


@pytest.mark.parametrize("way", WAYS)
def test_a_pair_made_by_any_way_is_the_one_pair(acting: Actor, way: str) -> None:
    make: Callable[[Actor], KeyPair] = WAYS[way]
    make(acting)

    with pytest.raises(TicketUsed):
        an_intent(acting)


def test_s8_the_pair_is_the_integrators_own_under_the_owners_contract(owner: Actor, acting: Actor) -> None:
    pair = a_key(acting)

    assert (pair.tenant_id, pair.holder_id) == (owner.tenant_id, acting.home_id)
    assert status_of(pair_of(owner, pair), clock.now()) is KeyStatus.ACTIVE


def test_before_it_is_redeemed_no_pair_is_made(owner: Actor, integrator: Actor) -> None:
    waiting = for_client(integrator, a_ticket(owner, integrator, redeemed=False))

    with pytest.raises(DelegationNotLive):
        an_intent(waiting)


def test_a_developer_of_the_integrator_makes_none(owner: Actor) -> None:
    agency = an_integrator()
    developer = for_client(a_member(tenant_of(agency), Role.DEVELOPER), a_ticket(owner, agency))

    with pytest.raises(NotDelegated):
        an_intent(developer)


def test_it_gives_nothing_in_another_environment(acting: Actor) -> None:
    with pytest.raises(EnvironmentOutOfReach):
        an_intent(acting, environment=PRODUCTION)


def test_a_ticket_for_both_environments_gives_one_pair_in_each(owner: Actor, integrator: Actor) -> None:
    acting = for_client(integrator, a_ticket(owner, integrator, environments=Environment))

    a_key(acting, environment=SANDBOX)
    a_key(acting, environment=PRODUCTION)

    for side in Environment:
        with pytest.raises(TicketUsed):
            an_intent(acting, environment=side)


def test_an_ordinary_delegation_gives_any_number(owner: Actor, integrator: Actor) -> None:
    acting = for_client(integrator, a_delegation(owner, integrator))
    a_key(acting)

    assert a_key(acting).state is KeyState.ACTIVE


def test_the_owner_itself_is_not_limited_by_it(owner: Actor, acting: Actor) -> None:
    a_key(acting)
    a_key(owner)

    assert a_key(owner).state is KeyState.ACTIVE


@pytest.mark.parametrize("by", ["owner", "integrator"])
def test_a_revoked_pair_still_counts(owner: Actor, acting: Actor, by: str) -> None:
    pair = a_key(acting)
    with transaction():
        operations.revoke(owner if by == "owner" else acting, pair)

    with pytest.raises(TicketUsed):
        an_intent(acting)


def test_a_discarded_pair_does_not_count(acting: Actor) -> None:
    intent = an_intent(acting)
    with transaction():
        making.issue(acting, intent, public_of(a_private_key(904)))
    with transaction():
        making.discard(acting, intent)

    assert a_key(acting).state is KeyState.ACTIVE


def test_a_pair_that_nobody_confirmed_does_not_count_after_30_minutes(acting: Actor) -> None:
    shown_by_server(acting)

    with time_machine.travel(clock.now() + timedelta(minutes=30, seconds=1)):
        assert a_key(acting).state is KeyState.ACTIVE


def test_nor_once_the_worker_has_stored_that_it_lapsed(acting: Actor) -> None:
    shown_by_server(acting)

    with time_machine.travel(clock.now() + timedelta(minutes=31)):
        with transaction():
            operations.lapse_due(system_actor("worker"))

        assert a_key(acting).state is KeyState.ACTIVE


def test_of_two_intents_the_first_that_is_proved_is_the_pair(acting: Actor) -> None:
    privates = [a_private_key(905), a_private_key(906)]
    intents = [an_intent(acting, private=private) for private in privates]
    proofs = [message_of(acting, intent, private) for intent, private in zip(intents, privates, strict=True)]
    with transaction():
        making.prove(acting, intents[0], signed=proofs[0], signature=sign(privates[0], proofs[0]))

    with pytest.raises(TicketUsed), transaction():
        making.prove(acting, intents[1], signed=proofs[1], signature=sign(privates[1], proofs[1]))


def test_beside_a_pair_that_waits_to_be_confirmed_no_other_is_proved(acting: Actor) -> None:
    private = a_private_key(907)
    intent = an_intent(acting, private=private)
    message = message_of(acting, intent, private)
    shown_by_server(acting)

    with pytest.raises(TicketUsed), transaction():
        making.prove(acting, intent, signed=message, signature=sign(private, message))


def test_proving_the_same_again_ends_in_the_same_pair(acting: Actor) -> None:
    private = a_private_key(908)
    intent = an_intent(acting, private=private)
    message = message_of(acting, intent, private)
    made = []
    for _ in range(2):
        with transaction():
            pair = making.prove(acting, intent, signed=message, signature=sign(private, message))
            made.append(pair.api_key)

    assert made[0] == made[1]


def test_a_crash_before_the_end_leaves_the_ticket_unused(acting: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    private = a_private_key(909)
    intent = an_intent(acting, private=private)
    message, intent_id = message_of(acting, intent, private), intent.public_id

    def broken(*_arguments: object, **_named: object) -> None:
        raise RuntimeError("the machine is gone")

    with monkeypatch.context() as patch:
        patch.setattr(audit, "_append", broken)
        with pytest.raises(RuntimeError), transaction():
            making.prove(acting, intent, signed=message, signature=sign(private, message))

    with transaction():
        again = intent_store.get(acting, intent_id)
        pair = making.prove(acting, again, signed=message, signature=sign(private, message))
        assert pair.state is KeyState.ACTIVE


def test_it_can_be_rotated_again_and_again(acting: Actor) -> None:
    pair = a_key(acting)
    for _ in range(3):
        with time_machine.travel(clock.now() + timedelta(days=1)):
            successor = a_successor(acting, pair)
        with transaction():
            operations.revoke(acting, pair_of(acting, pair))
        pair = pair_of(acting, successor)

    assert status_of(pair, clock.now()) is KeyStatus.ACTIVE


def test_a_rotated_pair_still_counts(acting: Actor) -> None:
    a_successor(acting, a_key(acting))

    with pytest.raises(TicketUsed):
        an_intent(acting)


def test_a_pair_that_is_past_due_is_rotated_all_the_same_but_not_made(owner: Actor, integrator: Actor) -> None:
    acting = for_client(integrator, a_ticket(owner, integrator, environments=Environment))
    pair = a_key(acting)
    with transaction():
        tenants.set_standing(system_actor("tests"), tenant_of(owner), Standing.PAST_DUE)

    assert a_successor(acting, pair).state is KeyState.ACTIVE
    with pytest.raises(StandingNotGood):
        usable_contracts(acting)


@pytest.mark.parametrize("who", ["owner", "integrator"])
def test_ending_it_stops_its_pair_and_no_other(owner: Actor, integrator: Actor, ticket: Delegation, who: str) -> None:
    pair, own = a_key(for_client(integrator, ticket)), a_key(owner)

    end(owner if who == "owner" else integrator, ticket)

    assert status_of(pair_of(owner, pair), clock.now()) is KeyStatus.DELEGATION_ENDED
    assert status_of(pair_of(owner, own), clock.now()) is KeyStatus.ACTIVE


def test_after_the_end_no_pair_is_made(owner: Actor, ticket: Delegation, acting: Actor) -> None:
    end(owner, ticket)

    with pytest.raises(DelegationNotLive):
        an_intent(acting)


def test_after_its_last_day_no_pair_is_made_and_the_one_that_was_stops(owner: Actor, integrator: Actor) -> None:
    acting = for_client(integrator, a_ticket(owner, integrator, environments=Environment, days=2))
    pair = a_key(acting)

    with time_machine.travel(clock.now() + timedelta(days=2, seconds=1)):
        with pytest.raises(DelegationNotLive):
            an_intent(acting, environment=PRODUCTION)

        assert status_of(pair_of(owner, pair), clock.now()) is KeyStatus.DELEGATION_ENDED


def test_a_widened_ticket_gives_more_and_stops_nothing(
    owner: Actor, integrator: Actor, ticket: Delegation, acting: Actor
) -> None:
    pair = a_key(acting)
    with transaction():
        proposal = delegations.propose_widening(
            owner,
            ticket,
            environments=ticket.environments,
            rights=ticket.rights,
            project_ids=None,
            ends_at=ticket.ends_at,
        )
        proposal_id = proposal.public_id
    with transaction():
        delegations.accept_widening(integrator, ticket, proposal_id)

    assert a_key(acting).state is KeyState.ACTIVE
    assert status_of(pair_of(owner, pair), clock.now()) is KeyStatus.ACTIVE


def test_another_tickets_pair_does_not_count(owner: Actor, integrator: Actor, ticket: Delegation) -> None:
    a_key(for_client(integrator, ticket))
    end(owner, ticket)

    second = for_client(integrator, a_ticket(owner, integrator))

    assert a_key(second).state is KeyState.ACTIVE


def test_both_sides_see_which_pair_was_made(owner: Actor, integrator: Actor, ticket: Delegation, acting: Actor) -> None:
    successor = a_successor(acting, a_key(acting))

    for actor in (owner, integrator):
        made = tickets.made_under(actor, [ticket], clock.now())
        assert made[ticket.id][SANDBOX].api_key == successor.api_key


def test_who_is_on_neither_side_sees_none(ticket: Delegation, acting: Actor) -> None:
    a_key(acting)

    assert tickets.made_under(an_integrator(), [ticket], clock.now()) == {}


def test_rolling_back_and_rotating_again_makes_no_pair_more_each_time(owner, integrator):
    ticket = a_ticket(owner, integrator)
    there = for_client(integrator, ticket)
    first = a_key(there)
    a_successor(there, first)
    with transaction():
        old = store.get(there, first.api_key)
        rotation.roll_back(there, old, version=old.version)

    with pytest.raises(TicketPairBeside):
        a_successor(there, store.get(there, first.api_key))


def test_a_batch_asks_for_no_more_than_the_ticket_gives(owner, integrator):
    there = for_client(integrator, a_ticket(owner, integrator))

    with pytest.raises(TooManyNames), transaction():
        batch.begin(
            there,
            environment=Environment.SANDBOX,
            contract=usable_contracts(there)[0],
            lines=batch.read_names("One\nTwo"),
        )


def test_an_intent_of_a_delegation_that_is_over_makes_no_pair_under_the_next_one(owner, integrator):
    first = a_delegation(owner, integrator)
    private = a_private_key(4242)
    intent = an_intent(for_client(integrator, first), private=private)
    with transaction():
        delegations.end(owner, first)
    there = for_client(integrator, a_delegation(owner, integrator))
    message = message_of(there, intent, private)

    with pytest.raises(MakingOver), transaction():
        making.prove(there, intent, signed=message, signature=sign(private, message))
