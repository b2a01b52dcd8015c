"""One scene for the pages of hand-offs."""

import pytest

from tests.handoffs.scenes import Scene, a_scene


@pytest.fixture
def scene() -> Scene:
    """An owner with a pair in service, an integrator with an envelope key, and a delegation between them."""
    return a_scene()
