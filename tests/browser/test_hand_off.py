"""A sealed copy of a private key goes from its owner to an integrator, in browsers; each step is interrupted once."""

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from playwright.sync_api import Browser, Page, Request, Route, expect

from tests import sqlite
from tests.browser.conftest import Open
from tests.browser.serving import Served
from tests.browser.steps import MAYA, PRIYA, SANDBOX, accept_offer, acting_bar, make_pair, offer_the_sandbox
from tests.browser.visitor import Visitor
from tests.factories import a_private_key, pem_of

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
PAIR, PASSPHRASE = "Aurora test shop", "five words in a row"
CLEAR_STORE = """new Promise((resolve, reject) => {
  const request = indexedDB.deleteDatabase("portal-envelope-keys");
  request.onsuccess = () => resolve("cleared");
  request.onerror = request.onblocked = () => reject(request.error);
})"""


@dataclass
class Prepared:
    """What both have before they begin: their cookies and account ids, the pair's file, the database with all that."""

    cookies: list[Any]
    accounts: list[str]
    key_file: Path
    database: Path


@dataclass
class Party(Visitor):
    """Somebody signed in at `at`, the account that the address begins with."""

    at: str = ""


@dataclass
class Parties:
    """Maya owns the pair whose private key is in `key_file`; Priya works for her under a delegation.

    `sent` is all that left either browser.
    """

    maya: Party
    priya: Party
    folder: Path
    key_file: Path
    sent: list[Request]


