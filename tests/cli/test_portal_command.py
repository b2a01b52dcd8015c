"""The `portal` command, as a process against a real listener: signing in, and what it says and ends with."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from portal.access.actor import Actor
from portal.access.roles import Scope, scopes_within
from portal.cli.scripting.ends import Stopped, drawn_only
from portal.cli.scripting.keys import require_proof
from portal.client.things import MadeIntent
from portal.contracts import store as contracts
from portal.contracts.models import ContractKind
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.projects import operations as projects
from portal.tokens import operations as tokens
from tests.factories import a_licensee, tenant_of

Done = subprocess.CompletedProcess[str]


def a_token(actor: Actor, *scopes: Scope) -> str:
    wanted = frozenset(scopes) or scopes_within(actor.permissions)
    with transaction():
        return tokens.issue(actor, name="Terminal", scopes=wanted, ends_at=clock.now() + timedelta(days=30)).secret


def contract_of(owner: Actor) -> str:
    (contract,) = contracts.running(owner, clock.now(), tuple(ContractKind))
    return contract.public_id


class Terminal:
    """Runs `portal …` in a folder, signed in or not."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = os.environ | {"XDG_CONFIG_HOME": str(folder / "config")}

    def __call__(self, *words: str, said: str = "") -> Done:
        command = [sys.executable, "-m", "portal.cli.scripting.main", *words]
        return subprocess.run(
            command, cwd=self.folder, env=self.environment, input=said, capture_output=True, text=True, check=False
        )


@pytest.fixture
def owner(app: Flask) -> Actor:
    return a_licensee()


@pytest.fixture
def terminal(here: Path) -> Terminal:
    return Terminal(here)


@pytest.fixture
def signed_in(terminal: Terminal, owner: Actor, url: str) -> Terminal:
    assert terminal("login", url, "--token-stdin", said=a_token(owner)).returncode == 0
    return terminal


def test_who_is_not_signed_in_is_told_how(terminal: Terminal):
    done = terminal("projects", "list")

    assert done.returncode == 3
    assert "portal login" in done.stderr


def test_a_token_is_kept_for_its_owner_only(signed_in: Terminal):
    kept = signed_in.folder / "config/portal/sign-in.json"

    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_a_portal_that_does_not_answer_is_told_from_one_that_refuses(terminal: Terminal, url: str):
    nobody = terminal("login", "http://localhost:9", "--token-stdin", said="ppt_x")
    refused = terminal("login", url, "--token-stdin", said="ppt_x")

    assert (nobody.returncode, refused.returncode) == (4, 3)


def test_projects_are_listed_and_made(signed_in: Terminal, owner: Actor):
    contract = contract_of(owner)

    made = signed_in("projects", "new", "Relaunch", "--contract", contract, "--json")
    listed = signed_in("projects", "list", "--json")

    assert json.loads(listed.stdout) == [json.loads(made.stdout)]
    assert "Relaunch" in signed_in("projects", "list").stdout


def test_a_refusal_says_why_and_who_can_mend_it(terminal: Terminal, owner: Actor, url: str):
    terminal("login", url, "--token-stdin", said=a_token(owner, Scope.READ))

    done = terminal("projects", "new", "Relaunch", "--contract", contract_of(owner), "--json")

    assert done.returncode == 1
    assert json.loads(done.stdout)["error"]["code"] == "scope_missing"


def test_a_key_pair_is_made_here_and_its_private_key_stays_here(signed_in: Terminal, owner: Actor, sent: list[bytes]):
    done = signed_in(
        "keys", "make", "Storefront", "--environment", "sandbox", "--contract", contract_of(owner), "--json"
    )

    file = signed_in.folder / json.loads(done.stdout)["file"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text().startswith("-----BEGIN PRIVATE KEY-----")
    assert not any(b"PRIVATE KEY" in body for body in sent)
    (pair,) = json.loads(signed_in("keys", "list", "--json").stdout)
    assert (pair["name"], pair["live"]) == ("Storefront", True)


def test_a_production_pair_is_revoked_by_its_name_only(signed_in: Terminal, owner: Actor):
    contract = contract_of(owner)
    made = signed_in("keys", "make", "Live", "--environment", "production", "--contract", contract, "--json")
    api_key = json.loads(made.stdout)["api_key"]

    wrong = signed_in("keys", "revoke", api_key, said="Other\n")
    right = signed_in("keys", "revoke", api_key, said="Live\n")

    assert (wrong.returncode, right.returncode) == (1, 0)
    assert "revoked" in right.stdout


def test_a_command_that_is_typed_wrong_ends_with_2(terminal: Terminal):
    assert terminal("keys", "make").returncode == 2


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_it(terminal: Terminal, shell: str):
    assert "_PORTAL_COMPLETE" in terminal("completion", shell).stdout


def test_it_loads_nothing_of_the_server():
    code = "import sys, portal.cli.scripting.main; print([n for n in ('flask', 'sqlalchemy') if n in sys.modules])"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_what_somebody_else_has_is_not_there(signed_in: Terminal):
    other = a_licensee()
    with transaction():
        project_id = projects.create(other, "Theirs", contracts.get(other, contract_of(other))).public_id

    done = signed_in("projects", "show", project_id, "--account", tenant_of(other).account_id)

    assert done.returncode == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("portal-pop-v1", "portal-revoke-v1"),
        lambda text: "eyJhbGciOiJSUzI1NiJ9.eyJleHAiOjE5MDAwMDAwMDB9",
        lambda text: text + "more\n",
        lambda text: text.replace("https://portal.example.com", "https://elsewhere.example"),
        lambda text: text.replace("ab" * 32, "cd" * 32),
    ],
)
def test_a_key_signs_nothing_but_the_proof_for_its_own_pair(change: Callable[[str], str]):
    """RS256 is what shops sign their calls with, too: a text that is signed unseen could be one of those."""
    message = f"portal-pop-v1\nhttps://portal.example.com\nint_1\n{'0' * 64}\nMAG1 MAG1\nsandbox\n{'ab' * 32}\n"
    fine, changed = MadeIntent("int_1", "A", message, None), MadeIntent("int_1", "A", change(message), None)

    require_proof("https://portal.example.com/", fine, "ab" * 32)
    with pytest.raises(Stopped):
        require_proof("https://portal.example.com/", changed, "ab" * 32)


def test_a_token_is_sent_by_https_only(terminal: Terminal, sent: list[bytes]):
    done = terminal("login", "http://portal.example.com", "--token-stdin", said="ppt_x")

    assert done.returncode == 4
    assert "https" in done.stderr


@pytest.mark.parametrize("name", ["PORTAL_URL", "PORTAL_TOKEN"])
def test_half_of_who_is_signed_in_is_nobody(signed_in: Terminal, name: str):
    signed_in.environment[name] = "https://portal.example.com"

    assert signed_in("projects", "list").returncode == 1


def test_a_name_moves_no_terminal_about():
    assert "\x1b" not in drawn_only("a\x1b]0;title\x07b")
