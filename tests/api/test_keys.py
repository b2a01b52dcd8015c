"""Making a pair with a code, and revoking one with its private key."""

import json
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from portal.access.actor import Actor
from portal.access.roles import Environment
from portal.access.rows import Reader, across_tenants
from portal.accounts import attempts
from portal.audit.models import AuditEvent
from portal.delegations import running as delegations
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.keys import intent_store, making, store
from portal.keys import operations as keys
from portal.keys.models import KeyIntent, KeyOrigin, KeyPair, KeyState
from portal.tenants.models import Standing
from tests.api.calling import facts_of, message_from, proof_of, revocation_of
from tests.api.conftest import Call
from tests.factories import (
    a_code,
    a_command_intent,
    a_delegation,
    a_key,
    a_licensee,
    a_private_key,
    a_successor_intent,
    an_integrator,
    for_client,
    pem_of,
    public_of,
    public_pem_of,
    tenant_of,
)
from tests.impact.test_retiring import a_shop

PROOF, REVOCATION = "keys/making/proof", "keys/revocation"


@pytest.fixture
def private():
    return a_private_key(710)


def last_event() -> AuditEvent:
    rows = across_tenants(AuditEvent, reason=Reader.UPKEEP).where(AuditEvent.copy_of.is_(None))
    return db.session.scalars(rows.order_by(AuditEvent.at.desc(), AuditEvent.seq.desc()).limit(1)).one()


def test_a_code_and_a_proof_make_a_pair_in_service(call: Call, owner: Actor, private):
    code = a_code(owner, name="Storefront", environment=Environment.PRODUCTION)

    answer = call(PROOF, **proof_of(facts_of(call, code), code, private))

    pair = store.get(owner, answer.json["api_key"])
    assert answer.json == {
        "api_key": pair.api_key,
        "name": "Storefront",
        "environment": "production",
        "state": "active",
    }
    assert (pair.state, pair.origin, pair.spki) == (KeyState.ACTIVE, KeyOrigin.COMMAND, public_of(private).spki)
    assert pair.made_by_id == owner.person_id
    assert (last_event().event, last_event().actor_label) == ("key.activated", owner.label)


def test_the_code_is_random_enough_and_not_stored(owner: Actor):
    intent = a_command_intent(owner)
    code = a_code(owner, intent)

    plain = code.replace("-", "")
    stored = intent_store.get(owner, intent.public_id)
    assert 32 ** len(plain) >= 2**128
    assert code != a_code(owner, intent)
    values = [getattr(stored, column.key) for column in KeyIntent.__table__.columns]
    assert not any(plain in str(value) or code in str(value) for value in values)


def test_a_code_may_be_typed_as_it_is_read(call: Call, owner: Actor):
    code = a_code(owner)

    for typed in (code.upper(), code.replace("-", " "), code.replace("0", "O").replace("1", "l"), f" {code}\n"):
        assert facts_of(call, typed)["environment"] == "sandbox"


def test_openssl_makes_and_proves_a_pair_as_well(call: Call, owner: Actor, tmp_path: Path):
    code = a_code(owner)
    file = tmp_path / "private-key.pem"
    private = a_private_key(711)
    file.write_text(pem_of(private))
    (tmp_path / "message").write_bytes(message_from(facts_of(call, code), private))

    signing = ["openssl", "dgst", "-sha256", "-sign", file, "-out", tmp_path / "proof", tmp_path / "message"]
    subprocess.run(signing, check=True, capture_output=True)
    base64 = subprocess.run(
        ["openssl", "base64", "-in", tmp_path / "proof"], check=True, capture_output=True, text=True
    )
    answer = call(PROOF, code=code, public_key=public_pem_of(private), signature=base64.stdout)

    assert answer.status_code == 200


