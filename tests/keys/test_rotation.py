"""Rotation: begin, hand over, extend, end early, roll back; who may, and what stays as it was."""

from datetime import timedelta

import pytest
import time_machine
from cryptography.hazmat.primitives import serialization

from portal.access.actor import Actor
from portal.access.errors import NotAllowed
from portal.access.roles import Environment, Role
from portal.access.rows import owned_by
from portal.audit.models import AuditEvent
from portal.contracts import store as contracts
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.foundation.errors import Changed
from portal.keys import making, operations, rotation, store
from portal.keys.errors import (
    AlreadyRotating,
    KeyNameTaken,
    LeakStays,
    MakingOver,
    NotHolderOfRotation,
    NotInService,
    NotSigner,
    OldPairChanged,
    OverlapBeyondEnd,
    OverlapOutOfRange,
    OverlapRunning,
    RotationOver,
    StandingNotGood,
)
from portal.keys.material import PublicHalf
from portal.keys.models import KeyEnding, KeyPair, KeyState
from portal.keys.rotation import Plan
from portal.keys.status import LIVE, KeyStatus, status_of
from portal.projects import operations as projects
from portal.projects import store as project_store
from portal.projects.models import DataSpace, Project
from portal.tenants import operations as tenants
from portal.tenants.models import Standing
from tests.factories import (
    a_delegation,
    a_deputy,
    a_key,
    a_licensee,
    a_member,
    a_partner,
    a_private_key,
    a_successor,
    a_successor_intent,
    a_vendor,
    acting,
    an_integrator,
    an_intent,
    for_client,
    live_pairs,
    membership_of,
    public_of,
    tenant_of,
)

HARD = Plan(ending=KeyEnding.HARD)
LEAK = Plan(timedelta(), KeyEnding.LEAK)
DAY = timedelta(days=1)


@pytest.fixture
def owner() -> Actor:
    return a_licensee()


@pytest.fixture
def pair(owner: Actor) -> KeyPair:
    return a_key(owner, name="Storefront")


def fresh(actor: Actor, pair: KeyPair) -> KeyPair:
    """The pair as it is stored now."""
    return store.get_by_id(actor, pair.id)


def status(actor: Actor, pair: KeyPair) -> KeyStatus:
    return status_of(fresh(actor, pair), clock.now())


def events_of(actor: Actor) -> list[str]:
    return [row.event for row in db.session.scalars(owned_by(actor, AuditEvent).order_by(AuditEvent.seq))]


def made_by_server(actor: Actor, pair: KeyPair, plan: Plan | None = None, number: int = 900):
    """An intent to replace `pair` whose private key was shown and waits to be confirmed."""
    intent = a_successor_intent(actor, pair, plan)
    with transaction():
        making.issue(actor, intent, public_of(a_private_key(number)))
    return intent


def past_due(owner: Actor, standing: Standing = Standing.PAST_DUE) -> None:
    admin = a_vendor()
    with transaction():
        tenants.set_standing(admin, tenant_of(owner), standing)


# Taking over


def test_both_pairs_work_from_the_moment_the_successor_is_in_service(owner, pair):
    successor = a_successor(owner, pair)

    assert (status(owner, pair), status(owner, successor)) == (KeyStatus.RETIRING, KeyStatus.ACTIVE)
    assert {row.id for row in live_pairs(owner)} == {pair.id, successor.id}


def test_the_old_pair_ends_a_fortnight_after_its_successor_is_in_service(owner, pair):
    before = clock.now()

    a_successor(owner, pair)

    assert timedelta(days=14) <= fresh(owner, pair).retiring_until - before < timedelta(days=14, minutes=1)


def test_the_successor_keeps_everything_but_the_key(owner, pair):
    successor = a_successor(owner, pair)

    for fact in ("tenant_id", "holder_id", "contract_id", "delegation_id", "environment", "name"):
        assert getattr(successor, fact) == getattr(pair, fact)
    assert successor.replaces_id == pair.id
    assert successor.api_key != pair.api_key


def test_nothing_changes_before_the_successor_is_in_service(owner, pair):
    version = pair.version

    made_by_server(owner, pair)

    assert status(owner, pair) is KeyStatus.ACTIVE
    assert fresh(owner, pair).version == version


