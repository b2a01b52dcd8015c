"""Evidence is signed by a key of the tests."""

from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask

from portal.access.actor import Actor
from portal.reviews import evidence
from tests.factories import a_vendor
from tests.reviews.scenes import ADDRESS


@pytest.fixture(autouse=True)
def signing_key(app: Flask) -> Iterator[Ed25519PrivateKey]:
    """What signs; the application's own way to sign is back afterwards."""
    before = evidence._sign, evidence._portal
    private = Ed25519PrivateKey.generate()
    evidence.configure(lambda octets: ("sig_tests", private.sign(octets)), ADDRESS)
    yield private
    evidence._sign, evidence._portal = before


@pytest.fixture
def admin() -> Actor:
    """A partner admin, who reviews."""
    return a_vendor()