def test_s5_a_lost_private_key_is_replaced_from_the_command_line(call: Call, owner: Actor, private):
    old = a_key(owner, name="Storefront")
    intent = a_successor_intent(owner, old, origin=KeyOrigin.COMMAND)
    code = a_code(owner, intent)

    facts = facts_of(call, code)
    assert store.get(owner, old.api_key).state is KeyState.ACTIVE
    made = call(PROOF, **proof_of(facts, code, private)).json

    assert facts["replaces"] == "Storefront"
    assert store.get(owner, old.api_key).state is KeyState.RETIRING
    assert store.get(owner, made["api_key"]).replaces_id == old.id
    assert made["name"] == "Storefront"


def test_an_integrator_makes_its_own_pair_for_its_client(call: Call, owner: Actor, private):
    integrator = an_integrator()
    acting = for_client(integrator, a_delegation(owner, integrator))
    code = a_code(acting)

    facts = facts_of(call, code)
    made = call(PROOF, **proof_of(facts, code, private)).json

    pair = store.get(owner, made["api_key"])
    assert (facts["owner"], facts["holder"]) == (tenant_of(owner).account_id, tenant_of(integrator).account_id)
    assert (pair.holder_id, pair.delegation_id) == (integrator.home_id, acting.delegation_id)


def test_a_code_is_good_for_nothing_once_the_delegation_has_ended(call: Call, owner: Actor, private):
    integrator = an_integrator()
    delegation = a_delegation(owner, integrator)
    code = a_code(for_client(integrator, delegation))
    proof = proof_of(facts_of(call, code), code, private)

    with transaction():
        delegations.end(owner, delegation)

    assert call(PROOF, **proof).json["code"] == "code_refused"
    assert store.find_by_fingerprint(public_of(private).spki_sha256) is None


def test_an_account_that_was_suspended_meanwhile_is_told_so(call: Call, owner: Actor, private):
    code = a_code(owner)
    proof = proof_of(facts_of(call, code), code, private)

    with transaction():
        tenant_of(owner).standing = Standing.SUSPENDED

    assert call(PROOF, **proof).json["code"] == "account_suspended"


def test_a_discarded_intent_takes_no_code(call: Call, owner: Actor):
    intent = a_command_intent(owner)
    code = a_code(owner, intent)

    with transaction():
        making.discard(owner, intent_store.get(owner, intent.public_id))

    assert call("keys/making", code=code).json["code"] == "code_refused"


def test_the_key_that_used_a_code_may_ask_again_much_later(call: Call, owner: Actor, private):
    code = a_code(owner)
    first = call(PROOF, **proof_of(facts_of(call, code), code, private)).json

    with clock.travelled_to(clock.now() + timedelta(hours=2)):
        again = call(PROOF, **proof_of(facts_of(call, code, private), code, private)).json

    assert again == first


def test_a_signature_of_another_key_makes_nothing(call: Call, owner: Actor, private):
    code = a_code(owner)
    proof = proof_of(facts_of(call, code), code, private)
    proof["public_key"] = public_pem_of(a_private_key(712))

    answer = call(PROOF, **proof)

    assert answer.json["code"] == "proof_wrong"
    assert not db.session.scalars(across_tenants(KeyPair, reason=Reader.UPKEEP)).all()
    assert last_event().refused


def test_a_signature_for_another_code_makes_nothing(call: Call, owner: Actor, private):
    code, other = a_code(owner), a_code(a_licensee())
    proof = proof_of(facts_of(call, other), other, private)

    assert call(PROOF, **proof | {"code": code}).json["code"] == "proof_wrong"


def test_a_key_is_used_once_only(call: Call, owner: Actor, private):
    a_key(a_licensee(), private=private)
    code = a_code(owner)

    assert call(PROOF, **proof_of(facts_of(call, code), code, private)).json["code"] == "key_known"


def test_a_private_key_in_the_place_of_the_public_one_is_burnt(call: Call, owner: Actor, private):
    code = a_code(owner)
    proof = proof_of(facts_of(call, code), code, private)

    answer = call(PROOF, **proof | {"public_key": pem_of(private)})

    assert answer.json["code"] == "private_key_pasted"
    assert store.is_blocked(public_of(private).spki_sha256)
    assert call(PROOF, **proof).json["code"] == "key_blocked"


