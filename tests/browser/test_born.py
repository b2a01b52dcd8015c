"""A pair that is made in its holder's browser: saved, given back, proved; its private key goes into a file only."""

from pathlib import Path

import pytest
from playwright.sync_api import Request, expect

from tests.browser.steps import SANDBOX, look_at_keys, public_of
from tests.browser.visitor import Visitor
from tests.browser.watching import Watch
from tests.verifier.pasting import PASTES, pem

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
