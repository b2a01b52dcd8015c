"""Enrolling, sealing and opening with a code: what each call answers, and what is refused before anything happens."""

import hashlib
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from portal.access.roles import Role
from portal.access.rows import Reader, across_tenants
from portal.accounts import members
from portal.audit.models import AuditEvent
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.handoffs import envelope, operations, store
from portal.handoffs.giving import bound_by
from portal.handoffs.models import HandOffState, Kept, Purpose
from portal.handoffs.words import comparison_words
from portal.keys import operations as keys
from tests.api.calling import base64_of
from tests.api.conftest import Call
from tests.api.passing import a_code_for, members_of, opening_of
from tests.factories import BASE_URL, a_key, a_member, membership_of, tenant_of
from tests.handoffs.scenes import (
    Scene,
    a_hand_off,
    a_scene,
    an_envelope_key,
    an_intent,
    events_of,
    fetched,
    now,
    sealed,
)

ENROLMENT, DEPOSIT = "hand-offs/envelope-key", "hand-offs/sealing/envelope"
OPENING, PROOF = "hand-offs/opening", "hand-offs/opening/proof"


@pytest.fixture
def scene() -> Scene:
    return a_scene()


def to_seal(scene: Scene, subject: str) -> str:
    return a_code_for(scene.owner, Purpose.SEAL, subject)


def to_open(scene: Scene, subject: str) -> str:
    return a_code_for(scene.integrator, Purpose.OPEN, subject)


def a_public_key() -> bytes:
    return envelope.raw_public(X25519PrivateKey.generate())


def refusals() -> list[tuple[str, str]]:
    """Who was refused what, by the record."""
    rows = across_tenants(AuditEvent, reason=Reader.UPKEEP).where(AuditEvent.event == "refused")
    return [(row.actor_label, row.facts["reason"]) for row in db.session.scalars(rows)]


def test_a_code_says_for_whom_it_enrols(call: Call, scene: Scene):
    code = a_code_for(scene.integrator, Purpose.ENROL)

    assert call("hand-offs/enrolling", code=code).json == {
        "base_url": BASE_URL,
        "person": scene.integrator.label,
        "party": "Agency",
        "enrolled": hashlib.sha256(scene.key.public).hexdigest(),
    }


def test_an_enrolled_key_comes_with_its_words_and_the_moment_from_which_it_is_good(call: Call, scene: Scene):
    colleague, public = a_member(tenant_of(scene.integrator)), a_public_key()

    answer = call(ENROLMENT, code=a_code_for(colleague, Purpose.ENROL), public_key=base64_of(public))

    key = store.current_key(colleague)
    assert (answer.json["to_key"], answer.json["words"].split()) == (
        envelope.key_sha256(public),
        list(comparison_words(public)),
    )
    assert answer.json["usable_at"] == answer.json["enrolled_at"] == key.usable_at.isoformat(timespec="seconds")
    assert (key.public, key.kept) == (public, Kept.FILE)


def test_a_key_in_another_ones_place_waits_a_day(call: Call, scene: Scene):
    code = a_code_for(scene.integrator, Purpose.ENROL)

    told = call(ENROLMENT, code=code, public_key=base64_of(a_public_key())).json

    assert told["usable_at"] > told["enrolled_at"]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (base64_of(bytes(32)), "not_an_envelope_key"),
        (base64_of(bytes(31)), "not_an_envelope_key"),
        ("no base64!", "not_base64"),
        ("é", "not_base64"),
    ],
)
def test_what_is_no_envelope_key_is_not_enrolled(given: str, reason: str, call: Call, scene: Scene):
    answer = call(ENROLMENT, code=a_code_for(scene.integrator, Purpose.ENROL), public_key=given)

    assert (answer.status_code, answer.json["code"]) == (422, reason)
    assert store.current_key(scene.integrator).public == scene.key.public


def test_whoever_may_not_hand_over_any_more_enrols_nothing_and_is_on_record(call: Call, scene: Scene):
    colleague = a_member(tenant_of(scene.integrator))
    code = a_code_for(colleague, Purpose.ENROL)
    membership = membership_of(colleague)
    with transaction():
        members.change_role(scene.integrator, membership, Role.VIEWER, membership.version)

    look, enrolled = call("hand-offs/enrolling", code=code), call(ENROLMENT, code=code, public_key="AAAA")

    assert (look.status_code, enrolled.status_code) == (403, 403)
    assert refusals() == [(colleague.label, look.json["code"])] * 2


