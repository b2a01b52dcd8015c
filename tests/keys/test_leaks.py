"""A private key that leaked: stopped at once or replaced first; blocked for ever; who may, who is told, what stays."""

from collections import Counter
from datetime import timedelta

import pytest
import time_machine

from portal.access.actor import Actor, system_actor
from portal.access.errors import NotAllowed, RightsChanged
from portal.access.roles import Environment, Right, Role
from portal.access.rows import owned_by
from portal.audit.models import AuditEvent
from portal.contracts import store as contracts
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.impact import leaks as impact
from portal.keys import leaks, making, operations, rotation, store
from portal.keys.errors import (
    CannotRevoke,
    KeyBlocked,
    LeakStays,
    NothingToReplace,
    NotHolderOfRotation,
    OldPairChanged,
    OldPairLeaked,
    StandingNotGood,
)
from portal.keys.models import LEAKED, BlockedKey, KeyOrigin, KeyPair, KeyState
from portal.keys.rotation import Plan
from portal.keys.status import KeyStatus, status_of
from portal.outbox import operations as outbox
from portal.projects import installations
from portal.projects import operations as projects
from portal.projects import store as project_store
from portal.projects.models import DataSpace, Installation, Project
from portal.tenants import operations as tenants
from portal.tenants.models import Standing
from portal.usage import traces
from portal.web.mail import render
from tests.factories import (
    a_call,
    a_delegation,
    a_key,
    a_licensee,
    a_member,
    a_partner,
    a_private_key,
    a_successor,
    a_successor_intent,
    a_vendor,
    an_integrator,
    an_intent,
    for_client,
    live_pairs,
    message_of,
    public_of,
    sign,
    tenant_of,
)

NO_TIME = timedelta()


@pytest.fixture
def owner() -> Actor:
    return a_licensee(name="Aurora")


@pytest.fixture
def pair(owner: Actor) -> KeyPair:
    return a_key(owner, name="Storefront")


def fresh(actor: Actor, pair: KeyPair) -> KeyPair:
    return store.get_by_id(actor, pair.id)


def status(actor: Actor, pair: KeyPair) -> KeyStatus:
    return status_of(fresh(actor, pair), clock.now())


def events_of(actor: Actor) -> list[str]:
    return [row.event for row in db.session.scalars(owned_by(actor, AuditEvent).order_by(AuditEvent.seq))]


def blocked(pair: KeyPair) -> list[str]:
    row = db.session.get(BlockedKey, pair.spki_sha256)
    return [] if row is None else [row.reason]


def stop(actor: Actor, pair: KeyPair) -> None:
    with transaction():
        impact.stop(actor, pair)


def replace(actor: Actor, pair: KeyPair, after: timedelta = NO_TIME, number: int = 700):
    """The intent of a successor of a pair that leaked, with the private key that will prove it."""
    private = a_private_key(number)
    with transaction():
        intent = impact.replace(actor, pair, after, origin=KeyOrigin.UPLOAD, public=public_of(private))
    return intent, private


def prove(actor: Actor, intent, private) -> KeyPair:
    message = message_of(actor, intent, private)
    with transaction():
        return making.prove(actor, intent, signed=message, signature=sign(private, message))


def in_place_of(actor: Actor, pair: KeyPair, number: int = 710) -> KeyPair:
    """The pair that takes the place of one that was stopped."""
    private = a_private_key(number)
    with transaction():
        intent = leaks.begin_replacement(actor, pair, origin=KeyOrigin.UPLOAD, public=public_of(private))
    return prove(actor, intent, private)


def put(owner: Actor, standing: Standing) -> None:
    """The owner's account is in this standing from now on."""
    admin = a_vendor()
    with transaction():
        tenants.set_standing(admin, tenant_of(owner), standing)


def mails() -> list[str]:
    """The mails about leaks that wait, as they will be read, with whom they are for."""
    messages = [message for message in outbox.read_all(100) if message.template == "key_leaked"]
    return [f"{message.to}: {render(message).get_content()}" for message in messages]


def a_shop(owner: Actor, pair: KeyPair, name: str = "Main shop", *, more: str = "") -> DataSpace:
    """An installation that was seen with the pair."""
    with transaction():
        project = projects.create(owner, f"Project of {name}{more}", contracts.all_of(owner)[0])
    spaces = project_store.get(owner, project.public_id).data_spaces
    space = next(space for space in spaces if space.environment is pair.environment)
    with transaction():
        installations.attach(owner, space, name, "https://shop.example.com", pair.environment)
    a_call(pair, space)
    traces.flush()
    return project_store.get_data_space(owner, space.public_id)


# Stopped at once


