"""Envelope keys: the first at once, a changed one after 24 hours, and never the same one twice."""

from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from portal.access.errors import NotAllowed
from portal.access.roles import PERMISSIONS, Role
from portal.delegations.errors import OnlyFromHome
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.handoffs import envelope, operations, store
from portal.handoffs.errors import EnvelopeKeyHeld, EnvelopeKeyKnown, NotAnEnvelopeKey
from portal.handoffs.models import Kept
from tests.factories import a_member, an_integrator, for_client, tenant_of
from tests.handoffs.scenes import Scene, an_envelope_key, events_of, mails


def test_a_first_key_may_be_used_at_once(scene: Scene):
    assert [one.is_held for one in scene.receivers] == [False]


def test_enrolling_the_same_key_again_changes_nothing(scene: Scene):
    before = events_of(scene.integrator)

    again = an_envelope_key(scene.integrator, scene.receiving)

    assert again.public_id == scene.key.public_id
    assert events_of(scene.integrator) == before


def test_a_changed_key_is_held_for_24_hours_and_both_sides_are_told(scene: Scene):
    changed = an_envelope_key(scene.integrator, X25519PrivateKey.generate())

    assert changed.usable_at - changed.created_at >= timedelta(hours=23, minutes=59)
    assert mails().count("envelope_key_changed") == 2
    assert events_of(scene.integrator)[-1] == "envelope_key.changed"


def test_nothing_is_sealed_to_a_key_that_is_held(scene: Scene):
    changed = an_envelope_key(scene.integrator, X25519PrivateKey.generate())

    with pytest.raises(EnvelopeKeyHeld), transaction():
        operations.begin(scene.owner, scene.pair, changed.public_id)


def test_a_changed_key_is_used_once_its_time_has_come(scene: Scene):
    changed = an_envelope_key(scene.integrator, X25519PrivateKey.generate())

    with time_machine.travel(clock.now() + timedelta(hours=24, minutes=1)), transaction():
        intent = operations.begin(scene.owner, scene.pair, changed.public_id)

    assert intent.to_public == changed.public


def test_the_key_of_another_person_is_refused(scene: Scene):
    colleague = a_member(tenant_of(scene.integrator))

    with pytest.raises(EnvelopeKeyKnown):
        an_envelope_key(colleague, scene.receiving)


def test_a_key_that_was_replaced_never_comes_back(scene: Scene):
    an_envelope_key(scene.integrator, X25519PrivateKey.generate())

    with pytest.raises(EnvelopeKeyKnown):
        an_envelope_key(scene.integrator, scene.receiving)


@pytest.mark.parametrize("octets", [b"", b"\0" * 32, b"\x01" + b"\0" * 31, b"short", b"x" * 33])
def test_what_is_no_usable_point_is_refused(octets: bytes):
    integrator = an_integrator()

    with pytest.raises(NotAnEnvelopeKey), transaction():
        operations.enrol(integrator, octets, Kept.FILE)


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.VIEWER])
def test_only_who_may_take_private_keys_enrols(role: Role):
    member = a_member(tenant_of(an_integrator()), role)

    with pytest.raises(NotAllowed), transaction():
        operations.enrol(member, envelope.raw_public(X25519PrivateKey.generate()), Kept.BROWSER)


def test_nobody_enrols_in_the_account_of_a_client(scene: Scene):
    there = for_client(scene.integrator, scene.delegation)
    there = replace(there, permissions=there.permissions | PERMISSIONS[Role.OWNER])

    with pytest.raises(OnlyFromHome), transaction():
        operations.enrol(there, envelope.raw_public(X25519PrivateKey.generate()), Kept.BROWSER)


def test_each_person_has_a_key_of_its_own(scene: Scene):
    colleague = a_member(tenant_of(scene.integrator), Role.KEY_MANAGER)

    an_envelope_key(colleague, X25519PrivateKey.generate())

    assert store.current_key(scene.integrator).public != store.current_key(colleague).public
    assert len(scene.receivers) == 2
