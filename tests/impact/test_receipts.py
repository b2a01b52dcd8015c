"""What became of a hand-off: each step with its time and party, the same for both sides."""

from datetime import timedelta

import pytest
import time_machine

from portal.contracts import store as contracts
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.handoffs import operations
from portal.handoffs import store as hand_offs
from portal.handoffs.models import HandOff
from portal.impact import receipts
from portal.impact.receipts import Step
from portal.projects import operations as projects
from portal.projects import store as project_store
from portal.projects.models import DataSpace
from portal.usage import traces
from tests.factories import a_call, a_licensee
from tests.handoffs.scenes import Scene, a_hand_off, a_scene, fetched, finished, now

OWN_SHOP, NEW_SHOP = "198.51.100.1", "203.0.113.9"


@pytest.fixture
def scene() -> Scene:
    """A hand-off can begin."""
    return a_scene()


@pytest.fixture
def space(scene: Scene) -> DataSpace:
    """A data space of the owner's."""
    with transaction():
        project = projects.create(scene.owner, "Shop", contracts.all_of(scene.owner)[0])
    return project_store.get(scene.owner, project.public_id).data_spaces[0]


def steps(scene: Scene, hand_off: HandOff) -> dict[Step, bool]:
    """Each step that is told, and whether it has come."""
    return {told.step: told.at is not None for told in receipts.of(now(scene, hand_off))}


def test_both_sides_are_told_the_same(scene: Scene):
    hand_off = a_hand_off(scene)

    assert receipts.of(hand_offs.get(scene.owner, hand_off.public_id)) == receipts.of(
        hand_offs.get(scene.integrator, hand_off.public_id)
    )


def test_what_has_not_come_is_told_without_a_moment(scene: Scene):
    assert steps(scene, a_hand_off(scene)) == {
        Step.OFFERED: True,
        Step.OPENED: False,
        Step.PROVED: False,
        Step.INSTALLED: False,
        Step.USED: False,
    }


def test_each_step_names_its_party_and_person(scene: Scene):
    hand_off = a_hand_off(scene)
    fetched(scene, hand_off)
    finished(scene, hand_off)

    told = receipts.of(now(scene, hand_off))

    assert [(one.party, one.person) for one in told[:3]] == [
        ("Northwind", scene.owner.label),
        ("Agency", scene.integrator.label),
        ("Agency", scene.integrator.label),
    ]


def test_the_first_call_of_a_new_client_says_that_it_is_installed(scene: Scene):
    hand_off = a_hand_off(scene)
    fetched(scene, hand_off)

    a_call(scene.pair, address=NEW_SHOP, at=clock.now() + timedelta(minutes=1))
    traces.flush()

    assert steps(scene, hand_off)[Step.INSTALLED]
    assert not steps(scene, hand_off)[Step.USED]


def test_a_call_in_a_data_space_says_that_it_is_used(scene: Scene, space: DataSpace):
    hand_off = a_hand_off(scene)
    fetched(scene, hand_off)

    a_call(scene.pair, space, address=NEW_SHOP, at=clock.now() + timedelta(minutes=1))
    traces.flush()

    assert steps(scene, hand_off)[Step.USED]


def test_the_owners_own_shop_says_nothing(scene: Scene, space: DataSpace):
    a_call(scene.pair, space, address=OWN_SHOP, at=clock.now() - timedelta(days=1))
    traces.flush()
    hand_off = a_hand_off(scene)
    fetched(scene, hand_off)

    a_call(scene.pair, space, address=OWN_SHOP, at=clock.now() + timedelta(minutes=1))
    traces.flush()

    assert not steps(scene, hand_off)[Step.INSTALLED]
    assert not steps(scene, hand_off)[Step.USED]


def test_a_withdrawn_one_ends_its_story(scene: Scene):
    hand_off = a_hand_off(scene)
    with transaction():
        operations.withdraw(scene.owner, hand_off)

    assert list(steps(scene, hand_off)) == [Step.OFFERED, Step.OPENED, Step.WITHDRAWN]


def test_a_lapsed_one_is_told_as_such_before_the_worker_came(scene: Scene):
    hand_off = a_hand_off(scene)

    with time_machine.travel(clock.now() + timedelta(hours=73)):
        told = receipts.of(now(scene, hand_off))

    assert told[-1].step is Step.LAPSED
    assert told[-1].at == hand_off.lapses_at


def test_a_frozen_one_names_nobody(scene: Scene):
    hand_off, stranger = a_hand_off(scene), a_licensee(name="Stranger")
    with transaction():
        operations.freeze(stranger, now(scene, hand_off))

    told = receipts.of(now(scene, hand_off))

    assert (told[-1].step, told[-1].party, told[-1].person) == (Step.FROZEN, "", "")