def test_a_stranger_blocks_no_key(call: Call, private):
    call(PROOF, code="0" * 28, public_key=pem_of(private), signature="AAAA")

    assert not store.is_blocked(public_of(private).spki_sha256)


def test_the_private_key_revokes_its_pair_though_nobody_is_signed_in(call: Call, owner: Actor, private):
    pair = a_key(owner, private=private, name="Storefront")

    answer = call(REVOCATION, **revocation_of(call, pair.api_key, private))

    assert (answer.status_code, answer.json["state"]) == (200, "revoked")
    revoked, event = store.get(owner, pair.api_key), last_event()
    assert (revoked.state, revoked.revoked_by_id) == (KeyState.REVOKED, None)
    assert (event.event, event.actor_id) == ("key.revoked", None)
    assert event.actor_label == f"private key of {pair.api_key} “Storefront”"


def test_a_delegated_pair_is_revoked_by_its_key_even_when_the_delegation_is_paused(call: Call, owner: Actor, private):
    integrator = an_integrator()
    delegation = a_delegation(owner, integrator)
    pair = a_key(for_client(integrator, delegation), private=private)
    with transaction():
        delegations.pause(owner, delegation)

    assert call(REVOCATION, **revocation_of(call, pair.api_key, private)).status_code == 200
    assert store.get(owner, pair.api_key).state is KeyState.REVOKED


def test_a_pair_that_a_person_revoked_is_revoked(call: Call, owner: Actor, private):
    pair = a_key(owner, private=private)
    with transaction():
        keys.revoke(owner, store.get(owner, pair.api_key))

    assert call(REVOCATION, **revocation_of(call, pair.api_key, private)).status_code == 200


def test_a_challenge_is_good_for_its_api_key_and_for_five_minutes(call: Call, owner: Actor, private):
    pair, other = a_key(owner, private=private), a_key(owner)
    foreign = revocation_of(call, other.api_key, private) | {"api_key": pair.api_key}
    old = revocation_of(call, pair.api_key, private)
    forged = old | {"challenge": old["challenge"][:-1] + ("A" if old["challenge"][-1] != "A" else "B")}

    assert call(REVOCATION, **foreign).json["code"] == "revocation_refused"
    assert call(REVOCATION, **forged).json["code"] == "revocation_refused"
    with clock.travelled_to(clock.now() + timedelta(minutes=6)):
        assert call(REVOCATION, **old).json["code"] == "revocation_refused"
    assert store.get(owner, pair.api_key).state is KeyState.ACTIVE


def test_a_proof_of_possession_revokes_nothing(call: Call, owner: Actor, private):
    """The two messages begin with different lines."""
    code = a_code(owner)
    proof = proof_of(facts_of(call, code), code, private)
    api_key = call(PROOF, **proof).json["api_key"]
    challenge = call("keys/revocation/challenge", api_key=api_key).json["challenge"]

    answer = call(REVOCATION, api_key=api_key, challenge=challenge, signature=proof["signature"])

    assert answer.json["code"] == "revocation_refused"


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b"{", "application/json", 400, "not_json"),
        (b"[]", "application/json", 400, "not_json"),
        (b"\xff", "application/json", 400, "not_json"),
        (b"[" * 50_000, "application/json", 400, "not_json"),
        (b"code=1", "application/x-www-form-urlencoded", 400, "not_json"),
        (b"{}", "application/json", 422, "member_missing"),
        (b'{"code": 7}', "application/json", 422, "member_missing"),
        (b'{"code": "\\u0000"}', "application/json", 422, "member_missing"),
        (b'{"code": "1", "public_key_sha256": null}', "application/json", 422, "member_missing"),
        (b'{"code": "1", "public_key_sha256": "ab"}', "application/json", 422, "not_a_fingerprint"),
        (b'{"code": "1", "public_key_sha256": "xy"}', "application/json", 422, "not_a_fingerprint"),
        (b'{"code": "1", "tenant": "2"}', "application/json", 422, "members_unknown"),
        (b'{"code": "\\ud800"}', "application/json", 422, "member_missing"),
        (b'{"code": "' + b"a" * 70_000 + b'"}', "application/json", 413, "request_entity_too_large"),
    ],
    ids=str,
)
def test_a_body_that_is_none_is_told(body: bytes, kind: str, status: int, code: str, client):
    answer = client.open("/api/v1/keys/making", method="POST", input_stream=None, data=body, content_type=kind)

    assert (answer.status_code, answer.mimetype, answer.json["code"]) == (status, "application/problem+json", code)


