"""The paste checker: what is typed into it is looked at in the browser, told with its cure, and sent nowhere (S12)."""

import pytest
from playwright.sync_api import Request, expect

from portal.verifier.paste import read_private_key
from tests.browser.steps import SANDBOX, ask_for_pair, see_private_key
from tests.browser.visitor import Visitor
from tests.browser.watching import Watch
from tests.verifier.pasting import API_KEYS, PASTES

pytestmark = pytest.mark.browser

READ = """async ([privates, apiKeys]) => {
  const { readPrivateKey, readApiKey } = await import(document.querySelector("script[src*=private-key]").src);
  return [await Promise.all(privates.map(readPrivateKey)), apiKeys.map(readApiKey)];
}"""


def check_page(maya: Visitor) -> None:
    maya.open(f"/{maya.account}/keys/check")


def test_s12_the_browser_finds_in_each_paste_what_the_command_finds(maya: Visitor) -> None:
    check_page(maya)
    pastes = [paste() for paste, _findings, _is_a_key in PASTES.values()]

    privates, api_keys = maya.page.evaluate(READ, [pastes, [text for text, _findings in API_KEYS.values()]])

    for text, read, (_paste, findings, _is_a_key) in zip(pastes, privates, PASTES.values(), strict=True):
        told = read_private_key(text)
        assert read["findings"] == findings
        assert read["identity"] == (told.spki_sha256.hex() if told.spki_sha256 else "")
        assert read["repaired"] == told.repaired
    assert [read["findings"] for read in api_keys] == [findings for _text, findings in API_KEYS.values()]


def test_s12_halves_are_told_apart_and_swapped_sides_are_seen(maya: Visitor, a_pair: tuple[str, str]) -> None:
    api_key, private_key = a_pair
    check_page(maya)

    paste(maya, "sandbox", api_key, private_key)
    maya.sees("It belongs to “%(name)s”, as the API key does. Paste both.", name="For pasting")
    paste(maya, "sandbox", api_key, private_key.replace("\n", " "))
    maya.sees("The lines have run together. The shop needs the line breaks of the file.")
    expect(maya.page.locator("[data-cure=sandbox-private-key] pre")).to_have_text(private_key)
    paste(maya, "sandbox", "", "")
    paste(maya, "production", api_key, private_key)
    swapped = "This belongs to “%(name)s”, a pair of the other environment. Swap the two sides."
    maya.sees(swapped, name="For pasting")


WRITE = "() => { try { document.body.innerHTML = 'x'; return 'written'; } catch { return 'refused'; } }"


def test_s12_nothing_that_is_typed_is_sent_or_kept(maya: Visitor, a_pair: tuple[str, str], watch: Watch) -> None:
    check_page(maya)
    maya.page.wait_for_load_state("networkidle")
    sent: list[Request] = []
    maya.page.on("request", lambda request: sent.append(request))

    paste(maya, "sandbox", *a_pair)
    maya.sees("It belongs to “%(name)s”, as the API key does. Paste both.", name="For pasting")
    refused = maya.page.evaluate("fetch('/').then(() => 'sent', () => 'refused')")
    written = maya.page.evaluate(WRITE)

    assert [refused, written] == ["refused", "refused"]
    assert sent == []
    assert maya.page.locator("[data-paste-check] [name]").count() == 0
    assert {"connect-src", "require-trusted-types-for"} <= {
        fault.split()[4] for fault in watch.faults if "policy:" in fault
    }
    watch.faults.clear()
    maya.page.reload()
    expect(maya.page.locator("#sandbox-private-key")).to_have_value("")


def paste(maya: Visitor, side: str, api_key: str, private_key: str) -> None:
    maya.page.locator(f"#{side}-api-key").fill(api_key)
    maya.page.locator(f"#{side}-private-key").fill(private_key)


@pytest.fixture
def a_pair(maya: Visitor) -> tuple[str, str]:
    """API key and private key of a sandbox pair in service, “For pasting”."""
    ask_for_pair(maya, SANDBOX, "For pasting")
    halves = see_private_key(maya)
    maya.press("I have saved it")
    maya.sees("“%(name)s” is in service. Put both halves into the shop's configuration.", name="For pasting")
    return halves
