"""A pair that is made in its holder's browser: saved, given back, proved; its private key goes into a file only."""

from pathlib import Path
from urllib.parse import unquote_plus

import pytest
from playwright.sync_api import Request, expect

from tests.browser.steps import SANDBOX, look_at_keys, public_of
from tests.browser.visitor import Visitor
from tests.browser.watching import Watch
from tests.verifier.locking import LOCKS, PASSPHRASE, as_pkcs1, made_by_openssl, openssl
from tests.verifier.pasting import FILES, PASTES, pem

pytestmark = pytest.mark.browser
IN_SERVICE = "Proved: you hold the private key. “%(name)s” is in service."


def begin(maya: Visitor, name: str = "Born here") -> None:
    look_at_keys(maya, SANDBOX)
    maya.follow("Make a key pair")
    maya.fill("name", name)
    maya.choose("origin", "browser")
    maya.confirm_password()
    maya.press("Go on")
    expect(maya.heading).to_have_text(maya.words("Make the key pair “%(name)s” in this browser", name=name))


def make_and_save(maya: Visitor, folder: Path) -> Path:
    maya.press("Make the pair")
    button = maya.page.locator("[data-save]")
    expect(button).to_be_enabled()
    with maya.page.expect_download() as download:
        button.click()
    file = folder / download.value.suggested_filename
    download.value.save_as(file)
    return file


def give(maya: Visitor, file: Path) -> None:
    maya.page.locator("#saved-file").set_input_files(file)


def test_s11_a_pair_made_in_the_browser_works_and_its_private_key_was_never_sent(maya: Visitor, tmp_path: Path) -> None:
    begin(maya)
    sent: list[Request] = []
    maya.page.on("request", lambda request: sent.append(request))

    file = make_and_save(maya, tmp_path)
    give(maya, file)

    maya.sees(IN_SERVICE, name="Born here")
    assert maya.page.locator("main details pre").text_content() == public_of(file.read_text())
    body = file.read_text().splitlines()[5]
    assert "PRIVATE" in file.read_text()
    assert not any(body in (request.post_data or "") or "PRIVATE" in (request.post_data or "") for request in sent)


def test_s5_who_left_after_saving_comes_back_with_the_file(maya: Visitor, tmp_path: Path) -> None:
    begin(maya)
    here = maya.page.url
    file = make_and_save(maya, tmp_path)

    maya.go("Overview")
    maya.page.goto(here)
    give(maya, file)

    maya.sees(IN_SERVICE, name="Born here")


def test_who_left_before_saving_has_no_pair_and_begins_again_on_the_same_page(maya: Visitor, tmp_path: Path) -> None:
    begin(maya)
    maya.press("Make the pair")
    expect(maya.page.locator("[data-save]")).to_be_enabled()

    maya.page.reload()
    expect(maya.page.locator("[data-save]")).to_be_disabled()
    give(maya, make_and_save(maya, tmp_path))

    maya.sees(IN_SERVICE, name="Born here")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("as it was saved", "This is another private key than the one that was made here."),
        ("in one line", "This file is not as it was saved."),
        ("the public key", "This is the public key."),
        ("something else", "This file holds no private key."),
        ("twice", "There is more than one key or certificate in it."),
        ("a certificate", "This is a certificate."),
        ("a certificate request", "This is a certificate request."),
        ("for SSH", "This is a key for SSH."),
        ("an elliptic curve", "This is no RSA key."),
        ("with a passphrase, cut off", "This file is not as it was saved."),
        ("with a passphrase, PKCS#1", "Browsers cannot open this kind of lock."),
        ("too much", "This is larger than 64 kB."),
    ],
)
def test_another_file_is_told_apart_and_the_right_one_still_counts(
    maya: Visitor, tmp_path: Path, name, sentence
) -> None:
    begin(maya)
    file = make_and_save(maya, tmp_path)
    other = tmp_path / "other.pem"
    other.write_text(PASTES[name][0]())

    give(maya, other)
    expect(maya.page.locator("[data-said]:visible")).to_contain_text(sentence)
    give(maya, file)

    maya.sees(IN_SERVICE, name="Born here")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("empty", "This file is empty."),
        ("zeros", "This file holds no private key."),
        ("PKCS#12", "This is a key store."),
        ("a Java key store", "This is a key store."),
        ("DER", "This file is binary"),
    ],
)
def test_a_file_that_is_no_text_is_told_apart(maya: Visitor, tmp_path: Path, name, sentence) -> None:
    begin(maya)
    file = tmp_path / "file"
    file.write_bytes(FILES[name][0]())

    give(maya, file)

    expect(maya.page.locator("[data-said]:visible")).to_contain_text(sentence)


