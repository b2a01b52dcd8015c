"""A licensee with a project and a key pair, whose calls leave traces; nothing gathered is left from another test."""

import uuid
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from portal.access.actor import Actor
from portal.contracts import store as contracts
from portal.foundation.database import transaction
from portal.keys.models import KeyPair
from portal.projects import operations as projects
from portal.projects import store as project_store
from portal.projects.models import Installation, Project
from portal.usage import store, writing
from portal.usage.buffer import buffer
from tests.factories import a_key, a_licensee


class Place(NamedTuple):
    """The ids of a data space, inner and outer."""

    id: uuid.UUID
    public_id: str


@pytest.fixture(autouse=True)
def nothing_gathered() -> Iterator[None]:
    buffer.begin_anew()
    writing.writer.begin_anew()
    yield
    buffer.begin_anew()
    writing.writer.begin_anew()


@pytest.fixture
def owner() -> Actor:
    return a_licensee(name="Aurora")


@pytest.fixture
def pair(owner: Actor) -> KeyPair:
    return a_key(owner, name="Storefront")


@pytest.fixture
def project(owner: Actor) -> Project:
    """With its data spaces Production, Testing 1 and Testing 2."""
    with transaction():
        made = projects.create(owner, "Shops", contracts.all_of(owner)[0])
    return project_store.get(owner, made.public_id)


@pytest.fixture
def spaces(project: Project) -> list[Place]:
    """The same three, as they are outside of any session."""
    return [Place(space.id, space.public_id) for space in project.data_spaces]


def attached(owner: Actor) -> dict[str, Installation]:
    """Every attached installation of the tenant, by name."""
    return {one.installation.name: one.installation for one in store.installations(owner)}