def test_a_successor_made_by_the_server_takes_over_when_it_is_confirmed(owner, pair):
    intent = made_by_server(owner, pair)

    with transaction():
        successor = making.confirm(owner, intent)

    assert (successor.name, successor.state) == ("Storefront", KeyState.ACTIVE)
    assert status(owner, pair) is KeyStatus.RETIRING


def test_a_discarded_intent_leaves_the_old_pair_as_it_was(owner, pair):
    intent = made_by_server(owner, pair)

    with transaction():
        making.discard(owner, intent)

    assert status(owner, pair) is KeyStatus.ACTIVE


def test_a_lapsed_intent_leaves_the_old_pair_as_it_was(owner, pair):
    intent = made_by_server(owner, pair)

    with time_machine.travel(clock.now() + timedelta(minutes=31)):
        with pytest.raises(MakingOver), transaction():
            making.confirm(owner, intent)
        assert status(owner, pair) is KeyStatus.ACTIVE


def test_a_successor_may_have_another_name(owner, pair):
    successor = a_successor(owner, pair, name="Storefront 2028")

    assert (successor.name, fresh(owner, pair).name) == ("Storefront 2028", "Storefront")


def test_a_successor_does_not_take_a_third_pairs_name(owner, pair):
    a_key(owner, name="Other")

    with pytest.raises(KeyNameTaken):
        a_successor_intent(owner, pair, name="Other")


def test_a_name_that_was_taken_meanwhile_gets_a_number_instead_of_stopping_the_rotation(owner, pair):
    intent = made_by_server(owner, pair)
    with transaction():
        operations.rename(owner, pair, name="Renamed", version=pair.version)
    a_key(owner, name="Storefront")

    with transaction():
        successor = making.confirm(owner, intent)

    assert successor.name == "Storefront (2)"


def test_a_pending_successor_does_not_keep_another_from_being_made(owner, pair):
    made_by_server(owner, pair)

    successor = a_successor(owner, pair)

    assert successor.state is KeyState.ACTIVE


def test_the_second_of_two_successors_is_refused_and_changes_nothing(owner, pair):
    intent = made_by_server(owner, pair)
    successor = a_successor(owner, pair)
    until = fresh(owner, pair).retiring_until

    with pytest.raises(OldPairChanged), transaction():
        making.confirm(owner, intent)

    assert store.successor_of(pair).id == successor.id
    assert fresh(owner, pair).retiring_until == until


def test_no_private_key_is_shown_for_a_successor_that_comes_too_late(owner, pair):
    intent = a_successor_intent(owner, pair)
    a_successor(owner, pair, name="First")

    with pytest.raises(OldPairChanged), transaction():
        making.issue(owner, intent, public_of(a_private_key(902)))


def test_a_pair_that_was_revoked_meanwhile_gets_no_successor(owner, pair):
    intent = made_by_server(owner, pair)
    with transaction():
        operations.revoke(owner, pair)

    with pytest.raises(OldPairChanged), transaction():
        making.confirm(owner, intent)


def test_the_same_request_repeated_meets_the_same_intent(owner, pair):
    first, second = a_successor_intent(owner, pair), a_successor_intent(owner, pair)

    assert first.public_id == second.public_id


def test_an_intent_with_another_plan_is_another_intent(owner, pair):
    first, second = a_successor_intent(owner, pair), a_successor_intent(owner, pair, HARD)

    assert first.public_id != second.public_id


def test_a_rotation_is_one_event_and_so_is_its_beginning(owner, pair):
    before = len(events_of(owner))

    a_successor(owner, pair)

    assert events_of(owner)[before:] == ["key.rotation_intended", "key.rotated"]


# The overlap


@pytest.mark.parametrize("overlap", [timedelta(hours=1), timedelta(days=90)])
def test_an_overlap_within_the_limits_is_taken(owner, pair, overlap):
    a_successor(owner, pair, Plan(overlap))

    assert status(owner, pair) is KeyStatus.RETIRING


@pytest.mark.parametrize("overlap", [timedelta(), timedelta(minutes=59), timedelta(days=90, seconds=1), -DAY])
def test_an_overlap_outside_the_limits_is_refused(owner, pair, overlap):
    with pytest.raises(OverlapOutOfRange):
        a_successor_intent(owner, pair, Plan(overlap))


