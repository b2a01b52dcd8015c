"""`GET /gateway/check`: what a gateway is told about the calls of shops."""

from datetime import timedelta
from urllib.parse import unquote

import pytest

from portal.access.actor import Actor
from portal.access.roles import Environment
from portal.config import Listener
from portal.contracts import store as contracts
from portal.delegations import operations as delegations
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.gateway.checks import AMBIGUOUS, call_in
from portal.keys import operations as keys
from portal.keys import store as key_store
from portal.projects import operations as projects
from portal.projects import store as project_store
from portal.projects.models import DataSpaceType
from portal.tenants import operations as tenants
from portal.tenants.models import Standing
from portal.usage.buffer import buffer
from portal.verifier.decision import Policy
from tests.connector.conftest import MakeShop
from tests.connector.shop import Shop, a_token
from tests.factories import (
    a_delegation,
    a_licensee,
    a_private_key,
    an_integrator,
    for_client,
    tenant_of,
)
from tests.gateway.asking import SERVICE, Gateway, a_credential
from tests.gateway.conftest import MakeGateway


def a_space(owner: Actor, kind: DataSpaceType = DataSpaceType.TESTING) -> str:
    """The id of a data space of a new project of the owner."""
    with transaction():
        made = projects.create(owner, f"Shop {kind.value}", contracts.all_of(owner)[0]).public_id
    spaces = project_store.get(owner, made).data_spaces
    return next(space.public_id for space in spaces if space.type is kind)


def test_a_good_call_passes_and_the_gateway_learns_whose_it_is(gateway: Gateway, owner: Actor, shop: Shop):
    space = a_space(owner)

    told = gateway.look().check(shop, space=space)

    account = tenant_of(owner)
    assert (told.status, told.body) == (204, b"")
    assert "content-length" not in told.headers  # RFC 9110, 8.6
    assert told.headers["x-portal-account"] == told.headers["x-portal-holder"] == account.account_id
    assert unquote(told.headers["x-portal-tenant"]) == account.name
    assert told.headers["x-portal-environment"] == "sandbox"
    assert told.headers["x-portal-data-space"] == space
    assert "x-portal-delegation" not in told.headers
    assert "x-portal-flags" not in told.headers


@pytest.mark.parametrize("second", [None, "", "a", "b"])
@pytest.mark.parametrize("first", [None, "", "a", "b"])
def test_of_two_headers_for_one_thing_the_one_that_is_there_counts(first: str | None, second: str | None):
    given = {first, second} - {None}
    meant = AMBIGUOUS if len(given) == 2 else next(iter(given), None)
    named = {"HTTP_MAGENTO_API_KEY": first, "HTTP_X_API_KEY": second}
    named |= {"HTTP_MAGENTO_ENVIRONMENT_ID": first, "HTTP_X_SAAS_ID": second}

    call = call_in({name: value for name, value in named.items() if value is not None}, SERVICE)

    assert (call.api_key, call.data_space) == (meant or "", meant)


def test_a_name_in_any_script_goes_into_a_header(a_gateway: MakeGateway, a_shop: MakeShop, admin: Actor):
    owner = a_licensee(name="光輝茶行 🍵")
    shop = a_shop(owner)
    with transaction():
        credential = a_credential(admin)

    told = a_gateway(credential=credential).check(shop)

    assert unquote(told.headers["x-portal-tenant"]) == "光輝茶行 🍵"


def test_a_delegated_call_names_holder_and_delegation(gateway: Gateway, owner: Actor, a_shop: MakeShop):
    integrator = an_integrator()
    delegation = a_delegation(owner, integrator)
    shop = a_shop(for_client(integrator, delegation))

    told = gateway.look().check(shop)

    assert told.status == 204
    assert told.headers["x-portal-account"] == tenant_of(owner).account_id
    assert told.headers["x-portal-holder"] == tenant_of(integrator).account_id
    assert told.headers["x-portal-delegation"] == delegation.public_id


def test_ending_the_delegation_stops_its_key_and_no_other(gateway: Gateway, owner: Actor, shop: Shop, a_shop: MakeShop):
    integrator = an_integrator()
    delegation = a_delegation(owner, integrator)
    delegated = a_shop(for_client(integrator, delegation))
    before = gateway.look().check(delegated).status

    with transaction():
        delegations.end(owner, delegation)

    told = gateway.look().check(delegated)
    assert (before, told.status, told.reason) == (204, 403, "delegation_ended")
    assert told.sentence == "The delegation under which the key was made has ended."
    assert "owner" in unquote(told.headers["x-portal-mend"])
    assert gateway.check(shop).status == 204


