"""`flask portal kek …` as an operator meets it, and other commands while the key-encryption key is a wrong one."""

import base64
import os
import subprocess
import sys

import pytest

from portal.access.rows import Reader, across_tenants
from portal.audit.models import AuditEvent
from portal.foundation.database import db, transaction
from portal.foundation.sealing import Sealer, key_id_of
from portal.kek import operations as keks
from portal.outbox import operations as outbox
from tests.cli.conftest import ROOT, Run
from tests.factories import a_licensee, a_vendor
from tests.kek.scenes import (
    NEW,
    NEW_ID,
    OLD,
    OLD_ID,
    REFUSAL,
    STRANGE,
    STRANGE_ID,
    begin_with,
    fill,
    ids_in_use,
    stored,
)


@pytest.fixture
def filled(run: Run) -> None:
    """Two mails, three keys of the portal and one secret of each other kind, under the old key."""
    fill(a_licensee())


def told_in(output: str) -> dict[str, str]:
    """The settings that were printed."""
    return dict(line.split("=", 1) for line in output.splitlines() if "=" in line)


def test_a_new_key_is_printed_with_its_check_value(run: Run):
    first, second = (told_in(run("portal", "kek", "new").output) for _ in range(2))

    octets = base64.b64decode(first["KEK"])
    assert len(octets) == 32
    assert first["KEK_CHECK"] == key_id_of(octets)
    assert first["KEK"] != second["KEK"]


def test_a_new_key_needs_no_settings():
    command = [sys.executable, "-m", "portal.cli.kek", "new"]

    done = subprocess.run(
        command, cwd=ROOT, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=True
    )

    assert told_in(done.stdout).keys() == {"KEK", "KEK_CHECK"}


def test_the_status_says_where_which_key_is_in_use(app, run: Run, filled):
    begin_with(app, NEW, OLD)

    result = run("portal", "kek", "status")

    assert result.exit_code == 0
    assert f"KEK={NEW_ID} seals; KEK_OTHERS={OLD_ID} opens." in result.output
    assert f"with KEK_CHECK={NEW_ID}" in result.output
    lines = [line.split()[:3] for line in result.output.splitlines() if OLD_ID in line and "." in line.split()[0]]
    assert lines == [
        ["identity_providers.client_secret", OLD_ID, "1"], ["outbox.sealed", OLD_ID, "2"],
        ["second_factors.sealed", OLD_ID, "1"], ["signing_keys.sealed", OLD_ID, "3"],
        ["webhook_secrets.sealed", OLD_ID, "1"],
    ]  # fmt: skip


def test_the_status_of_a_new_portal_says_that_nothing_is_sealed(run: Run):
    result = run("portal", "kek", "status")

    assert result.exit_code == 0
    assert "Nothing is sealed yet." in result.output


def test_the_status_ends_with_1_when_a_key_is_missing(app, run: Run, filled):
    begin_with(app, STRANGE)

    result = run("portal", "kek", "status")

    assert result.exit_code == 1
    assert "CANNOT BE OPENED" in result.output


def test_the_status_knows_lost_keys(app, run: Run, filled):
    begin_with(app, NEW, lost=OLD_ID)

    result = run("portal", "kek", "status")

    assert result.exit_code == 0
    assert "its key is in KEK_LOST" in result.output


def test_rotating_counts_by_column(app, run: Run, filled):
    begin_with(app, NEW, OLD)

    result = run("portal", "kek", "rotate")

    assert result.exit_code == 0, result.output
    assert [line.split()[:2] for line in result.output.splitlines()] == [
        ["identity_providers.client_secret", "1"], ["outbox.sealed", "2"], ["second_factors.sealed", "1"],
        ["signing_keys.sealed", "3"], ["webhook_secrets.sealed", "1"],
    ]  # fmt: skip
    assert ids_in_use() == {NEW_ID}


def test_rotating_tells_how_far_it_is(app, run: Run, filled, monkeypatch):
    monkeypatch.setattr("portal.cli.kek.TOLD_EVERY_SECONDS", 0.0)
    monkeypatch.setattr(keks, "PORTION", 1)
    begin_with(app, NEW, OLD)

    output = run("portal", "kek", "rotate").output

    assert "outbox.sealed: 1 of 2\noutbox.sealed: 2 of 2\n" in output


def test_rotating_again_finds_nothing_to_do(app, run: Run, filled):
    begin_with(app, NEW, OLD)
    run("portal", "kek", "rotate")

    result = run("portal", "kek", "rotate")

    assert result.exit_code == 0
    assert {line.split()[1] for line in result.output.splitlines()} == {"0"}


def test_rotating_is_on_the_vendors_record(app, run: Run, filled):
    vendor = a_vendor()
    begin_with(app, NEW, OLD)

    run("portal", "kek", "rotate")

    rows = across_tenants(AuditEvent, reason=Reader.UPKEEP).where(AuditEvent.subject_type == "kek")
    found = [(row.event, row.tenant_id, row.facts) for row in db.session.scalars(rows.order_by(AuditEvent.seq))]
    assert found == [
        ("kek.rotation_begun", vendor.tenant_id, {"values": 8}),
        ("kek.rotated", vendor.tenant_id, {"values": 8}),
    ]


def test_what_does_not_open_is_listed_up_to_twenty(app, run: Run, filled):
    rows = []
    with transaction():
        for _ in range(23):
            rows.append(outbox.post("digest", "ann@example.com", "en", {}))
            rows[-1].sealed = Sealer(STRANGE).seal(b"{}", outbox._place(rows[-1].id, None))
    begin_with(app, NEW, OLD)

    result = run("portal", "kek", "rotate")

    assert result.exit_code == 1
    assert result.output.count(f"is sealed under the key-encryption key {STRANGE_ID}, which is not here.") == 20
    assert "outbox.sealed: 3 more." in result.output
    assert len([sealed for sealed in stored() if f".{NEW_ID}." in sealed]) == 8


def test_rotating_beside_a_process_with_the_old_key_says_so(app, run: Run, filled, monkeypatch):
    monkeypatch.setattr(keks, "PASSES", 1)
    begin_with(app, NEW, OLD)

    result = run("portal", "kek", "rotate")

    assert result.exit_code == 1
    assert "Some process may not have been started anew" in result.output


@pytest.mark.parametrize(
    "words",
    [
        ("portal", "init", "--admin", "ann@example.com"),
        ("portal", "invite", "ann@example.com", "--role", "operator"),
        ("portal", "signing-key", "--rotate", "evidence"),
        ("portal", "service-credential", "--list"),
        ("worker", "--once"),
    ],
    ids=" ".join,
)
def test_with_a_wrong_key_no_command_begins(words, app, run: Run, filled):
    begin_with(app, STRANGE)
    before = stored()

    result = run(*words)

    assert result.exit_code == 1
    assert REFUSAL in result.output
    assert stored() == before


def test_with_a_wrong_key_commands_still_help(app, run: Run, filled):
    begin_with(app, STRANGE)

    assert run("portal", "init", "--help").exit_code == 0
    assert run("portal", "states").exit_code == 0
