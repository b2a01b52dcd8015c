"""A pair made on the holder's own machine with OpenSSL, by the very commands that the pages give."""

import base64
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from playwright.sync_api import expect

from tests.browser.steps import SANDBOX, look_at_keys
from tests.browser.visitor import Visitor
from tests.browser.watching import Watch

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def openssl() -> None:
    assert shutil.which("openssl"), "There is no `openssl` on the PATH; on Debian: apt-get install openssl"


def test_a_proof_made_with_openssl_puts_the_pair_into_service(maya: Visitor, tmp_path: Path) -> None:
    give_public_key(maya, tmp_path)

    maya.fill("signature", sign(maya, tmp_path))
    maya.press("Prove and put into service")

    maya.sees("Proved: you hold the private key. “%(name)s” is in service.", name="Own machine")
    assert maya.page.locator("main details pre").text_content() == (tmp_path / "public-key.pem").read_text()


def test_the_signature_may_be_given_as_the_file_that_openssl_wrote(maya: Visitor, tmp_path: Path) -> None:
    give_public_key(maya, tmp_path)

    sign(maya, tmp_path)
    maya.page.locator("[name=signature_file]").set_input_files(tmp_path / "proof.sig")
    maya.press("Prove and put into service")

    maya.sees("Proved: you hold the private key. “%(name)s” is in service.", name="Own machine")


def test_a_signature_of_another_text_is_refused_and_the_right_one_still_counts(
    maya: Visitor, tmp_path: Path, watch: Watch
) -> None:
    watch.expected.add(422)
    give_public_key(maya, tmp_path)
    private = load_pem_private_key((tmp_path / "private-key.pem").read_bytes(), password=None)
    wrong = private.sign(b"another text", padding.PKCS1v15(), hashes.SHA256())

    maya.fill("signature", base64.b64encode(wrong).decode())
    maya.press("Prove and put into service")

    expect(maya.page.locator(".error-summary")).to_be_focused()
    maya.fill("signature", sign(maya, tmp_path))
    maya.press("Prove and put into service")
    maya.sees("Proved: you hold the private key. “%(name)s” is in service.", name="Own machine")


def test_a_private_key_pasted_by_mistake_is_refused_and_not_shown_again(
    maya: Visitor, tmp_path: Path, watch: Watch
) -> None:
    watch.expected.add(422)
    look_at_keys(maya, SANDBOX)
    maya.follow("Make a key pair")
    run_commands_of(maya, tmp_path)

    fill_in(maya, (tmp_path / "private-key.pem").read_text())
    maya.press("Go on")

    expect(maya.page.locator(".error-summary")).to_be_focused()
    assert "BEGIN PRIVATE KEY" not in maya.page.content()


def give_public_key(maya: Visitor, folder: Path) -> None:
    """A pair made in `folder` by the page's commands, up to the page that asks for the proof."""
    look_at_keys(maya, SANDBOX)
    maya.follow("Make a key pair")
    run_commands_of(maya, folder)
    fill_in(maya, (folder / "public-key.pem").read_text())
    maya.press("Go on")
    maya.sees("1. Download the text to sign")


def fill_in(maya: Visitor, pem: str) -> None:
    maya.fill("name", "Own machine")
    maya.choose("origin", "upload")
    maya.fill("public_pem", pem)


def sign(maya: Visitor, folder: Path) -> str:
    """The signature over the page's text in base64, made in `folder` by the page's commands."""
    maya.download("Download message.txt", folder)
    return run_commands_of(maya, folder)


def run_commands_of(maya: Visitor, folder: Path) -> str:
    """What the commands print that the page gives, run in `folder`."""
    commands = maya.page.get_by_role("group", name=maya.words("Commands")).or_(maya.page.locator("main details pre"))
    done = subprocess.run(
        ["sh", "-ec", commands.first.text_content() or ""], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