def test_a_revoked_key_is_told_so_to_who_has_it_and_to_nobody_else(gateway: Gateway, owner: Actor, shop: Shop):
    with transaction():
        keys.revoke(owner, key_store.get(owner, shop.api_key))

    told = gateway.look().check(shop)
    stranger = gateway.check(shop, x_gw_signature=a_token(a_private_key(509)))

    assert (told.status, told.reason) == (403, "key_revoked")
    assert (stranger.status, stranger.reason) == (401, "not_proven")
    assert "x-portal-sentence" not in stranger.headers


def test_strangers_all_hear_the_same(gateway: Gateway, owner: Actor, shop: Shop):
    space = a_space(owner)
    asked = [
        {"magento_api_key": "0" * 32, "x_api_key": "0" * 32},
        {"magento_api_key": "0" * 32},
        {"magento_api_key": None, "x_api_key": None},
        {"x_gw_signature": None},
        {"x_gw_signature": "a.b.c"},
        {"x_gw_signature": a_token(a_private_key(509))},
        {"magento_api_key": "x" * 10_000, "x_api_key": "x" * 10_000},
    ]
    gateway.look()

    told = [gateway.check(shop, space=space, **headers) for headers in asked]

    assert {(each.status, tuple(sorted(each.headers.items()))) for each in told} == {
        (401, tuple(sorted(told[0].headers.items())))
    }
    assert told[0].reason == "not_proven"


def test_a_token_out_of_time_is_told_to_who_signed_it(gateway: Gateway, shop: Shop):
    now = clock.now().timestamp()
    gateway.look()

    late = gateway.check(shop, x_gw_signature=a_token(shop.private, now - 61))
    early = gateway.check(shop, x_gw_signature=a_token(shop.private, now + 400))

    assert (late.status, late.reason) == (401, "token_expired")
    assert (early.status, early.reason) == (401, "token_too_far_ahead")


def test_a_suspended_account_is_stopped_and_comes_back(gateway: Gateway, owner: Actor, shop: Shop, admin: Actor):
    with transaction():
        tenants.set_standing(admin, tenant_of(owner), Standing.SUSPENDED)
    suspended = gateway.look().check(shop)

    with transaction():
        tenants.set_standing(admin, tenant_of(owner), Standing.GOOD)

    assert (suspended.status, suspended.reason) == (403, "owner_suspended")
    assert gateway.look().check(shop).status == 204


@pytest.mark.parametrize(
    ("service", "reason"), [("live-search", None), ("payment-services", None), ("no-such", "service_unknown")]
)
def test_the_service_is_the_one_in_the_path(gateway: Gateway, shop: Shop, service: str, reason: str | None):
    assert gateway.look().check(shop, service).reason == reason


def test_a_service_that_the_edition_lacks_is_refused(gateway: Gateway, a_shop: MakeShop):
    shop = a_shop(a_licensee("magento-open-source"))

    told = gateway.look().check(shop, "live-search")

    assert (told.status, told.reason) == (403, "service_not_entitled")


def test_the_service_may_stand_in_a_header(gateway: Gateway, shop: Shop):
    assert gateway.look().check(shop, None, x_portal_service=SERVICE).status == 204


@pytest.mark.parametrize("service", [None, "", "Live Search", "../x", "x" * 41])
def test_a_question_without_one_service_is_refused(gateway: Gateway, shop: Shop, service: str | None):
    told = gateway.look().check(shop, None, x_portal_service=service)

    assert (told.status, told.reason) == (400, "service_not_named")


def test_path_and_header_that_differ_name_no_service(gateway: Gateway, shop: Shop):
    told = gateway.look().check(shop, "live-search", x_portal_service="payment-services")

    assert (told.status, told.reason) == (400, "service_not_named")


def test_anothers_data_space_does_not_exist(gateway: Gateway, shop: Shop):
    foreign, missing = a_space(a_licensee()), "00000000-0000-4000-8000-000000000000"
    gateway.look()

    told = [gateway.check(shop, space=space) for space in (foreign, missing, "", "x" * 500)]

    assert [each.reason for each in told] == ["data_space_unknown"] * 4
    assert len({tuple(sorted(each.headers.items())) for each in told}) == 1


def test_two_different_data_spaces_in_one_call_are_none(gateway: Gateway, owner: Actor, shop: Shop):
    told = gateway.look().check(shop, space=a_space(owner), x_saas_id="another")

    assert told.reason == "data_space_unknown"


