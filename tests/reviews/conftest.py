"""Who reviews."""

import pytest

from portal.access.actor import Actor
from tests.factories import a_vendor


@pytest.fixture
def admin() -> Actor:
    """A partner admin, who reviews."""
    return a_vendor()
