"""With the keyboard alone: everything can be reached, and where the focus is can be seen."""

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Arrive
from tests.browser.focus import tab_to, unseen
from tests.browser.steps import MAYA, SANDBOX, ask_for_pair, see_private_key
from tests.browser.visitor import Visitor
from tests.browser.watching import Watch

pytestmark = pytest.mark.browser


def test_a_pair_is_made_and_revoked(arrive: Arrive) -> None:
    maya = arrive()
    sign_in(maya)

    maya.page.keyboard.press("Tab")
    expect(maya.page.locator(".skip-link")).to_be_focused()
    open_with(maya, navigation(maya, "Keys"))
    open_with(maya, maya.link("Make a key pair").first)
    type_into(maya, "name", "Aurora test shop")
    choose_by_portal(maya)
    open_with(maya, maya.button("Go on"))
    open_with(maya, maya.button("Make it and show the private key"), "Space")
    open_with(maya, maya.button("I have saved it"))
    maya.sees("“%(name)s” is in service. Put both halves into the shop's configuration.", name="Aurora test shop")

    open_with(maya, maya.link("Revoke").first)
    expect(maya.link("Cancel, change nothing")).to_be_focused()
    expect(maya.page.get_by_role("group", name=maya.words("What this stops"))).to_be_in_viewport()
    open_with(maya, maya.button("Revoke key pair “%(name)s”", name="Aurora test shop"), "Space")
    said = maya.page.get_by_role("status").first
    expect(said).to_have_text(maya.words("“%(name)s” is revoked. It opens nothing any more.", name="Aurora test shop"))
    maya.sees("Revoked")


def test_a_way_back_from_revoking_is_one_key_away(maya: Visitor) -> None:
    have_a_pair(maya)
    maya.follow("Revoke")
    expect(maya.link("Cancel, change nothing")).to_be_focused()

    maya.page.keyboard.press("Enter")

    expect(maya.heading).to_have_text("Aurora test shop")
    maya.sees("Active")


def test_the_skip_link_leads_to_the_content(maya: Visitor) -> None:
    maya.go("Keys")
    expect(maya.heading).to_have_text("Key pairs: Sandbox")

    maya.page.keyboard.press("Tab")
    maya.page.keyboard.press("Enter")
    maya.page.keyboard.press("Tab")

    expect(maya.link("Make a key pair").first).to_be_focused()


def test_what_is_wrong_has_the_focus_and_leads_to_its_field(maya: Visitor, watch: Watch) -> None:
    watch.expected.add(422)
    maya.open(f"/{maya.account}/keys/new")

    maya.page.locator("main [name=name]").press("Enter")

    expect(maya.page.locator(".error-summary")).to_be_focused()
    maya.page.keyboard.press("Tab")
    maya.page.keyboard.press("Enter")
    expect(maya.page.locator("main [name=name]")).to_be_focused()
    assert unseen(maya.page) == ""


def test_the_menu_of_a_person_closes_on_escape(maya: Visitor) -> None:
    summary = maya.page.locator("details.person summary")
    tab_to(maya.page, summary)
    maya.page.keyboard.press("Enter")
    tab_to(maya.page, maya.button("Sign out"))

    maya.page.keyboard.press("Escape")

    expect(summary).to_be_focused()
    expect(maya.button("Sign out")).to_be_hidden()


def sign_in(maya: Visitor) -> None:
    maya.email = MAYA
    maya.open("/sign-in")
    type_into(maya, "email", MAYA)
    type_into(maya, "password", maya.portal.passwords[MAYA])
    maya.page.keyboard.press("Enter")
    expect(maya.heading).to_have_text("Overview")


def have_a_pair(maya: Visitor) -> None:
    """A pair of Maya's, in service, and its page."""
    ask_for_pair(maya, SANDBOX, "Aurora test shop")
    see_private_key(maya)
    maya.press("I have saved it")


def type_into(visitor: Visitor, name: str, text: str) -> None:
    tab_to(visitor.page, visitor.page.locator(f"main [name={name}]"))
    visitor.page.keyboard.type(text)


def choose_by_portal(maya: Visitor) -> None:
    """The last of the ways to make a pair. With no choice made, Tab comes to the first; up from it is the last."""
    tab_to(maya.page, maya.page.locator("main [name=origin]").first)
    maya.page.keyboard.press("ArrowUp")
    expect(maya.page.locator("main [name=origin][value=server]")).to_be_checked()


def navigation(visitor: Visitor, text: str) -> Locator:
    return visitor.page.get_by_role("navigation", name=visitor.words("Main")).get_by_role(
        "link", name=visitor.words(text), exact=True
    )


def open_with(visitor: Visitor, target: Locator, key: str = "Enter") -> None:
    """Tab to the target, press the key on it, and come to the next page."""
    tab_to(visitor.page, target)
    with visitor.page.expect_navigation():
        visitor.page.keyboard.press(key)
