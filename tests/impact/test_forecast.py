"""Rule 9: what a page says an act will stop, held against what the act then stopped. Any acts, in any order."""

import secrets
from collections.abc import Callable
from datetime import timedelta

import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.access.actor import Actor, system_actor
from portal.access.roles import Environment
from portal.access.rows import owned_by
from portal.contracts import store as contracts
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.foundation.errors import PortalError
from portal.impact import blast, retiring
from portal.impact.rotation import cockpit
from portal.keys import making, operations, rotation, store
from portal.keys.material import PublicHalf
from portal.keys.models import KeyEnding, KeyIntent, KeyOrigin, KeyPair, KeyState
from portal.keys.rotation import Plan
from portal.projects import installations
from portal.projects import operations as projects
from portal.projects import store as project_store
from portal.projects.models import DataSpace, Installation
from tests.factories import a_licensee, an_intent, live_pairs

WORKER = system_actor("worker")
SANDBOX = Environment.SANDBOX
Ids = set[str]

OVERLAPS = st.sampled_from([timedelta(), timedelta(hours=1), timedelta(days=1), timedelta(days=14), timedelta(days=90)])
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["rotate", "change_end", "end_early", "roll_back", "revoke", "wait"]),
        st.integers(0, 9),
        st.builds(Plan, OVERLAPS, st.sampled_from(KeyEnding)),
    ),
    min_size=1,
    max_size=12,
)


def live(owner: Actor) -> Ids:
    return {row.api_key for row in live_pairs(owner)}


def in_service(owner: Actor, intent: KeyIntent) -> KeyPair:
    """The pair of an intent. No private half is needed to see what an act stops, and making one takes long."""
    with transaction():
        making.issue(owner, intent, PublicHalf(secrets.token_bytes(294), 2048))
    with transaction():
        return making.confirm(owner, intent)


def a_world(*, with_shop: bool) -> Actor:
    """A licensee with two pairs and, if wanted, a shop on their side."""
    owner = a_licensee()
    for _ in range(2):
        in_service(owner, an_intent(owner))
    with transaction():
        project = projects.create(owner, "Shops", contracts.all_of(owner)[0])
    spaces = project_store.get(owner, project.public_id).data_spaces
    if with_shop:
        space = next(space for space in spaces if space.environment is SANDBOX)
        with transaction():
            installations.attach(owner, space, "Main shop", "https://shop.example", SANDBOX)
    return owner


def data_of(owner: Actor) -> dict[str, list[tuple[str, str]]]:
    """Ids and names of what no act on keys may touch (rule 8)."""
    return {
        model.__tablename__: sorted((row.public_id, row.name) for row in db.session.scalars(owned_by(owner, model)))
        for model in (DataSpace, Installation)
    }


def change(owner: Actor, pair: KeyPair, act: Callable[..., object], **named: object) -> bool:
    """Whether the act was carried out, rather than refused."""
    try:
        with transaction():
            act(owner, pair, **named)
    except PortalError:
        return False
    return True


def rotate(owner: Actor, pair: KeyPair, plan: Plan) -> None:
    forecast, before = blast.of_rotation(owner, pair), live(owner)
    try:
        with transaction():
            intent = rotation.begin(owner, pair, plan, origin=KeyOrigin.SERVER, forced=True)
    except PortalError:
        assert live(owner) == before
        return
    successor = in_service(owner, intent).api_key
    assert [row.api_key for row in forecast.key_pairs] == [pair.api_key]
    assert live(owner) - before == {successor}
    assert before - live(owner) == ({pair.api_key} if plan.overlap == timedelta() else set())
    with time_machine.travel(clock.now() + timedelta(days=91)):
        ended = before - live(owner)
    assert (pair.api_key in ended) == (plan.ending is not KeyEnding.HELD)


def stop(owner: Actor, pair: KeyPair, act: Callable[..., object], forecast: blast.BlastRadius, **named: object) -> None:
    before = live(owner)
    done = change(owner, pair, act, **named)
    stopped = {row.api_key for row in forecast.key_pairs} if done else set()
    assert before - live(owner) == stopped
    assert live(owner) - before == set()
    if done and stopped:
        assert live(owner) == {row.api_key for row in forecast.others_live}


def wait(owner: Actor) -> None:
    """The worker comes by: it stops nothing that works and whose end is soft, while a shop may use it."""
    before = live(owner)
    pairs = live_pairs(owner)
    rows = [row for row in pairs if row.ending is KeyEnding.HELD and cockpit(owner, row).users.may_use_it]
    kept = {row.api_key for row in rows}
    retiring.run(WORKER)
    assert kept <= live(owner) <= before


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, with_shop=st.booleans())
def test_what_an_act_stops_is_what_was_forecast(steps, with_shop):
    owner = a_world(with_shop=with_shop)
    data, hours, start = data_of(owner), 0.0, clock.now()

    for name, number, plan in steps:
        hours += number * 24 if name == "wait" else 0.1
        with time_machine.travel(start + timedelta(hours=hours)):
            rows = store.listed(owner, SANDBOX, place=None).rows
            pair = store.get(owner, rows[number % len(rows)].api_key)
            ending = blast.of_ending(owner, pair, cockpit(owner, pair).users.laggards)
            if name == "rotate":
                rotate(owner, pair, plan)
            elif name == "end_early":
                stop(owner, pair, rotation.end_early, ending, version=pair.version)
            elif name == "revoke":
                stop(owner, pair, operations.revoke, blast.of_key(owner, pair))
            elif name == "roll_back":
                stop(owner, pair, rotation.roll_back, blast.BlastRadius(), version=pair.version)
            elif name == "change_end":
                at_once = {pair.api_key} if plan.overlap == timedelta() else set()
                before = live(owner)
                change(owner, pair, rotation.change_end, plan=plan, version=pair.version)
                assert before - live(owner) <= at_once
            else:
                wait(owner)

    assert data_of(owner) == data
    states = {row.state for row in store.listed(owner, SANDBOX, place=None).rows}
    assert KeyState.PENDING not in states