def test_a_stopped_pair_is_compromised_not_merely_revoked_and_its_public_half_is_blocked(owner, pair):
    stop(owner, pair)

    now = fresh(owner, pair)
    assert (now.state, now.revoked_at) == (KeyState.COMPROMISED, None)
    assert blocked(pair) == [LEAKED]
    assert live_pairs(owner) == []


def test_stopping_it_is_one_event_and_one_block_however_often_it_is_done(owner, pair):
    before = len(events_of(owner))

    for _ in range(2):
        stop(owner, pair)

    assert events_of(owner)[before:] == ["key.leaked"]
    assert blocked(pair) == [LEAKED]


def test_nobody_registers_what_leaked_again(owner):
    private = a_private_key(720)
    stop(owner, a_key(owner, private=private))
    other = a_licensee()
    intent = an_intent(other, private=private)

    with pytest.raises(KeyBlocked):
        prove(other, intent, private)


def test_a_retiring_pair_is_stopped_too_and_its_successor_goes_on(owner, pair):
    successor = a_successor(owner, pair)

    stop(owner, pair)

    assert (status(owner, pair), status(owner, successor)) == (KeyStatus.COMPROMISED, KeyStatus.ACTIVE)


@pytest.mark.parametrize("done", ["revoked", "pending"])
def test_what_is_not_in_service_is_not_stopped(owner, pair, done):
    if done == "revoked":
        with transaction():
            operations.revoke(owner, pair)
    else:
        intent = an_intent(owner)
        with transaction():
            pair = making.issue(owner, intent, public_of(a_private_key(721)))

    with pytest.raises(CannotRevoke):
        stop(owner, pair)

    assert blocked(pair) == []


def test_a_leak_is_declared_by_who_is_past_due(owner, pair):
    put(owner, Standing.PAST_DUE)

    stop(owner, pair)

    assert fresh(owner, pair).state is KeyState.COMPROMISED


def test_a_leak_in_a_suspended_account_is_declared_by_who_is_nobodys_member(owner, pair):
    put(owner, Standing.SUSPENDED)

    with pytest.raises(RightsChanged):
        stop(owner, pair)  # who was suspended this very moment: no door lets them in
    stop(system_actor("worker", owner.tenant_id), pair)

    assert fresh(owner, pair).state is KeyState.COMPROMISED


@pytest.mark.parametrize("role", [Role.VIEWER, Role.DEVELOPER])
def test_who_may_not_revoke_stops_nothing(owner, pair, role):
    with pytest.raises(NotAllowed):
        stop(a_member(tenant_of(owner), role), pair)

    assert blocked(pair) == []


def test_a_signature_stops_no_pair_of_the_tenants_licence(owner, pair):
    signer = a_partner()

    stop(signer, own := a_key(signer))

    assert fresh(signer, own).state is KeyState.COMPROMISED


# The pair that takes its place


def test_the_new_pair_has_the_name_contract_and_environment_of_the_old_one(owner, pair):
    stop(owner, pair)

    new = in_place_of(owner, pair)

    for fact in ("tenant_id", "holder_id", "contract_id", "delegation_id", "environment", "name"):
        assert getattr(new, fact) == getattr(pair, fact)
    assert (new.replaces_id, status(owner, new), status(owner, pair)) == (
        pair.id,
        KeyStatus.ACTIVE,
        KeyStatus.COMPROMISED,
    )
    assert events_of(owner)[-2:] == ["key.replacement_intended", "key.replaced"]


def test_a_new_pair_is_made_when_past_due_since_safety_waits_for_no_invoice(owner, pair):
    put(owner, Standing.PAST_DUE)
    stop(owner, pair)

    assert in_place_of(owner, pair).state is KeyState.ACTIVE
    with pytest.raises(StandingNotGood):
        an_intent(owner)


def test_one_pair_takes_its_place_and_no_second_one(owner, pair):
    stop(owner, pair)
    in_place_of(owner, pair)

    with pytest.raises(NothingToReplace):
        in_place_of(owner, pair, 711)


def test_of_two_that_were_begun_the_second_to_be_proved_is_refused(owner, pair):
    stop(owner, pair)
    begun = []
    for number in (730, 731):
        private = a_private_key(number)
        with transaction():
            intent = leaks.begin_replacement(owner, pair, origin=KeyOrigin.UPLOAD, public=public_of(private))
        begun.append((intent, private))
    prove(owner, *begun[0])

    with pytest.raises(OldPairChanged):
        prove(owner, *begun[1])


def test_another_one_is_made_when_the_first_was_revoked(owner, pair):
    stop(owner, pair)
    first = in_place_of(owner, pair)
    with transaction():
        operations.revoke(owner, first)

    assert in_place_of(owner, pair, 711).name == "Storefront"


