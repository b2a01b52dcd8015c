"""Section 4 of the protocol, row by row: what a shop is told when it is refused."""

import json
import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from portal.access.actor import Actor, system_actor
from portal.access.roles import Environment
from portal.access.rows import Reader, across_tenants
from portal.audit.models import AuditEvent
from portal.contracts import operations as contracts
from portal.contracts import store as contract_store
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.keys import operations as keys
from portal.keys import store as key_store
from portal.projects import store as projects
from portal.tenants import operations as tenants
from portal.tenants import store as tenant_store
from portal.tenants.models import Standing
from portal.verifier.held_keys import HeldKeys
from tests.connector.asking import CLIENT_ID_INVALID, NOT_FOUND, asked
from tests.connector.conftest import MakeShop
from tests.connector.shop import PING, REGISTRY, USER_AGENT, KeysNotValid, Refused, Shop, a_token
from tests.factories import a_licensee

NOWHERE = "00000000-0000-4000-8000-000000000000"


def test_a_ping_with_valid_keys_is_answered_with_200_and_no_message(shop: Shop):
    assert asked(shop) == (200, {"status": 200})


UNKNOWN = "0" * 32


@pytest.mark.parametrize("path", [PING, REGISTRY])
def test_an_unknown_key(shop: Shop, path: str):
    assert asked(shop, path, magento_api_key=UNKNOWN, x_api_key=UNKNOWN) == (403, CLIENT_ID_INVALID)


def _revoke(owner: Actor, shop: Shop) -> None:
    keys.revoke(owner, key_store.get(owner, shop.api_key))


def _expire(owner: Actor, shop: Shop) -> None:
    key_store.get(owner, shop.api_key).expires_at = clock.now()


def _end_contract(owner: Actor, shop: Shop) -> None:
    contracts.end(system_actor("tests"), contract_store.all_of(owner)[0])


def _suspend(owner: Actor, shop: Shop) -> None:
    tenants.set_standing(system_actor("tests"), tenant_store.get(owner.tenant_id), Standing.SUSPENDED)


@pytest.mark.parametrize("stop", [_revoke, _expire, _end_contract, _suspend])
@pytest.mark.parametrize("environment", list(Environment))
def test_a_key_that_is_stopped_is_not_valid_from_then_on(
    a_shop: MakeShop, owner: Actor, environment: Environment, stop: Callable[[Actor, Shop], None]
):
    shop = a_shop(owner, environment)
    shop.rows()

    with transaction():
        stop(owner, shop)

    assert asked(shop) == asked(shop, REGISTRY) == (403, CLIENT_ID_INVALID)
    with pytest.raises(KeysNotValid, match="Client ID is invalid"):
        shop.rows()


def test_a_suspended_account_that_is_resumed_gets_its_keys_back(shop: Shop, owner: Actor):
    with transaction():
        _suspend(owner, shop)
    with pytest.raises(KeysNotValid):
        shop.ping()

    with transaction():
        tenants.set_standing(system_actor("tests"), tenant_store.get(owner.tenant_id), Standing.GOOD)

    shop.ping()


def test_a_key_stops_by_the_clock_without_any_change(shop: Shop, owner: Actor):
    with transaction():
        key_store.get(owner, shop.api_key).expires_at = clock.now() + timedelta(hours=1)
    shop.ping()

    with clock.travelled_to(clock.now() + timedelta(hours=1)), pytest.raises(KeysNotValid):
        shop.ping()


def test_an_account_that_is_past_due_goes_on(shop: Shop, owner: Actor):
    with transaction():
        tenants.set_standing(system_actor("tests"), tenant_store.get(owner.tenant_id), Standing.PAST_DUE)

    assert len(shop.create("Storefront")) == 3


def test_the_private_key_of_the_other_side_is_not_valid(a_shop: MakeShop, owner: Actor):
    sandbox, production = a_shop(owner), a_shop(owner, Environment.PRODUCTION)

    mixed = Shop(sandbox.send, production.api_key, sandbox.private)

    with pytest.raises(KeysNotValid, match="JWT is invalid"):
        mixed.rows()