def test_what_leaked_may_end_as_soon_as_its_successor_is_in_service(owner, pair):
    a_successor(owner, pair, LEAK)

    assert status(owner, pair) is KeyStatus.COMPROMISED
    assert [row.id for row in live_pairs(owner)] != [pair.id]


def test_the_overlap_is_never_beyond_the_old_pairs_own_end(owner, pair):
    expiring_in(owner, pair, days=5)

    with pytest.raises(OverlapBeyondEnd):
        a_successor_intent(owner, fresh(owner, pair), Plan(timedelta(days=6)))


def test_time_that_passes_while_it_is_made_moves_no_end_beyond_the_old_pairs_own(owner, pair):
    expiring_in(owner, pair, days=5)
    intent = made_by_server(owner, fresh(owner, pair), Plan(timedelta(days=5) - timedelta(seconds=30)))

    with time_machine.travel(clock.now() + timedelta(minutes=10)), transaction():
        making.confirm(owner, intent)

    old = fresh(owner, pair)
    assert old.retiring_until == old.expires_at


def expiring_in(owner: Actor, pair: KeyPair, *, days: int) -> None:
    with transaction():
        store.get_by_id(owner, pair.id).expires_at = clock.now() + timedelta(days=days)


@pytest.mark.parametrize(
    ("ending", "after"),
    [
        (KeyEnding.HELD, KeyStatus.HELD_OPEN),
        (KeyEnding.HARD, KeyStatus.RETIRED),
        (KeyEnding.LEAK, KeyStatus.COMPROMISED),
    ],
)
def test_the_date_alone_stops_a_pair_only_where_its_end_is_hard(owner, pair, ending, after):
    a_successor(owner, pair, Plan(DAY, ending))
    until = fresh(owner, pair).retiring_until

    with time_machine.travel(until - timedelta(seconds=1), tick=False):
        assert status(owner, pair) is KeyStatus.RETIRING
    with time_machine.travel(until, tick=False):
        assert status(owner, pair) is after


@pytest.mark.parametrize("ending", KeyEnding)
def test_statements_and_status_agree_on_the_second_of_the_date(owner, pair, ending):
    a_successor(owner, pair, Plan(DAY, ending))
    until = fresh(owner, pair).retiring_until

    for moment in (until - timedelta(microseconds=1), until):
        with time_machine.travel(moment, tick=False):
            live = {row.id for row in live_pairs(owner)}
            assert (pair.id in live) == (status(owner, pair) in LIVE)


# A second rotation


def test_the_retiring_pair_is_not_rotated_again(owner, pair):
    a_successor(owner, pair)

    with pytest.raises(AlreadyRotating):
        a_successor_intent(owner, fresh(owner, pair))


def test_a_second_rotation_during_an_overlap_is_refused(owner, pair):
    successor = a_successor(owner, pair)

    with pytest.raises(OverlapRunning):
        a_successor_intent(owner, successor)


def test_a_second_rotation_is_made_when_it_is_forced(owner, pair):
    successor = a_successor(owner, pair)

    last = a_successor(owner, successor, forced=True)

    assert {row.id for row in live_pairs(owner)} == {pair.id, successor.id, last.id}


def test_a_leak_needs_no_force(owner, pair):
    successor = a_successor(owner, pair)

    a_successor(owner, successor, LEAK)

    assert status(owner, successor) is KeyStatus.COMPROMISED


def test_once_the_overlap_is_over_the_successor_is_rotated_like_any_pair(owner, pair):
    successor = a_successor(owner, pair)
    end(owner, pair)

    a_successor(owner, successor)

    assert status(owner, successor) is KeyStatus.RETIRING


@pytest.mark.parametrize("done", ["revoked", "expired", "pending"])
def test_what_is_not_in_service_gets_no_successor(owner, pair, done):
    if done == "revoked":
        with transaction():
            operations.revoke(owner, pair)
    elif done == "expired":
        expiring_in(owner, pair, days=0)
    else:
        intent = an_intent(owner)
        with transaction():
            pair = making.issue(owner, intent, public_of(a_private_key(901)))

    with pytest.raises(NotInService):
        a_successor_intent(owner, fresh(owner, pair))


# Who may


