"""`portal-key new`, `token` and `revoke` as people run them: processes of their own, against a portal that runs."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from flask import Flask

from portal.access.actor import Actor
from portal.access.roles import Environment
from portal.access.rows import Reader, across_tenants
from portal.foundation import clock
from portal.foundation.database import db
from portal.keys import store
from portal.keys.models import KeyOrigin, KeyPair, KeyState
from tests.cli.conftest import ROOT as ROOT
from tests.cli.serving import PROOF, Line
from tests.connector.shop import PING
from tests.factories import (
    a_code,
    a_key,
    a_licensee,
    a_private_key,
    a_successor_intent,
    pem_of,
    public_of,
)

COMMAND = (sys.executable, "-m", "portal.cli.holding")
Ended = subprocess.CompletedProcess[str]
pytestmark = [pytest.mark.either_database, pytest.mark.usefixtures("here")]


@pytest.fixture
def owner() -> Actor:
    return a_licensee(name="Aurora")


def command(*words: str | Path, typed: str = "") -> Ended:
    return subprocess.run([*COMMAND, *map(str, words)], capture_output=True, text=True, timeout=60, input=typed)


def portal_key(*words: str | Path, typed: str = "") -> Ended:
    ended = command(*words, typed=typed)
    db.session.rollback()  # the test sees what the portal changed
    return ended


def pairs() -> list[KeyPair]:
    return list(db.session.scalars(across_tenants(KeyPair, reason=Reader.UPKEEP)))


def fingerprint(file: Path) -> bytes:
    return public_of(load_pem_private_key(file.read_bytes(), None)).spki_sha256  # type: ignore[arg-type]


def report(ended: Ended) -> dict[str, Any]:
    return json.loads(ended.stdout)


@pytest.mark.both_databases
def test_s11_a_pair_is_made_where_it_is_used_and_is_in_service(url: str, owner: Actor, here: Path):
    code = a_code(owner, name="Storefront", environment=Environment.PRODUCTION)

    ended = portal_key("new", "--portal", url, code)

    file = here / "production-private-key.pem"
    (pair,) = pairs()
    assert ended.returncode == 0, ended.stderr
    assert file.stat().st_mode & 0o777 == 0o600
    assert (pair.state, pair.bits, pair.spki_sha256) == (KeyState.ACTIVE, 3072, fingerprint(file))
    assert f"production_api_key {pair.api_key}" in ended.stdout
    assert 'production_private_key "$(cat production-private-key.pem)"' in ended.stdout
    assert f"production_gateway_url {url}" in ended.stdout
    assert "PRIVATE KEY" not in ended.stdout + ended.stderr


def test_what_it_made_passes_its_own_check_and_openssls(url: str, owner: Actor, here: Path):
    made = report(portal_key("new", "--portal", url, a_code(owner), "--json", "--out", "shop key.pem"))

    checked = portal_key("check", "shop key.pem", "--api-key", made["api_key"], "--portal", url)
    openssl = subprocess.run(["openssl", "rsa", "-in", "shop key.pem", "-check", "-noout"], capture_output=True)

    assert made["file"] == "shop key.pem"
    assert any("$(cat 'shop key.pem')" in command for command in made["commands"])
    assert (checked.returncode, checked.stdout.splitlines()[-1]) == (0, "The portal accepts the pair.")
    assert openssl.returncode == 0


def test_s5_a_lost_key_is_replaced_by_the_same_command(url: str, owner: Actor):
    old = a_key(owner, name="Storefront")
    code = a_code(owner, a_successor_intent(owner, old, origin=KeyOrigin.COMMAND))

    made = report(portal_key("new", "--portal", url, code, "--json"))

    assert store.get(owner, old.api_key).state is KeyState.RETIRING
    assert store.get(owner, made["api_key"]).state is KeyState.ACTIVE


def test_an_answer_that_is_lost_is_asked_for_again(url: str, line: Line, owner: Actor, here: Path):
    line.lost, line.silence = 1, 12.0  # longer than the command waits

    ended = portal_key("new", "--portal", url, a_code(owner))

    (pair,) = pairs()
    assert ended.returncode == 0, ended.stderr
    assert line.asked.count(PROOF) == 2
    assert pair.spki_sha256 == fingerprint(here / "sandbox-private-key.pem")


@pytest.mark.both_databases
def test_after_a_lost_answer_the_same_code_and_file_end_in_the_same_pair(url: str, line: Line, owner: Actor):
    code, line.lost = a_code(owner), 99

    lost = portal_key("new", "--portal", url, code)
    (before,) = [pair.api_key for pair in pairs()]
    line.lost = 0
    again = portal_key("new", "--portal", url, code, "--out", "sandbox-private-key.pem", "--json")
    third = portal_key("new", "--portal", url, code, "--out", "sandbox-private-key.pem", "--json")

    assert lost.returncode == 3
    assert "To go on with it: add --out sandbox-private-key.pem" in lost.stderr
    assert report(again)["api_key"] == report(third)["api_key"] == before
    assert len(pairs()) == 1


def test_a_command_that_is_killed_before_it_proved_is_repeated_with_its_file(
    url: str, line: Line, owner: Actor, here: Path
):
    code, line.held = a_code(owner), True
    killed = subprocess.Popen([*COMMAND, "new", "--portal", url, code], stderr=subprocess.DEVNULL)
    assert line.reached.wait(30)
    killed.kill()
    killed.wait()
    assert pairs() == []
    file = here / "sandbox-private-key.pem"
    before, line.held = fingerprint(file), False

    ended = portal_key("new", "--portal", url, code, "--out", file)

    (pair,) = pairs()
    assert ended.returncode == 0, ended.stderr
    assert pair.spki_sha256 == fingerprint(file) == before


def test_a_code_that_another_key_used_makes_no_second_one(url: str, owner: Actor, here: Path):
    code = a_code(owner)
    portal_key("new", "--portal", url, code)

    again = portal_key("new", "--portal", url, code, "--out", "other.pem", "--json")

    assert (again.returncode, report(again)["error"]["code"]) == (1, "code_refused")
    assert not (here / "other.pem").exists()
    assert len(pairs()) == 1


@pytest.mark.parametrize("minutes", [0, 31])
def test_a_code_that_is_wrong_or_too_old_writes_no_file(minutes: int, url: str, owner: Actor, here: Path):
    code = a_code(owner)
    with clock.travelled_to(clock.now() - timedelta(minutes=31)):
        old = a_code(owner)

    ended = portal_key("new", "--portal", url, old if minutes else code[:-1] + ("1" if code[-1] != "1" else "2"))

    assert ended.returncode == 1
    assert "This code cannot be used" in ended.stderr
    assert list(here.iterdir()) == []


def test_a_code_of_another_tenant_makes_that_tenants_pair_and_none_here(url: str, owner: Actor):
    """A code says whose pair it is; nothing on the command line can turn it to another account."""
    other = a_licensee()

    made = report(portal_key("new", "--portal", url, a_code(other), "--json"))

    assert store.get(other, made["api_key"]).tenant_id == other.tenant_id
    assert store.find_own_by_fingerprint(owner, pairs()[0].spki_sha256) is None


def test_a_file_that_is_there_is_not_written_over(url: str, owner: Actor, here: Path):
    file, code = here / "sandbox-private-key.pem", a_code(owner)
    file.write_text("precious")

    by_default = portal_key("new", "--portal", url, code)
    named = portal_key("new", "--portal", url, code, "--out", file)

    assert (by_default.returncode, named.returncode) == (1, 1)
    assert "exists already; nothing was written" in by_default.stderr
    assert file.read_text() == "precious"
    assert pairs() == []


def test_a_folder_that_cannot_be_written_to_is_said_before_anything_is_proved(url: str, owner: Actor):
    ended = portal_key("new", "--portal", url, a_code(owner), "--out", "nowhere/key.pem")

    assert ended.returncode == 1
    assert "cannot be written" in ended.stderr
    assert pairs() == []


def test_a_portal_that_calls_itself_otherwise_gets_no_signature(
    url: str, line: Line, owner: Actor, here: Path, app: Flask, monkeypatch: pytest.MonkeyPatch
):
    """Else whoever stands between could pass the signature on."""
    other = app.config["PORTAL"].model_copy(update={"external_base_url": "https://portal.example.com"})
    monkeypatch.setitem(app.config, "PORTAL", other)

    ended = portal_key("new", "--portal", url, a_code(owner), "--json")

    assert (ended.returncode, report(ended)["error"]["code"]) == (1, "other_address")
    assert PROOF not in line.asked
    assert list(here.iterdir()) == []


def test_a_portal_that_cannot_be_reached_is_another_end_than_a_refusal(owner: Actor):
    away = portal_key("new", "--portal", "http://127.0.0.1:1", a_code(owner), "--json")
    wrong = portal_key("new", "--portal", "portal.example", "1")
    mistyped = portal_key("new")

    assert (away.returncode, report(away)["error"]["code"]) == (3, "unreachable")
    assert (wrong.returncode, mistyped.returncode) == (3, 2)


def test_a_token_opens_what_a_shop_opens(app: Flask, owner: Actor, here: Path):
    private = a_private_key(720)
    pair = a_key(owner, private=private)
    (here / "key.pem").write_text(pem_of(private))

    ended = portal_key("token", "key.pem")
    headers = {"magento-api-key": pair.api_key, "x-api-key": pair.api_key, "x-gw-signature": ended.stdout.strip()}

    assert ended.returncode == 0
    assert app.test_client().get(PING, headers=headers).status_code == 200
    assert report(portal_key("token", "key.pem", "--json")).keys() == {"token", "ends_at"}


def test_a_file_without_a_private_key_makes_no_token(here: Path):
    (here / "key.pem").write_text("-----BEGIN PUBLIC KEY-----")

    ended = portal_key("token", "key.pem")

    assert (ended.returncode, ended.stdout) == (1, "")
    assert "key.pem" in ended.stderr


@pytest.fixture
def held(owner: Actor, here: Path) -> KeyPair:
    """A pair whose private key is in key.pem."""
    private = a_private_key(721)
    (here / "key.pem").write_text(pem_of(private))
    return a_key(owner, private=private, name="Storefront")


def revoke(url: str, api_key: str, *words: str, typed: str = "") -> Ended:
    return portal_key("revoke", "--key", "key.pem", "--api-key", api_key, "--portal", url, *words, typed=typed)


@pytest.mark.both_databases
def test_whoever_holds_the_private_key_revokes_its_pair(url: str, owner: Actor, held: KeyPair):
    first, again = revoke(url, held.api_key, "--yes"), revoke(url, held.api_key, "--yes", "--json")

    assert (first.returncode, first.stdout) == (0, "“Storefront” (sandbox) is revoked. It opens nothing any more.\n")
    assert (again.returncode, report(again)["state"]) == (0, "revoked")
    assert store.get(owner, held.api_key).state is KeyState.REVOKED


def test_revoking_asks_first(url: str, line: Line, owner: Actor, held: KeyPair):
    unsure, silent = revoke(url, held.api_key, typed="n\n"), revoke(url, held.api_key)
    assert (unsure.returncode, silent.returncode, line.asked) == (1, 1, [])

    assert revoke(url, held.api_key, typed="y\n").returncode == 0
    assert store.get(owner, held.api_key).state is KeyState.REVOKED


def test_a_private_key_revokes_no_other_pair(url: str, owner: Actor, held: KeyPair):
    other = a_key(a_licensee())

    foreign, unknown = revoke(url, other.api_key, "--yes", "--json"), revoke(url, "f" * 32, "--yes", "--json")

    assert (foreign.returncode, unknown.returncode) == (1, 1)
    assert foreign.stdout == unknown.stdout
    assert all(pair.state is KeyState.ACTIVE for pair in pairs())


def test_the_commands_load_nothing_of_the_server():
    names = "import portal.cli.holding, sys; print([one for one in ('flask', 'sqlalchemy') if one in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", names], capture_output=True, text=True, env=dict(os.environ))

    assert loaded.stdout == "[]\n"


def test_no_private_material_reaches_the_portal(url: str, owner: Actor, here: Path, sent: list[bytes]):
    """Over all that the command sends: the portal's side is the wire."""
    assert portal_key("new", "--portal", url, a_code(owner)).returncode == 0

    numbers = load_pem_private_key((here / "sandbox-private-key.pem").read_bytes(), None).private_numbers()
    body = b"".join(sent)
    assert b"PUBLIC KEY" in body
    assert b"PRIVATE" not in body
    for secret in (numbers.p, numbers.q, numbers.d):  # type: ignore[union-attr]
        assert secret.to_bytes(400, "big").lstrip(b"\0") not in body
