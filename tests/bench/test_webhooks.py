"""Workers that are killed lose no webhook, mix up no order, and send nothing under two ids: the bench in short."""

import json
import subprocess
import sys

import pytest

from bench.serving import ROOT
from tests.conftest import DATABASE

pytestmark = [
    pytest.mark.no_database,
    pytest.mark.skipif(DATABASE != "sqlite", reason="it takes no database but its own"),
]


@pytest.mark.timeout(400)
def test_ten_killed_workers_lose_nothing():
    command = [sys.executable, "-m", "bench.webhooks", "--kills", "10", "--subjects", "8", "--json"]

    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    assert ended.returncode == 0, ended.stdout + ended.stderr
    told = json.loads(ended.stdout.splitlines()[-1])
    assert (told["lost"], told["out of order"], told["unknown"]) == (0, 0, 0)
    assert told["messages"] >= 80