def test_what_the_envelope_binds_is_told_with_the_names(call: Call, scene: Scene):
    intent = an_intent(scene)

    told = call("hand-offs/sealing", code=to_seal(scene, intent.public_id)).json

    bound = bound_by(intent)
    assert (told["hand_off"], told["from"], told["to"]) == (intent.public_id, bound.sender, bound.receiver)
    assert (told["to_key"], told["spki_sha256"]) == (bound.to_key, bound.spki_sha256)
    assert (told["environment"], told["not_after"]) == ("production", str(bound.not_after))
    assert told["to_public"] == base64_of(intent.to_public)
    assert told["words"].split() == list(comparison_words(intent.to_public))
    assert (told["pair"], told["giver"], told["receiver"]) == ("Storefront", "Northwind", "Agency")
    assert told["person"] == scene.integrator.label


def test_a_deposit_offers_the_hand_off_once(call: Call, scene: Scene):
    intent = an_intent(scene)
    code = to_seal(scene, intent.public_id)

    first = call(DEPOSIT, code=code, **members_of(sealed(scene, intent)))
    again = call(DEPOSIT, code=code, **members_of(sealed(scene, intent)))

    assert first.json["state"] == "offered"
    assert again.json == first.json
    assert events_of(scene.owner).count("hand_off.offered") == 1


@pytest.mark.parametrize(
    ("spoilt", "reason"),
    [
        ({"signature": base64_of(bytes(256))}, "envelope_not_from_holder"),
        ({"ciphertext": base64_of(bytes(12))}, "envelope_not_whole"),
        ({"ciphertext": "no base64!"}, "not_base64"),
    ],
)
def test_what_the_holder_did_not_seal_is_not_kept(spoilt: dict[str, str], reason: str, call: Call, scene: Scene):
    intent = an_intent(scene)

    answer = call(
        DEPOSIT, code=to_seal(scene, intent.public_id), **members_of(sealed(scene, intent)) | spoilt
    )  # fmt: skip

    assert (answer.status_code, answer.json["code"]) == (422, reason)
    assert store.find_by_public_id(scene.owner, intent.public_id) is None


def test_an_intent_that_is_over_is_told_before_anything_is_sealed(call: Call, scene: Scene):
    intent = an_intent(scene).public_id

    with clock.travelled_to(clock.now() + timedelta(minutes=31)):
        answer = call("hand-offs/sealing", code=to_seal(scene, intent))

    assert (answer.status_code, answer.json["code"]) == (409, "hand_off_intent_over")


def test_a_pair_that_was_revoked_meanwhile_is_not_sealed(call: Call, scene: Scene):
    intent = an_intent(scene).public_id
    code = to_seal(scene, intent)
    a_key(scene.owner)
    with transaction():
        keys.revoke(scene.owner, scene.pair)

    assert call("hand-offs/sealing", code=code).json["code"] == "pair_not_in_service"


def test_another_person_of_the_owner_has_a_code_for_nothing(call: Call, scene: Scene):
    """An intent is its person's own."""
    intent = an_intent(scene).public_id
    colleague = a_member(tenant_of(scene.owner))

    assert call("hand-offs/sealing", code=a_code_for(colleague, Purpose.SEAL, intent)).status_code == 404


def test_each_fetching_is_an_opening_on_record(call: Call, scene: Scene):
    hand_off = a_hand_off(scene)
    code = to_open(scene, hand_off.public_id)

    first, again = call(OPENING, code=code).json, call(OPENING, code=code).json

    assert (first["attempts"], again["attempts"]) == ("1", "2")
    assert again["ciphertext"] == first["ciphertext"]
    assert events_of(scene.integrator).count("hand_off.opened") == 2


def test_what_was_fetched_opens_and_proves(call: Call, scene: Scene):
    hand_off = a_hand_off(scene)
    code = to_open(scene, hand_off.public_id)
    told = call(OPENING, code=code).json

    proved = call(PROOF, code=code, signature=opening_of(scene, hand_off))

    assert (told["nonce"], told["api_key"]) == (hand_off.nonce.hex(), scene.pair.api_key)
    assert proved.json["state"] == "done"
    assert now(scene, hand_off).envelope is None


