"""The benchmark of the API runs: few rounds, and both sides answer the same."""

import re
import subprocess
import sys

import pytest

from bench.serving import ROOT
from tests.conftest import DATABASE

pytestmark = [
    pytest.mark.no_database,
    pytest.mark.skipif(DATABASE != "sqlite", reason="it takes no database but its own"),
]


@pytest.mark.timeout(300)
def test_it_prints_a_line_for_each_list():
    command = [sys.executable, "-m", "bench.api", "--rounds", "1", "--times", "2"]

    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    assert ended.returncode == 0, ended.stdout + ended.stderr
    for name in ("keys", "projects"):
        assert re.search(rf"^{name} +\d+ µs +\d+ µs +\d+\.\d\d +1\.30", ended.stdout, re.MULTILINE)
