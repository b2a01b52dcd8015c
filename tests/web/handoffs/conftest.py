"""An owner and an integrator at their browsers, with everything in place for a hand-off."""

import pytest

from tests.handoffs.scenes import Scene, a_scene


@pytest.fixture
def scene() -> Scene:
    return a_scene()


@pytest.fixture
def owners_browser(scene, signed_in):
    return signed_in(scene.owner)


@pytest.fixture
def integrators_browser(scene, signed_in):
    return signed_in(scene.integrator)
