"""The double click, the second tab and the colleague, all at once."""

from types import SimpleNamespace
from typing import Any

from portal.foundation.database import transaction
from portal.handoffs import operations, store
from portal.handoffs.models import HandOffState
from tests.factories import a_licensee, a_member, tenant_of
from tests.handoffs.scenes import Scene, a_hand_off, an_intent, events_of, fetched, finished, now, sealed
from tests.parallel import at_once


def offered(scene: Scene) -> Any:
    """A hand-off by its public id alone: a row belongs to the thread that loaded it."""
    return SimpleNamespace(public_id=a_hand_off(scene).public_id)


def test_of_64_openings_at_once_those_of_the_receiver_count_and_nobody_elses(scene: Scene):
    hand_off = offered(scene)
    colleague = a_member(tenant_of(scene.integrator))

    outcomes = at_once(lambda number: fetched(scene, hand_off, [scene.integrator, colleague][number % 8 != 0]), 64)

    assert outcomes == {"done": 8, "sealed_to_another": 56}
    assert now(scene, hand_off).attempts == 8
    assert len(store.copies_of(scene.owner, scene.pair)) == 1


def test_16_deposits_of_one_intent_end_in_one_hand_off(scene: Scene):
    intent = an_intent(scene)
    made = sealed(scene, intent)

    def deposit(_number: int) -> None:
        found = store.get_intent(scene.owner, intent.public_id)
        with transaction():
            operations.deposit(scene.owner, found, made)

    assert at_once(deposit, 16) == {"done": 16}
    assert events_of(scene.owner).count("hand_off.offered") == 1


def test_of_16_hand_offs_of_one_pair_one_is_offered(scene: Scene):
    intents = [an_intent(scene, message=f"Tab {number}") for number in range(16)]
    made = [sealed(scene, intent) for intent in intents]

    def deposit(number: int) -> None:
        found = store.get_intent(scene.owner, intents[number].public_id)
        with transaction():
            operations.deposit(scene.owner, found, made[number])

    assert at_once(deposit, 16) == {"done": 1, "hand_off_running": 15}


def test_proving_16_times_at_once_is_one_event(scene: Scene):
    hand_off = offered(scene)
    fetched(scene, hand_off)

    assert at_once(lambda _number: finished(scene, hand_off), 16) == {"done": 16}
    assert events_of(scene.owner).count("hand_off.done") == 1


def test_opening_withdrawing_and_freezing_at_once_ends_in_one_state_without_ciphertext(scene: Scene):
    hand_off, stranger = offered(scene), a_licensee(name="Stranger")

    def act(number: int) -> None:
        if number % 3 == 0:
            fetched(scene, hand_off)
            return
        found = store.get(scene.owner, hand_off.public_id)
        with transaction():
            if number % 3 == 1:
                operations.withdraw(scene.owner, found)
            else:
                operations.freeze(stranger, found)

    at_once(act, 12)

    after = now(scene, hand_off)
    assert after.state in (HandOffState.WITHDRAWN, HandOffState.FROZEN)
    assert after.envelope is None
    assert len({"hand_off.withdrawn", "hand_off.frozen"} & set(events_of(scene.owner))) == 1
