"""Handing over: to whom, which pairs, and that the envelope fits before anything is kept."""

from datetime import timedelta

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from portal.access.errors import NotAllowed
from portal.access.roles import Environment, Role
from portal.accounts import members
from portal.accounts import store as accounts
from portal.delegations import operations as delegations
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.foundation.errors import NotFound
from portal.handoffs import envelope, operations, store
from portal.handoffs.envelope import Envelope
from portal.handoffs.errors import (
    EnvelopeKeyReplaced,
    HandOffOver,
    HandOffRunning,
    IntentOver,
    NoReceiver,
    NotYourPair,
    PairNotInService,
)
from portal.handoffs.faults import EnvelopeFault
from portal.handoffs.giving import bound_by
from portal.handoffs.models import HandOffState
from portal.keys import operations as keys
from tests.factories import (
    a_delegation,
    a_key,
    a_member,
    a_private_key,
    an_integrator,
    for_client,
    membership_of,
    pem_of,
    sign,
    tenant_of,
)
from tests.handoffs.scenes import (
    Scene,
    a_hand_off,
    an_envelope_key,
    an_intent,
    events_of,
    fetched,
    mails,
    now,
    sealed,
)


def test_a_hand_off_waits_for_its_receiver_for_72_hours(scene: Scene):
    hand_off = a_hand_off(scene)

    assert hand_off.state is HandOffState.OFFERED
    assert timedelta(hours=71) < hand_off.lapses_at - clock.now() <= timedelta(hours=72)
    assert mails()[-1] == "hand_off_offered"


def test_both_sides_have_it_on_record(scene: Scene):
    a_hand_off(scene)

    assert events_of(scene.owner)[-1] == events_of(scene.integrator)[-1] == "hand_off.offered"


def test_the_portal_keeps_nothing_of_the_private_key(scene: Scene):
    hand_off = a_hand_off(scene)

    kept = hand_off.envelope or b""
    assert len(kept) == envelope.OCTETS
    assert pem_of(scene.private).splitlines()[1].encode() not in kept


def test_the_same_request_meets_the_same_intent(scene: Scene):
    assert an_intent(scene).public_id == an_intent(scene).public_id


def test_the_same_intent_ends_in_the_same_hand_off(scene: Scene):
    intent = an_intent(scene)
    first, second = sealed(scene, intent), sealed(scene, intent)
    with transaction():
        operations.deposit(scene.owner, intent, first)

    with transaction():
        again = operations.deposit(scene.owner, store.get_intent(scene.owner, intent.public_id), second)

    assert again.envelope == first.ciphertext
    assert events_of(scene.owner).count("hand_off.offered") == 1


def test_one_hand_off_of_a_pair_runs_at_a_time(scene: Scene):
    a_hand_off(scene)

    with pytest.raises(HandOffRunning):
        an_intent(scene, message="once more")


def test_another_private_key_is_refused(scene: Scene):
    intent = an_intent(scene)
    other = a_private_key(2)
    wrong = Envelope(sealed(scene, intent).ciphertext, sign(other, b"x"))

    with pytest.raises(EnvelopeFault), transaction():
        operations.deposit(scene.owner, intent, wrong)

    assert store.live_of(scene.owner, scene.pair) is None


def test_an_envelope_of_another_hand_off_is_refused(scene: Scene):
    first = an_intent(scene)
    swapped = sealed(scene, first)
    second = an_intent(scene, message="another one")

    with pytest.raises(EnvelopeFault), transaction():
        operations.deposit(scene.owner, second, swapped)


@pytest.mark.parametrize("length", [0, 1, envelope.OCTETS - 1, envelope.OCTETS + 1, 100_000])
def test_an_envelope_of_another_length_is_refused(scene: Scene, length: int):
    intent = an_intent(scene)
    whole = sealed(scene, intent)

    with pytest.raises(EnvelopeFault), transaction():
        operations.deposit(scene.owner, intent, Envelope(b"x" * length, whole.signature))


def test_an_intent_is_over_after_30_minutes(scene: Scene):
    intent = an_intent(scene)
    envelope_for_it = sealed(scene, intent)

    with time_machine.travel(clock.now() + timedelta(minutes=31)), pytest.raises(IntentOver), transaction():
        operations.deposit(scene.owner, intent, envelope_for_it)


