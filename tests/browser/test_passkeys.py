"""Signing in with a passkey, in a browser with an authenticator of its own: Chromium's virtual one, which verifies."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import CDPSession, expect

from tests.browser.conftest import Arrive
from tests.browser.steps import MAYA, PRODUCTION, look_at_keys
from tests.browser.test_second_step import shown_codes
from tests.browser.visitor import Visitor
from tests.browser.watching import Watch
from tests.browser.words import ENGLISH, LANGUAGES, Words

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
INTERNAL = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
REFUSED = (
    "This passkey was not accepted. Press the button once more; if that does not help, take another passkey, or your "
    "password."
)
NEEDS_SCRIPT = "A passkey needs JavaScript, which is turned off here."


@contextmanager
def authenticator(maya: Visitor, *, verifies: bool = True) -> Iterator[tuple[CDPSession, str]]:
    """An authenticator in the visitor's browser, by the session and the id that the tools of the browser know it by."""
    tools = maya.page.context.new_cdp_session(maya.page)
    tools.send("WebAuthn.enable")
    options = INTERNAL | {"isUserVerified": verifies, "automaticPresenceSimulation": True}
    added = tools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    yield tools, str(added["authenticatorId"])
    tools.send("WebAuthn.disable")


@pytest.mark.parametrize("words", LANGUAGES, ids=lambda words: words.code)
def test_somebody_adds_a_passkey_and_needs_no_password(arrive: Arrive, watch: Watch, words: Words) -> None:
    maya = arrive(words)
    watch.expected.add(422)  # a passkey that was removed is refused
    maya.sign_in(MAYA)
    with authenticator(maya) as (tools, name):
        add_passkey(maya, "Laptop")
        assert len(shown_codes(maya)) == 10
        maya.press("I have saved them, go on")
        expect(maya.page.locator("#passkeys").get_by_role("rowheader", name="Laptop")).to_be_visible()
        (made,) = tools.send("WebAuthn.getCredentials", {"authenticatorId": name})["credentials"]
        assert made["isResidentCredential"]

        maya.sign_out()
        sign_in_by_passkey(maya)
        confirm_by_passkey(maya)
        device_has_one_already(maya)
        remove_passkey(maya)

        maya.sign_out()
        maya.press("Sign in with a passkey")
        maya.sees(REFUSED)


def test_a_password_waits_for_the_passkey(arrive: Arrive) -> None:
    maya = arrive(ENGLISH)
    maya.sign_in(MAYA)
    with authenticator(maya):
        add_passkey(maya, "Laptop")
        maya.press("I have saved them, go on")
        maya.sign_out()

        maya.fill("email", MAYA)
        maya.confirm_password()
        maya.press("Sign in")
        expect(maya.heading).to_have_text("Second step")
        maya.press("Go on with a passkey")
        maya.page.wait_for_url(re.compile(r"/MAG\d{9}"))


def test_a_device_that_verifies_nobody_makes_none(arrive: Arrive) -> None:
    maya = arrive(ENGLISH)
    maya.sign_in(MAYA)
    with authenticator(maya, verifies=False):
        add_passkey(maya, "Laptop")

        maya.sees("No passkey was given")
        expect(maya.button("Make the passkey")).to_be_enabled()


def test_a_browser_without_a_passkey_says_the_other_way(arrive: Arrive) -> None:
    maya = arrive(ENGLISH)
    with authenticator(maya):
        maya.open("/sign-in")
        maya.press("Sign in with a passkey")

        maya.sees("No passkey was given")


def test_without_script_the_pages_say_so(arrive: Arrive) -> None:
    maya = arrive(ENGLISH, java_script_enabled=False)
    maya.open("/sign-in")
    maya.sees(NEEDS_SCRIPT)
    maya.sign_in(MAYA)

    maya.open("/profile/security/passkeys/new")
    maya.fill("name", "Laptop")
    maya.press("Go on to your device")

    maya.sees(NEEDS_SCRIPT)


def add_passkey(maya: Visitor, name: str) -> None:
    """As far as the device's answer."""
    maya.page.locator("details.person summary").click()
    maya.page.get_by_role("link", name=maya.words("Sign-in and security")).click()
    maya.follow("Add a passkey")
    maya.fill("name", name)
    maya.press("Go on to your device")
    maya.press("Make the passkey")


def sign_in_by_passkey(maya: Visitor) -> None:
    """Without a word of who one is."""
    maya.press("Sign in with a passkey")
    maya.page.wait_for_url(re.compile(r"/MAG\d{9}"))
    maya.switch_language()
    expect(maya.heading).to_have_text(maya.words("Overview"))


def confirm_by_passkey(maya: Visitor) -> None:
    """A weighty act names what is confirmed, and goes on by the passkey alone."""
    look_at_keys(maya, PRODUCTION)
    maya.follow("Make a key pair")
    act = maya.heading.inner_text()
    maya.fill("name", "By passkey")
    maya.choose("origin", "server")
    expect(maya.page.locator("fieldset.proof legend")).to_have_text(maya.words("To confirm: %(act)s", act=act))
    before = maya.page.url
    maya.press("Confirm with a passkey")
    maya.page.wait_for_url(lambda url: url != before)
    expect(maya.page.locator("main .error-summary")).to_have_count(0)


def device_has_one_already(maya: Visitor) -> None:
    """One device keeps one passkey of a person."""
    maya.open("/profile/security/passkeys/new")
    maya.fill("name", "Again")
    maya.press("Go on to your device")
    maya.press("Make the passkey")
    maya.sees("This device or password manager has a passkey of yours already. Choose another one.")


def remove_passkey(maya: Visitor) -> None:
    """With the password, and the passkey itself for the code."""
    maya.open("/profile/security")
    maya.page.locator("#passkeys").get_by_role("link", name=maya.words("Remove")).click()
    maya.confirm_password()
    maya.press("Confirm with a passkey")
    maya.page.wait_for_url(re.compile(r"/profile/security$"))
    maya.sees("No passkey yet")
