"""Copies: who has one, and that the pair has to be rotated once its delegation is over (rule 15)."""

from datetime import timedelta

import time_machine

from portal.access.actor import system_actor
from portal.access.roles import Environment
from portal.delegations import operations as delegations
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.handoffs import codes, operations, store
from portal.handoffs.models import HandOffState, Purpose
from portal.keys import store as keys
from portal.keys.models import KeyState
from tests.factories import a_delegation, a_key, a_successor, an_integrator
from tests.handoffs.scenes import Scene, a_hand_off, an_intent, events_of, fetched, mails, narrow, now

WORKER = system_actor("worker")


def start() -> int:
    with transaction():
        return operations.start_rotations(WORKER)


def end(scene: Scene) -> None:
    with transaction():
        delegations.end(scene.owner, scene.delegation)


def a_copy(scene: Scene) -> None:
    """The integrator has a copy of the scene's pair."""
    fetched(scene, a_hand_off(scene))


def test_a_copy_whose_delegation_runs_asks_for_nothing(scene: Scene):
    a_copy(scene)

    assert start() == 0


def test_s8_a_copied_pair_has_to_be_rotated_when_the_delegation_ends(scene: Scene):
    a_copy(scene)
    end(scene)

    assert start() == 1
    assert [copy.key_pair.name for copy in store.copies_to_rotate(scene.owner)] == ["Storefront"]
    assert events_of(scene.owner)[-1] == "key.rotation_due"
    assert mails()[-1] == "key_rotation_due"


def test_ending_stops_neither_the_copied_pair_nor_any_other(scene: Scene):
    other = a_key(scene.owner, environment=Environment.SANDBOX)
    a_copy(scene)
    end(scene)

    start()

    assert keys.get(scene.owner, scene.pair.api_key).state is KeyState.ACTIVE
    assert keys.get(scene.owner, other.api_key).state is KeyState.ACTIVE


def test_the_owner_is_told_once(scene: Scene):
    a_copy(scene)
    end(scene)
    start()

    assert start() == 0


def test_a_delegation_that_runs_out_asks_for_it_too(scene: Scene):
    a_copy(scene)

    with time_machine.travel(clock.now() + timedelta(days=91)):
        assert start() == 1


def test_a_pause_asks_for_nothing(scene: Scene):
    a_copy(scene)
    with transaction():
        delegations.pause(scene.owner, scene.delegation)

    assert start() == 0


def test_a_pair_that_is_being_replaced_asks_for_nothing(scene: Scene):
    a_copy(scene)
    a_successor(scene.owner, scene.pair)
    end(scene)

    assert start() == 0


def test_rotating_it_settles_the_matter(scene: Scene):
    a_copy(scene)
    end(scene)
    start()

    a_successor(scene.owner, keys.get(scene.owner, scene.pair.api_key))

    assert not store.copies_to_rotate(scene.owner)


def test_only_the_copies_of_the_ended_delegation_are_meant(scene: Scene):
    other = an_integrator()
    theirs = a_delegation(scene.owner, other)
    a_copy(scene)
    end(scene)

    with transaction():
        assert operations.start_rotations(scene.owner, theirs) == 0


def test_an_ended_delegation_names_the_pairs_that_were_copied(scene: Scene):
    a_copy(scene)

    assert [pair.name for pair in store.copied_to(scene.delegation)] == ["Storefront"]


def test_codes_are_forgotten_a_day_after_their_end(scene: Scene):
    with transaction():
        codes.show(scene.integrator, Purpose.ENROL)

    with time_machine.travel(clock.now() + timedelta(days=2)), transaction():
        assert operations.tidy_up() == 1


def test_narrowing_the_environment_of_a_copy_away_asks_for_its_rotation(scene: Scene):
    a_copy(scene)
    narrow(scene, environments=frozenset({Environment.SANDBOX}))

    assert start() == 1


def test_one_that_lapsed_before_the_worker_came_is_in_nobodys_way(scene: Scene):
    first = a_hand_off(scene)

    with time_machine.travel(clock.now() + timedelta(hours=73)):
        intent = an_intent(scene)

    assert intent.public_id != first.public_id
    assert now(scene, first).state is HandOffState.LAPSED