@pytest.mark.parametrize(
    ("policy", "status", "reason", "flags"),
    [(Policy.REPORT, 204, None, "environment_mismatch"), (Policy.MATCHED, 403, "environment_mismatch", None)],
)
def test_the_other_sides_data_space_is_the_policys_business(
    a_gateway: MakeGateway, owner: Actor, shop: Shop, admin: Actor, policy: Policy, status: int, reason, flags
):
    space = a_space(owner, DataSpaceType.PRODUCTION)
    with transaction():
        credential = a_credential(admin)

    told = a_gateway(policy=policy, credential=credential).check(shop, space=space)

    assert (told.status, told.reason, told.headers.get("x-portal-flags")) == (status, reason, flags)


def test_an_edition_without_testing_spaces_is_exempt(a_gateway: MakeGateway, a_shop: MakeShop, admin: Actor):
    owner = a_licensee("magento-open-source")
    shop, space = a_shop(owner, Environment.SANDBOX), a_space(owner, DataSpaceType.PRODUCTION)
    with transaction():
        credential = a_credential(admin)

    told = a_gateway(policy=Policy.MATCHED, credential=credential).check(shop, "payment-services", space)

    assert (told.status, told.headers.get("x-portal-flags")) == (204, None)


def test_a_passed_call_leaves_a_trace(gateway: Gateway, owner: Actor, shop: Shop):
    space = a_space(owner)

    gateway.look().check(shop, space=space, x_portal_client_address="198.51.100.9")
    gateway.check(shop, space="00000000-0000-4000-8000-000000000000")

    gateway.door.tally.hand_over()
    ((use, count),) = buffer.take().items()
    assert (use.data_space, use.client.network, use.client.edition, count.calls) == (
        space,
        "198.51.100.0/24",
        "Community",
        1,
    )


# Who asks


def test_without_a_credential_nobody_is_answered(gateway: Gateway, shop: Shop):
    gateway.look()

    for headers in ({"x_portal_credential": None}, {"x_portal_credential": "psc_wrong"}):
        told = Gateway(gateway.door).check(shop, **headers)
        assert (told.status, told.reason) == (403, "asker_unknown")


def test_a_credential_asks_about_its_own_service_only(a_gateway: MakeGateway, shop: Shop, admin: Actor):
    with transaction():
        credential = a_credential(admin, "payment-services")
    gateway = a_gateway(credential=credential)

    assert gateway.check(shop, "payment-services").status == 204
    assert gateway.check(shop, None).status == 204
    assert gateway.check(shop, "live-search").reason == "asker_other_service"


def test_a_credential_that_is_over_stops_at_its_moment(a_gateway: MakeGateway, shop: Shop, admin: Actor, monkeypatch):
    ends_at = clock.now() + timedelta(days=2)
    with transaction():
        credential = a_credential(admin, expires_at=ends_at)
    gateway = a_gateway(credential=credential)
    before = gateway.check(shop).status

    with clock.travelled_to(ends_at):
        told = gateway.check(shop)

    assert (before, told.status, told.reason) == (204, 403, "asker_unknown")


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", ""])
def test_a_local_listener_answers_this_machine_without_a_credential(a_gateway: MakeGateway, shop: Shop, address: str):
    gateway = a_gateway(Listener.LOCAL)
    environ = gateway.environ("GET", f"/gateway/check/{SERVICE}", shop.headers()) | {"REMOTE_ADDR": address}

    assert gateway.door.answer(environ, environ["PATH_INFO"]).status == "204 No Content"


def test_a_local_listener_answers_nobody_else(a_gateway: MakeGateway, shop: Shop):
    gateway = a_gateway(Listener.LOCAL)
    forwarded = gateway.environ("GET", f"/gateway/check/{SERVICE}", shop.headers() | {"X-Forwarded-For": "127.0.0.1"})

    assert gateway.check(shop).reason == "asker_unknown"
    assert gateway.door.answer(forwarded | {"REMOTE_ADDR": "127.0.0.1"}, forwarded["PATH_INFO"]).status[:3] == "403"


# Its freshness


def test_before_it_is_loaded_the_door_says_so(a_gateway: MakeGateway, shop: Shop, admin: Actor):
    gateway = a_gateway(Listener.LOCAL)
    gateway.door.follower.begin_anew()
    gateway.door.follower.begin = lambda: None  # type: ignore[method-assign]

    told = gateway.ask("GET", "/gateway/ready")

    assert (told.status, told.reason) == (503, "not_ready")


def test_cut_off_from_the_database_it_answers_for_a_while_and_then_no_more(a_gateway: MakeGateway, admin: Actor, shop):
    with transaction():
        credential = a_credential(admin)
    gateway = a_gateway(credential=credential, cut_off_seconds=60)
    follower = gateway.door.follower

    follower._seen_at -= 59
    inside = gateway.check(shop)
    follower._seen_at -= 2
    outside = gateway.check(shop)

    assert inside.status == 204
    assert (outside.status, outside.reason) == (503, "cut_off")
    assert gateway.look().check(shop).status == 204