@pytest.fixture(scope="module")
def prepared(running_portal: Served, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """Both signed in, the pair made and saved, the delegation accepted: done once for all stories."""
    running_portal.restore()
    folder = tmp_path_factory.mktemp("parties")
    contexts = [browser.new_context() for _party in range(2)]
    maya, priya = (Visitor(context.new_page(), running_portal) for context in contexts)
    maya.sign_in(MAYA)
    make_pair(maya, SANDBOX, PAIR, folder)
    priya.sign_in(PRIYA)
    accounts = [maya.account, priya.account]
    offer_the_sandbox(maya, priya.account)
    priya.sign_out()
    accept_offer(priya)
    acting_bar(priya).get_by_role("link").click()
    cookies = [context.storage_state() for context in contexts]
    for context in contexts:
        context.close()
    sqlite.copy(running_portal.database, folder / "prepared.sqlite3")
    (key_file,) = folder.glob("*.pem")
    return Prepared(cookies, accounts, key_file, folder / "prepared.sqlite3")


@pytest.fixture
def parties(prepared: Prepared, portal: Served, open_window: Open, tmp_path: Path) -> Parties:
    sqlite.copy(prepared.database, portal.database)
    pages = [open_window(storage_state=cookies) for cookies in prepared.cookies]
    maya, priya = (
        Party(page, portal, email=email, at=at)
        for page, email, at in zip(pages, (MAYA, PRIYA), prepared.accounts, strict=True)
    )
    sent: list[Request] = []
    for page in pages:
        page.context.on("request", lambda request: sent.append(request))
    return Parties(maya, priya, tmp_path, prepared.key_file, sent)


def tells(visitor: Visitor, code: str, where: str = "main") -> None:
    """Nothing, once the page shows the sentence of this code."""
    expect(visitor.page.locator(f"{where} [data-tells={code}]:visible").first).to_be_visible()


def give(visitor: Visitor, field: str, *files: Path) -> None:
    visitor.page.locator(f"#{field}").set_input_files(list(files))


# Enrolling


def look_at_envelope_key(priya: Party) -> None:
    priya.open(f"/{priya.at}/hand-offs/envelope-key")
    expect(priya.heading).to_have_text("Your envelope key")


def make_envelope_key(priya: Party, folder: Path, passphrase: str = PASSPHRASE) -> Path:
    """The recovery copy of a new key, saved."""
    priya.page.locator("#new-passphrase").fill(passphrase)
    priya.page.locator("#repeated-passphrase").fill(passphrase)
    priya.press("Make the key")
    tells(priya, "made")
    with priya.page.expect_download() as download:
        priya.page.locator("[data-save]").click()
    file = folder / download.value.suggested_filename
    download.value.save_as(file)
    return file


def enrol(priya: Party, folder: Path) -> Path:
    look_at_envelope_key(priya)
    file = make_envelope_key(priya, folder)
    give(priya, "recovery-copy", file)
    priya.sees("Your envelope key is enrolled.")
    return file


def words_on(page: Page) -> list[str]:
    return page.locator(".key-words li").all_inner_texts()


# Handing over


def begin(maya: Party) -> None:
    """From the key pair to the page that seals."""
    maya.open(f"/{maya.at}/keys?environment=sandbox")
    maya.follow(PAIR)
    maya.page.goto(maya.page.url + "/hand-over")
    maya.fill("message", "For the relaunch.")
    maya.confirm_password()
    maya.press("Go on to sealing")
    expect(maya.heading).to_have_text(re.compile("^Seal a copy of"))


def seal(maya: Party, file: Path) -> str:
    """The public id of the hand-off."""
    give(maya, "private-key", file)
    tells(maya, "fits")
    maya.press("Seal and hand over")
    maya.page.wait_for_url(re.compile(r"/hand-offs/hof_\w+$"))
    return maya.page.url.rsplit("/", 1)[1]


def handed_over(parties: Parties) -> str:
    begin(parties.maya)
    return seal(parties.maya, parties.key_file)


# Opening


def look_at_hand_off(priya: Party, hand_off: str) -> None:
    priya.open(f"/{priya.at}/hand-offs/{hand_off}/open")
    expect(priya.heading).to_have_text(re.compile("^Open the private key"))


def open_here(priya: Party, hand_off: str) -> None:
    look_at_hand_off(priya, hand_off)
    priya.confirm_password()
    priya.press("Open in this browser")
    expect(priya.heading).to_have_text(re.compile("^The private key"))


def save_key(priya: Party, folder: Path) -> Path:
    tells(priya, "opened")
    with priya.page.expect_download() as download:
        priya.page.locator("[data-save]").click()
    file = folder / f"opened-{download.value.suggested_filename}"
    download.value.save_as(file)
    return file


def prove(priya: Party, file: Path, hand_off: str) -> None:
    give(priya, "saved-file", file)
    priya.page.wait_for_url(re.compile(f"/hand-offs/{hand_off}$"))
    priya.open(f"/{priya.at}/hand-offs/{hand_off}/open")
    priya.sees("There is nothing to open any more")


def test_a_sealed_copy_goes_from_the_owner_to_the_integrator_and_no_key_is_ever_sent(parties: Parties) -> None:
    maya, priya = parties.maya, parties.priya

    copy = enrol(priya, parties.folder)
    begin(maya)
    assert words_on(maya.page) == words_on(priya.page)
    hand_off = seal(maya, parties.key_file)
    open_here(priya, hand_off)
    file = save_key(priya, parties.folder)
    prove(priya, file, hand_off)

    assert file.read_text() == parties.key_file.read_text()
    secrets = [*parties.key_file.read_text().splitlines()[1:-1], json.loads(copy.read_text())["wrapped"], PASSPHRASE]
    bodies = [request.post_data or "" for request in parties.sent]
    assert any("ciphertext=" in body for body in bodies)
    assert not [secret for secret in secrets if any(secret in body for body in bodies)]
    assert not [body for body in bodies if "PRIVATE" in body]


def test_both_pages_work_the_words_out_from_the_key_itself(parties: Parties) -> None:
    enrol(parties.priya, parties.folder)
    begin(parties.maya)

    for visitor in (parties.maya, parties.priya):
        expect(visitor.page.locator("[data-words=same]")).to_be_visible()
        expect(visitor.page.locator("[data-words=differ]")).to_be_hidden()


def test_words_that_are_not_those_of_the_key_raise_an_alarm(parties: Parties) -> None:
    enrol(parties.priya, parties.folder)

    def forge(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=re.sub(r"<li>\w+</li>", "<li>zodiac</li>", answer.text(), count=1))

    parties.priya.page.route("**/envelope-key", forge)
    parties.priya.page.reload()

    expect(parties.priya.page.locator("[data-words=differ]")).to_be_visible()


# Interrupted


def test_who_reloads_before_saving_begins_anew_and_nothing_was_enrolled(parties: Parties) -> None:
    priya = parties.priya
    look_at_envelope_key(priya)
    priya.page.locator("#new-passphrase").fill(PASSPHRASE)
    priya.page.locator("#repeated-passphrase").fill(PASSPHRASE)
    priya.press("Make the key")
    tells(priya, "made")

    priya.page.reload()

    expect(priya.page.locator("[data-save]")).to_be_disabled()
    give(priya, "recovery-copy", make_envelope_key(priya, parties.folder))
    priya.sees("Your envelope key is enrolled.")


def test_who_left_after_saving_the_recovery_copy_comes_back_with_it(parties: Parties) -> None:
    priya = parties.priya
    look_at_envelope_key(priya)
    copy = make_envelope_key(priya, parties.folder)

    priya.go("Overview")
    look_at_envelope_key(priya)
    priya.page.locator("#new-passphrase").fill(PASSPHRASE)
    give(priya, "recovery-copy", copy)

    priya.sees("Your envelope key is enrolled.")


def test_who_goes_back_from_sealing_and_chooses_again_meets_the_same_hand_off(parties: Parties) -> None:
    enrol(parties.priya, parties.folder)
    begin(parties.maya)
    here = parties.maya.page.url

    parties.maya.page.go_back()
    begin(parties.maya)

    assert parties.maya.page.url == here
    seal(parties.maya, parties.key_file)


def test_who_closed_the_window_that_seals_comes_back_and_seals(parties: Parties) -> None:
    maya = parties.maya
    enrol(parties.priya, parties.folder)
    begin(maya)
    give(maya, "private-key", parties.key_file)
    tells(maya, "fits")
    here = maya.page.url

    reopen(maya)
    maya.page.goto(here)

    expect(maya.page.locator("[data-seal]")).to_be_disabled()
    hand_off = seal(maya, parties.key_file)
    maya.page.goto(here)
    assert maya.page.url.endswith(hand_off)


def test_who_closed_the_opened_page_opens_again_and_goes_on_with_the_saved_file(parties: Parties) -> None:
    priya = parties.priya
    enrol(priya, parties.folder)
    hand_off = handed_over(parties)
    open_here(priya, hand_off)
    file = save_key(priya, parties.folder)

    reopen(priya)
    look_at_hand_off(priya, hand_off)
    priya.sees("1 time")
    open_here(priya, hand_off)
    prove(priya, file, hand_off)


def test_the_opened_page_that_is_reloaded_opens_once_more(parties: Parties) -> None:
    priya = parties.priya
    enrol(priya, parties.folder)
    hand_off = handed_over(parties)
    open_here(priya, hand_off)
    tells(priya, "opened")

    priya.page.reload()

    prove(priya, save_key(priya, parties.folder), hand_off)


def test_where_the_browser_forgot_the_key_the_recovery_copy_opens_and_the_key_is_back(parties: Parties) -> None:
    priya = parties.priya
    copy = enrol(priya, parties.folder)
    hand_off = handed_over(parties)
    look_at_hand_off(priya, hand_off)
    tells(priya, "here")
    assert priya.page.evaluate(CLEAR_STORE) == "cleared"
    look_at_hand_off(priya, hand_off)
    tells(priya, "not-here")

    open_here(priya, hand_off)
    tells(priya, "no-key")
    expect(priya.page.get_by_text("If this does not work")).to_be_visible()
    priya.page.locator("#passphrase").fill(PASSPHRASE)
    give(priya, "recovery-copy", copy)
    file = save_key(priya, parties.folder)
    look_at_hand_off(priya, hand_off)
    tells(priya, "here")

    open_here(priya, hand_off)
    prove(priya, file, hand_off)


def test_a_key_is_restored_on_its_own_page_and_nothing_is_sent(parties: Parties) -> None:
    priya = parties.priya
    copy = enrol(priya, parties.folder)
    priya.page.evaluate(CLEAR_STORE)
    look_at_envelope_key(priya)
    tells(priya, "not-here")
    sent = len([request for request in parties.sent if request.method == "POST"])

    priya.page.locator("#passphrase").fill(PASSPHRASE)
    give(priya, "restored-copy", copy)

    tells(priya, "restored")
    tells(priya, "here")
    assert len([request for request in parties.sent if request.method == "POST"]) == sent


# Bad input


def test_passphrases_and_copies_that_are_not_right_are_told_apart_and_the_right_ones_still_count(
    parties: Parties,
) -> None:
    priya, page = parties.priya, parties.priya.page
    other = parties.folder / "other.json"
    look_at_envelope_key(priya)
    make_envelope_key(priya, parties.folder).rename(other)
    page.reload()

    page.locator("#new-passphrase").fill("fourteen chars")
    page.locator("#repeated-passphrase").fill("fourteen chars")
    priya.press("Make the key")
    tells(priya, "passphrase_too_short")
    page.locator("#repeated-passphrase").fill("something else")
    priya.press("Make the key")
    tells(priya, "passphrases-differ")
    copy = make_envelope_key(priya, parties.folder)
    for file, code in ((parties.key_file, "not_a_recovery_copy"), (other, "another-copy")):
        give(priya, "recovery-copy", file)
        tells(priya, code)
    page.locator("#new-passphrase").fill("another passphrase")
    give(priya, "recovery-copy", copy)
    tells(priya, "passphrase_wrong")
    page.locator("#new-passphrase").fill(PASSPHRASE)
    page.keyboard.press("Enter")

    priya.sees("Your envelope key is enrolled.")


def test_files_that_are_not_the_pairs_private_key_are_told_apart_and_the_right_one_still_counts(
    parties: Parties,
) -> None:
    maya, folder = parties.maya, parties.folder
    maya.open("/")
    make_pair(maya, SANDBOX, "Another shop", another := folder / "another")
    (of_another,) = another.glob("*.pem")
    enrol(parties.priya, folder)
    begin(maya)

    for file, code in (
        (of_another, "known-pair"),
        (written(folder, "stranger.pem", pem_of(a_private_key(77))), "another-pair"),
        (written(folder, "notes.txt", "hello"), "not-a-key"),
        (written(folder, "public.pem", public_pem(parties.key_file)), "public-key"),
        (written(folder, "two.pem", parties.key_file.read_text() * 2), "several"),
        (written(folder, "cut.pem", parties.key_file.read_text()[:400]), "broken"),
        (written(folder, "huge.pem", "x" * 100_000), "not-a-key"),
    ):
        give(maya, "private-key", file)
        tells(maya, code)
        expect(maya.page.locator("[data-seal]")).to_be_disabled()
    expect(maya.page.locator("[data-tells=known-pair] [data-name]")).to_have_text(re.compile("^$|Another shop"))
    seal(maya, parties.key_file)


def test_a_private_key_in_pkcs1_is_sealed_like_any_other(parties: Parties) -> None:
    priya = parties.priya
    private = load_pem_private_key(parties.key_file.read_bytes(), None)
    old = private.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    enrol(priya, parties.folder)
    begin(parties.maya)

    hand_off = seal(parties.maya, written(parties.folder, "pkcs1.pem", old))
    open_here(priya, hand_off)

    assert save_key(priya, parties.folder).read_text() == parties.key_file.read_text()


def test_a_locked_file_is_opened_with_its_passphrase_and_counts(parties: Parties) -> None:
    maya = parties.maya
    enrol(parties.priya, parties.folder)
    begin(maya)

    give(maya, "private-key", locked(parties))
    tells(maya, "encrypted")
    maya.page.locator("#lock-passphrase").fill("wrong")
    maya.press("Open the file")
    tells(maya, "wrong-passphrase")
    maya.page.locator("#lock-passphrase").fill(PASSPHRASE)
    maya.press("Open the file")
    tells(maya, "fits")
    maya.press("Seal and hand over")
    maya.page.wait_for_url(re.compile(r"/hand-offs/hof_\w+$"))


def test_an_envelope_that_was_altered_on_its_way_opens_nothing_and_leaves_a_way(parties: Parties) -> None:
    priya = parties.priya
    enrol(priya, parties.folder)
    hand_off = handed_over(parties)

    def alter(route: Route) -> None:
        answer = route.fetch()
        at = answer.text().index("ciphertext") + 300
        other = "A" if answer.text()[at] != "A" else "B"
        route.fulfill(response=answer, body=answer.text()[:at] + other + answer.text()[at + 1 :])

    look_at_hand_off(priya, hand_off)
    priya.page.route(f"**/{hand_off}/open", alter)
    priya.confirm_password()
    priya.press("Open in this browser")
    tells(priya, "envelope_not_opened")
    expect(priya.page.locator("[data-save]")).to_be_disabled()
    expect(priya.page.get_by_text("If this does not work")).to_be_visible()

    priya.page.unroute(f"**/{hand_off}/open")
    open_here(priya, hand_off)
    prove(priya, save_key(priya, parties.folder), hand_off)


def test_another_file_than_the_saved_one_proves_nothing(parties: Parties) -> None:
    priya = parties.priya
    enrol(priya, parties.folder)
    hand_off = handed_over(parties)
    open_here(priya, hand_off)
    file = save_key(priya, parties.folder)

    give(priya, "saved-file", written(parties.folder, "stranger.pem", pem_of(a_private_key(77))))
    tells(priya, "another-pair")
    prove(priya, file, hand_off)


def test_a_double_click_hands_over_once(parties: Parties) -> None:
    maya = parties.maya
    enrol(parties.priya, parties.folder)
    begin(maya)
    give(maya, "private-key", parties.key_file)
    tells(maya, "fits")

    maya.button("Seal and hand over").dblclick()

    maya.page.wait_for_url(re.compile(r"/hand-offs/hof_\w+$"))
    deposits = [request for request in parties.sent if "ciphertext=" in (request.post_data or "")]
    assert len(deposits) == 1


def reopen(visitor: Visitor) -> None:
    """The window is closed, and another one opened in the same browser."""
    closed = visitor.page
    visitor.page = closed.context.new_page()
    closed.close()


def written(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text)
    return file


def public_pem(key_file: Path) -> str:
    return subprocess.run(
        ["openssl", "pkey", "-in", str(key_file), "-pubout"], capture_output=True, text=True, check=True
    ).stdout


def locked(parties: Parties) -> Path:
    """The file, locked as OpenSSL does."""
    file = parties.folder / "locked.pem"
    command = ["openssl", "pkcs8", "-topk8", "-v2", "aes-256-cbc", "-in", str(parties.key_file), "-out", str(file)]
    subprocess.run([*command, "-passout", f"pass:{PASSPHRASE}"], check=True, capture_output=True)
    return file