@pytest.mark.parametrize("role", [Role.OWNER, Role.KEY_MANAGER])
def test_owners_and_key_managers_rotate(owner, pair, role):
    a_successor(a_member(tenant_of(owner), role), pair)

    assert status(owner, pair) is KeyStatus.RETIRING


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.VIEWER])
def test_others_do_not(owner, pair, role):
    with pytest.raises(NotAllowed):
        a_successor_intent(a_member(tenant_of(owner), role), pair)


def test_like_for_like_is_replaced_when_past_due(owner, pair):
    past_due(owner)

    successor = a_successor(owner, pair)

    assert status(owner, successor) is KeyStatus.ACTIVE
    with pytest.raises(StandingNotGood):
        an_intent(owner)


def test_a_server_made_successor_is_confirmed_when_past_due(owner, pair):
    intent = made_by_server(owner, pair)
    past_due(owner)

    with transaction():
        making.confirm(owner, intent)

    assert status(owner, pair) is KeyStatus.RETIRING


def test_who_is_suspended_replaces_nothing(owner, pair):
    past_due(owner, Standing.SUSPENDED)

    with pytest.raises(NotInService):
        a_successor_intent(owner, pair)


def test_on_a_partner_contract_the_signer_and_a_deputy_rotate():
    signer = a_partner()
    deputy = a_deputy(signer)
    first, second = a_key(signer), a_key(signer)

    a_successor(signer, first)
    a_successor(deputy, second)

    assert {row.state for row in (fresh(signer, first), fresh(signer, second))} == {KeyState.RETIRING}


@pytest.mark.parametrize("role", [Role.OWNER, Role.KEY_MANAGER])
def test_on_a_partner_contract_the_role_alone_does_not_rotate(role):
    signer = a_partner()
    pair = a_key(signer)
    other = acting(membership_of(a_member(tenant_of(signer), role)))

    with pytest.raises(NotSigner) as refusal:
        a_successor_intent(other, pair)
    assert refusal.value.facts["signer"] == "Sanna Signer"


def test_a_holder_rotates_its_own_delegated_pair_and_both_sides_have_it_on_record(owner):
    integrator = an_integrator()
    holder = for_client(integrator, a_delegation(owner, integrator))
    pair = a_key(holder)

    successor = a_successor(holder, pair)

    assert successor.delegation_id == pair.delegation_id
    assert events_of(owner)[-1] == events_of(integrator)[-1] == "key.rotated"


def test_the_owner_of_a_delegated_pair_only_revokes_it(owner):
    integrator = an_integrator()
    holder = for_client(integrator, a_delegation(owner, integrator))
    pair = a_key(holder)

    with pytest.raises(NotHolderOfRotation):
        a_successor_intent(owner, pair)
    a_successor(holder, pair)
    for act in (rotation.end_early, rotation.roll_back):
        with pytest.raises(NotHolderOfRotation), transaction():
            act(owner, fresh(owner, pair), version=0)


# Extend


def change(actor: Actor, pair: KeyPair, plan: Plan, version: int | None = None) -> None:
    with transaction():
        row = fresh(actor, pair)
        rotation.change_end(actor, row, plan, version=row.version if version is None else version)


def test_an_overlap_is_extended(owner, pair):
    a_successor(owner, pair, Plan(DAY))

    change(owner, pair, Plan(timedelta(days=30)))

    assert fresh(owner, pair).retiring_until - clock.now() > timedelta(days=29)
    assert events_of(owner)[-1] == "key.end_changed"


def test_a_pair_that_is_held_open_gets_a_new_date(owner, pair):
    a_successor(owner, pair, Plan(DAY))

    with time_machine.travel(clock.now() + 2 * DAY):
        change(owner, pair, Plan(DAY))
        assert status(owner, pair) is KeyStatus.RETIRING


@pytest.mark.parametrize("overlap", [timedelta(minutes=59), timedelta(days=91)])
def test_an_extension_keeps_to_the_limits(owner, pair, overlap):
    a_successor(owner, pair)

    with pytest.raises(OverlapOutOfRange):
        change(owner, pair, Plan(overlap))


def test_an_extension_stays_before_the_pairs_own_end(owner, pair):
    expiring_in(owner, pair, days=20)
    a_successor(owner, fresh(owner, pair))

    with pytest.raises(OverlapBeyondEnd):
        change(owner, pair, Plan(timedelta(days=21)))


