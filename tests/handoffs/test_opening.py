"""Opening: an explicit act of the receiver, repeatable until it is proved, and frozen for anybody else."""

from datetime import timedelta

import pytest
import time_machine

from portal.access.actor import system_actor
from portal.access.errors import NotAllowed
from portal.access.roles import Environment, Role
from portal.delegations import operations as delegations
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.foundation.errors import NotFound
from portal.foundation.sealing import token_hash
from portal.handoffs import envelope, opening, operations, store
from portal.handoffs.errors import (
    DelegationOver,
    FetchedTooOften,
    HandOffOver,
    OpeningNotProved,
    PairNotInService,
    SealedToAnother,
    StrangersLink,
)
from portal.handoffs.giving import bound_by
from portal.handoffs.models import HandOff, HandOffState
from portal.impact import leaks
from portal.keys import operations as key_operations
from portal.keys import store as keys
from portal.keys.models import KeyOrigin, KeyState
from tests.factories import BASE_URL, a_licensee, a_member, a_private_key, pem_of, sign, tenant_of
from tests.handoffs.scenes import Scene, a_hand_off, events_of, fetched, finished, mails, narrow, now


def test_the_receiver_opens_with_its_own_key(scene: Scene):
    hand_off = a_hand_off(scene)

    pem = envelope.open_envelope(fetched(scene, hand_off), scene.receiving, bound_by(hand_off))

    assert pem == pem_of(scene.private)


def test_looking_changes_nothing(scene: Scene):
    hand_off = a_hand_off(scene)

    store.get(scene.integrator, hand_off.public_id)

    assert now(scene, hand_off).state is HandOffState.OFFERED


def test_opening_is_on_record_and_both_sides_are_told(scene: Scene):
    hand_off = a_hand_off(scene)

    fetched(scene, hand_off)

    assert now(scene, hand_off).state is HandOffState.OPENED
    assert events_of(scene.owner)[-1] == events_of(scene.integrator)[-1] == "hand_off.opened"
    assert mails()[-2:] == ["hand_off_opened"] * 2


def test_from_the_first_opening_the_receiver_counts_as_a_holder_of_a_copy(scene: Scene):
    hand_off = a_hand_off(scene)

    fetched(scene, hand_off)
    fetched(scene, hand_off)

    assert [copy.holder.name for copy in store.copies_of(scene.owner, scene.pair)] == ["Agency"]


def test_the_same_person_fetches_again_until_it_is_proved(scene: Scene):
    hand_off = a_hand_off(scene)
    first = fetched(scene, hand_off)

    assert fetched(scene, hand_off) == first
    assert now(scene, hand_off).attempts == 2


def test_a_colleague_of_the_receiver_cannot_open_what_is_sealed_to_another(scene: Scene):
    hand_off = a_hand_off(scene)
    colleague = a_member(tenant_of(scene.integrator))

    with pytest.raises(SealedToAnother):
        fetched(scene, hand_off, colleague)
    assert now(scene, hand_off).state is HandOffState.OFFERED


def test_a_proved_opening_destroys_the_ciphertext(scene: Scene):
    hand_off = a_hand_off(scene)
    fetched(scene, hand_off)

    finished(scene, hand_off)

    assert now(scene, hand_off).state is HandOffState.DONE
    assert now(scene, hand_off).envelope is None
    with pytest.raises(HandOffOver):
        fetched(scene, hand_off)


def test_proving_again_changes_nothing(scene: Scene):
    hand_off = a_hand_off(scene)
    fetched(scene, hand_off)
    finished(scene, hand_off)
    before = events_of(scene.owner)

    finished(scene, hand_off)

    assert events_of(scene.owner) == before


def test_what_was_not_opened_cannot_be_proved(scene: Scene):
    hand_off = a_hand_off(scene)

    with pytest.raises(HandOffOver):
        finished(scene, hand_off)


def test_a_signature_of_another_key_proves_nothing(scene: Scene):
    hand_off = a_hand_off(scene)
    fetched(scene, hand_off)
    found = store.get(scene.integrator, hand_off.public_id)
    signature = sign(a_private_key(3), opening.message_of(found, base_url=BASE_URL))

    with pytest.raises(OpeningNotProved), transaction():
        operations.finish(scene.integrator, found, signature=signature, base_url=BASE_URL)


def test_a_proof_for_another_portal_proves_nothing(scene: Scene):
    hand_off = a_hand_off(scene)
    fetched(scene, hand_off)
    found = store.get(scene.integrator, hand_off.public_id)
    signature = sign(scene.private, opening.message_of(found, base_url="https://elsewhere.example"))

    with pytest.raises(OpeningNotProved), transaction():
        operations.finish(scene.integrator, found, signature=signature, base_url=BASE_URL)


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.VIEWER])
def test_only_owner_and_key_manager_open(scene: Scene, role: Role):
    hand_off = a_hand_off(scene)

    with pytest.raises(NotAllowed):
        fetched(scene, hand_off, a_member(tenant_of(scene.integrator), role))


def test_the_giver_opens_nothing(scene: Scene):
    hand_off = a_hand_off(scene)

    with pytest.raises(NotFound):
        fetched(scene, hand_off, scene.owner)


