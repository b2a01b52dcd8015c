"""The demo world, made quickly: its key pairs are drawn from a stock instead of being made each time."""

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from portal.demo import operations
from portal.keys import material
from tests.factories import a_private_key, public_of


@pytest.fixture
def make_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """Makes the demo world and gives its list of sign-ins, which is kept in `tmp_path`."""
    numbers = itertools.count(100)
    monkeypatch.setattr(material, "generate", lambda: (public_of(a_private_key(next(numbers))), b""))
    return lambda: operations.ensure(tmp_path)
