"""What the worker does to retiring pairs at their date: ends them, or holds them open for shops that still use them."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from portal.access.actor import Actor, system_actor
from portal.access.roles import Environment, Role
from portal.access.rows import owned_by
from portal.audit.models import AuditEvent
from portal.contracts import store as contracts
from portal.delegations import operations as delegations
from portal.delegations import store as delegation_store
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.impact import retiring
from portal.impact.rotation import cockpit
from portal.keys import operations, rotation, store
from portal.keys.models import KeyEnding, KeyPair, KeyState
from portal.keys.rotation import Plan
from portal.outbox import operations as outbox
from portal.outbox.models import OutboxMessage
from portal.projects import installations
from portal.projects import operations as projects
from portal.projects import store as project_store
from portal.projects.models import Installation
from portal.usage import traces
from tests.factories import (
    a_call,
    a_delegation,
    a_key,
    a_licensee,
    a_member,
    a_successor,
    an_integrator,
    for_client,
    live_pairs,
    tenant_of,
)

WORKER = system_actor("worker")
DAY = timedelta(days=1)
SHORT = Plan(DAY)


@pytest.fixture
def owner() -> Actor:
    return a_licensee()


@pytest.fixture
def pair(owner: Actor) -> KeyPair:
    return a_key(owner, name="Storefront")


def a_shop(owner: Actor, name: str, side: Environment = Environment.SANDBOX) -> Installation:
    """An installation entered by hand on a data space of its own."""
    with transaction():
        project = projects.create(owner, f"Project of {name}", contracts.all_of(owner)[0])
    spaces = project_store.get(owner, project.public_id).data_spaces
    space = next(space for space in spaces if space.environment is side)
    with transaction():
        shop = installations.attach(owner, space, name, "https://shop.example", side)
    return project_store.get_installation(owner, shop.public_id)


def calls(shop: Installation, pair: KeyPair) -> None:
    """The shop calls with this pair, and it is on record."""
    here = system_actor("tests", pair.tenant_id)
    a_call(pair, project_store.get_installation(here, shop.public_id).data_space)
    traces.flush()


def after(delta: timedelta):
    return time_machine.travel(clock.now() + delta)


def state(owner: Actor, pair: KeyPair) -> KeyState:
    return store.get_by_id(owner, pair.id).state


def events_of(actor: Actor) -> list[str]:
    return [row.event for row in db.session.scalars(owned_by(actor, AuditEvent).order_by(AuditEvent.seq))]


def mails() -> list[str]:
    """The templates of all messages, oldest first."""
    return list(db.session.scalars(select(OutboxMessage.template).order_by(OutboxMessage.id)))


def test_before_the_date_nothing_ends(owner, pair):
    a_successor(owner, pair, SHORT)

    with after(DAY - timedelta(minutes=1)):
        assert retiring.run(WORKER) == 0
    assert state(owner, pair) is KeyState.RETIRING


def test_at_the_date_a_pair_that_no_shop_is_known_to_use_retires(owner, pair):
    a_successor(owner, pair, SHORT)

    with after(DAY):
        assert retiring.run(WORKER) == 1

    assert state(owner, pair) is KeyState.RETIRED
    assert events_of(owner)[-1] == "key.retired"


def test_a_pair_is_held_open_while_a_shop_is_not_known_to_have_moved(owner, pair):
    a_shop(owner, "Main shop")
    a_successor(owner, pair, SHORT)

    with after(DAY):
        assert retiring.run(WORKER) == 0
        assert {row.id for row in live_pairs(owner)} >= {pair.id}
    assert state(owner, pair) is KeyState.RETIRING


def test_it_retires_once_all_shops_were_seen_with_the_successor(owner, pair):
    shop = a_shop(owner, "Main shop")
    calls(shop, pair)
    successor = a_successor(owner, pair, SHORT)

    with after(timedelta(minutes=1)):
        calls(shop, successor)
    with after(DAY + timedelta(minutes=1)):
        retiring.run(WORKER)

    assert state(owner, pair) is KeyState.RETIRED


def test_a_shop_whose_last_call_alone_was_made_with_the_successor_may_still_have_the_old_key_somewhere(owner, pair):
    shop = a_shop(owner, "Main shop")
    successor = a_successor(owner, pair, SHORT)
    with after(DAY - timedelta(minutes=2)):
        calls(shop, pair)
    with after(DAY - timedelta(minutes=1)):
        calls(shop, successor)

    with after(DAY):
        retiring.run(WORKER)
    held = state(owner, pair)
    with after(2 * DAY):
        retiring.run(WORKER)

    assert (held, state(owner, pair)) == (KeyState.RETIRING, KeyState.RETIRED)


@pytest.mark.parametrize("listed", [False, True])
def test_calls_that_name_no_data_space_hold_the_pair_open_for_a_week(owner, pair, listed):
    a_successor(owner, pair, SHORT)
    with after(DAY - timedelta(minutes=1)):
        a_call(pair, listed=listed)
        traces.flush()

    with after(DAY):
        retiring.run(WORKER)
        held, stand = state(owner, pair), cockpit(owner, store.get(owner, pair.api_key))
    with after(9 * DAY):
        retiring.run(WORKER)

    assert (held, state(owner, pair)) == (KeyState.RETIRING, KeyState.RETIRED)
    assert stand.users.called_at is not None
    assert not stand.is_safe_to_close


def test_of_a_delegation_that_ended_nothing_is_held_open_and_nobody_is_written_to(owner):
    integrator = an_integrator()
    delegation = a_delegation(owner, integrator)
    holder = for_client(integrator, delegation)
    a_shop(owner, "Secret shop")
    pair = a_key(holder)
    a_successor(holder, pair, SHORT)
    with transaction():
        delegations.end(owner, delegation)

    for days in (1, 2, 3):
        with after(days * DAY):
            retiring.run(WORKER)

    assert state(owner, pair) is KeyState.RETIRED
    assert "key_held_open" not in mails()


def test_while_a_delegation_is_paused_the_pair_waits_and_nobody_is_written_to(owner):
    integrator = an_integrator()
    delegation = a_delegation(owner, integrator)
    holder = for_client(integrator, delegation)
    a_shop(owner, "Main shop")
    pair = a_key(holder)
    a_successor(holder, pair, SHORT)
    with transaction():
        delegations.pause(owner, delegation)

    with after(DAY):
        retiring.run(WORKER)

    assert state(owner, pair) is KeyState.RETIRING
    assert "key_held_open" not in mails()


def test_one_pair_that_cannot_be_settled_keeps_no_other_from_its_turn(owner, pair, monkeypatch):
    other = a_licensee()
    second = a_key(other)
    for actor, each in ((owner, pair), (other, second)):
        a_successor(actor, each, SHORT)
    poison, settle = min((owner.tenant_id, pair.id), (other.tenant_id, second.id)), retiring._settle
    monkeypatch.setattr(retiring, "_settle", lambda actor, place: _crash() if place == poison else settle(actor, place))

    with after(DAY):
        assert retiring.run(WORKER) == 1


def test_a_shop_that_was_seen_with_the_old_pair_holds_it_open(owner, pair):
    shop = a_shop(owner, "Main shop")
    successor = a_successor(owner, pair, SHORT)

    with after(timedelta(minutes=1)):
        calls(shop, successor)
    with after(timedelta(minutes=2)):
        calls(shop, pair)
    with after(DAY):
        retiring.run(WORKER)

    assert state(owner, pair) is KeyState.RETIRING


def test_a_shop_that_was_seen_with_a_key_of_the_other_side_has_not_moved(owner, pair):
    shop = a_shop(owner, "Main shop")
    other_side = a_key(owner, environment=Environment.PRODUCTION)

    calls(shop, other_side)
    a_successor(owner, pair)

    assert [user.installation for user in cockpit(owner, store.get(owner, pair.api_key)).users.laggards] == [shop]


def test_a_shop_that_was_only_ever_seen_with_another_pair_holds_nothing_open(owner, pair):
    calls(a_shop(owner, "Main shop"), a_key(owner, name="Another"))
    a_successor(owner, pair, SHORT)

    with after(DAY):
        retiring.run(WORKER)

    assert state(owner, pair) is KeyState.RETIRED


def test_a_shop_of_the_other_side_holds_nothing_open(owner, pair):
    a_shop(owner, "Live shop", Environment.PRODUCTION)
    a_successor(owner, pair, SHORT)

    with after(DAY):
        assert retiring.run(WORKER) == 1


@pytest.mark.parametrize(
    ("ending", "ends_as"), [(KeyEnding.HARD, KeyState.RETIRED), (KeyEnding.LEAK, KeyState.COMPROMISED)]
)
def test_a_hard_end_waits_for_no_shop(owner, pair, ending, ends_as):
    a_shop(owner, "Main shop")
    a_successor(owner, pair, Plan(DAY, ending))

    with after(DAY):
        retiring.run(WORKER)

    assert state(owner, pair) is ends_as
    assert mails() == []


def test_a_pair_whose_successor_was_revoked_is_held_open(owner, pair):
    successor = a_successor(owner, pair, SHORT)
    with transaction():
        operations.revoke(owner, successor)

    with after(DAY):
        retiring.run(WORKER)

    assert state(owner, pair) is KeyState.RETIRING


def test_a_pair_whose_successor_was_itself_replaced_is_not(owner, pair):
    successor = a_successor(owner, pair, Plan(2 * DAY))
    a_successor(owner, successor, SHORT, forced=True)

    with after(2 * DAY):
        assert retiring.run(WORKER) == 2


def test_its_own_end_ends_a_pair_whatever_uses_it(owner, pair):
    a_shop(owner, "Main shop")
    with transaction():
        store.get_by_id(owner, pair.id).expires_at = clock.now() + 2 * DAY
    a_successor(owner, store.get_by_id(owner, pair.id), SHORT)

    with after(2 * DAY):
        assert retiring.run(WORKER) == 1


def test_held_open_pairs_do_not_keep_others_from_their_turn(owner, monkeypatch):
    monkeypatch.setattr(retiring, "BATCH", 1)
    a_shop(owner, "Main shop")
    other = a_licensee()
    for actor in (owner, owner, other, other):
        a_successor(actor, a_key(actor), SHORT)

    with after(DAY):
        assert retiring.run(WORKER) == 2


def test_a_delegated_pair_is_held_open_by_shops_within_its_delegation_only(owner):
    integrator = an_integrator()
    inside, outside = a_shop(owner, "Inside"), a_shop(owner, "Outside")
    delegation = a_delegation(owner, integrator, project_ids=frozenset({inside.project_id}))
    holder = for_client(integrator, delegation)
    pair = a_key(holder)

    a_successor(holder, pair, SHORT)

    assert [row.installation.name for row in cockpit(holder, store.get(holder, pair.api_key)).users.all] == ["Inside"]
    assert outside.project_id != inside.project_id


def test_both_sides_have_the_end_of_a_delegated_pair_on_record(owner):
    integrator = an_integrator()
    holder = for_client(integrator, a_delegation(owner, integrator))
    a_successor(holder, a_key(holder), SHORT)

    with after(DAY):
        retiring.run(WORKER)

    assert events_of(owner)[-1] == events_of(integrator)[-1] == "key.retired"


def test_a_paused_delegation_keeps_its_retiring_pair(owner):
    integrator = an_integrator()
    a_shop(owner, "Main shop")
    delegation = a_delegation(owner, integrator)
    holder = for_client(integrator, delegation)
    pair = a_key(holder)
    a_successor(holder, pair, SHORT)
    with transaction():
        delegations.pause(owner, delegation)

    with after(DAY):
        retiring.run(WORKER)

    assert state(owner, pair) is KeyState.RETIRING


# The daily notice


def test_everybody_with_the_role_is_told_once_a_day(owner, pair):
    for role in (Role.KEY_MANAGER, Role.DEVELOPER):
        a_member(tenant_of(owner), role)
    a_shop(owner, "Main shop")
    a_successor(owner, pair, SHORT)

    for days in (1, 1, 2):
        with after(days * DAY):
            retiring.run(WORKER)
            retiring.run(WORKER)

    assert mails() == ["key_held_open"] * 4


def test_the_notice_names_the_laggards(owner, pair):
    a_shop(owner, "Main shop")
    a_successor(owner, pair, SHORT)

    with after(DAY):
        retiring.run(WORKER)

    assert outbox.read_all(1)[0].facts["installations"] == "Main shop"


def test_a_crash_between_mail_and_note_leaves_neither(owner, pair, monkeypatch):
    a_shop(owner, "Main shop")
    a_successor(owner, pair, SHORT)
    with after(DAY):
        with monkeypatch.context() as broken:
            broken.setattr(outbox, "post", _crash)
            retiring.run(WORKER)
        between = mails()
        retiring.run(WORKER)

    assert (between, mails()) == ([], ["key_held_open"])


def _crash(*_arguments, **_named):
    raise RuntimeError("killed")


# The cockpit


def test_it_is_safe_to_close_only_when_every_installation_has_moved(owner, pair):
    first, second = a_shop(owner, "First"), a_shop(owner, "Second")
    successor = a_successor(owner, pair)

    def laggards() -> list[str]:
        stand = cockpit(owner, store.get(owner, pair.api_key))
        names = [row.installation.name for row in stand.users.laggards]
        assert stand.is_safe_to_close is not bool(names)
        return names

    assert laggards() == ["First", "Second"]
    calls(second, successor)
    assert laggards() == ["First"]
    calls(first, pair)
    with after(timedelta(minutes=1)):
        calls(first, successor)
        assert laggards() == ["First"]
    with after(DAY + timedelta(minutes=1)):
        assert laggards() == []


def test_an_integrator_sees_in_the_cockpit_what_its_delegation_reaches_and_counts_the_rest(owner):
    one, two = an_integrator(name="One"), an_integrator(name="Two")
    inside, outside = a_shop(owner, "Inside"), a_shop(owner, "Outside")
    delegation = a_delegation(owner, one)
    holder = for_client(one, delegation)
    pair, theirs = a_key(holder), a_key(for_client(two, a_delegation(owner, two)), name="Of the other")
    for shop in (inside, outside):
        calls(shop, pair)
    with after(timedelta(minutes=1)):
        calls(inside, theirs)
    a_successor(holder, pair)
    with transaction():
        delegations.narrow(
            owner,
            delegation,
            environments=delegation.environments,
            rights=delegation.rights,
            project_ids=frozenset({inside.project_id}),
            ends_at=delegation.ends_at,
            version=delegation.version,
        )
    reader = for_client(one, delegation_store.get_given(owner, delegation.public_id))

    stand = cockpit(reader, store.get(reader, pair.api_key))

    assert [(user.installation.name, user.last_used) for user in stand.users.seen] == [("Inside", None)]
    assert stand.users.hidden_laggards == 1
    assert not stand.is_safe_to_close


def test_the_successor_is_the_one_that_took_over_last(owner, pair):
    second = a_successor(owner, pair)
    third = a_successor(owner, second, forced=True)
    with transaction():
        row = store.get(owner, second.api_key)
        rotation.end_early(owner, row, version=row.version)

    assert cockpit(owner, store.get(owner, pair.api_key)).successor.api_key == third.api_key


def test_not_seen_for_nine_days_is_not_moved(owner, pair):
    a_shop(owner, "Main shop")
    a_successor(owner, pair)

    with after(9 * DAY):
        stand = cockpit(owner, store.get(owner, pair.api_key))

    assert not stand.is_safe_to_close
    assert [row.installation.name for row in stand.users.laggards] == ["Main shop"]


def test_of_no_installation_nothing_is_known(owner, pair):
    a_successor(owner, pair)

    assert not cockpit(owner, store.get(owner, pair.api_key)).is_safe_to_close
