"""Without JavaScript the same work gets done."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Arrive
from tests.browser.steps import (
    MAYA,
    SANDBOX,
    accept_offer,
    ask_for_pair,
    make_pair,
    offer_the_sandbox,
    see_private_key,
    tell_account_id,
)

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def test_a_pair_is_made_and_an_integrator_let_in(arrive: Arrive, tmp_path: Path) -> None:
    someone = arrive(java_script_enabled=False)

    integrator = tell_account_id(someone)
    someone.sign_in(MAYA)
    make_pair(someone, SANDBOX, "Aurora test shop", tmp_path)
    offer_the_sandbox(someone, integrator)
    someone.sign_out()
    accept_offer(someone)
    make_pair(someone, SANDBOX, "Harbour for Aurora", tmp_path)


def test_the_private_key_is_saved_by_a_link_that_holds_it(arrive: Arrive) -> None:
    maya = arrive(java_script_enabled=False)
    maya.sign_in(MAYA)
    ask_for_pair(maya, SANDBOX, "Aurora test shop")

    api_key, _private_pem = see_private_key(maya)

    link = maya.link("Download %(filename)s", filename=f"private-key-sandbox-{api_key[:8]}.pem")
    assert (link.get_attribute("href") or "").startswith("data:application/octet-stream,-----BEGIN%20PRIVATE%20KEY")
    expect(maya.page.locator("[data-copy]").first).to_be_hidden()
