"""Signing in with an authenticator app, from setting it up to the day it is not at hand, in both languages."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.accounts.factors import code_of
from tests.browser.conftest import Arrive
from tests.browser.steps import MAYA, PRODUCTION, look_at_keys
from tests.browser.visitor import Visitor
from tests.browser.words import ENGLISH, LANGUAGES, Words

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
LEFT = "%(left)s of %(all)s are left. Each works once, in place of a passkey or a code from your app."
CODE = re.compile(r"[A-Z2-7]{4}(?:-[A-Z2-7]{4}){5}")


@pytest.mark.parametrize("words", LANGUAGES, ids=lambda words: words.code)
def test_somebody_adds_an_app_and_signs_in_with_it(arrive: Arrive, words: Words, tmp_path: Path) -> None:
    maya = arrive(words)
    maya.sign_in(MAYA)

    seed = set_up(maya)
    codes = shown_codes(maya)
    file = maya.download("Download %(filename)s", tmp_path, filename="recovery-codes.txt")
    assert CODE.findall(file.read_text()) == codes
    maya.press("I have saved them, go on")
    maya.sees(
        "%(left)s of %(all)s are left. Each works once, in place of a passkey or a code from your app.", left=10, all=10
    )

    confirm_with_words(maya)
    maya.sign_out()
    sign_in_as_far_as_the_code(maya)
    give_code(maya, code_of(seed, 1))
    maya.sign_out()
    sign_in_as_far_as_the_code(maya)
    give_code(maya, codes[0].lower())
    see_how_one_signed_in(maya)


def test_it_works_without_script(arrive: Arrive) -> None:
    maya = arrive(ENGLISH, java_script_enabled=False)
    maya.sign_in(MAYA)

    seed = set_up(maya)
    codes = shown_codes(maya)
    maya.press("I have saved them, go on")
    maya.page.context.clear_cookies(name="sid")
    sign_in_as_far_as_the_code(maya)
    give_code(maya, code_of(seed, 1))

    assert len(set(codes)) == 10


def set_up(maya: Visitor) -> str:
    """The key that the new app was given, once its first code is accepted."""
    maya.page.locator("details.person summary").click()
    maya.page.get_by_role("link", name=maya.words("Sign-in and security")).click()
    maya.follow("Add an authenticator app")
    maya.fill("name", "Phone")
    maya.press("Go on to the QR code")
    drawn = maya.page.get_by_role(
        "img", name=maya.words("QR code for your authenticator app; the same stands below as text")
    )
    expect(drawn.locator("svg")).to_be_visible()
    seed = str(maya.page.locator("main .copyable-value").text_content()).replace(" ", "")
    maya.fill("first_code", code_of(seed))
    maya.press("Put the app into use")
    return seed


def shown_codes(maya: Visitor) -> list[str]:
    """The recovery codes, as the one page shows them."""
    expect(maya.heading).to_have_text(maya.words("Save your recovery codes now"))
    return CODE.findall(str(maya.page.locator("main pre").text_content()))


def confirm_with_words(maya: Visitor) -> None:
    """The form of a weighty act says what is confirmed, and asks for password and code."""
    maya.open("/")
    look_at_keys(maya, PRODUCTION)
    maya.follow("Make a key pair")
    act = maya.heading.inner_text()
    expect(maya.page.locator("fieldset.proof legend")).to_have_text(maya.words("To confirm: %(act)s", act=act))
    expect(maya.page.locator("fieldset.proof [name=password]")).to_be_visible()
    expect(maya.page.locator("fieldset.proof [name=code]")).to_be_visible()


def sign_in_as_far_as_the_code(maya: Visitor) -> None:
    """Give address and password, and be asked for the code."""
    maya.open("/sign-in")
    maya.switch_language()
    maya.fill("email", MAYA)
    maya.email = MAYA
    maya.confirm_password()
    maya.press("Sign in")
    expect(maya.heading).to_have_text(maya.words("Second step"))


def give_code(maya: Visitor, code: str) -> None:
    """Give the code, and come to the overview."""
    maya.fill("code", code)
    maya.press("Sign in")
    maya.page.wait_for_url(re.compile(r"/MAG\d{9}"))
    expect(maya.heading).to_have_text(maya.words("Overview"))


def see_how_one_signed_in(maya: Visitor) -> None:
    """The list of sessions says with what this one began."""
    maya.open("/profile/devices")
    maya.sees("Recovery code")
