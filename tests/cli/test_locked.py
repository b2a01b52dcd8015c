"""Locked private keys and other files on the command line: processes of their own, files of OpenSSL's own making."""

import json
import subprocess
from pathlib import Path

import pytest

from portal.cli.holder.cures import CURES
from portal.verifier.paste import Finding
from tests.cli.terminal import at_a_terminal
from tests.cli.test_holder import COMMAND, ROOT, Ended
from tests.verifier.locking import LOCKS, PASSPHRASE, as_pkcs1, locked, made_by_openssl, openssl
from tests.verifier.pasting import FILES, pem

pytestmark = pytest.mark.no_database


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the commands run, and the file of a locked key lies beside its passphrase."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    (tmp_path / "locked.pem").write_text(locked("AES-256"))
    (tmp_path / "passphrase").write_text(f"{PASSPHRASE}\r\nanother line\n")
    (tmp_path / "wrong").write_text("wrong\n")
    return tmp_path


def portal_key(*words: str) -> Ended:
    return subprocess.run([*COMMAND, *words], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)


@pytest.mark.parametrize("name", LOCKS)
def test_each_lock_of_openssl_is_opened(name: str, here: Path):
    (here / "locked.pem").write_text(locked(name))

    ended = portal_key("token", "locked.pem", "--passphrase-file", "passphrase")

    assert (ended.returncode, ended.stdout.count(".")) == (0, 2), ended.stderr


def test_the_passphrase_is_asked_for_at_a_terminal_and_not_shown():
    code, printed, seen = at_a_terminal("token", "locked.pem", typed=PASSPHRASE)

    assert (code, printed.count(".")) == (0, 2)
    assert "Passphrase of locked.pem: " in seen
    assert PASSPHRASE not in seen + printed


def test_a_passphrase_that_is_typed_wrong_is_said():
    code, printed, seen = at_a_terminal("token", "locked.pem", typed="wrong")

    assert (code, printed) == (1, "")
    assert "This passphrase does not open it" in seen


def test_a_key_that_is_not_locked_asks_for_nothing(here: Path):
    (here / "key.pem").write_text(pem())

    assert portal_key("token", "key.pem", "--passphrase-file", "passphrase").returncode == 0


COMMANDS = {
    "token": ("token", "locked.pem"),
    "revoke": ("revoke", "--key", "locked.pem", "--api-key", "0" * 32, "--portal", "http://127.0.0.1:1", "--yes"),
    "new": ("new", "code", "--portal", "http://127.0.0.1:1", "--out", "locked.pem"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_without_a_terminal_a_locked_key_is_refused_with_the_cure(name: str):
    ended = portal_key(*COMMANDS[name], "--json")

    error = json.loads(ended.stdout)["error"]
    assert (ended.returncode, error["code"]) == (1, "unusable_file")
    assert "openssl pkey -in locked.pem -out private-key.pem" in error["message"]
    assert "--passphrase-file FILE" in error["message"]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_wrong_passphrase_is_refused_by_each_command(name: str):
    ended = portal_key(*COMMANDS[name], "--passphrase-file", "wrong")

    assert ended.returncode == 1
    assert "This passphrase does not open it" in ended.stderr


@pytest.mark.parametrize("name", ["revoke", "new"])
def test_with_its_passphrase_each_command_goes_on_to_the_portal(name: str):
    ended = portal_key(*COMMANDS[name], "--passphrase-file", "passphrase")

    assert (ended.returncode, "cannot be reached" in ended.stderr) == (3, True)


def test_check_says_that_a_shop_cannot_ask_for_a_passphrase():
    ended = portal_key("check", "locked.pem", "--json")

    assert (ended.returncode, json.loads(ended.stdout)) == (1, {"findings": ["encrypted"]})


def test_check_opens_a_locked_key_and_saves_it_without_its_lock(here: Path):
    ended = portal_key("check", "locked.pem", "--passphrase-file", "passphrase", "--write", "open.pem", "--json")

    report = json.loads(ended.stdout)
    assert (ended.returncode, report["findings"], report["mended"]) == (1, ["encrypted"], "open.pem")
    assert (here / "open.pem").read_text() == pem()
    assert (here / "open.pem").stat().st_mode & 0o777 == 0o600


def test_check_is_told_a_wrong_passphrase():
    ended = portal_key("check", "locked.pem", "--passphrase-file", "wrong", "--json")

    assert (ended.returncode, json.loads(ended.stdout)["findings"]) == (1, ["wrong-passphrase"])


@pytest.mark.parametrize("name", FILES)
def test_each_kind_of_file_is_told(name: str, here: Path):
    octets, findings, _is_a_key = FILES[name]
    (here / "file").write_bytes(octets())

    ended = portal_key("check", "file", "--json")

    assert json.loads(ended.stdout)["findings"] == findings
    assert ended.returncode == (1 if findings else 0)


@pytest.mark.parametrize("made", [made_by_openssl, as_pkcs1])
def test_what_openssl_made_is_used_as_it_is(made, here: Path):
    (here / "key.pem").write_text(made())

    assert portal_key("check", "key.pem").stdout == "A shop can read this private key.\n"
    assert portal_key("token", "key.pem").returncode == 0


def test_a_certificate_request_of_openssl_is_told(here: Path):
    (here / "key.pem").write_text(pem())
    (here / "shop.csr").write_text(openssl("req", "-new", "-key", "key.pem", "-subj", "/CN=shop"))

    ended = portal_key("token", "shop.csr")

    assert (ended.returncode, "This is a certificate request." in ended.stderr) == (1, True)


def test_a_folder_is_refused_before_anything_is_read(here: Path):
    ended = portal_key("check", str(here))

    assert (ended.returncode, "is a directory" in ended.stderr) == (2, True)


def test_each_finding_has_its_cure():
    assert CURES.keys() == set(Finding)
