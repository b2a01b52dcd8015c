"""Who has something sealed, and who seals it anew."""

import pytest

from portal.access.actor import Actor
from portal.cli.speaking import operator_at
from portal.kek import operations as keks
from tests.factories import a_licensee


@pytest.fixture
def owner() -> Actor:
    return a_licensee()


@pytest.fixture
def operator() -> Actor:
    return operator_at()


@pytest.fixture
def in_small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two values in each transaction, and no pauses worth speaking of."""
    monkeypatch.setattr(keks, "PORTION", 2)
    monkeypatch.setattr(keks, "BETWEEN_PASSES_SECONDS", 0.0)
    monkeypatch.setattr(keks, "SHORTEST_REST_SECONDS", 0.0)
