"""`portal.verifier` stands alone: it needs `cryptography` and the standard library, and loads nothing else."""

import subprocess
import sys

import pytest

from tests.architecture.sources import ROOT

pytestmark = pytest.mark.no_database

MODULES = sorted(file.stem for file in (ROOT / "portal" / "verifier").glob("*.py") if file.stem != "__main__")
# What came in from elsewhere than the standard library and the portal itself, and which rooms of the portal.
LOADED = """
import sys, importlib
importlib.import_module({module!r})
own = {{name for name in sys.modules if name.partition(".")[0] == "portal"}}
rooms = {{".".join(name.split(".")[:2]) for name in own}}
files = {{name: getattr(module, "__file__", None) or "" for name, module in sys.modules.items()}}
roots = {{name.partition(".")[0] for name, file in files.items() if "site-packages" in file}}
print(sorted(roots - {{"portal"}}), sorted(rooms - {{"portal"}}))
"""


def test_there_is_something_to_look_at():
    assert {"library", "wsgi", "asgi", "guarding", "bundle", "decision"} <= set(MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_a_module_loads_nothing_but_cryptography(module: str):
    name = "portal.verifier" if module == "__init__" else f"portal.verifier.{module}"
    code = LOADED.format(module=name)

    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)

    roots, _space, rooms = ran.stdout.strip().partition("] ")
    assert set(eval(roots + "]")) <= {"cryptography", "_cffi_backend", "cffi"}  # noqa: S307 - printed just now
    assert set(eval(rooms)) <= {"portal.verifier", "portal.foundation"}  # noqa: S307
