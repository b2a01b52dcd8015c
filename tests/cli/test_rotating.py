"""`portal-key rotate` as people run it: a process of its own, against a portal that runs."""

from datetime import timedelta
from pathlib import Path

import pytest

from portal.access.actor import Actor
from portal.access.roles import Environment
from portal.keys import store
from portal.keys.models import KeyEnding, KeyOrigin, KeyPair, KeyState
from portal.keys.rotation import Plan
from tests.cli.serving import PROOF, Line
from tests.cli.test_holder import Ended, fingerprint, pairs, portal_key, report
from tests.factories import (
    a_code,
    a_delegation,
    a_key,
    a_licensee,
    a_private_key,
    a_successor_intent,
    an_integrator,
    for_client,
    pem_of,
)

pytestmark = pytest.mark.either_database

FILE = "new-production-private-key.pem"


@pytest.fixture
def owner() -> Actor:
    return a_licensee(name="Aurora")


@pytest.fixture(autouse=True)
def old(owner: Actor, here: Path) -> KeyPair:
    """A pair whose private key is in old.pem."""
    private = a_private_key(722)
    (here / "old.pem").write_text(pem_of(private))
    return a_key(owner, private=private, name="Storefront", environment=Environment.PRODUCTION)


def a_rotation(actor: Actor, old: KeyPair, plan: Plan | None = None) -> str:
    """A code for the successor of this pair."""
    return a_code(actor, a_successor_intent(actor, old, plan, origin=KeyOrigin.COMMAND))


def rotate(url: str, code: str, *words: str | Path) -> Ended:
    return portal_key("rotate", "--portal", url, "--key", "old.pem", code, *words)


@pytest.mark.both_databases
def test_the_successor_is_made_here_and_the_old_pair_goes_on(url: str, owner: Actor, old: KeyPair, here: Path):
    ended = rotate(url, a_rotation(owner, old))

    before, after = store.get(owner, old.api_key), pairs()[-1]
    assert ended.returncode == 0, ended.stderr
    assert (before.state, after.state) == (KeyState.RETIRING, KeyState.ACTIVE)
    assert after.spki_sha256 == fingerprint(here / FILE)
    assert (here / FILE).stat().st_mode & 0o777 == 0o600
    assert f"In each shop that uses API key {old.api_key}, the old one:" in ended.stdout
    assert f"production_api_key {after.api_key}" in ended.stdout
    until = f"{before.retiring_until:%Y-%m-%d %H:%M} UTC"
    assert f"The old pair works until {until}, and longer while shops still use it." in ended.stdout


@pytest.mark.parametrize(
    ("ending", "words"), [(KeyEnding.HARD, "on the second."), (KeyEnding.LEAK, "The old pair leaked")]
)
def test_how_the_old_pair_ends_is_told(ending: KeyEnding, words: str, url: str, owner: Actor, old: KeyPair):
    ended = rotate(url, a_rotation(owner, old, Plan(timedelta(hours=2), ending)))

    assert words in ended.stdout


def test_scripts_are_told_as_well(url: str, owner: Actor, old: KeyPair):
    told = report(rotate(url, a_rotation(owner, old), "--json"))

    before = store.get(owner, old.api_key)
    assert told["replaced_api_key"] == old.api_key
    assert told["replaced_until"] == before.retiring_until.isoformat(timespec="seconds")
    assert (told["replaced_ending"], told["shops"]) == ("held", [])


def test_a_code_that_replaces_nothing_is_refused(url: str, line: Line, owner: Actor, here: Path):
    ended = rotate(url, a_code(owner), "--json")

    assert (ended.returncode, report(ended)["error"]["code"]) == (1, "not_a_rotation")
    assert PROOF not in line.asked
    assert not (here / FILE).exists()


def test_the_file_of_another_pair_is_refused(url: str, line: Line, owner: Actor, old: KeyPair, here: Path):
    (here / "old.pem").write_text(pem_of(a_private_key(723)))

    ended = rotate(url, a_rotation(owner, old), "--json")

    assert (ended.returncode, report(ended)["error"]["code"]) == (1, "key_of_another_pair")
    words = f"old.pem is not the private key of “Storefront” (API key {old.api_key})"
    assert words in report(ended)["error"]["message"]
    assert PROOF not in line.asked
    assert not (here / FILE).exists()


def test_the_old_private_key_is_no_successor(url: str, owner: Actor, old: KeyPair):
    ended = rotate(url, a_rotation(owner, old), "--out", "old.pem")

    assert ended.returncode == 1
    assert "is the private key that is replaced" in ended.stderr
    assert store.get(owner, old.api_key).state is KeyState.ACTIVE


@pytest.mark.both_databases
def test_after_a_lost_answer_the_same_code_and_file_end_in_the_same_pair(
    url: str, line: Line, owner: Actor, old: KeyPair
):
    code, line.lost = a_rotation(owner, old), 99

    lost = rotate(url, code)
    line.lost = 0
    again, third = rotate(url, code, "--out", FILE), rotate(url, code, "--out", FILE)

    assert lost.returncode == 3
    assert f"add --out {FILE}" in lost.stderr
    assert again.returncode == 0, again.stderr
    assert again.stdout == third.stdout
    assert len(pairs()) == 2


def test_a_wrong_code_writes_no_file(url: str, here: Path):
    ended = rotate(url, "0000", "--json")

    assert (ended.returncode, report(ended)["error"]["code"]) == (1, "code_refused")
    assert not (here / FILE).exists()


def test_an_integrator_rotates_what_it_holds(url: str, owner: Actor, here: Path):
    integrator = an_integrator()
    acting = for_client(integrator, a_delegation(owner, integrator))
    private = a_private_key(724)
    (here / "old.pem").write_text(pem_of(private))
    held = a_key(acting, private=private)

    ended = rotate(url, a_rotation(acting, held))

    assert ended.returncode == 0, ended.stderr
    assert store.get(acting, held.api_key).state is KeyState.RETIRING
