"""Every page, in both languages: WCAG 2.2 AA in light and dark, and no sideways scroll on a narrow screen."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser import axe
from tests.browser.addresses import OWNER
from tests.browser.conftest import Open
from tests.browser.serving import Served
from tests.browser.visitor import Visitor
from tests.browser.watching import Watch
from tests.browser.words import ENGLISH, LANGUAGES, Words

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

WIDE, NARROW = ViewportSize(width=1280, height=900), ViewportSize(width=320, height=640)
FORMS = (
    "keys/new?environment=production",
    "projects/new",
    "integrators/offer",
    "clients/request",
    "settings/members/invite",
)
UNFOLD = "document.querySelectorAll('details.fold').forEach((fold) => { fold.open = true; })"
WIDTH = "document.scrollingElement.scrollWidth"


@dataclass(frozen=True)
class World:
    """The demo world and a company that has everything; `paths` are (who, path of a page)."""

    portal: Served
    sessions: dict[str, str]
    paths: list[tuple[str, str]]


@pytest.fixture(scope="module")
def world(running_portal: Served) -> World:
    running_portal.restore()
    return World(running_portal, **json.loads(running_portal.run("tests.browser.furnishing")))


@pytest.mark.parametrize("words", LANGUAGES, ids=lambda words: words.code)
def test_no_page_keeps_anybody_out(world: World, open_window: Open, words: Words) -> None:
    faults = [fault for page, path in visited(world, open_window, words) for fault in faults_of(page, path)]

    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("words", LANGUAGES, ids=lambda words: words.code)
def test_no_form_with_mistakes_keeps_anybody_out(world: World, open_window: Open, watch: Watch, words: Words) -> None:
    watch.expected.add(422)
    owner = at_the_door(world, open_window, words, OWNER)

    faults = [fault for path in FORMS for fault in faults_of(sent_empty(owner, path), path)]

    assert not faults, "\n".join(faults)


def test_no_refusal_keeps_anybody_out(world: World, open_window: Open, watch: Watch) -> None:
    watch.expected.add(404)
    owner = at_the_door(world, open_window, ENGLISH, OWNER)
    owner.open("/no/such/page")

    assert list(faults_of(owner.page, "404")) == []


@pytest.mark.parametrize(("menu", "size"), [("person", WIDE), ("small-nav", NARROW)], ids=["person", "navigation"])
def test_no_open_menu_keeps_anybody_out(world: World, open_window: Open, menu: str, size: ViewportSize) -> None:
    owner = at_the_door(world, open_window, ENGLISH, OWNER)
    owner.page.set_viewport_size(size)

    owner.page.locator(f"details.{menu} summary").click()

    assert axe.faults(owner.page) == []


def sent_empty(owner: Visitor, path: str) -> Page:
    """The page that answers when this form is sent with nothing typed."""
    owner.open(f"/{owner.account}/{path}")
    owner.page.locator("main form button[type=submit]").first.click()
    expect(owner.page.locator(".error-summary")).to_be_focused()
    return owner.page


def visited(world: World, open_window: Open, words: Words) -> Iterator[tuple[Page, str]]:
    """Each page of the world, open, with its path: one window for each person."""
    visitors: dict[str, Visitor] = {}
    for who, path in world.paths:
        visitor = visitors.get(who) or at_the_door(world, open_window, words, who)
        visitors[who] = visitor
        visitor.open(path)
        yield visitor.page, path


def at_the_door(world: World, open_window: Open, words: Words, who: str) -> Visitor:
    """A visitor who is signed in as `who`, in their language."""
    visitor = Visitor(open_window(viewport=WIDE), world.portal, words)
    visitor.page.context.add_init_script(axe.source())
    if who in world.sessions:
        cookie = {"name": "sid", "value": world.sessions[who], "url": world.portal.origin}
        visitor.page.context.add_cookies([cookie])
    visitor.open("/")
    visitor.switch_language()
    return visitor


def faults_of(page: Page, path: str) -> Iterator[str]:
    """What is wrong with the page in light, in dark and on a narrow screen."""
    page.evaluate(UNFOLD)
    yield from (f"{path}: {fault}" for fault in axe.faults(page))
    page.emulate_media(color_scheme="dark")
    yield from (f"{path}, dark: {fault}" for fault in axe.faults_of_colour(page))
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(NARROW)
    width = page.evaluate(WIDTH)
    page.set_viewport_size(WIDE)
    if width > NARROW["width"]:
        yield f"{path}: {width} pixels wide on a screen of {NARROW['width']}"
