"""A licensee whose shop was seen on Testing 1, and what the pages' tests do again and again."""

import uuid
from typing import NamedTuple

import pytest
from bs4 import BeautifulSoup

from portal.contracts import store as contracts
from portal.foundation.database import transaction
from portal.projects import operations
from portal.projects import store as projects
from portal.projects.models import Claim, Installation
from portal.usage import store, traces, writing
from portal.usage.buffer import buffer
from tests.factories import a_call, a_key, a_licensee, tenant_of


class Place(NamedTuple):
    """The ids of a data space, inner and outer."""

    id: uuid.UUID
    public_id: str


def words(answer) -> str:
    return " ".join(BeautifulSoup(answer.text, "html.parser").get_text(" ").split())


@pytest.fixture(autouse=True)
def nothing_gathered():
    buffer.begin_anew()
    writing.writer.begin_anew()


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
def pair(owner):
    return a_key(owner, name="Storefront")


@pytest.fixture
def project(owner) -> str:
    with transaction():
        return operations.create(owner, "Shops", contracts.all_of(owner)[0]).public_id


@pytest.fixture
def spaces(owner, project) -> list[Place]:
    return [Place(space.id, space.public_id) for space in projects.get(owner, project).data_spaces]


@pytest.fixture
def seen(pair, spaces):
    """Lets the shop call on Testing 1, or somewhere else and otherwise."""

    def call(space: int | None = 1, of=None, **others) -> None:
        a_call(of or pair, None if space is None else spaces[space], **others)
        traces.flush()

    return call


@pytest.fixture
def claim(owner, seen) -> tuple[str, int]:
    """Public id and version of a second shop on Testing 1."""
    seen()
    seen(edition="Enterprise")
    (one,) = store.installations(owner, Installation.claim != Claim.PRIMARY)
    return one.installation.public_id, one.installation.version
