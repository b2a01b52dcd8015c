"""`portal-key batch` as people run it: a process of its own, against a portal that runs."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from portal.access.actor import Actor
from portal.access.roles import Environment
from portal.access.rows import Reader, across_tenants
from portal.cli.holder import codes
from portal.cli.holder.files import Unusable, private_key
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.keys import batch, operations, store
from portal.keys.eligibility import usable_contracts
from portal.keys.models import KeyPair, KeyState
from tests.cli.serving import PROOF, Line, served
from tests.factories import a_licensee, a_private_key, pem_of, public_of

pytestmark = pytest.mark.either_database

COMMAND = (sys.executable, "-m", "portal.cli.holding", "batch")
ROOT = Path(__file__).resolve().parents[2]
NAMES = ("Storefront 1", "店鋪", "Storefront/3")
Ended = subprocess.CompletedProcess[str]


@pytest.fixture
def owner() -> Actor:
    return a_licensee(name="Aurora")


@pytest.fixture
def portal(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Line]]:
    with served(app, monkeypatch) as (url, line):
        yield url, line


@pytest.fixture
def url(portal: tuple[str, Line]) -> str:
    return portal[0]


@pytest.fixture
def line(portal: tuple[str, Line]) -> Line:
    return portal[1]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the commands run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def codes_for(owner: Actor, url: str, *names: str, side: Environment = Environment.SANDBOX) -> None:
    """The file that the page gives, in codes.txt."""
    with transaction():
        contract, lines = usable_contracts(owner)[0], batch.read_names("\n".join(names))
        begun = batch.begin(owner, environment=side, contract=contract, lines=lines)
    said = [f"# portal-key batch {url} {side.value}", *(f"{code}\t{name}" for code, name in begun.codes)]
    Path("codes.txt").write_text("\n".join(said) + "\n", encoding="utf-8")


def held_before(*names: str) -> None:
    """A private key for each of these, as an interrupted run left it; making one takes long."""
    Path("keys").mkdir(exist_ok=True)
    for number, name in enumerate(names):
        Path("keys", codes.key_file(name, "sandbox")).write_text(pem_of(a_private_key(770 + number)))


def run(url: str, *words: str) -> Ended:
    command = [*COMMAND, "codes.txt", "--portal", url, "--dir", "keys", *words]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=100)
    db.session.rollback()
    return ended


def report(ended: Ended) -> dict[str, Any]:
    return json.loads(ended.stdout)


def pairs() -> list[KeyPair]:
    return list(db.session.scalars(across_tenants(KeyPair, reason=Reader.UPKEEP)))


@pytest.mark.both_databases
def test_each_name_gets_a_pair_and_a_file_of_its_own(url: str, owner: Actor, here: Path):
    codes_for(owner, url, *NAMES)

    ended = run(url, "--json")

    made = report(ended)["made"]
    assert ended.returncode == 0, ended.stderr
    assert [each["name"] for each in made] == list(NAMES)
    assert len({each["file"] for each in made}) == 3
    for each in made:
        pair, file = store.get(owner, each["api_key"]), here / each["file"]
        assert (pair.name, pair.state, file.stat().st_mode & 0o777) == (each["name"], KeyState.ACTIVE, 0o600)
        assert pair.spki_sha256 == public_of(private_key(file)).spki_sha256
    assert sorted(path.name for path in (here / "keys").iterdir()) == sorted(Path(each["file"]).name for each in made)
    assert (here / "keys").stat().st_mode & 0o777 == 0o700


def test_it_says_how_far_it_is_and_ends_with_what_was_made(url: str, owner: Actor):
    codes_for(owner, url, *NAMES)
    held_before(*NAMES)

    ended = run(url)

    assert "Private keys: 3 of 3" in ended.stderr
    assert "In service: 1 of 3" in ended.stderr
    assert "3 in service (sandbox)" in ended.stdout.splitlines()[-1]
    assert all(
        f"{pair.api_key}  keys/{codes.key_file(pair.name, 'sandbox')}  {pair.name}" in ended.stdout for pair in pairs()
    )
    assert "PRIVATE KEY" not in ended.stdout + ended.stderr


@pytest.mark.both_databases
def test_run_again_it_finds_all_of_it_made(url: str, owner: Actor):
    codes_for(owner, url, *NAMES)
    held_before(*NAMES)

    first, again = run(url, "--json"), run(url, "--json")

    assert again.returncode == 0
    assert report(again)["made"] == report(first)["made"]
    assert len(pairs()) == 3


def test_interrupted_at_the_proofs_it_goes_on(url: str, line: Line, owner: Actor, here: Path):
    codes_for(owner, url, *NAMES)
    line.held = True
    command = [*COMMAND, "codes.txt", "--portal", url, "--dir", "keys", "--jobs", "1"]
    killed = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    assert line.reached.wait(60)
    killed.kill()
    killed.wait()
    before = {file.name: file.read_bytes() for file in (here / "keys").iterdir()}
    line.held = False

    ended = run(url, "--json")

    assert ended.returncode == 0, ended.stderr
    assert {file.name: file.read_bytes() for file in (here / "keys").iterdir()} == before
    assert len(pairs()) == 3


def test_killed_while_a_key_is_written_it_leaves_no_half_of_one(url: str, owner: Actor, here: Path):
    codes_for(owner, url, "Storefront 1")
    (here / "keys").mkdir()
    (here / "keys" / ".storefront-1-sandbox.pem.new").write_text("-----BEGIN PRIV")

    ended = run(url, "--json")

    assert ended.returncode == 0, ended.stderr
    assert [file.name for file in (here / "keys").iterdir()] == ["storefront-1-sandbox.pem"]


def test_ctrl_c_ends_it_and_what_is_made_counts(url: str, line: Line, owner: Actor):
    codes_for(owner, url, *NAMES)
    held_before(*NAMES)
    line.held, line.silence = True, 2.0  # three tries: time to press Ctrl-C before it is over by itself
    # A shell has what it starts in the background ignore Ctrl-C, the tests and all their children among it.
    command = ["env", "--default-signal=INT", *COMMAND, "codes.txt", "--portal", url, "--dir", "keys"]
    stopped = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    assert line.reached.wait(60)
    stopped.send_signal(signal.SIGINT)
    _said, complaint = stopped.communicate(timeout=60)
    line.held, line.silence = False, 0.0

    assert stopped.returncode == 1
    assert "Traceback" not in complaint
    assert run(url).returncode == 0


def test_with_codes_shown_anew_it_goes_on_with_the_keys_that_are_there(url: str, owner: Actor, here: Path):
    codes_for(owner, url, *NAMES)
    held_before(*NAMES)
    before = {file.name: file.read_bytes() for file in (here / "keys").iterdir()}
    codes_for(owner, url, *NAMES)

    ended = run(url, "--json")

    assert ended.returncode == 0
    assert {file.name: file.read_bytes() for file in (here / "keys").iterdir()} == before


def test_codes_that_are_void_are_said_name_by_name_and_the_others_are_made(url: str, owner: Actor):
    codes_for(owner, url, *NAMES)
    given = Path("codes.txt").read_text()
    codes_for(owner, url, NAMES[1])
    Path("codes.txt").write_text(given)
    held_before(*NAMES)

    ended = run(url, "--json")

    said = report(ended)
    assert ended.returncode == 1
    assert [(each["name"], each["error"]["code"]) for each in said["failed"]] == [(NAMES[1], "code_refused")]
    assert [each["name"] for each in said["made"]] == [NAMES[0], NAMES[2]]


def test_too_old_codes_make_nothing(url: str, owner: Actor):
    with clock.travelled_to(clock.now() - timedelta(minutes=31)):
        codes_for(owner, url, *NAMES)
    held_before(*NAMES)

    ended = run(url)

    assert ended.returncode == 1
    assert "Not in service:" in ended.stdout
    assert pairs() == []


def test_a_pair_that_was_revoked_is_not_made_again_by_its_code(url: str, owner: Actor):
    codes_for(owner, url, NAMES[0])
    held_before(NAMES[0])
    made = report(run(url, "--json"))["made"][0]
    with transaction():
        operations.revoke(owner, store.get(owner, made["api_key"]))

    again = run(url, "--json")

    assert (again.returncode, report(again)["failed"][0]["error"]["code"]) == (1, "code_refused")


def test_answers_that_are_lost_are_asked_for_again(url: str, line: Line, owner: Actor):
    codes_for(owner, url, *NAMES)
    held_before(*NAMES)
    line.lost = 2

    ended = run(url, "--json")

    assert ended.returncode == 0, ended.stdout
    assert line.asked.count(PROOF) == 5
    assert len(pairs()) == 3


def test_when_the_portal_is_gone_the_rest_is_not_tried(owner: Actor):
    away = "http://127.0.0.1:1"
    codes_for(owner, away, *NAMES)
    held_before(*NAMES)

    ended = run(away, "--json", "--jobs", "1")

    assert ended.returncode == 3
    assert [each["error"]["code"] for each in report(ended)["failed"]] == ["unreachable", "not_tried", "not_tried"]


def test_codes_of_another_portal_are_not_sent(url: str, line: Line, owner: Actor):
    codes_for(owner, "https://portal.example.com", *NAMES)

    ended = run(url, "--json")

    assert (ended.returncode, report(ended)["error"]["code"]) == (1, "other_address")
    assert line.asked == []


def test_a_file_of_codes_whose_lines_were_swapped_proves_nothing(url: str, line: Line, owner: Actor):
    codes_for(owner, url, "One", "Two")
    content = Path("codes.txt").read_text()
    Path("codes.txt").write_text(content.replace("One", "?").replace("Two", "One").replace("?", "Two"))
    held_before("One", "Two")

    ended = run(url, "--json")

    assert {each["error"]["code"] for each in report(ended)["failed"]} == {"other_pair"}
    assert PROOF not in line.asked


def test_a_file_that_is_no_key_is_left_alone_and_the_others_are_made(url: str, owner: Actor, here: Path):
    codes_for(owner, url, "One", "Two")
    held_before("Two")
    (here / "keys" / "one-sandbox.pem").write_text("precious")

    ended = run(url, "--json")

    said = report(ended)
    assert ended.returncode == 1
    assert [(each["name"], each["error"]["code"]) for each in said["failed"]] == [("One", "unusable_file")]
    assert [each["name"] for each in said["made"]] == ["Two"]
    assert (here / "keys" / "one-sandbox.pem").read_text() == "precious"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_to_is_said(url: str, owner: Actor, here: Path):
    codes_for(owner, url, "One")
    here.chmod(0o500)

    assert run(url).returncode == 1


@pytest.mark.no_database
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nonsense",
        b"\xff\xfe",
        b"7h2k\tOne\n",
        b"# portal-key batch http://localhost nowhere\n",
        b"# portal-key batch http://localhost sandbox\nno code and no name\n",
        b"# portal-key batch http://localhost sandbox\n7h2k\tOne\n7h2l\tone\n",
    ],
)
def test_what_is_no_file_of_codes_is_refused(content: bytes, tmp_path: Path):
    file = tmp_path / "codes.txt"
    file.write_bytes(content)

    with pytest.raises(Unusable):
        codes.read(file)


@pytest.mark.no_database
def test_a_file_that_an_editor_saved_is_read_all_the_same(tmp_path: Path):
    file = tmp_path / "codes.txt"
    file.write_bytes("\ufeff# portal-key batch http://localhost sandbox\r\n\r\n7h2k\tOne Shop\r\n".encode())

    assert codes.read(file).wishes == [codes.Wish("7h2k", "One Shop")]


@pytest.mark.no_database
def test_no_two_names_share_a_file():
    names = ["a b", "a-b", "a/b", "a  b", "店鋪", "店 鋪", "../etc/passwd", "x" * 255, "x" * 254, "a.b", "-", "!"]

    files = {codes.key_file(name, "sandbox") for name in names}

    assert len(files) == len(names)
    assert all("/" not in file and len(file.encode()) < 255 for file in files)
    assert codes.key_file("Storefront 1", "production") == "storefront-1-production.pem"
