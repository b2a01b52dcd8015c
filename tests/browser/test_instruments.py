"""The instruments of these tests notice what they are there for."""

import pytest

from tests.browser import axe
from tests.browser.conftest import Arrive
from tests.browser.focus import unseen
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


def test_the_watch_sees_what_the_content_security_policy_stops(arrive: Arrive, watch: Watch) -> None:
    visitor = arrive()
    visitor.open("/sign-in")

    visitor.page.evaluate(STYLE)

    visitor.page.wait_for_timeout(100)
    assert any("style-src" in fault for fault in taken(watch))


@pytest.mark.parametrize("script", [ELSEWHERE, FETCH_ELSEWHERE])
def test_the_watch_sees_what_wants_to_leave_the_portal(arrive: Arrive, watch: Watch, script: str) -> None:
    visitor = arrive()
    visitor.open("/sign-in")

    visitor.page.evaluate(script)

    visitor.page.wait_for_timeout(100)
    assert any("elsewhere.example" in fault for fault in taken(watch))


def test_the_watch_sees_an_answer_that_nobody_expected(arrive: Arrive, watch: Watch) -> None:
    visitor = arrive()

    visitor.open("/no/such/page")

    assert taken(watch) == [f"answer 404: GET {visitor.portal.origin}/no/such/page"]


@pytest.mark.parametrize(("spoil", "rule"), [(PICTURE, "image-alt"), (GREY, "color-contrast")])
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


def taken(watch: Watch) -> list[str]:
    """What the watch has seen, which then counts for nothing."""
    faults, watch.faults = watch.faults, []
    return faults
