"""The instruments of these tests notice what they are there for."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser import axe
from tests.browser.conftest import WAIT_MS, Arrive
from tests.browser.focus import unseen
from tests.browser.serving import Served
from tests.browser.visitor import Visitor
from tests.browser.watching import Watch

pytestmark = pytest.mark.browser

STYLE = "document.body.append(Object.assign(document.createElement('style'), {textContent: 'p { color: red }'}))"
ELSEWHERE = "document.body.append(Object.assign(new Image(), {src: 'http://elsewhere.example/picture.png'}))"
FETCH_ELSEWHERE = "fetch('http://elsewhere.example/').catch(() => {})"
PICTURE = "document.querySelector('main').append(new Image())"
NO_RING = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("* { outline: none !important }");
  document.adoptedStyleSheets = [sheet];
}"""
GREY = "document.querySelector('h1').style.color = '#bbb'"


@pytest.fixture
def watched(portal: Served, browser: Browser) -> Iterator[tuple[Visitor, Watch]]:
    """Somebody at the sign-in page, and a watch of theirs that fails nothing."""
    with browser.new_context() as context:
        watch = Watch(portal.origin)
        watch.over(context)
        visitor = Visitor(context.new_page(), portal)
        visitor.open("/sign-in")
        yield visitor, watch


def test_the_watch_sees_what_the_content_security_policy_stops(watched: tuple[Visitor, Watch]) -> None:
    visitor, watch = watched

    visitor.page.evaluate(STYLE)

    assert "style-src" in noticed(watch, visitor)


@pytest.mark.parametrize("script", [ELSEWHERE, FETCH_ELSEWHERE], ids=["picture", "fetch"])
def test_the_watch_sees_what_wants_to_leave_the_portal(watched: tuple[Visitor, Watch], script: str) -> None:
    visitor, watch = watched

    visitor.page.evaluate(script)

    assert "elsewhere.example" in noticed(watch, visitor)


def test_the_watch_sees_an_answer_that_nobody_expected(watched: tuple[Visitor, Watch]) -> None:
    visitor, watch = watched

    visitor.open("/no/such/page")

    assert noticed(watch, visitor) == f"answer 404: GET {visitor.portal.origin}/no/such/page"


@pytest.mark.parametrize(("spoil", "rule"), [(PICTURE, "image-alt"), (GREY, "color-contrast")], ids=["picture", "grey"])
def test_axe_finds_a_fault_that_was_put_there(arrive: Arrive, spoil: str, rule: str) -> None:
    visitor = arrive()
    visitor.open("/sign-in")

    visitor.page.evaluate(spoil)

    assert [fault.split(":")[0] for fault in axe.faults(visitor.page)] == [rule]


def test_a_focus_without_a_ring_is_noticed(arrive: Arrive) -> None:
    visitor = arrive()
    visitor.open("/sign-in")
    visitor.page.evaluate(NO_RING)

    visitor.page.keyboard.press("Tab")

    assert "without a ring" in unseen(visitor.page)


def noticed(watch: Watch, visitor: Visitor) -> str:
    """What the watch saw, a line each, as soon as it saw anything."""
    deadline = time.monotonic() + WAIT_MS / 1000
    while not watch.faults and time.monotonic() < deadline:
        visitor.page.wait_for_timeout(20)
    return "\n".join(watch.faults)
