"""Hand-offs as scripts do them with a token: what is sealed is sealed and opened on their side."""

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from flask import Flask

from portal.access.roles import Scope
from portal.access.rows import owned_by
from portal.foundation.database import db
from portal.handoffs import envelope, store
from portal.handoffs.envelope import Bound, Envelope
from portal.keys import store as keys
from portal.repeats.models import KeyedCall
from tests.api.calling import base64_of
from tests.api.scripts import Script, a_script
from tests.factories import a_private_key, pem_of, public_of, sign, tenant_of
from tests.handoffs.scenes import Scene, a_hand_off, a_scene


@pytest.fixture
def scene() -> Scene:
    return a_scene()


@pytest.fixture
def giver(app: Flask, scene: Scene) -> Script:
    return a_script(app, scene.owner, Scope.READ, Scope.HAND_OFFS)


@pytest.fixture
def receiver(app: Flask, scene: Scene) -> Script:
    return a_script(app, scene.integrator, Scope.READ, Scope.HAND_OFFS)


def bound_in(answer: dict[str, Any]) -> Bound:
    """What the envelope binds, read from HPKE's `info`."""
    members = json.loads(answer["info"])
    assert members.pop("v") == envelope.VERSION
    return Bound(sender=members.pop("from"), receiver=members.pop("to"), **members)


def given(giver: Script, scene: Scene) -> Any:
    """The answer that says what has to be bound."""
    return giver.post(f"keys/{scene.pair.api_key}/hand-over", {"envelope_key": scene.key.public_id}).json


def deposited(giver: Script, scene: Scene) -> Any:
    """The answer to an envelope that a script sealed."""
    begun = given(giver, scene)
    made = envelope.seal(pem_of(scene.private), base64.b64decode(begun["to_public"]), bound_in(begun))
    sent = {"ciphertext": base64_of(made.ciphertext), "signature": base64_of(made.signature)}
    return giver.post(f"hand-offs/sealing/{begun['id']}", sent)


def test_a_script_seals_a_private_key_to_somebody_whose_words_it_was_told(giver: Script, scene: Scene):
    (somebody,) = giver.get(f"keys/{scene.pair.api_key}/hand-over").json["items"]

    offered = deposited(giver, scene).json

    assert (somebody["envelope_key"], len(somebody["words"])) == (scene.key.public_id, 8)
    assert (offered["state"], offered["words"]) == ("offered", somebody["words"])
    assert offered["receiver"] == tenant_of(scene.integrator).account_id


def test_a_script_opens_it_and_proves_that_it_did(giver: Script, receiver: Script, scene: Scene):
    hand_off = deposited(giver, scene).json["id"]

    opened = receiver.post(f"hand-offs/{hand_off}/open").json
    sealed = Envelope(*(base64.b64decode(opened[member]) for member in ("ciphertext", "signature")))
    pem = envelope.open_envelope(sealed, scene.receiving, bound_in(opened))
    private = serialization.load_pem_private_key(pem.encode(), password=None)
    signature = base64_of(sign(private, opened["to_prove"].encode()))  # type: ignore[arg-type]
    done = receiver.post(f"hand-offs/{hand_off}/proof", {"signature": signature})

    assert (opened["state"], opened["attempts"], done.json["state"]) == ("opened", 1, "done")
    steps = giver.get(f"hand-offs/{hand_off}").json["steps"]
    assert [one["step"] for one in steps if one["at"]] == ["offered", "opened", "proved"]


def test_the_ciphertext_stands_in_no_kept_answer(receiver: Script, scene: Scene):
    path = f"hand-offs/{a_hand_off(scene).public_id}/open"

    first, again = (receiver.post(path, key="once").json for _ in range(2))

    (kept,) = db.session.scalars(owned_by(scene.integrator, KeyedCall))
    assert first["ciphertext"] not in kept.answer
    assert (again["ciphertext"], again["signature"], again["attempts"]) == (None, None, 1)


def test_who_has_another_envelope_key_opens_nothing(receiver: Script, scene: Scene):
    hand_off = a_hand_off(scene)
    other = envelope.key_sha256(envelope.raw_public(X25519PrivateKey.generate()))

    refused = receiver.post(f"hand-offs/{hand_off.public_id}/open", {"to_key": other})

    assert refused.status_code == 422
    assert store.get(scene.integrator, hand_off.public_id).attempts == 0


def test_hand_offs_to_an_account_are_read_there(app: Flask, giver: Script, receiver: Script, scene: Scene):
    hand_off = a_hand_off(scene)
    at_client = a_script(app, scene.integrator, account=tenant_of(scene.owner).account_id)

    lists = [script.get("hand-offs", side=side) for script in (giver, receiver) for side in ("given", "received")]

    ids = [[one["id"] for one in answer.json["items"]] for answer in lists]
    assert ids == [[hand_off.public_id], [], [], [hand_off.public_id]]
    assert at_client.get("hand-offs", side="received").status_code == 404


def test_it_is_the_receiver_who_opens(giver: Script, scene: Scene):
    answer = giver.post(f"hand-offs/{a_hand_off(scene).public_id}/open")

    assert answer.status_code == 404


def test_what_was_offered_is_taken_back(giver: Script, receiver: Script, scene: Scene):
    path = f"hand-offs/{a_hand_off(scene).public_id}"

    taken_back = giver.post(f"{path}/withdraw")

    assert taken_back.json["state"] == "withdrawn"
    assert receiver.post(f"{path}/open").json["code"] == "hand_off_over"


def test_another_envelope_key_has_other_words_and_waits(receiver: Script):
    before = receiver.get("hand-offs/envelope-key").json
    public = base64_of(envelope.raw_public(X25519PrivateKey.generate()))

    after = receiver.post("hand-offs/envelope-key", {"public_key": public}).json

    assert before["words"] != after["words"]
    assert (after["kept"], after["public_key"]) == ("file", public)
    assert before["usable_at"] == before["enrolled_at"] <= after["enrolled_at"] < after["usable_at"]


def test_hand_offs_need_their_scope(app: Flask, scene: Scene):
    reading = a_script(app, scene.owner, Scope.READ, Scope.PRODUCTION_KEYS)

    answer = reading.get(f"keys/{scene.pair.api_key}/hand-over")

    assert (answer.status_code, answer.json["code"]) == (403, "scope_missing")


def test_a_private_key_in_a_message_is_refused_from_now_on(giver: Script, scene: Scene):
    sent = {"envelope_key": scene.key.public_id, "message": pem_of(a_private_key(7))}

    answer = giver.post(f"keys/{scene.pair.api_key}/hand-over", sent)

    assert (answer.status_code, answer.json["code"]) == (422, "text_holds_private_key")
    assert keys.is_blocked(public_of(a_private_key(7)).spki_sha256)
