"""An offer takes the same time whether or not the account exists."""

import time

import pytest

from portal.delegations import pace


@pytest.fixture(autouse=True)
def paced(monkeypatch, unpaced):
    monkeypatch.setattr(pace, "LEAST_SECONDS", 0.05)


@pytest.mark.no_database
def test_what_is_quick_takes_its_time():
    began = time.monotonic()

    with pace.steady():
        pass

    assert time.monotonic() - began >= 0.05


@pytest.mark.no_database
def test_a_refusal_takes_its_time_too():
    began = time.monotonic()

    with pytest.raises(ValueError, match="refused"), pace.steady():
        raise ValueError("refused")

    assert time.monotonic() - began >= 0.05