def test_a_problem_is_told_as_rfc_9457_says(call: Call):
    answer = call("keys/making", code="1")

    assert json.loads(answer.data).keys() == {"type", "title", "status", "detail", "mend", "code", "request_id"}
    assert (answer.json["status"], answer.json["title"], answer.json["type"]) == (403, "Forbidden", "about:blank")
    assert "show a new code" in answer.json["mend"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "keys/making", 405), ("PUT", "keys/revocation", 405), ("POST", "nothing", 404), ("GET", "nothing", 404)],
)
def test_what_is_not_there_is_told_in_json(method: str, path: str, status: int, client):
    answer = client.open(f"/api/v1/{path}", method=method)

    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert ("Allow" in answer.headers) == (status == 405)


def test_a_cookie_opens_no_session_here(signed_in, owner: Actor, call: Call):
    browser = signed_in(owner)

    answer = browser.open("/api/v1/keys/making", method="POST", json={"code": "1"})

    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers


def test_a_header_with_any_token_lets_nobody_guess_more(client):
    headers = {"Authorization": "Bearer anything"}
    answers = [
        client.open("/api/v1/keys/making", method="POST", json={"code": "1"}, headers=headers).status_code
        for _each in range(attempts.PER_NETWORK + 1)
    ]

    assert answers == [403] * attempts.PER_NETWORK + [429]


def test_who_guesses_too_often_from_one_network_waits_and_others_do_not(call: Call, owner: Actor, private):
    code = a_code(owner)
    for _each in range(attempts.PER_NETWORK):
        assert call("keys/making", code="1").status_code == 403

    refused = call("keys/making", code=code)
    assert (refused.status_code, refused.json["code"]) == (429, "too_many_attempts")
    assert int(refused.headers["Retry-After"]) > 0
    assert call("keys/making", network="198.51.100.7", code=code).status_code == 200
    with clock.travelled_to(clock.now() + timedelta(minutes=16)):
        assert call("keys/making", code=code).status_code == 200


def test_a_code_of_a_rotation_says_which_pair_is_replaced(call: Call, owner: Actor, private):
    old = a_key(owner, name="Storefront", private=private)
    code = a_code(owner, a_successor_intent(owner, old, origin=KeyOrigin.COMMAND))

    facts = facts_of(call, code)

    assert (facts["replaces"], facts["replaces_api_key"]) == ("Storefront", old.api_key)
    assert facts["replaces_public_key_sha256"] == public_of(private).spki_sha256.hex()
    assert "replaces_api_key" not in facts_of(call, a_code(owner))


def test_a_successors_proof_tells_until_when_the_old_pair_works_and_which_shops_use_it(
    call: Call, owner: Actor, private
):
    old = a_key(owner)
    shop = a_shop(owner, "shop.example")
    code = a_code(owner, a_successor_intent(owner, old, origin=KeyOrigin.COMMAND))
    body = proof_of(facts_of(call, code), code, private)

    told, again = call(PROOF, **body).json, call(PROOF, **body).json

    until = store.get(owner, old.api_key).retiring_until.isoformat(timespec="seconds")
    assert (told["replaced_api_key"], told["replaced_until"], told["replaced_ending"]) == (old.api_key, until, "held")
    assert told["shops"] == shop.name
    assert again == told