def test_what_did_not_leak_is_not_replaced_in_this_way(owner, pair):
    with pytest.raises(NothingToReplace):
        in_place_of(owner, pair)


def test_repeating_the_wish_meets_the_same_intent(owner, pair):
    stop(owner, pair)
    ids = set()
    for _ in range(2):
        with transaction():
            ids.add(leaks.begin_replacement(owner, pair, origin=KeyOrigin.BROWSER).public_id)

    assert len(ids) == 1


# The successor first


def test_from_the_declaration_on_it_is_blocked_and_still_works(owner, pair):
    replace(owner, pair)

    assert (blocked(pair), status(owner, pair)) == ([LEAKED], KeyStatus.ACTIVE)
    assert events_of(owner)[-1] == "key.leak_declared"


def test_it_ends_as_compromised_in_the_moment_in_which_its_successor_is_in_service(owner, pair):
    successor = prove(owner, *replace(owner, pair))

    assert (status(owner, pair), status(owner, successor)) == (KeyStatus.COMPROMISED, KeyStatus.ACTIVE)


def test_or_so_many_hours_after_that(owner, pair):
    prove(owner, *replace(owner, pair, timedelta(hours=8)))

    with time_machine.travel(clock.now() + timedelta(hours=7)):
        assert status(owner, pair) is KeyStatus.RETIRING
    with time_machine.travel(clock.now() + timedelta(hours=9)):
        assert status(owner, pair) is KeyStatus.COMPROMISED


def test_a_declared_leak_is_rotated_as_a_leak_only(owner, pair):
    replace(owner, pair)

    with pytest.raises(LeakStays):
        a_successor_intent(owner, pair)


def test_a_successor_that_was_begun_before_the_leak_was_known_does_not_hold_the_old_pair_open(owner, pair):
    private = a_private_key(740)
    intent = a_successor_intent(owner, pair, origin=KeyOrigin.UPLOAD, public=public_of(private))
    replace(owner, pair)

    with pytest.raises(OldPairLeaked):
        prove(owner, intent, private)

    assert status(owner, pair) is KeyStatus.ACTIVE


@pytest.mark.parametrize("leaking", [True, False], ids=["for the leak", "before it was known"])
def test_a_successor_in_the_making_takes_over_when_the_old_pair_is_stopped_meanwhile(owner, pair, leaking):
    private = a_private_key(741)
    if leaking:
        intent, private = replace(owner, pair, number=741)
    else:
        intent = a_successor_intent(owner, pair, origin=KeyOrigin.UPLOAD, public=public_of(private))
    stop(owner, pair)

    successor = prove(owner, intent, private)

    assert (successor.state, successor.name) == (KeyState.ACTIVE, "Storefront")
    assert fresh(owner, pair).state is KeyState.COMPROMISED


def test_a_pasted_key_that_then_is_declared_as_leaked_is_blocked_as_that(owner, pair):
    with transaction():
        operations.burn(owner, pair.spki_sha256)

    replace(owner, pair)

    assert blocked(pair) == [LEAKED]


def test_a_leak_that_is_found_during_an_overlap_is_blocked_too(owner, pair):
    a_successor(owner, pair)

    with transaction():
        impact.end(owner, pair, timedelta(hours=1), version=fresh(owner, pair).version)

    assert blocked(pair) == [LEAKED]
    with pytest.raises(LeakStays), transaction():
        rotation.roll_back(owner, pair, version=fresh(owner, pair).version)


def test_the_block_stands_or_falls_with_the_event(owner, pair, monkeypatch):
    def broken(*_args, **_facts):
        raise RuntimeError("no record")

    monkeypatch.setattr("portal.keys.leaks.audit.record", broken)
    with pytest.raises(RuntimeError):
        stop(owner, pair)

    assert (blocked(pair), fresh(owner, pair).state) == ([], KeyState.ACTIVE)


# A delegated pair


@pytest.fixture
def integrator() -> Actor:
    return an_integrator(name="Bright Agency")


@pytest.fixture
def delegated(owner: Actor, integrator: Actor) -> tuple[Actor, KeyPair]:
    """The integrator at its client, and its own pair there."""
    there = for_client(integrator, a_delegation(owner, integrator))
    return there, a_key(there, name="Agency key")


@pytest.mark.parametrize("by_owner", [True, False], ids=["owner", "holder"])
def test_owner_and_holder_may_both_stop_a_delegated_pair_and_both_chains_tell_it(
    owner, integrator, delegated, by_owner
):
    there, pair = delegated

    stop(owner if by_owner else there, pair)

    assert fresh(owner, pair).state is KeyState.COMPROMISED
    assert [events_of(actor)[-1] for actor in (owner, integrator)] == ["key.leaked"] * 2


