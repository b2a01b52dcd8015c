"""The one page that shows a private key: guarded while it is open, and never to be had a second time."""

import pytest
from playwright.sync_api import Dialog, Error, expect

from tests.browser import axe
from tests.browser.steps import SANDBOX, ask_for_pair, look_at_keys, see_private_key
from tests.browser.visitor import Visitor
from tests.browser.watching import Watch

pytestmark = pytest.mark.browser


@pytest.fixture
def maker(maya: Visitor) -> Visitor:
    """Maya, one step before her private key is shown."""
    ask_for_pair(maya, SANDBOX, "Aurora test shop")
    return maya


def test_leaving_the_page_asks_first_and_staying_keeps_the_key(maker: Visitor) -> None:
    api_key, _private_pem = see_private_key(maker)
    asked: list[str] = []
    maker.page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    touch(maker)

    maker.page.get_by_role("link", name=maker.words("Activity")).click()

    expect(maker.main).to_contain_text(api_key)
    assert asked == ["beforeunload"]


@pytest.mark.parametrize("way_out", ["I have saved it", "Discard and make another"])
def test_the_ways_out_of_the_page_ask_nothing(maker: Visitor, way_out: str) -> None:
    see_private_key(maker)
    asked: list[Dialog] = []
    maker.page.on("dialog", lambda dialog: (asked.append(dialog), dialog.accept()))
    touch(maker)

    maker.press(way_out)

    expect(maker.page.get_by_role("status").first).to_be_visible()
    assert not asked


def test_the_page_is_kept_nowhere(maker: Visitor) -> None:
    with maker.page.expect_response(lambda answer: answer.request.method == "POST") as answer:
        see_private_key(maker)

    assert answer.value.headers["cache-control"] == "no-store"


def test_saving_and_copying_ask_the_portal_for_nothing(maker: Visitor) -> None:
    maker.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    _api_key, private_pem = see_private_key(maker)
    asked: list[str] = []
    maker.page.on("request", lambda request: asked.append(request.url))

    with maker.page.expect_download():
        maker.page.locator("[data-download]").click()
    maker.page.locator("[data-copy]").last.click()

    expect(maker.page.get_by_role("status").filter(has_text=maker.words("Copied"))).to_be_visible()
    assert maker.page.evaluate("navigator.clipboard.readText()") == private_pem
    assert [url for url in asked if not url.startswith("blob:")] == []


def test_without_the_clipboard_the_key_is_selected(maker: Visitor) -> None:
    _api_key, private_pem = see_private_key(maker)
    maker.page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('not allowed')); }")

    maker.page.locator("[data-copy]").last.click()

    expect(maker.page.locator("[data-said]").last).not_to_be_empty()
    assert maker.page.evaluate("getSelection().toString()").strip() == private_pem.strip()


def test_sending_the_form_again_shows_no_key(maker: Visitor, watch: Watch) -> None:
    watch.expected.add(409)
    making = maker.page.url
    second = maker.page.context.new_page()
    second.goto(making)
    see_private_key(maker)

    second.get_by_role("button", name=maker.words("Make it and show the private key")).click()

    expect(second.locator("main")).to_contain_text(maker.words("This private key was shown already"))
    assert "PRIVATE KEY-----" not in second.content()


def test_loading_the_page_again_shows_no_key(maker: Visitor, watch: Watch) -> None:
    watch.expected.add(409)
    see_private_key(maker)
    maker.page.on("dialog", lambda dialog: dialog.accept())

    maker.page.reload()

    maker.sees("This private key was shown already")
    assert "PRIVATE KEY-----" not in maker.page.content()


def test_coming_back_to_the_page_shows_no_key(maker: Visitor) -> None:
    see_private_key(maker)
    maker.press("I have saved it")
    maker.sees("Who stands behind it")

    # The browser has not kept the page, and would ask before it sends the form again.
    with pytest.raises(Error, match="ERR_CACHE_MISS"):
        maker.page.go_back()


def test_a_pair_that_was_not_confirmed_is_not_in_service(maker: Visitor) -> None:
    see_private_key(maker)
    maker.page.on("dialog", lambda dialog: dialog.accept())

    look_at_keys(maker, SANDBOX)

    row = maker.main.get_by_role("row").filter(has_text="Aurora test shop")
    expect(row).to_contain_text(maker.words("Waiting to be confirmed"))
    maker.sees("%(done)s of %(all)s ready", done=0, all=2)


def test_the_page_keeps_nobody_out(maker: Visitor) -> None:
    see_private_key(maker)

    faults = axe.faults(maker.page)
    maker.page.emulate_media(color_scheme="dark")

    assert faults + axe.faults_of_colour(maker.page) == []


def touch(visitor: Visitor) -> None:
    """Press a key: a browser asks before a page is left only when somebody has done something on it."""
    visitor.page.keyboard.press("Tab")
