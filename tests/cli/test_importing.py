"""`flask portal import`: the same check and the same application as the page, with exit codes."""

from pathlib import Path

import pytest

from portal.foundation.words import same_name
from portal.imports import store
from portal.imports.models import ImportState
from portal.tenants import store as tenants
from tests.cli.conftest import Run
from tests.factories import a_vendor
from tests.imports.files import AURORA, a_file


@pytest.fixture
def vendor():
    return a_vendor()


@pytest.fixture
def file(tmp_path: Path):
    """Writes a file to be imported."""

    def written(*lines: str) -> str:
        path = tmp_path / "accounts.csv"
        path.write_bytes(a_file(*lines))
        return str(path)

    return written


def test_a_file_is_put_in(run: Run, file, vendor):
    result = run("portal", "import", file(AURORA))

    assert result.exit_code == 0, result.output
    assert "Read 1 of 1 lines." in result.output
    assert tenants.find_by_name_key(same_name("Aurora")) is not None


def test_a_dry_run_puts_nothing_in(run: Run, file, vendor):
    result = run("portal", "import", file(AURORA), "--dry-run")

    assert result.exit_code == 0
    assert "New account: 1" in result.output
    assert tenants.find_by_name_key(same_name("Aurora")) is None


def test_the_same_file_again_has_nothing_to_do(run: Run, file, vendor):
    run("portal", "import", file(AURORA))

    result = run("portal", "import", file(AURORA))

    assert result.exit_code == 0
    assert "everything in this file is there already" in result.output


@pytest.mark.parametrize("option", [(), ("--dry-run",)])
def test_a_line_with_a_problem_is_named_and_ends_with_1(option, run: Run, file, vendor):
    result = run("portal", "import", file(AURORA, "Boreal,nobody,Gold,2031-01-01,2031-12-31"), *option)

    assert result.exit_code == 1
    assert "Line 3: There is no edition “Gold”" in result.output
    assert tenants.find_by_name_key(same_name("Aurora")) is None


def test_a_file_that_cannot_be_read_ends_with_1(run: Run, tmp_path: Path, vendor):
    path = tmp_path / "old.csv"
    path.write_bytes("name\nMüller".encode("cp1252"))

    result = run("portal", "import", str(path))

    assert result.exit_code == 1
    assert "Line 2 is not written in UTF-8" in result.output


def test_a_file_that_is_not_there_is_a_wrong_use(run: Run, vendor):
    assert run("portal", "import", "/nowhere/accounts.csv").exit_code == 2


def test_without_a_vendor_nothing_is_imported(run: Run, file):
    result = run("portal", "import", file(AURORA))

    assert result.exit_code == 1
    assert "run `flask portal init` first" in result.output


def test_what_was_only_looked_at_does_not_wait_in_the_console(run: Run, file, vendor):
    run("portal", "import", file(AURORA), "--dry-run")

    assert [row.state for row in store.page(vendor, None).rows] == [ImportState.DISCARDED]