def test_a_stale_form_is_refused_with_both_versions(owner, pair):
    a_successor(owner, pair)
    seen = fresh(owner, pair).version
    change(owner, pair, Plan(timedelta(days=30)))

    with pytest.raises(Changed) as refusal:
        change(owner, pair, Plan(timedelta(days=60)), version=seen)

    ((_label, yours, now),) = refusal.value.versions
    assert yours != now
    assert now.startswith(f"{clock.now() + timedelta(days=30):%Y-%m-%d}")


def test_what_is_past_a_hard_end_is_not_extended(owner, pair):
    a_successor(owner, pair, Plan(DAY, KeyEnding.HARD))

    with time_machine.travel(clock.now() + 2 * DAY), pytest.raises(RotationOver):
        change(owner, pair, Plan(DAY))


def test_a_leak_that_is_found_during_the_overlap_ends_it(owner, pair):
    a_successor(owner, pair)

    change(owner, pair, LEAK)

    assert status(owner, pair) is KeyStatus.COMPROMISED


def test_a_leak_is_not_taken_back(owner, pair):
    a_successor(owner, pair, Plan(DAY, KeyEnding.LEAK))

    with pytest.raises(LeakStays):
        change(owner, pair, Plan(DAY))
    with pytest.raises(LeakStays), transaction():
        rotation.roll_back(owner, pair, version=fresh(owner, pair).version)


def test_an_active_pair_has_no_end_to_change(owner, pair):
    with pytest.raises(RotationOver):
        change(owner, pair, Plan())


# End early


def end(actor: Actor, pair: KeyPair, version: int | None = None) -> None:
    with transaction():
        row = fresh(actor, pair)
        rotation.end_early(actor, row, version=row.version if version is None else version)


def test_ending_early_stops_the_old_pair_only(owner, pair):
    successor = a_successor(owner, pair)

    end(owner, pair)

    assert [row.id for row in live_pairs(owner)] == [successor.id]
    assert fresh(owner, pair).retired_at is not None


def test_what_leaked_is_compromised_when_it_ends_early(owner, pair):
    a_successor(owner, pair, Plan(DAY, KeyEnding.LEAK))

    end(owner, pair)

    assert fresh(owner, pair).state is KeyState.COMPROMISED


def test_ending_twice_has_one_effect(owner, pair):
    a_successor(owner, pair)
    seen = fresh(owner, pair).version
    for _ in range(2):
        end(owner, pair, version=seen)

    assert events_of(owner).count("key.ended_early") == 1


def test_an_end_that_was_extended_meanwhile_is_not_drawn_nearer_unseen(owner, pair):
    a_successor(owner, pair)
    seen = fresh(owner, pair).version
    change(owner, pair, Plan(timedelta(days=30)))

    with pytest.raises(Changed):
        end(owner, pair, version=seen)


def test_an_active_pair_is_not_ended(owner, pair):
    with pytest.raises(RotationOver):
        end(owner, pair)


# Roll back


def roll_back(actor: Actor, pair: KeyPair, version: int | None = None) -> None:
    with transaction():
        row = fresh(actor, pair)
        rotation.roll_back(actor, row, version=row.version if version is None else version)


def test_rolling_back_stops_nobody(owner, pair):
    successor = a_successor(owner, pair)

    roll_back(owner, pair)

    assert (status(owner, pair), status(owner, successor)) == (KeyStatus.ACTIVE, KeyStatus.ACTIVE)
    assert fresh(owner, pair).retiring_until is None


def test_after_rolling_back_the_names_say_which_is_which(owner, pair):
    successor = a_successor(owner, pair)

    roll_back(owner, pair)

    assert (fresh(owner, pair).name, fresh(owner, successor).name) == ("Storefront", "Storefront (2)")


def test_a_name_that_a_third_pair_took_meanwhile_gets_a_number(owner, pair):
    a_successor(owner, pair, name="Next")
    a_key(owner, name="Storefront")

    roll_back(owner, pair)

    assert fresh(owner, pair).name == "Storefront (2)"


def test_rolling_back_is_one_event_that_names_the_successor(owner, pair):
    a_successor(owner, pair)
    before = len(events_of(owner))

    for _ in range(2):
        roll_back(owner, pair, version=fresh(owner, pair).version)

    rows = db.session.scalars(owned_by(owner, AuditEvent).order_by(AuditEvent.seq)).all()[before:]
    assert [row.event for row in rows] == ["key.rolled_back"]
    assert rows[0].facts["successor"] == "Storefront (2)"


