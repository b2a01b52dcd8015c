"""A shop over HTTP against a portal that runs: its keys are made, rotated and ended on the pages (S15, S16)."""

import http.client
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from playwright.sync_api import expect

from tests.browser.steps import PRODUCTION, SANDBOX, ask_for_pair, look_at_keys, see_private_key
from tests.browser.visitor import Visitor
from tests.connector.shop import KeysNotValid, Send, Sent, Shop

pytestmark = pytest.mark.browser


def over_http(origin: str) -> Send:
    """Sends requests to the portal at `origin`, a connection each."""
    place = urlsplit(origin)

    def send(method: str, path: str, headers: dict[str, str], octets: bytes) -> Sent:
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=20)
        try:
            connection.request(method, path, octets, headers)
            answer = connection.getresponse()
            return answer.status, dict(answer.headers), answer.read()
        finally:
            connection.close()

    return send


def a_shop(maya: Visitor, api_key: str, private_pem: str) -> Shop:
    private: Any = load_pem_private_key(private_pem.encode(), None)
    return Shop(over_http(maya.portal.origin), api_key, private)


def with_new_pair(maya: Visitor, side: str, name: str) -> Shop:
    """A shop with a pair that was made on the pages just now."""
    ask_for_pair(maya, side, name)
    halves = see_private_key(maya)
    maya.press("I have saved it")
    maya.sees("“%(name)s” is in service. Put both halves into the shop's configuration.", name=name)
    return a_shop(maya, *halves)


@pytest.mark.parametrize("side", [SANDBOX, PRODUCTION])
def test_s15_a_shop_with_keys_from_the_pages_does_all_that_its_form_can(maya: Visitor, side: str) -> None:
    shop = with_new_pair(maya, side, "Web shop")

    before = shop.rows()
    production, testing, _other = made = shop.create("Storefront")
    assert [row["environmentType"] for row in made] == ["Production", "Testing", "Testing"]
    assert shop.rows_of(production["projectId"]) == made
    assert sorted(shop.rows(), key=str) == sorted(before + made, key=str)
    assert shop.row(testing["environmentId"])["environmentName"] == "Testing 1"
    shop.rename_project(production["projectId"], "New storefront")
    shop.rename_data_space(testing["environmentId"], "預備店")
    shop.say_cloud(testing["environmentId"], "cloud-1")
    shop.switch_on(testing["environmentId"], "PREMIUM_SEARCH")

    chosen = shop.row(testing["environmentId"])
    assert (chosen["projectName"], chosen["environmentName"]) == ("New storefront", "預備店")
    assert (chosen["cloudId"], chosen["featureSet"]) == ("cloud-1", ["Premium Search"])
    maya.go("Projects & data spaces")
    maya.follow("New storefront")
    maya.sees("預備店")


def test_s16_a_shop_goes_on_through_a_rotation_until_its_owner_ends_the_old_pair(maya: Visitor) -> None:
    old = with_new_pair(maya, SANDBOX, "Web shop")
    old.create("Storefront")

    maya.follow("Rotate")
    maya.choose("origin", "server")
    maya.confirm_password()
    maya.press("Make the successor of “%(name)s”", name="Web shop")
    new = a_shop(maya, *see_private_key(maya))
    before = old.rows()
    maya.press("I have saved it")

    expect(maya.heading).to_have_text("Rotation of “Web shop”")
    assert old.rows() == new.rows() == before
    maya.follow("End the old pair now")
    maya.confirm_password()
    maya.press("End key pair “%(name)s” now", name="Web shop")
    maya.sees("“%(name)s” has ended. It opens nothing any more.", name="Web shop")
    assert new.rows() == before
    assert_keys_not_valid(old)


def test_s12_the_other_sides_private_key_and_a_revoked_pair_are_told_as_keys_not_valid(maya: Visitor) -> None:
    sandbox = with_new_pair(maya, SANDBOX, "Test shop")
    production = with_new_pair(maya, PRODUCTION, "Live shop")

    assert_keys_not_valid(Shop(sandbox.send, sandbox.api_key, production.private))
    sandbox.ping()
    look_at_keys(maya, SANDBOX)
    maya.follow("Test shop")
    maya.follow("Revoke")
    maya.confirm_password()
    maya.page.locator("main form button[type=submit]").last.click()
    maya.page.wait_for_url("**/keys/**")

    assert_keys_not_valid(sandbox)
    production.ping()


def assert_keys_not_valid(shop: Shop) -> None:
    """The stock client says it when the ping was not answered with exactly 200."""
    with pytest.raises(KeysNotValid):
        shop.rows()