def drop(maya: Visitor, *paths: Path) -> None:
    """Drag these from the desktop onto the field."""
    field = maya.page.locator("#saved-file")
    field.scroll_into_view_if_needed()
    box = field.bounding_box()
    assert box
    chromium = maya.page.context.new_cdp_session(maya.page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for step in ("dragEnter", "dragOver", "drop"):
        place = {"x": box["x"] + 20, "y": box["y"] + 10}
        chromium.send("Input.dispatchDragEvent", {"type": step, "data": data, **place})


def test_the_saved_file_is_dropped(maya: Visitor, tmp_path: Path) -> None:
    begin(maya)

    drop(maya, make_and_save(maya, tmp_path))

    maya.sees(IN_SERVICE, name="Born here")


def test_a_folder_or_several_files_are_told_apart_and_the_page_stays(maya: Visitor, tmp_path: Path) -> None:
    begin(maya)
    file = make_and_save(maya, tmp_path)

    drop(maya, tmp_path)
    expect(maya.page.locator("[data-said]:visible")).to_contain_text("This cannot be read: it is a folder")
    drop(maya, file, file)
    expect(maya.page.locator("[data-said]:visible")).to_contain_text("These are several files.")
    drop(maya, file)

    maya.sees(IN_SERVICE, name="Born here")


@pytest.mark.parametrize("name", ["of Windows, with BOM", "of Windows, UTF-16", "UTF-16 without BOM"])
def test_a_file_that_an_editor_of_windows_saved_is_read_all_the_same(maya: Visitor, tmp_path: Path, name) -> None:
    begin(maya)
    file = tmp_path / "key.txt"
    file.write_bytes(FILES[name][0]())

    give(maya, file)

    maya.sees(IN_SERVICE, name="Born here")


@pytest.mark.parametrize("made", [made_by_openssl, as_pkcs1])
def test_a_key_of_openssl_is_proved_and_its_older_form_is_wrapped(maya: Visitor, tmp_path: Path, made) -> None:
    begin(maya)
    file = tmp_path / "key.pem"
    file.write_text(made())

    give(maya, file)

    maya.sees(IN_SERVICE, name="Born here")


def test_who_locked_the_saved_file_meanwhile_opens_it_in_the_page(maya: Visitor, tmp_path: Path) -> None:
    begin(maya)
    saved = make_and_save(maya, tmp_path)
    file = tmp_path / "locked.pem"
    file.write_text(openssl(*LOCKS["AES-256"].openssl, "-passout", f"pass:{PASSPHRASE}", given=saved.read_text()))
    sent: list[Request] = []
    maya.page.on("request", lambda request: sent.append(request))

    give(maya, file)
    passphrase = maya.page.locator("#saved-file-passphrase")
    expect(passphrase).to_be_focused()
    passphrase.fill("wrong")
    maya.press("Open the private key")
    maya.sees("This passphrase does not open it, or the file is damaged. Try again.")
    passphrase.fill(PASSPHRASE)
    passphrase.press("Enter")

    maya.sees(IN_SERVICE, name="Born here")
    assert passphrase.count() == 0
    assert not any(PASSPHRASE in unquote_plus(request.post_data or "") for request in sent)


def test_the_field_for_the_passphrase_is_in_no_form_and_has_no_name(maya: Visitor) -> None:
    begin(maya)

    assert maya.page.locator("[data-passphrase]").count() == 1
    assert maya.page.locator("form [data-passphrase], [data-passphrase][name]").count() == 0


def test_a_key_that_is_known_already_is_refused_with_the_reason(maya: Visitor, tmp_path: Path, watch: Watch) -> None:
    watch.expected.add(422)
    watch.expected.add(409)
    own = tmp_path / "own.pem"
    own.write_text(pem())
    begin(maya, "First")
    give(maya, own)
    maya.sees(IN_SERVICE, name="First")

    begin(maya, "Second")
    give(maya, own)

    expect(maya.page.locator(".error-summary")).to_be_focused()