def test_with_its_delegation_the_right_to_open_ends(scene: Scene):
    hand_off = a_hand_off(scene)
    with transaction():
        delegations.pause(scene.owner, scene.delegation)

    with pytest.raises(DelegationOver):
        fetched(scene, hand_off)


def test_nothing_is_opened_after_its_time_whether_or_not_the_worker_was_there(scene: Scene):
    hand_off = a_hand_off(scene)

    with time_machine.travel(clock.now() + timedelta(hours=73)), pytest.raises(HandOffOver):
        fetched(scene, hand_off)


def test_the_worker_closes_what_has_lapsed(scene: Scene):
    hand_off = a_hand_off(scene)

    with time_machine.travel(clock.now() + timedelta(hours=73)), transaction():
        assert operations.lapse_due(system_actor("worker")) == 1

    assert now(scene, hand_off).state is HandOffState.LAPSED
    assert now(scene, hand_off).envelope is None
    assert mails()[-2:] == ["hand_off_lapsed"] * 2


def test_the_worker_closes_what_was_opened_and_never_proved(scene: Scene):
    hand_off = a_hand_off(scene)
    fetched(scene, hand_off)

    with time_machine.travel(clock.now() + timedelta(hours=73)), transaction():
        operations.lapse_due(system_actor("worker"))

    assert now(scene, hand_off).state is HandOffState.LAPSED
    assert len(store.copies_of(scene.owner, scene.pair)) == 1


def test_a_link_that_leads_nowhere_says_nothing():
    with pytest.raises(StrangersLink):
        opening.by_link("x" * 43)


def test_an_opening_from_another_tenant_freezes_the_hand_off_and_stops_no_key(scene: Scene):
    hand_off, stranger = a_hand_off(scene), a_licensee(name="Stranger")

    _freeze(scene, hand_off, stranger)

    assert now(scene, hand_off).state is HandOffState.FROZEN
    assert now(scene, hand_off).envelope is None
    assert mails()[-2:] == ["hand_off_frozen"] * 2
    assert keys.get(scene.owner, scene.pair.api_key).state is KeyState.ACTIVE


def test_the_strangers_own_record_shows_nothing_of_it(scene: Scene):
    hand_off, stranger = a_hand_off(scene), a_licensee(name="Stranger")

    _freeze(scene, hand_off, stranger)

    assert events_of(scene.owner)[-1] == events_of(scene.integrator)[-1] == "hand_off.frozen"
    assert "hand_off.frozen" not in events_of(stranger)


def test_what_is_frozen_stays_frozen(scene: Scene):
    hand_off, stranger = a_hand_off(scene), a_licensee(name="Stranger")
    _freeze(scene, hand_off, stranger)
    before = events_of(scene.owner)

    _freeze(scene, hand_off, stranger)

    assert events_of(scene.owner) == before
    with pytest.raises(HandOffOver):
        fetched(scene, hand_off)


def test_a_hand_off_that_is_done_is_not_frozen(scene: Scene):
    hand_off = a_hand_off(scene)
    fetched(scene, hand_off)
    finished(scene, hand_off)

    _freeze(scene, hand_off, a_licensee(name="Stranger"))

    assert now(scene, hand_off).state is HandOffState.DONE


def test_the_link_finds_its_hand_off(scene: Scene):
    hand_off = a_hand_off(scene)
    with transaction():
        hand_off.code_hash = token_hash("known")

    assert opening.by_link("known").public_id == hand_off.public_id


def test_a_pair_that_is_out_of_service_is_not_opened_any_more(scene: Scene):
    hand_off = a_hand_off(scene)
    with transaction():
        key_operations.revoke(scene.owner, keys.get(scene.owner, scene.pair.api_key))

    with pytest.raises(PairNotInService):
        fetched(scene, hand_off)


def test_what_leaked_is_neither_opened_nor_handed_over(scene: Scene):
    hand_off = a_hand_off(scene)
    with transaction():
        leaks.replace(scene.owner, keys.get(scene.owner, scene.pair.api_key), timedelta(), origin=KeyOrigin.SERVER)

    with pytest.raises(PairNotInService):
        fetched(scene, hand_off)
    with transaction():
        operations.withdraw(scene.owner, now(scene, hand_off))
    with pytest.raises(PairNotInService), transaction():
        operations.begin(scene.owner, keys.get(scene.owner, scene.pair.api_key), scene.key.public_id)


def test_narrowing_to_the_other_environment_takes_the_right_to_open(scene: Scene):
    hand_off = a_hand_off(scene)
    narrow(scene, environments=frozenset({Environment.SANDBOX}))

    with pytest.raises(DelegationOver):
        fetched(scene, hand_off)


def test_an_envelope_that_was_fetched_twenty_times_is_not_given_out_again(scene: Scene):
    hand_off = a_hand_off(scene)
    for _time in range(20):
        fetched(scene, hand_off)

    with pytest.raises(FetchedTooOften):
        fetched(scene, hand_off)


def _freeze(scene: Scene, hand_off: HandOff, stranger) -> None:
    found = now(scene, hand_off)
    with transaction():
        operations.freeze(stranger, found)