def test_after_rolling_back_it_is_rotated_again(owner, pair):
    for _ in range(3):
        a_successor(owner, fresh(owner, pair))
        roll_back(owner, pair)

    names = {row.name for row in live_pairs(owner)}
    assert names == {"Storefront", "Storefront (2)", "Storefront (3)", "Storefront (4)"}


def test_rolling_back_when_the_successor_was_revoked_leaves_it_revoked(owner, pair):
    successor = a_successor(owner, pair)
    with transaction():
        operations.revoke(owner, successor)

    roll_back(owner, pair)

    assert (status(owner, pair), status(owner, successor)) == (KeyStatus.ACTIVE, KeyStatus.REVOKED)


def test_what_has_ended_does_not_come_back(owner, pair):
    a_successor(owner, pair)
    end(owner, pair)

    with pytest.raises(RotationOver):
        roll_back(owner, pair)


def test_what_is_past_a_hard_end_does_not_come_back(owner, pair):
    a_successor(owner, pair, Plan(DAY, KeyEnding.HARD))

    with time_machine.travel(clock.now() + 2 * DAY), pytest.raises(RotationOver):
        roll_back(owner, pair)


def test_a_stale_form_rolls_nothing_back(owner, pair):
    a_successor(owner, pair)
    seen = fresh(owner, pair).version
    change(owner, pair, HARD)

    with pytest.raises(Changed):
        roll_back(owner, pair, version=seen)


# What stays (rule 8)


def things_of(owner: Actor) -> dict[str, list[tuple[str, str]]]:
    """Ids and names of all projects and data spaces."""
    return {
        model.__tablename__: sorted((row.public_id, row.name) for row in db.session.scalars(owned_by(owner, model)))
        for model in (Project, DataSpace)
    }


def a_short_half(number: int) -> PublicHalf:
    """The public half of a key that is made faster than one that the portal would accept from people."""
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return PublicHalf(a_private_key(number, bits=1024).public_key().public_bytes(*form), bits=1024)


def test_a_hundred_rotations_leave_all_data_space_ids_and_names_as_they_were(owner):
    with transaction():
        projects.create(owner, "Shops", contracts.all_of(owner)[0])
    space = project_store.page(owner, place=None).rows[0].data_spaces[0]
    with transaction():
        projects.rename_data_space(owner, space, "Main", space.version)
    before, pair = things_of(owner), a_key(owner, name="Storefront")

    for number in range(100):
        intent = a_successor_intent(owner, pair)
        with transaction():
            making.issue(owner, intent, a_short_half(2000 + number))
        with transaction():
            successor = making.confirm(owner, intent)
        end(owner, pair)
        pair = store.get(owner, successor.api_key)

    assert things_of(owner) == before
    assert (pair.name, [row.id for row in live_pairs(owner)]) == ("Storefront", [pair.id])


def test_s5_who_lost_a_private_key_gets_a_new_pair_while_the_shops_go_on_with_the_old_one(owner, pair):
    successor = a_successor(owner, pair)

    with time_machine.travel(clock.now() + timedelta(days=15)):
        both = {row.id for row in live_pairs(owner)}

    assert both == {pair.id, successor.id}


def test_s1_after_a_rotation_a_shop_has_another_key_and_the_same_data_space(owner, pair):
    with transaction():
        project = projects.create(owner, "Shops", contracts.all_of(owner)[0])
    space = project_store.get(owner, project.public_id).data_spaces[0]
    configured = (pair.api_key, project.public_id, space.public_id)

    successor = a_successor(owner, pair)
    end(owner, pair)

    space = project_store.get_data_space(owner, configured[2])
    assert (space.project.public_id, space.public_id) == configured[1:]
    assert successor.api_key != configured[0]


def test_s16_a_shop_that_has_the_old_key_yet_goes_on_after_the_date(owner, pair):
    a_successor(owner, pair, Plan(DAY))

    with time_machine.travel(clock.now() + 2 * DAY):
        assert pair.id in {row.id for row in live_pairs(owner)}


def test_environments_do_not_mix(owner):
    pair = a_key(owner, environment=Environment.PRODUCTION, name="Live")
    a_key(owner, environment=Environment.SANDBOX, name="Live")

    assert a_successor(owner, pair).environment is Environment.PRODUCTION
