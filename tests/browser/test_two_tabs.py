"""One person, two windows, the same thing."""

import pytest
from playwright.sync_api import expect

from tests.browser import axe
from tests.browser.visitor import Visitor
from tests.browser.watching import Watch

pytestmark = pytest.mark.browser


@pytest.fixture
def tabs(maya: Visitor) -> tuple[Visitor, Visitor]:
    """Maya, about to rename the same project in two tabs."""
    first = maya
    first.go("Projects & data spaces")
    first.follow("Aurora Europe")
    first.follow("Rename project")
    second = Visitor(first.page.context.new_page(), first.portal, first.words, first.email)
    second.page.goto(first.page.url)
    return first, second


def test_who_renames_second_is_shown_both_names_and_changes_nothing(
    tabs: tuple[Visitor, Visitor], watch: Watch
) -> None:
    watch.expected.add(409)
    first, second = tabs

    rename(first, "Aurora West")
    expect(first.heading).to_have_text("Aurora West")
    rename(second, "Aurora East")

    expect(second.heading).to_have_text(second.words("This has changed meanwhile"))
    row = second.main.get_by_role("row").filter(has_text="Aurora East")
    expect(row).to_contain_text("Aurora West")
    assert axe.faults(second.page) == []
    first.page.reload()
    expect(first.heading).to_have_text("Aurora West")


def test_a_double_click_renames_once(tabs: tuple[Visitor, Visitor], watch: Watch) -> None:
    watch.expected.add(409)
    first, _second = tabs

    first.fill("name", "Aurora West")
    first.button("Rename project").dblclick()

    expect(first.heading).to_have_text("Aurora West")


def rename(tab: Visitor, name: str) -> None:
    tab.fill("name", name)
    tab.press("Rename project")
