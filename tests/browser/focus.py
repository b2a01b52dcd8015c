"""Where the focus is, whether it can be seen there, and how Tab leads to something."""

from playwright.sync_api import Locator, Page, expect

MOST_STOPS = 80

# It is seen when a ring is drawn around it (or around the tile that it stands for), it lies within the window, and
# nothing lies over it. WCAG 2.2: 2.4.7 and 2.4.11.
SEEN = """element => {
  const style = (at) => getComputedStyle(at);
  const ring = (at) => style(at).outlineStyle !== "none" && parseFloat(style(at).outlineWidth) >= 2;
  const box = element.getBoundingClientRect();
  const within = box.left >= 0 && box.right <= innerWidth + 1 && box.bottom > 0 && box.top < innerHeight;
  const there = document.elementFromPoint(box.x + box.width / 2, Math.min(box.y + box.height / 2, innerHeight - 1));
  const uncovered = element.contains(there) || there?.contains(element);
  const faults = [];
  if (!ring(element) && !ring(element.closest(".tile") ?? element)) faults.push("without a ring");
  if (!within) faults.push("outside the window");
  if (!uncovered) faults.push("covered");
  return faults.length ? `${element.outerHTML.slice(0, 120)}: ${faults.join(", ")}` : "";
}"""


def unseen(page: Page) -> str:
    """Why one does not see what has the focus; empty when one does, or nothing has it."""
    focused = page.locator(":focus")
    return focused.evaluate(SEEN) if focused.count() else ""


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until the target has the focus. Each stop on the way can be seen."""
    expect(target).to_be_visible()
    for _stop in range(MOST_STOPS):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
        assert unseen(page) == ""
    raise AssertionError(f"not reached with {MOST_STOPS} presses of Tab: {target}")
