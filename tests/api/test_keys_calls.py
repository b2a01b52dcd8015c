"""Key pairs as scripts keep them, with a token: made outside, proved, turned, ended."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from portal.access.actor import Actor
from portal.access.roles import Environment, Scope
from portal.access.rows import owned_by
from portal.delegations import running as delegations
from portal.foundation.database import db, transaction
from portal.keys import operations as keys
from portal.keys import store
from portal.keys.eligibility import usable_contracts
from portal.keys.models import KeyIntent, KeyOrigin, KeyPair
from tests.api.calling import base64_of
from tests.api.scripts import Script, a_script
from tests.factories import (
    a_delegation,
    a_key,
    a_private_key,
    a_successor,
    an_integrator,
    an_intent,
    for_client,
    pem_of,
    public_of,
    public_pem_of,
    sign,
    tenant_of,
)
from tests.impact.test_retiring import a_shop, calls

SANDBOX, PRODUCTION = Environment.SANDBOX, Environment.PRODUCTION
Scripts = Callable[..., Script]


@pytest.fixture
def script(app: Flask, owner: Actor) -> Scripts:
    """A script of the owner, with these scopes."""
    return lambda *scopes: a_script(app, owner, *scopes)


def new_pair(actor: Actor, number: int = 1, **others: Any) -> dict[str, Any]:
    """The body that begins a pair with this private key."""
    contract = usable_contracts(actor)[0].public_id
    facts = {"name": "Storefront", "environment": "sandbox", "public_key": public_pem_of(a_private_key(number))}
    return {"contract": contract} | facts | others


def proved(script: Script, intent: dict[str, Any], number: int = 1) -> Any:
    """The answer to the proof of an intent with this private key."""
    signature = base64_of(sign(a_private_key(number), intent["message"].encode()))
    return script.post(f"keys/making/{intent['id']}/proof", {"signature": signature})


def test_a_script_makes_a_pair_whose_private_key_stays_with_it(script: Scripts, owner: Actor):
    ours = script(Scope.READ, Scope.KEYS)

    begun = ours.post("keys", new_pair(owner))
    made = proved(ours, begun.json)

    assert (begun.status_code, begun.json["key_pair"], made.status_code) == (201, None, 200)
    assert (made.json["live"], made.json["status"], made.json["origin"]) == (True, "active", "upload")
    assert made.json["public_key_sha256"] == public_of(a_private_key(1)).spki_sha256.hex()


def test_a_pair_is_told_with_its_last_use_and_who_has_it(script: Scripts, owner: Actor):
    pair = a_key(owner, name="Storefront")
    calls(a_shop(owner, "Shop"), pair)

    told = script().get(f"keys/{pair.api_key}")

    assert told.json["owner"] == told.json["holder"] == tenant_of(owner).account_id
    assert (told.json["name"], told.json["copies"], told.json["leak"]) == ("Storefront", [], None)
    assert told.json["public_key"].startswith("-----BEGIN PUBLIC KEY-----")
    assert told.json["last_used_by"] == "Shop"
    assert told.headers["ETag"] == f'"{told.json["version"]}"'


def test_a_pair_that_does_not_work_says_why(app: Flask, owner: Actor):
    integrator = an_integrator()
    delegation = a_delegation(owner, integrator)
    pair = a_key(for_client(integrator, delegation))
    with transaction():
        delegations.pause(owner, delegation)

    told = a_script(app, owner).get(f"keys/{pair.api_key}").json

    assert (told["live"], told["status"], told["delegation"]) == (False, "delegation_paused", delegation.public_id)


def test_the_list_has_both_environments_or_one(script: Scripts, owner: Actor):
    one, other = a_key(owner), a_key(owner, environment=PRODUCTION)

    both, sandbox = script().get("keys").json, script().get("keys", environment="sandbox").json

    assert [item["api_key"] for item in both["items"]] == [other.api_key, one.api_key]
    assert [item["api_key"] for item in sandbox["items"]] == [one.api_key]


def test_an_integrator_makes_a_pair_at_its_client(app: Flask, owner: Actor):
    integrator = an_integrator()
    acting = for_client(integrator, a_delegation(owner, integrator))
    at_client = a_script(app, integrator, account=tenant_of(owner).account_id)

    made = proved(at_client, at_client.post("keys", new_pair(acting)).json)

    assert (made.json["owner"], made.json["holder"]) == (tenant_of(owner).account_id, tenant_of(integrator).account_id)


@pytest.mark.parametrize(
    ("scopes", "side", "missing"),
    [
        ((Scope.READ,), "sandbox", "keys"),
        ((Scope.READ, Scope.KEYS), "production", "keys:production"),
        ((Scope.READ, Scope.PRODUCTION_KEYS), "sandbox", "keys"),
    ],
)
def test_each_environment_needs_a_scope_of_its_own(
    script: Scripts, owner: Actor, scopes: tuple[Scope, ...], side: str, missing: str
):
    answer = script(*scopes).post("keys", new_pair(owner, environment=side))

    assert (answer.status_code, answer.json["code"]) == (403, "scope_missing")
    assert missing in answer.json["detail"]


@pytest.mark.parametrize("act", ["revoke", "leaked", "rotation/roll-back", "rename"])
def test_a_token_for_the_sandbox_changes_no_pair_of_production(script: Scripts, owner: Actor, act: str):
    pair = a_key(owner, environment=PRODUCTION)
    body = {"name": "Other"} if act == "rename" else {}

    answer = script(Scope.READ, Scope.KEYS).post(f"keys/{pair.api_key}/{act}", body, version=pair.version)

    assert (answer.status_code, answer.json["code"]) == (403, "scope_missing")


def test_a_pair_of_production_is_revoked_by_its_name(script: Scripts, owner: Actor):
    pair, ours = a_key(owner, environment=PRODUCTION, name="Live"), script()

    refused = ours.post(f"keys/{pair.api_key}/revoke", {"typed_name": "Test"})
    done = ours.post(f"keys/{pair.api_key}/revoke", {"typed_name": "Live"})

    assert (refused.status_code, refused.json["code"]) == (422, "typed_name_wrong")
    assert (done.json["live"], done.json["status"]) == (False, "revoked")
    assert done.json["ended_at"] is not None


def test_a_private_key_that_was_sent_is_refused_from_now_on(script: Scripts, owner: Actor):
    sent = new_pair(owner, public_key=pem_of(a_private_key(1)))

    answer = script().post("keys", sent, key="once")

    assert (answer.status_code, answer.json["code"]) == (422, "private_key_pasted")
    assert store.is_blocked(public_of(a_private_key(1)).spki_sha256)
    assert db.session.scalar(owned_by(owner, KeyIntent)) is None


def test_a_private_key_among_names_is_refused_from_now_on_too(script: Scripts, owner: Actor):
    pair = a_key(owner)

    answer = script().post(f"keys/{pair.api_key}/rename", {"name": pem_of(a_private_key(1))}, version=pair.version)

    assert answer.json["code"] == "text_holds_private_key"
    assert store.is_blocked(public_of(a_private_key(1)).spki_sha256)


def test_the_other_ways_are_not_proved_by_a_script(script: Scripts, owner: Actor):
    intent = an_intent(owner, origin=KeyOrigin.BROWSER)

    answer = script().post(f"keys/making/{intent.public_id}/proof", {"signature": "AAAA"})

    assert (answer.status_code, script().get(f"keys/making/{intent.public_id}").json["message"]) == (404, None)


def test_a_name_is_changed_in_the_version_that_was_seen(script: Scripts, owner: Actor):
    pair, ours = a_key(owner, name="Before"), script()
    path, seen = f"keys/{pair.api_key}/rename", pair.version

    answers = [ours.post(path, {"name": name}, version=seen) for name in ("After", "Later")]

    assert [answer.status_code for answer in answers] == [200, 412]
    assert answers[0].headers["ETag"] == f'"{answers[0].json["version"]}"'


def test_a_rotation_begins_with_the_proof_and_says_who_has_to_move(script: Scripts, owner: Actor):
    pair, ours = a_key(owner, name="Storefront"), script()
    shop = a_shop(owner, "Shop")
    calls(shop, pair)

    begun = ours.post(f"keys/{pair.api_key}/rotate", {"public_key": public_pem_of(a_private_key(7))})
    before = ours.get(f"keys/{pair.api_key}").json["status"]
    successor = proved(ours, begun.json, 7).json
    stand = ours.get(f"keys/{pair.api_key}/rotation").json

    assert (begun.json["replaces"], before, stand["old"]["status"]) == (pair.api_key, "active", "retiring")
    assert (stand["successor"]["api_key"], stand["safe_to_close"]) == (successor["api_key"], False)
    assert [(one["installation"]["id"], one["moved"]) for one in stand["users"]] == [(shop.public_id, False)]


def test_an_overlap_to_the_end_of_a_pair_without_one_is_refused(script: Scripts, owner: Actor):
    pair = a_key(owner)
    body = {"public_key": public_pem_of(a_private_key(7)), "overlap_hours": None}

    answer = script().post(f"keys/{pair.api_key}/rotate", body)

    assert answer.json["code"] == "overlap_out_of_range"


def test_the_end_of_a_rotation_is_drawn_nearer(script: Scripts, owner: Actor):
    pair = a_key(owner)
    a_successor(owner, pair)
    version = store.get(owner, pair.api_key).version

    body = {"overlap_hours": 8, "ending": "hard"}
    answer = script().post(f"keys/{pair.api_key}/rotation/end", body, version=version)

    assert (answer.json["ending"], answer.json["stops_at"]) == ("hard", answer.json["retiring_until"])


def test_before_an_act_one_reads_what_it_would_stop(script: Scripts, owner: Actor):
    pair = a_key(owner, name="Storefront")
    shop = a_shop(owner, "Shop")
    calls(shop, pair)

    radius = script(Scope.READ).get(f"keys/{pair.api_key}/blast-radius").json
    for_rotation = script(Scope.READ).get(f"keys/{pair.api_key}/blast-radius", act="rotate").json

    named = {one["id"] for one in (*radius["used_now"], *radius["possible"])}
    assert (radius["key_pairs"], named) == ([{"id": pair.api_key, "name": "Storefront"}], {shop.public_id})
    assert (radius["is_last"], for_rotation["is_last"]) == (True, False)


def test_a_pair_that_leaked_is_stopped_and_then_replaced(script: Scripts, owner: Actor):
    pair, ours = a_key(owner), script()

    stopped = ours.post(f"keys/{pair.api_key}/leaked")
    leak = ours.get(f"keys/{pair.api_key}").json["leak"]
    begun = ours.post(f"keys/{pair.api_key}/replacement", {"public_key": public_pem_of(a_private_key(7))})
    proved(ours, begun.json, 7)

    assert (stopped.json["status"], leak, begun.status_code) == ("compromised", "stopped", 201)
    assert ours.get(f"keys/{pair.api_key}").json["leak"] is None


def test_a_pair_that_leaked_without_a_successor_has_no_soon_end(script: Scripts, owner: Actor):
    pair = a_key(owner)
    successor = a_successor(owner, pair)
    with transaction():
        keys.revoke(owner, store.get(owner, successor.api_key))
    version = store.get(owner, pair.api_key).version

    answer = script().post(f"keys/{pair.api_key}/leaked/end", {"hours": 1}, version=version)

    assert (answer.status_code, answer.json["code"]) == (409, "rotation_over")


def test_codes_of_a_batch_are_shown_once(script: Scripts, owner: Actor):
    ours, body = script(), a_batch(owner, "Shop 1", "Shop 2")

    first, again = (ours.post("keys/batch", body, key="once") for _ in range(2))

    assert [one["name"] for one in first.json["codes"]] == ["Shop 1", "Shop 2"]
    assert all(one["code"] for one in first.json["codes"])
    assert again.json == first.json | {"codes": None}


def test_each_name_of_a_batch_that_cannot_be_used_is_told(script: Scripts, owner: Actor):
    a_key(owner, name="Taken")

    answer = script().post("keys/batch", a_batch(owner, "Free", "Taken"))

    assert (answer.status_code, answer.json["code"]) == (422, "lines_refused")
    assert [problem["at"] for problem in answer.json["problems"]] == ["/names/1"]


def test_a_name_of_a_batch_stands_in_one_line(script: Scripts, owner: Actor):
    answer = script().post("keys/batch", a_batch(owner, "Shop 1\nShop 2"))

    assert answer.json["code"] == "not_as_described"


def a_batch(actor: Actor, *names: str) -> dict[str, Any]:
    """The body that asks for codes for these names."""
    return {"environment": "sandbox", "contract": usable_contracts(actor)[0].public_id, "names": list(names)}


def test_the_same_call_again_makes_one_pair(script: Scripts, owner: Actor):
    ours = script()
    begun = ours.post("keys", new_pair(owner), key="once")
    again = ours.post("keys", new_pair(owner), key="once")

    made = [proved(ours, begun.json).json["api_key"] for _ in range(2)]

    assert (again.json, again.headers["Idempotent-Replayed"]) == (begun.json, "true")
    assert {pair.api_key for pair in db.session.scalars(owned_by(owner, KeyPair))} == set(made)
