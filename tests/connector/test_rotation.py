"""A rotation as shops see it: both pairs work for the overlap, and an ended one is told as keys not valid (S16)."""

from datetime import timedelta

import pytest
import time_machine

from portal.access.actor import Actor, system_actor
from portal.foundation import clock
from portal.impact import retiring
from portal.keys import store
from portal.keys.models import KeyEnding, KeyState
from portal.keys.rotation import Plan
from portal.usage import traces
from tests.connector.conftest import MakeShop
from tests.connector.shop import KeysNotValid, Shop
from tests.factories import a_successor

DAY = timedelta(days=1)


@pytest.mark.parametrize("ending", [KeyEnding.HARD, KeyEnding.LEAK])
def test_s16_a_hard_end_stops_the_old_key_on_its_second_and_not_before(owner: Actor, shop: Shop, ending: KeyEnding):
    begun = clock.now()
    a_successor(owner, store.get(owner, shop.api_key), Plan(DAY, ending))
    until = store.get(owner, shop.api_key).retiring_until
    assert until is not None
    assert until >= begun + DAY

    with time_machine.travel(until - timedelta(seconds=1), tick=False):
        shop.ping()
    with time_machine.travel(until, tick=False), pytest.raises(KeysNotValid):
        shop.ping()


def test_s16_a_shop_that_still_calls_with_the_old_key_is_answered_after_the_date(owner: Actor, shop: Shop):
    rows = shop.create("Storefront")
    a_successor(owner, store.get(owner, shop.api_key), Plan(DAY))

    with time_machine.travel(clock.now() + DAY - timedelta(minutes=5)):
        shop.say_cloud(rows[1]["environmentId"], "cloud-1")
        traces.flush()
    with time_machine.travel(clock.now() + 2 * DAY):
        retiring.run(system_actor("worker"))
        assert shop.rows_of(rows[0]["projectId"])

    assert store.get(owner, shop.api_key).state is KeyState.RETIRING


def test_s16_once_nobody_uses_the_old_key_it_ends_at_its_date(owner: Actor, a_shop: MakeShop):
    old, successor = a_shop(owner), a_shop(owner)
    a_successor(owner, store.get(owner, old.api_key), Plan(DAY))

    with time_machine.travel(clock.now() + DAY):
        retiring.run(system_actor("worker"))
        with pytest.raises(KeysNotValid):
            old.ping()
        successor.ping()
