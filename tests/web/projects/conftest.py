"""A licensee with one project, and what the pages' tests do again and again."""

import pytest

from portal.access.roles import Environment
from portal.contracts import store as contracts
from portal.foundation.database import transaction
from portal.projects import installations, operations, store
from tests.factories import a_licensee, tenant_of


@pytest.fixture
def owner():
    return a_licensee(name="Aurora")


@pytest.fixture
def account(owner):
    return tenant_of(owner).account_id


@pytest.fixture
def visitor(owner, signed_in):
    return signed_in(owner)


@pytest.fixture
def make_project():
    """Makes a project of an actor under its newest contract; gives it back with its data spaces."""

    def make(actor, name="Storefront"):
        with transaction():
            project = operations.create(actor, name, contracts.all_of(actor)[0])
        return store.get(actor, project.public_id)

    return make


@pytest.fixture
def project(owner, make_project):
    return make_project(owner)


@pytest.fixture
def make_installation():
    """Puts an installation on a data space."""

    def make(actor, space, name="Main shop", address="https://shop.example.com", side=Environment.SANDBOX):
        with transaction():
            return installations.attach(actor, space, name, address, side)

    return make