def test_a_key_that_changes_meanwhile_gets_nothing(scene: Scene):
    intent = an_intent(scene)
    envelope_for_it = sealed(scene, intent)
    an_envelope_key(scene.integrator, X25519PrivateKey.generate())

    with pytest.raises(EnvelopeKeyReplaced), transaction():
        operations.deposit(scene.owner, intent, envelope_for_it)


def test_an_intent_is_its_persons_own(scene: Scene):
    intent = an_intent(scene)
    colleague = a_member(tenant_of(scene.owner))

    with pytest.raises(NotFound):
        store.get_intent(colleague, intent.public_id)


def test_without_a_running_delegation_there_is_nobody(scene: Scene):
    with transaction():
        delegations.pause(scene.owner, scene.delegation)

    with pytest.raises(NoReceiver), transaction():
        operations.begin(scene.owner, scene.pair, scene.key.public_id)


def test_a_delegation_for_the_other_environment_is_not_enough(scene: Scene):
    other = an_integrator(name="Other agency")
    a_delegation(scene.owner, other, environments=[Environment.SANDBOX])
    an_envelope_key(other, X25519PrivateKey.generate())

    assert [one.key.public_id for one in scene.receivers] == [scene.key.public_id]


def test_who_left_the_integrator_gets_nothing(scene: Scene):
    boss = a_member(tenant_of(scene.integrator))
    with transaction():
        members.remove(boss, accounts.get_membership(boss, membership_of(scene.integrator).id))

    assert not scene.receivers


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.VIEWER])
def test_only_owner_and_key_manager_hand_over(scene: Scene, role: Role):
    member = a_member(tenant_of(scene.owner), role)

    with pytest.raises(NotAllowed), transaction():
        operations.begin(member, scene.pair, scene.key.public_id)


def test_a_key_manager_hands_over(scene: Scene):
    manager = a_member(tenant_of(scene.owner), Role.KEY_MANAGER)

    with transaction():
        intent = operations.begin(manager, scene.pair, scene.key.public_id)

    assert intent.to_public == scene.key.public


def test_an_integrators_own_pair_is_not_the_owners_to_hand_over(scene: Scene):
    pair = a_key(for_client(scene.integrator, scene.delegation), environment=Environment.PRODUCTION)

    with pytest.raises(NotYourPair), transaction():
        operations.begin(scene.owner, pair, scene.key.public_id)


def test_a_pair_out_of_service_is_not_handed_over(scene: Scene):
    with transaction():
        keys.revoke(scene.owner, scene.pair)

    with pytest.raises(PairNotInService), transaction():
        operations.begin(scene.owner, scene.pair, scene.key.public_id)


def test_what_is_withdrawn_is_destroyed(scene: Scene):
    hand_off = a_hand_off(scene)

    with transaction():
        operations.withdraw(scene.owner, hand_off)

    assert now(scene, hand_off).envelope is None
    assert mails()[-1] == "hand_off_withdrawn"
    with pytest.raises(HandOffOver):
        fetched(scene, hand_off)


def test_withdrawing_again_changes_nothing(scene: Scene):
    hand_off = a_hand_off(scene)
    with transaction():
        operations.withdraw(scene.owner, hand_off)
    before = events_of(scene.owner)

    with transaction():
        operations.withdraw(scene.owner, now(scene, hand_off))

    assert events_of(scene.owner) == before


def test_the_receiver_withdraws_nothing(scene: Scene):
    hand_off = a_hand_off(scene)

    with pytest.raises(NotFound), transaction():
        operations.withdraw(scene.integrator, hand_off)


def test_another_tenant_finds_nothing_of_it(scene: Scene):
    hand_off = a_hand_off(scene)

    with pytest.raises(NotFound):
        store.get(an_integrator(), hand_off.public_id)


def test_the_message_is_cleaned(scene: Scene):
    assert a_hand_off(scene, message="  for the shop \r\n").message == "for the shop"


def test_the_envelope_binds_both_accounts_the_pair_and_the_date(scene: Scene):
    hand_off = a_hand_off(scene)

    bound = bound_by(hand_off)

    assert bound.sender == tenant_of(scene.owner).account_id
    assert bound.receiver == tenant_of(scene.integrator).account_id
    assert bound.not_after == int(hand_off.lapses_at.timestamp())


def test_who_may_take_no_keys_any_more_is_no_receiver(scene: Scene):
    boss = a_member(tenant_of(scene.integrator))
    with transaction():
        member = accounts.get_membership(boss, membership_of(scene.integrator).id)
        members.change_role(boss, member, Role.VIEWER, version=member.version)

    assert not scene.receivers
