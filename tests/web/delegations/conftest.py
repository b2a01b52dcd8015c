"""An owner and an integrator at their browsers."""

import pytest

from portal.delegations import pace
from tests.factories import a_licensee, an_integrator


@pytest.fixture
def owner():
    return a_licensee(name="Northwind")


@pytest.fixture
def integrator():
    return an_integrator(name="Agency")


@pytest.fixture
def owners_browser(owner, signed_in):
    return signed_in(owner)


@pytest.fixture
def integrators_browser(integrator, signed_in):
    return signed_in(integrator)


@pytest.fixture(autouse=True)
def unpaced(monkeypatch):
    """Offers take no longer than they need; `test_pace.py` looks at that."""
    monkeypatch.setattr(pace, "LEAST_SECONDS", 0.0)