@pytest.mark.parametrize("path", [PING, REGISTRY, f"{REGISTRY}/projects/x"])
@pytest.mark.parametrize(
    "token",
    [None, "", "x", "a.b.c", "e30.e30.AA", "é" * 10, "A" * 1_000_000],
    ids=["missing", "empty", "short", "no signature", "empty objects", "not ASCII", "1 MB"],
)
def test_a_signature_that_is_missing_or_wrong(shop: Shop, path: str, token: str | None):
    status, body = asked(shop, path, x_gw_signature=token)

    assert (status, body["status"], body["message"]) == (403, 403, "JWT is invalid")


@pytest.mark.parametrize("ends_in", [-61, 361, 10**9])
def test_a_signature_that_is_over_or_years_ahead(shop: Shop, ends_in: int):
    status, body = asked(shop, x_gw_signature=a_token(shop.private, int(time.time()) + ends_in))

    assert (status, body["message"]) == (403, "JWT is invalid")


def test_a_signature_twice_in_one_header_line(shop: Shop):
    token = a_token(shop.private)

    assert asked(shop, x_gw_signature=f"{token}, {token}")[1]["message"] == "JWT is invalid"


def test_two_equal_tokens_in_one_second_are_accepted(shop: Shop):
    token = a_token(shop.private)

    assert [asked(shop, x_gw_signature=token)[0] for _time in range(2)] == [200, 200]


@pytest.mark.parametrize("header", ["magento_api_key", "x_api_key"])
def test_one_of_the_two_key_headers_is_enough(shop: Shop, header: str):
    assert asked(shop, **{header: None})[0] == 200


def test_key_headers_that_differ_are_refused(a_shop: MakeShop, owner: Actor):
    one, other = a_shop(owner), a_shop(owner)

    assert asked(one, x_api_key=other.api_key) == (403, CLIENT_ID_INVALID)


@pytest.mark.parametrize(
    "change",
    [
        None,
        str.upper,
        lambda key: f" {key[:16]} {key[16:]} ",
        lambda key: f"{key},{key}",
        lambda key: f"{key}, {key}",
        lambda key: f"{key}é",
        lambda key: key[:-1] + "０",
        lambda key: key * 31_250,
        lambda key: "",
        lambda key: f"{key}0",
        lambda key: f"{key}%00",
    ],
    ids=[
        "missing",
        "upper case",
        "spaces",
        "doubled",
        "doubled with a space",
        "not ASCII",
        "full width",
        "1 MB",
        "empty",
        "too long",
        "NUL",
    ],
)
def test_a_key_in_another_spelling(shop: Shop, change: Callable[[str], str] | None):
    key = None if change is None else change(shop.api_key).encode().decode("latin-1")

    assert asked(shop, magento_api_key=key, x_api_key=key) == (403, CLIENT_ID_INVALID)


def test_a_client_without_a_signature_is_told_so(shop: Shop):
    """Client 1.0.x sends the API key alone."""
    headers = {"magento-api-key": shop.api_key, "User-Agent": USER_AGENT}

    status, _headers, body = shop.send("GET", "/gateway/apikeycheck", headers, b"")
    assert (status, json.loads(body)["status"]) == (403, 403)
    assert "without a signature proves nothing" in json.loads(body)["message"]

    _status, _headers, body = shop.send("GET", REGISTRY, headers, b"")
    assert json.loads(body)["message"] == "JWT is invalid"


def test_a_missing_thing_and_another_accounts_are_the_same_404(a_shop: MakeShop, owner: Actor):
    shop = a_shop(owner)
    foreign = a_shop(a_licensee()).create("Foreign")[0]

    for space_id in (foreign["environmentId"], NOWHERE, "not-a-uuid", "x"):
        for method, path, content in (
            ("GET", f"/environments/{space_id}", None),
            ("PATCH", f"/environments/{space_id}", {"environmentName": "Mine"}),
            ("PUT", f"/environments/{space_id}/cloudid/cloud-1", None),
            ("PUT", f"/environments/{space_id}/feature/PREMIUM_SEARCH", None),
            ("POST", f"/environments/{space_id}/cleanup", {"environmentName": "Mine"}),
        ):
            with pytest.raises(Refused) as refusal:
                shop.call(method, path, content)
            assert refusal.value.body == NOT_FOUND
    for project_id in (foreign["projectId"], NOWHERE, "x"):
        for method, content in (("GET", None), ("PATCH", {"projectName": "Mine"})):
            with pytest.raises(Refused) as refusal:
                shop.call(method, f"/projects/{project_id}", content)
            assert refusal.value.body == NOT_FOUND


