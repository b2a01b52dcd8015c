"""axe-core looks at an open page for what keeps people out. Where its file is from says vendor/manifest.json."""

import base64
import hashlib
import json
from functools import cache
from pathlib import Path

from playwright.sync_api import Page

VENDOR = Path(__file__).with_name("vendor")
WCAG_22_AA = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
COLOURS = ("color-contrast", "link-in-text-block")  # of these rules, those that a theme can break

# Style sheets need no preload: no rule here reads them, and it would fetch each one again.
RUN = """async (only) => {
  const found = await axe.run(document, {runOnly: only, resultTypes: ["violations"], preload: false});
  return found.violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.html.slice(0, 200)} (${node.any
    .concat(node.all, node.none).map((check) => check.message).join("; ")})`));
}"""


def faults(page: Page) -> list[str]:
    """What WCAG 2.2, level AA, finds wrong on the page as it stands."""
    return _run(page, {"type": "tag", "values": WCAG_22_AA})


def faults_of_colour(page: Page) -> list[str]:
    """The same, of the colours only."""
    return _run(page, {"type": "rule", "values": COLOURS})


def _run(page: Page, only: dict[str, object]) -> list[str]:
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(source())
    found: list[str] = page.evaluate(RUN, only)
    return found


@cache
def source() -> str:
    """axe-core itself; a window that has it from the start is looked at sooner."""
    manifest = json.loads((VENDOR / "manifest.json").read_text())
    source = (VENDOR / manifest["file"]).read_bytes()
    digest = base64.b64encode(hashlib.sha512(source).digest()).decode()
    assert digest == manifest["sha512"], f"{manifest['file']} is not axe-core {manifest['version']} as it was vendored"
    return source.decode()