def test_who_has_the_key_already_gets_no_envelope_and_makes_no_attempt(call: Call, scene: Scene):
    hand_off = a_hand_off(scene)
    code = to_open(scene, hand_off.public_id)
    known = {"public_key_sha256": scene.pair.spki_sha256.hex()}

    before, after = call(OPENING, code=code, **known).json, call(OPENING, code=code, **known).json

    assert len(before["ciphertext"]) > 5000
    assert (after["ciphertext"], after["signature"], after["attempts"]) == ("", "", "1")


def test_what_is_done_is_told_to_the_key_that_did_it(call: Call, scene: Scene):
    hand_off = a_hand_off(scene)
    code = to_open(scene, hand_off.public_id)
    fetched(scene, hand_off)
    call(PROOF, code=code, signature=opening_of(scene, hand_off))

    told = call(OPENING, code=code, public_key_sha256=scene.pair.spki_sha256.hex()).json

    assert (told["state"], told["ciphertext"]) == ("done", "")
    assert call(OPENING, code=code).json["code"] == "hand_off_over"


@pytest.mark.parametrize(
    ("known", "reason"),
    [({"public_key_sha256": "ab" * 32}, "key_of_another_pair"), ({"to_key": "ab" * 32}, "another_envelope_key")],
)
def test_what_does_not_fit_is_refused_before_it_is_opened(known: dict[str, str], reason: str, call: Call, scene: Scene):
    hand_off = a_hand_off(scene)

    answer = call(OPENING, code=to_open(scene, hand_off.public_id), **known)

    assert answer.json["code"] == reason
    assert now(scene, hand_off).state is HandOffState.OFFERED


def test_a_colleague_cannot_fetch_what_another_opened_though_the_key_is_there(call: Call, scene: Scene):
    hand_off = a_hand_off(scene)
    fetched(scene, hand_off)
    code = a_code_for(a_member(tenant_of(scene.integrator)), Purpose.OPEN, hand_off.public_id)

    answer = call(OPENING, code=code, public_key_sha256=scene.pair.spki_sha256.hex())

    assert answer.json["code"] == "sealed_to_another"


def test_the_giver_opens_nothing(call: Call, scene: Scene):
    hand_off = a_hand_off(scene)

    assert call(OPENING, code=a_code_for(scene.owner, Purpose.OPEN, hand_off.public_id)).status_code == 404


def test_a_signature_of_another_key_proves_nothing(call: Call, scene: Scene):
    hand_off = a_hand_off(scene)
    fetched(scene, hand_off)

    answer = call(PROOF, code=to_open(scene, hand_off.public_id), signature=base64_of(bytes(256)))

    assert answer.json["code"] == "opening_not_proved"
    assert now(scene, hand_off).state is HandOffState.OPENED


def test_what_was_withdrawn_is_told(call: Call, scene: Scene):
    hand_off = a_hand_off(scene)
    code = to_open(scene, hand_off.public_id)
    with transaction():
        operations.withdraw(scene.owner, store.get(scene.owner, hand_off.public_id))

    assert call(OPENING, code=code).json["code"] == "hand_off_over"


def test_a_changed_envelope_key_stops_the_deposit(call: Call, scene: Scene):
    intent = an_intent(scene)
    body = members_of(sealed(scene, intent))
    an_envelope_key(scene.integrator, X25519PrivateKey.generate())

    assert call(DEPOSIT, code=to_seal(scene, intent.public_id), **body).json["code"] == "envelope_key_replaced"


def test_a_code_enrols_one_key_and_no_other(call: Call, scene: Scene):
    code = a_code_for(scene.integrator, Purpose.ENROL)
    first, second = a_public_key(), a_public_key()

    answers = [call(ENROLMENT, code=code, public_key=base64_of(key)) for key in (first, first, second)]

    assert [answer.status_code for answer in answers] == [200, 200, 403]
    assert answers[2].json["code"] == "code_refused"
    assert store.current_key(scene.integrator).public == first