def test_the_owner_of_a_delegated_pair_does_not_replace_it_and_is_told_who_does(owner, delegated):
    there, pair = delegated

    with pytest.raises(NotHolderOfRotation) as refusal:
        replace(owner, pair)
    stop(owner, pair)
    with pytest.raises(NotHolderOfRotation):
        in_place_of(owner, pair)

    assert refusal.value.facts["holder"] == "Bright Agency"
    assert in_place_of(there, pair).holder_id == there.home_id


def test_both_sides_are_told_who_declared_it_what_stops_and_which_installation_has_to_act(owner, delegated):
    _there, pair = delegated
    a_shop(owner, pair)

    stop(owner, pair)

    told = mails()
    assert len(told) == 2
    assert all(f"{owner.label} of Aurora" in mail for mail in told)
    assert all("stopped at once" in mail for mail in told)
    assert all("These need another key: Main shop." in mail for mail in told)


def test_an_integrator_is_told_of_no_installation_beyond_its_reach(owner, integrator):
    with transaction():
        project = projects.create(owner, "Reached", contracts.all_of(owner)[0])
        only = frozenset({project.id})
    there = for_client(integrator, a_delegation(owner, integrator, project_ids=only))
    pair = a_key(there)
    a_shop(owner, pair, "Secret shop")

    stop(there, pair)

    of_owner, of_agency = sorted(mails(), key=lambda mail: "makes the pair" not in mail)
    assert "Secret shop" in of_owner
    assert "Secret shop" not in of_agency


def test_a_leak_that_is_replaced_first_tells_that_nothing_has_stopped_yet_and_tells_it_once(owner, pair):
    for number in (750, 751):
        replace(owner, pair, timedelta(hours=8), number)

    (mail,) = mails()
    assert "Nothing has stopped yet" in mail
    assert "8 hours after" in mail


def test_mail_leaves_with_the_declaration_only(owner, pair, monkeypatch):
    def fail(*_rows):
        raise RuntimeError("the database failed")

    monkeypatch.setattr(db.session, "commit", fail)
    with pytest.raises(RuntimeError):
        stop(owner, pair)

    assert mails() == []


# Who has to act


def test_an_installation_that_uses_the_pair_has_to_act_and_so_has_the_integrator_that_looks_after_it(
    owner, pair, integrator
):
    a_shop(owner, pair)
    a_delegation(owner, integrator, rights=[Right.INSTALLATIONS])
    a_delegation(owner, an_integrator(name="Only looks"), rights=[Right.VIEW])

    acting = impact.who_must_act(owner, fresh(owner, pair))

    assert [user.installation.name for user in acting.users] == ["Main shop"]
    assert acting.integrators == ["Bright Agency"]


def test_an_integrator_sees_no_other_integrator(owner, delegated):
    there, pair = delegated
    a_shop(owner, pair)
    a_delegation(owner, an_integrator(name="Another agency"))

    assert impact.who_must_act(there, fresh(there, pair)).integrators == ["Bright Agency"]


# The seed page


def ids_of(owner: Actor) -> dict[str, list[tuple[str, str]]]:
    return {
        model.__tablename__: sorted((row.public_id, row.name) for row in db.session.scalars(owned_by(owner, model)))
        for model in (Project, DataSpace, Installation)
    }


def test_s5_a_lost_private_key_costs_no_outage_and_no_data(owner, pair):
    a_shop(owner, pair)
    before = ids_of(owner)

    successor = a_successor(owner, pair)

    with time_machine.travel(clock.now() + Plan().overlap + timedelta(days=1)):
        assert {row.id for row in live_pairs(owner)} == {pair.id, successor.id}  # the shop has not moved
    assert ids_of(owner) == before


@pytest.mark.parametrize("stopped", [True, False], ids=["stopped at once", "successor first"])
def test_s6_a_leak_leaves_every_project_data_space_and_installation_as_it_was(owner, pair, stopped):
    space = a_shop(owner, pair)
    before = ids_of(owner)

    if stopped:
        stop(owner, pair)
        new = in_place_of(owner, pair)
    else:
        new = prove(owner, *replace(owner, pair))
    a_call(new, space)
    traces.flush()

    assert ids_of(owner) == before
    assert project_store.get_data_space(owner, space.public_id).id == space.id


def test_environments_do_not_mix(owner):
    live = a_key(owner, name="Storefront", environment=Environment.PRODUCTION)
    test = a_key(owner, name="Storefront")

    stop(owner, test)

    assert Counter([status(owner, live), status(owner, test)]) == {KeyStatus.ACTIVE: 1, KeyStatus.COMPROMISED: 1}
