"""`flask reviews verify`: says whether a file of evidence is what the portal signed, and how sure that is."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from portal.foundation import signed_json, signing
from portal.foundation.database import transaction
from portal.foundation.signing import Purpose
from tests.cli.conftest import ROOT, Run

DOCUMENT: dict[str, Any] = {
    "format": signed_json.EVIDENCE_FORMAT,
    "portal": "https://portal.example.com",
    "review": {
        "id": "rev_1",
        "name": "Integrators\u2019 access, spring – 春季",
        "closed_at": "2027-03-01T08:00:00Z",
        "counts": {"kept": 1, "ended": 1},
    },
    "lines": [{"label": "Storefront", "outcome": "kept"}, {"label": "Search", "outcome": "ended"}],
}


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    """A file as a closed review leaves it."""
    return a_file(tmp_path / "evidence.json")


def a_file(path: Path, document: dict[str, Any] = DOCUMENT, purpose: Purpose = Purpose.EVIDENCE) -> Path:
    with transaction():
        signed = signing.sign(purpose, signed_json.canonical(document))
    path.write_bytes(signed_json.attach(document, signed.key_id, signed.signature))
    return path


def public_half() -> bytes:
    with transaction():
        return signing.current(Purpose.EVIDENCE).public


def rewritten(path: Path, old: str, new: str) -> Path:
    path.write_bytes(path.read_bytes().replace(old.encode(), new.encode()))
    return path


def test_a_genuine_file_is_told_with_its_review(run: Run, evidence: Path):
    result = run("reviews", "verify", str(evidence))

    assert result.exit_code == 0
    assert "Genuine: signed by https://portal.example.com with the key sig_" in result.output
    assert "Review: Integrators\u2019 access, spring – 春季" in result.output
    assert "Closed: 2027-03-01T08:00:00Z" in result.output
    assert "Lines:  2 (kept 1, ended 1)" in result.output


def test_a_file_signed_before_a_rotation_is_still_genuine(run: Run, evidence: Path):
    run("portal", "signing-key", "--rotate", "evidence")

    assert run("reviews", "verify", str(evidence)).exit_code == 0


def test_line_ends_changed_on_the_way_leave_it_genuine(run: Run, evidence: Path):
    rewritten(evidence, "\n", "\r\n")

    assert run("reviews", "verify", str(evidence)).exit_code == 0


@pytest.mark.parametrize(
    ("old", "new"), [('"outcome": "ended"', '"outcome": "kept"'), ("Search", "Payments"), ("2027-03", "2026-03")]
)
def test_a_changed_file_is_not_genuine(old: str, new: str, run: Run, evidence: Path):
    result = run("reviews", "verify", str(rewritten(evidence, old, new)))

    assert result.exit_code == 1
    assert "changed" in result.output


def test_lines_in_another_order_are_not_genuine(run: Run, evidence: Path):
    document = json.loads(evidence.read_bytes())
    document["lines"].reverse()
    evidence.write_text(json.dumps(document))

    assert run("reviews", "verify", str(evidence)).exit_code == 1


def test_what_the_portal_signed_for_another_purpose_is_no_evidence(run: Run, tmp_path: Path):
    result = run("reviews", "verify", str(a_file(tmp_path / "bundle.json", purpose=Purpose.BUNDLE_PRODUCTION)))

    assert result.exit_code == 1
    assert "unknown key" in result.output


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": "another"}', "\x00", "a,b,c\r\n1,2,3\r\n"])
def test_what_is_no_evidence_cannot_be_read(content: str, run: Run, tmp_path: Path):
    path = tmp_path / "evidence.json"
    path.write_text(content)

    result = run("reviews", "verify", str(path))

    assert result.exit_code == 2
    assert "unreadable" in result.output


def test_a_name_that_stands_twice_cannot_be_read(run: Run, evidence: Path):
    rewritten(evidence, '"outcome": "kept"', '"outcome": "ended", "outcome": "kept"')

    assert run("reviews", "verify", str(evidence)).exit_code == 2


@pytest.mark.parametrize("name", ["missing.json", "."])
def test_a_file_that_cannot_be_opened_cannot_be_read(name: str, run: Run, tmp_path: Path):
    assert run("reviews", "verify", str(tmp_path / name)).exit_code == 2


def test_letters_that_would_act_on_a_terminal_are_not_printed(run: Run, tmp_path: Path):
    review = DOCUMENT["review"] | {"name": "\x1b[2JGenuine\u202e", "counts": {"\x07kept": 1}}

    output = run("reviews", "verify", str(a_file(tmp_path / "evidence.json", DOCUMENT | {"review": review}))).output

    assert "Review: ?[2JGenuine?" in output
    assert "(?kept 1)" in output


@pytest.mark.parametrize("part", ["review", "lines"])
@pytest.mark.parametrize("value", [None, [], {}, "x", 7])
def test_a_review_that_says_little_is_told_as_far_as_it_goes(part: str, value: Any, run: Run, tmp_path: Path):
    path = a_file(tmp_path / "evidence.json", DOCUMENT | {part: value})

    assert run("reviews", "verify", str(path)).exit_code == 0


def test_a_public_key_may_be_given_as_digits(run: Run, evidence: Path):
    assert run("reviews", "verify", str(evidence), "--public-key", public_half().hex()).exit_code == 0


def test_a_public_key_may_be_given_as_a_file(run: Run, evidence: Path, tmp_path: Path):
    run_of = run("portal", "signing-key").output
    path = tmp_path / "portal.pem"
    path.write_text(run_of[run_of.index("-----BEGIN") :])

    assert run("reviews", "verify", str(evidence), "--public-key", str(path)).exit_code == 0


def test_with_another_public_key_the_files_key_is_unknown(run: Run, evidence: Path):
    result = run("reviews", "verify", str(evidence), "--public-key", bytes(range(32)).hex())

    assert result.exit_code == 1
    assert "unknown key" in result.output


@pytest.mark.parametrize("given", ["", "abc", "no-such-file", "é" * 64, "\x00"])
def test_what_is_no_public_key_is_refused(given: str, run: Run, evidence: Path):
    words = ("--public-key", given) if given else ("--public-key", str(evidence))

    result = run("reviews", "verify", str(evidence), *words)

    assert result.exit_code == 2
    assert "--public-key" in result.output


def as_a_process(*words: str, module: str = "portal.cli.reviews", **how: Any) -> subprocess.CompletedProcess[str]:
    """The command as somebody types it; without a portal, its settings or its database."""
    command = [sys.executable, "-m", *module.split(), *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False, **how)


def test_as_a_process_it_needs_no_portal_when_it_is_given_the_key(evidence: Path):
    done = as_a_process(str(evidence), "--public-key", public_half().hex())

    assert done.returncode == 0, done.stderr
    assert "Genuine" in done.stdout


def test_as_a_process_it_reads_from_standard_input(evidence: Path):
    done = as_a_process("-", "--public-key", public_half().hex(), input=evidence.read_text())

    assert done.returncode == 0, done.stderr


def test_as_a_process_it_ends_with_1_for_a_changed_file(evidence: Path):
    rewritten(evidence, "Storefront", "Storefronts")

    done = as_a_process(str(evidence), "--public-key", public_half().hex())

    assert (done.returncode, done.stdout) == (1, "")
    assert "Traceback" not in done.stderr


def test_as_a_process_with_neither_key_nor_portal_it_cannot_tell(evidence: Path):
    assert as_a_process(str(evidence), env={"PATH": os.environ["PATH"]}).returncode == 2


def test_as_a_process_of_a_portal_without_its_database_it_says_that_it_cannot_tell(evidence: Path, tmp_path: Path):
    demo = {
        "PORTAL_MODE": "demo",
        "DATABASE_URL": f"sqlite:///{tmp_path}/nowhere/portal.sqlite3",
        "SECRET_KEY": "s" * 32,
        "KEK": base64.b64encode(bytes(32)).decode(),
        "EXTERNAL_BASE_URL": "http://localhost:8000",
    }

    done = as_a_process(str(evidence), module="flask --app wsgi reviews verify", env=os.environ | demo)

    assert done.returncode == 2, done.stderr
    assert "--public-key" in done.stderr
    assert "Traceback" not in done.stderr
