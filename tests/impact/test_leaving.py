"""What ends with a membership is shown before, and is what removing the member then ends."""

from dataclasses import replace
from datetime import timedelta

import pytest

from portal.access.actor import Actor
from portal.access.roles import Role, Scope
from portal.accounts import sessions
from portal.accounts import store as people
from portal.audit import store as record
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.handoffs import giving
from portal.handoffs import operations as hand_offs
from portal.handoffs.models import HandOffState
from portal.impact.leaving import Leaving, hanging_on_member, remove_member
from portal.impact.standing import hanging_on
from portal.keys import store as keys
from portal.keys.status import LIVE, status_of
from portal.tokens import operations as tokens
from tests.factories import (
    a_deputy,
    a_key,
    a_licensee,
    a_member,
    a_partner,
    a_tenant,
    a_vendor,
    an_intent,
    membership_of,
    tenant_of,
)
from tests.handoffs.scenes import a_hand_off, a_scene, events_of, fetched, mails, now
from tests.reviews.scenes import an_open, parties


def before_leaving(actor: Actor) -> Leaving:
    return hanging_on_member(membership_of(actor), clock.now())


def remove(by: Actor, member: Actor) -> None:
    with transaction():
        remove_member(by, membership_of(member))


def sign_in(actor: Actor, *, elsewhere: Actor | None = None) -> str:
    """The token of a new session that works in the actor's account, or elsewhere."""
    home = elsewhere or actor
    with transaction():
        _row, token = sessions.begin_session(people.get_person(actor.person_id), "Laptop", home_id=home.home_id)
    return token


def a_personal_token(actor: Actor, name: str = "Deploy") -> str:
    with transaction():
        issued = tokens.issue(
            actor, name=name, scopes=frozenset({Scope.READ}), ends_at=clock.now() + timedelta(days=30)
        )
    return issued.secret


def test_somebody_who_has_nothing_here_loses_nothing_else():
    found = before_leaving(a_licensee())

    assert found == Leaving([], [], [], 0, None, [], [], [], [], [], [], [], [])


def test_their_session_here_is_shown_and_ends():
    owner = a_licensee()
    member = a_member(tenant_of(owner), Role.DEVELOPER)
    token = sign_in(member)

    assert [row.device for row in before_leaving(member).sessions] == ["Laptop"]
    remove(owner, member)

    assert sessions.session_for(token) is None


def test_a_session_in_another_account_of_theirs_goes_on():
    owner = a_licensee()
    member = a_member(tenant_of(owner), Role.DEVELOPER)
    other = a_member(a_tenant(), person=people.get_person(member.person_id))
    here, there = sign_in(member), sign_in(member, elsewhere=other)

    assert len(before_leaving(member).sessions) == 1
    remove(owner, member)

    assert sessions.session_for(here) is None
    assert sessions.session_for(there) is not None


def test_their_tokens_are_shown_and_stop():
    owner = a_licensee()
    member = a_member(tenant_of(owner), Role.DEVELOPER)
    secret = a_personal_token(member)

    assert [row.name for row in before_leaving(member).tokens] == ["Deploy"]
    remove(owner, member)

    assert tokens.find(secret, clock.now()) is None


def test_what_is_sealed_to_them_is_shown_and_destroyed_and_both_sides_hear():
    scene = a_scene()
    boss = a_member(tenant_of(scene.integrator))
    hand_off = a_hand_off(scene)

    assert [row.public_id for row in before_leaving(scene.integrator).to_receive] == [hand_off.public_id]
    remove(boss, scene.integrator)

    after = now(scene, hand_off)
    assert (after.state, after.envelope) == (HandOffState.WITHDRAWN, None)
    assert events_of(scene.owner)[-1] == events_of(scene.integrator)[-1] == "hand_off.closed"
    assert mails()[-2:] == ["hand_off_closed"] * 2


def test_their_envelope_key_receives_nothing_more():
    scene = a_scene()
    boss = a_member(tenant_of(scene.integrator))

    assert before_leaving(scene.integrator).envelope_key is not None
    remove(boss, scene.integrator)

    assert giving.receivers(scene.owner, keys.get(scene.owner, scene.pair.api_key)) == []


def test_a_private_key_that_they_fetched_is_named_with_its_owner():
    scene = a_scene()
    hand_off = a_hand_off(scene)
    fetched(scene, hand_off)

    (opened,) = before_leaving(scene.integrator).opened

    assert (opened.key_pair.name, opened.owner.name) == ("Storefront", "Northwind")


def test_a_hand_off_that_they_gave_goes_on():
    scene = a_scene()
    boss = a_member(tenant_of(scene.owner))
    hand_off = a_hand_off(scene)

    assert [row.public_id for row in before_leaving(scene.owner).given] == [hand_off.public_id]
    remove(boss, scene.owner)

    assert now(replace(scene, owner=boss), hand_off).state is HandOffState.OFFERED


def test_key_pairs_that_they_made_are_shown_and_go_on():
    owner = a_licensee()
    maker = a_member(tenant_of(owner), Role.KEY_MANAGER)
    pair = a_key(maker, name="Storefront")

    assert [row.name for row in before_leaving(maker).made] == ["Storefront"]
    remove(owner, maker)

    assert status_of(keys.get(owner, pair.api_key), clock.now()) in LIVE


def test_key_pairs_that_they_began_are_counted():
    maker = a_licensee()
    an_intent(maker)

    assert before_leaving(maker).intents == 1


def test_a_contract_that_they_sign_is_shown_with_who_may_make_keys_then():
    signer = a_partner()
    a_deputy(signer)

    (signed,) = before_leaving(signer).signs

    assert signed.deputies == ["Dora Deputy"]


def test_a_deputys_days_are_shown():
    assert len(before_leaving(a_deputy(a_partner())).deputy_of) == 1


def test_clients_for_whom_they_work_are_shown():
    assert [row.owner.name for row in before_leaving(a_scene().integrator).clients] == ["Northwind"]


def test_reviews_that_wait_for_them_are_shown():
    admin = a_vendor()
    parties()
    campaign = an_open(admin)

    assert [row.public_id for row in before_leaving(admin).reviews] == [campaign.public_id]


def test_the_end_of_a_delegation_destroys_what_was_handed_over_under_it():
    scene = a_scene()
    hand_off = a_hand_off(scene)

    with transaction():
        hand_offs.close_under(scene.owner, scene.delegation)

    assert now(scene, hand_off).state is HandOffState.WITHDRAWN
    assert [row.event for row in record.events_of(scene.owner.tenant_id)][-1] == "hand_off.closed"


@pytest.mark.parametrize("opened", [False, True])
def test_what_is_over_already_is_not_closed_again(opened: bool):
    scene = a_scene()
    hand_off = a_hand_off(scene)
    if opened:
        fetched(scene, hand_off)
    with transaction():
        hand_offs.close_under(scene.owner, scene.delegation)

    with transaction():
        assert hand_offs.close_under(scene.owner, scene.delegation) == 0


def test_what_suspending_stops_counts_devices_tokens_and_sealed_keys_on_either_side():
    scene = a_scene()
    a_hand_off(scene)
    sign_in(scene.integrator)
    a_personal_token(scene.integrator)

    of_integrator = hanging_on(tenant_of(scene.integrator), clock.now())
    of_owner = hanging_on(tenant_of(scene.owner), clock.now())

    assert (of_integrator.sessions, of_integrator.tokens, of_integrator.hand_offs) == (1, 1, 1)
    assert (of_owner.sessions, of_owner.tokens, of_owner.hand_offs) == (0, 0, 1)
