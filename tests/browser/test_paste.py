"""The paste checker: what is typed into it is looked at in the browser, told with its cure, and sent nowhere (S12)."""

from pathlib import Path

import pytest
from playwright.sync_api import Request, expect

from portal.verifier.key_files import read_key_file
from portal.verifier.paste import read_private_key
from tests.browser.steps import SANDBOX, ask_for_pair, see_private_key
from tests.browser.visitor import Visitor
from tests.browser.watching import Watch
from tests.verifier.locking import LOCKS, PASSPHRASE, locked, openssl, slow_lock
from tests.verifier.pasting import API_KEYS, FILES, PASTES, pem

pytestmark = pytest.mark.browser
OTHER_LOCK = {"text": "", "finding": "other-lock"}

READ = """async ([privates, apiKeys]) => {
  const { readPrivateKey, readApiKey } = await import(document.querySelector("script[src*=private-key]").src);
  return [await Promise.all(privates.map(readPrivateKey)), apiKeys.map(readApiKey)];
}"""


READ_FILES = """async (files) => {
  const { readOctets } = await import(document.querySelector("script[src*=private-key]").src);
  return Promise.all(files.map((octets) => readOctets(Uint8Array.from(octets))));
}"""
UNLOCK = """async ([text, passphrase]) => {
  const { openLocked } = await import(document.querySelector("script[src*=private-key]").src);
  return openLocked(text, passphrase);
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


def test_s12_the_browser_finds_in_each_file_what_the_command_finds(maya: Visitor) -> None:
    check_page(maya)
    files = [octets() for octets, _findings, _is_a_key in FILES.values()]

    read = maya.page.evaluate(READ_FILES, [list(octets) for octets in files])

    for octets, found, (_octets, findings, _is_a_key) in zip(files, read, FILES.values(), strict=True):
        told = read_key_file(octets)
        assert found["findings"] == findings
        assert found["identity"] == (told.spki_sha256.hex() if told.spki_sha256 else "")
        assert found["repaired"] == told.repaired


def test_each_lock_of_openssl_is_opened_in_the_browser_or_told_with_the_line_that_opens_it(maya: Visitor) -> None:
    check_page(maya)

    opened = {name: maya.page.evaluate(UNLOCK, [locked(name), PASSPHRASE]) for name in LOCKS}

    for name, lock in LOCKS.items():
        assert opened[name] == ({"text": pem(), "finding": ""} if lock.in_browser else OTHER_LOCK), name


def test_wrong_passphrases_open_nothing(maya: Visitor) -> None:
    """Some hundred, since one in 256 leaves a padding that could be right."""
    check_page(maya)
    text = locked("AES-256")

    findings = {maya.page.evaluate(UNLOCK, [text, f"wrong {number}"])["finding"] for number in range(600)}

    assert findings == {"wrong-passphrase"}


def test_a_lock_that_would_take_for_ever_is_not_begun(maya: Visitor) -> None:
    check_page(maya)

    assert maya.page.evaluate(UNLOCK, [slow_lock(), PASSPHRASE]) == OTHER_LOCK


LOCKED = "This private key is locked with a passphrase, which the shop cannot ask for."


def unlock(maya: Visitor, side: str, passphrase: str) -> None:
    maya.page.locator(f"#{side}-private-key-passphrase").fill(passphrase)
    maya.page.locator(f"#{side}-private-key-passphrase").press("Enter")


def test_a_locked_private_key_is_opened_in_the_page_and_mended_without_its_lock(maya: Visitor) -> None:
    check_page(maya)
    maya.page.wait_for_load_state("networkidle")
    sent: list[Request] = []
    maya.page.on("request", lambda request: sent.append(request))

    paste(maya, "sandbox", "", locked("AES-256"))
    expect(maya.main).to_contain_text(LOCKED)
    unlock(maya, "sandbox", "wrong")
    maya.sees("This passphrase does not open it, or the file is damaged. Try again.")
    unlock(maya, "sandbox", PASSPHRASE)

    expect(maya.page.locator("[data-cure=sandbox-private-key] pre")).to_have_text(pem())
    expect(maya.page.locator("#sandbox-private-key-passphrase")).to_be_hidden()
    expect(maya.main).to_contain_text(LOCKED)
    maya.sees("None of the live key pairs that you see here has this private key.")
    assert sent == []


def test_a_lock_that_browsers_cannot_open_has_no_field_but_a_cure(maya: Visitor) -> None:
    check_page(maya)

    paste(maya, "production", "", locked("scrypt"))

    expect(maya.main).to_contain_text("Browsers cannot open this kind of lock.")
    expect(maya.page.locator("#production-private-key-passphrase")).to_be_hidden()


def test_the_locked_key_of_the_other_side_is_told_by_name(maya: Visitor, a_pair: tuple[str, str]) -> None:
    _api_key, private_key = a_pair
    check_page(maya)

    paste(maya, "production", "", openssl(*LOCKS["AES-256"].openssl, "-passout", "pass:secret", given=private_key))
    unlock(maya, "production", "secret")

    swapped = "This belongs to “%(name)s”, a pair of the other environment. Swap the two sides."
    maya.sees(swapped, name="For pasting")


def test_a_file_of_the_other_side_is_told_by_name(maya: Visitor, a_pair: tuple[str, str], tmp_path: Path) -> None:
    _api_key, private_key = a_pair
    file = tmp_path / "key.pem"
    file.write_text(private_key, encoding="utf-16")
    check_page(maya)

    maya.page.locator("#production-private-key-file").set_input_files(file)

    swapped = "This belongs to “%(name)s”, a pair of the other environment. Swap the two sides."
    maya.sees(swapped, name="For pasting")
    expect(maya.main).to_contain_text("The file is not plain text")
    expect(maya.page.locator("[data-cure=production-private-key] pre")).to_have_text(private_key)


def test_a_file_that_is_no_text_leaves_nothing_in_the_field(maya: Visitor, tmp_path: Path) -> None:
    file = tmp_path / "store.p12"
    file.write_bytes(FILES["PKCS#12"][0]())
    check_page(maya)

    maya.page.locator("#sandbox-private-key-file").set_input_files(file)

    expect(maya.main).to_contain_text("This is a key store.")
    expect(maya.page.locator("#sandbox-private-key")).to_have_value("")


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
