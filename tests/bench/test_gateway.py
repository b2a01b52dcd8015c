"""The benchmark of the gateway runs: with few keys and short spans, and without the packages of others."""

import shutil
import subprocess
import sys

import pytest

from bench.gateway_report import DOOR_NEW, DOOR_SEEN, DRF, LIBRARY_NEW, LIBRARY_SEEN, RAW, TRIVIAL, Results
from bench.serving import ROOT
from tests.conftest import DATABASE

pytestmark = [
    pytest.mark.own_database,
    pytest.mark.skipif(DATABASE != "sqlite", reason="it takes no database but its own"),
]
SMALL = ("--sizes", "20", "40", "--rounds", "1", "--seconds", "1", "--bits", "2048", "--tokens", "100")


def said(*words: str) -> str:
    command = [sys.executable, "-m", "bench.gateway", *words]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.mark.timeout(400)
@pytest.mark.skipif(not shutil.which("wrk"), reason="wrk makes the load; bench/gateway.py installs it")
def test_it_prints_every_row_and_writes_its_page(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("Before\n\n<!-- bench/gateway.py -->\nold\n<!-- end of bench/gateway.py -->\n\nAfter\n")

    told = said(*SMALL, "--without-peers", "--write", str(page))

    for name in (TRIVIAL, DOOR_SEEN, DOOR_NEW, RAW, LIBRARY_SEEN, LIBRARY_NEW, "memory of a key", "longest pause"):
        assert f"| {name}" in told
        assert f"| {name}" in page.read_text()
    assert page.read_text().startswith("Before\n")
    assert page.read_text().endswith("\nAfter\n")


@pytest.mark.timeout(400)
def test_the_probe_of_revocations_runs():
    told = said("--revocation", "--times", "2", "--on", "SQLite")

    assert told.count("| SQLite, poll |") == 2


def test_a_missed_target_is_told():
    results = Results([10])
    for name, rate in ((TRIVIAL, 100.0), (RAW, 100.0), (DRF, 1.0)):
        results.add((name, 0), rate)
    for name, rate in ((DOOR_SEEN, 86.0), (DOOR_NEW, 20.0), (LIBRARY_SEEN, 1600.0), (LIBRARY_NEW, 80.0)):
        results.add((name, 10), rate)

    met = {check.what: check.words[2] for check in results.checks()}

    assert met[f"{DOOR_SEEN}, 10 keys: of the trivial app"] == "met"
    assert met[f"{DOOR_NEW}, 10 keys: of the bound"] == "MISSED"
    assert met[f"{LIBRARY_SEEN}, 10 keys: of a new one"] == "met"
    assert met[f"{DOOR_NEW}: of {DRF}"] == "met"


@pytest.mark.timeout(400)
def test_loading_from_a_real_database_is_measured():
    assert "B for each key with all around it" in said("--loading", "--tenants", "5")
