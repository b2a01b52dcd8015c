"""Workers killed while pairs are made leave nothing half done (security.md 3.14); bench/kill.py does it often."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import DATABASE
from tests.database import postgres_cluster

pytestmark = pytest.mark.own_database

ROOT = Path(__file__).resolve().parents[2]
KILLS = 10
ZERO = ("half-issued", "acknowledged but missing", "duplicates per intent", "shown twice", "audit gaps")


def figures(*words: str) -> dict[str, int]:
    command = [sys.executable, "-m", "bench.kill", "--kills", str(KILLS), "--json", *words]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return json.loads(ended.stdout.splitlines()[-1])


@pytest.mark.timeout(400)
def test_workers_that_are_killed_leave_nothing_half_done():
    if DATABASE == "sqlite":
        found = figures()
    else:
        with postgres_cluster() as cluster:
            name = f"portal_kill_{os.getpid()}"
            app, migration = cluster.create_database(name)
            found = figures("--url", app, "--migration-url", migration)
            cluster.drop_database(name)

    assert found["kills"] == KILLS
    assert found["pairs acknowledged"] > 0
    assert [found[name] for name in (*ZERO, "holder-made keys never seen")] == [0] * 6
