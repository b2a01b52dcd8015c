"""An owner, an integrator, and a clock that can be moved."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from portal.access.actor import Actor
from portal.foundation import clock
from tests.factories import a_licensee, an_integrator

Later = Callable[..., None]


@pytest.fixture
def owner() -> Actor:
    """The owner of a licensee."""
    return a_licensee(name="Northwind")


@pytest.fixture
def integrator() -> Actor:
    """The owner of an integrator."""
    return an_integrator(name="Agency")


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Later:
    """Moves the clock on: `later(days=31)`."""
    real = clock.now

    def move(**by: float) -> None:
        monkeypatch.setattr(clock, "now", lambda: real() + timedelta(**by))

    return move