def test_an_allotment_that_is_used_up_is_said_in_plain_words(a_shop: MakeShop):
    shop = a_shop(a_licensee("magento-open-source"))
    shop.create("Storefront")

    with pytest.raises(Refused, match="includes 1 projects, and 1 are in use") as refusal:
        shop.create("Another")

    assert refusal.value.body["status"] == 403
    assert refusal.value.body["error"]["code"] == "allotment_used_up"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "name_empty"),
        (" \t ", "name_empty"),
        ("x" * 256, "name_too_long"),
        ("Shop [Type: production]", "name_has_type_label"),
        ("Shop [tYPE:", "name_has_type_label"),
        ("a\x00b", "name_has_control_characters"),
        ("a\nb", "name_has_control_characters"),
        ("a\ud800b", "name_has_control_characters"),
        ("a\u202eb", "name_changes_direction"),
        ("-----BEGIN PRIVATE KEY-----", "text_holds_private_key"),
        (None, "not_a_text"),
        (7, "not_a_text"),
        (["Shop"], "not_a_text"),
        ({"name": "Shop"}, "not_a_text"),
        (True, "not_a_text"),
    ],
)
def test_names_that_are_none(shop: Shop, name: object, code: str):
    space = shop.create("Storefront")[0]

    for act in (
        lambda: shop.create(name),
        lambda: shop.rename_project(space["projectId"], name),
        lambda: shop.rename_data_space(space["environmentId"], name),
        lambda: shop.clean_up(space["environmentId"], name),
    ):
        with pytest.raises(Refused) as refusal:
            act()
        assert (refusal.value.body["status"], refusal.value.body["error"]["code"]) == (422, code)
    assert len(shop.rows()) == 3
    assert shop.row(space["environmentId"]) == space


@pytest.mark.parametrize("name", ["店鋪 🛒 𠮷", "x" * 255, "“Shop” & <b>", "[Type", "🛒" * 255])
def test_names_are_labels_in_any_script(shop: Shop, name: str):
    assert shop.create(name)[0]["projectName"] == name


def test_a_name_that_is_taken_is_said(shop: Shop):
    one, two = shop.create("One")[0], shop.create("Two")[0]

    with pytest.raises(Refused, match="There is a project named “one”"):
        shop.rename_project(two["projectId"], "one")
    with pytest.raises(Refused, match="There is a data space named “Testing 1”"):
        shop.rename_data_space(one["environmentId"], "Testing 1")


@pytest.mark.parametrize("cloud_id", ["x" * 65, "x" * 5000])
def test_a_cloud_id_that_is_none(shop: Shop, cloud_id: str):
    space = shop.create("Storefront")[0]

    with pytest.raises(Refused, match="A cloud project's id has 1 to 64"):
        shop.say_cloud(space["environmentId"], cloud_id)


def test_a_refused_wish_is_on_record_and_changes_nothing(a_shop: MakeShop):
    owner = a_licensee("magento-open-source")
    shop = a_shop(owner)
    shop.create("Storefront")

    with pytest.raises(Refused):
        shop.create("Another")

    rows = across_tenants(AuditEvent, reason=Reader.UPKEEP).where(AuditEvent.refused)
    (event,) = db.session.scalars(rows)
    assert (event.tenant_id, event.facts["reason"]) == (owner.tenant_id, "allotment_used_up")
    assert event.actor_label.startswith(shop.api_key)
    assert len(projects.page(owner, place=None).rows) == 1


def test_a_key_revoked_by_another_process_writes_nothing(shop: Shop, owner: Actor, monkeypatch: pytest.MonkeyPatch):
    """What is in memory may be a second old; whoever writes is looked at anew, inside the transaction."""
    shop.rows()
    monkeypatch.setattr(HeldKeys, "_is_fresh", lambda _held_keys: True)
    with transaction():
        _revoke(owner, shop)
    shop.ping()

    with pytest.raises(Refused, match="Client ID is invalid"):
        shop.create("Storefront")

    assert projects.page(owner, place=None).rows == []
