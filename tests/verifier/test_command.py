"""`portal-verify explain`: why a captured call passes, by a bundle and the portal's public keys, without the portal."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from portal.verifier.__main__ import main
from portal.verifier.compared import moment as written
from tests.architecture.sources import ROOT
from tests.verifier.offline import NOON, OWN, PRODUCTION, SANDBOX, Worker, a_call, revoked

pytestmark = pytest.mark.no_database


@pytest.fixture
def worker() -> Worker:
    return Worker()


@pytest.fixture
def folder(tmp_path: Path, worker: Worker) -> Path:
    """A request, a bundle for each environment, and the keys that signed them."""
    call = a_call(worker.as_of)
    (tmp_path / "request").write_text(json.dumps(call._asdict()))
    (tmp_path / "sandbox").write_bytes(worker.issue(SANDBOX))
    (tmp_path / "production").write_bytes(worker.issue(PRODUCTION))
    (tmp_path / "keys").write_text(json.dumps(worker.keys.jwks))
    return tmp_path


def explain(folder: Path, *options: str, bundles: tuple[str, ...] = ("sandbox",), at: str | None = None) -> int:
    given = [word for name in bundles for word in ("--bundle", str(folder / name))]
    moment = at or written(NOON)
    return main(["explain", str(folder / "request"), *given, "--jwks", str(folder / "keys"), "--at", moment, *options])


def test_a_call_that_may_pass_ends_with_0(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert explain(folder) == 0

    said = capsys.readouterr().out
    assert said.endswith("\nAllowed.\n")
    assert f'"{OWN}"' in said
    assert "By the bundle for sandbox, version 1, of " in said


def test_a_call_that_may_not_pass_ends_with_1(folder: Path, worker: Worker, capsys: pytest.CaptureFixture[str]):
    worker.change(revoked())
    (folder / "sandbox").write_bytes(worker.issue(SANDBOX))

    assert explain(folder) == 1
    assert "Refused: 403 key_revoked." in capsys.readouterr().out


def test_bundles_that_go_on_from_one_are_taken_in_order(folder: Path, worker: Worker, capsys):
    first = worker.read((folder / "sandbox").read_bytes())
    worker.change(revoked())
    (folder / "delta").write_bytes(worker.issue(SANDBOX, first.state))

    assert explain(folder, bundles=("sandbox", "delta")) == 1
    assert "key_revoked" in capsys.readouterr().out
    assert explain(folder, bundles=("delta", "sandbox")) == 2


def test_a_key_of_the_other_environment_is_not_known_by_the_bundle(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert explain(folder, bundles=("production",)) == 1

    said = capsys.readouterr().out
    assert "By the bundle for production" in said
    assert "no key of this id is known here" in said


def test_the_service_may_be_named_on_the_command_line(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert explain(folder, "--service", "payments") == 1
    assert "service_not_entitled" in capsys.readouterr().out


def test_a_bundle_that_is_too_old_to_decide_by_is_said_to_be(folder: Path, worker: Worker, capsys):
    later = written(worker.as_of + 3600)

    explain(folder, at=later)

    assert "a service decides nothing by it since then" in capsys.readouterr().out


@pytest.mark.parametrize("altered", ["request", "sandbox", "keys"])
def test_what_cannot_be_read_ends_with_2(altered: str, folder: Path, capsys: pytest.CaptureFixture[str]):
    (folder / altered).write_text("good morning")

    assert explain(folder) == 2
    assert capsys.readouterr().err.startswith("Error: ")


@pytest.mark.parametrize("missing", ["request", "sandbox", "keys"])
def test_a_file_that_is_not_there_ends_with_2(missing: str, folder: Path, capsys: pytest.CaptureFixture[str]):
    (folder / missing).unlink()

    assert explain(folder) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_bundles_of_two_environments_end_with_2(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert explain(folder, bundles=("sandbox", "production")) == 2
    assert "different environments" in capsys.readouterr().err


def test_a_bundle_that_others_signed_ends_with_2(folder: Path, capsys: pytest.CaptureFixture[str]):
    (folder / "sandbox").write_bytes(Worker().issue(SANDBOX))

    assert explain(folder) == 2
    assert "does not publish" in capsys.readouterr().err


def test_it_runs_by_itself(folder: Path):
    command = [sys.executable, "-m", "portal.verifier", "explain", "-"]
    files = ["--bundle", str(folder / "sandbox"), "--jwks", str(folder / "keys")]

    ran = subprocess.run(
        [*command, *files], input=(folder / "request").read_bytes(), capture_output=True, cwd=ROOT, check=False
    )

    assert (ran.returncode, ran.stderr) == (1, b"")
    assert b"Refused: 401 token_" in ran.stdout
