"""A partner admin at their browser, with an open review; evidence is signed by a key of the tests."""

import pytest

from tests.factories import tenant_of
from tests.reviews.conftest import admin
from tests.reviews.scenes import an_open, parties
from tests.web.reviews.pages import Reviewing

__all__ = ["admin"]


@pytest.fixture
def sides():
    """Owner and integrator of a delegation."""
    return parties()


@pytest.fixture
def review(admin, sides):
    """An open review over the delegation of `sides`."""
    return an_open(admin)


@pytest.fixture
def reviewing(admin, review, signed_in):
    """The admin's browser at that review."""
    return Reviewing(signed_in(admin), f"/{tenant_of(admin).account_id}/reviews/{review.public_id}")
