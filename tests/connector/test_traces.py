"""Each verified call leaves a trace, and so shops appear by themselves; a call that is refused leaves none."""

from collections.abc import Iterator

import pytest

from portal.access.actor import Actor
from portal.access.rows import owned_by
from portal.contracts import store as contracts
from portal.foundation.database import db, transaction
from portal.projects import operations as projects
from portal.projects import store as project_store
from portal.projects.models import DataSpace
from portal.usage import store, traces
from portal.usage.buffer import buffer
from portal.usage.models import KeyUse
from tests.connector.conftest import MakeShop
from tests.connector.shop import PING, REGISTRY, Shop
from tests.factories import a_delegation, an_integrator, for_client


@pytest.fixture(autouse=True)
def nothing_gathered() -> Iterator[None]:
    buffer.begin_anew()
    yield
    buffer.begin_anew()


@pytest.fixture
def spaces(owner: Actor) -> list[DataSpace]:
    with transaction():
        made = projects.create(owner, "Web shop", contracts.all_of(owner)[0])
    return project_store.get(owner, made.public_id).data_spaces


def uses(owner: Actor) -> list[tuple[bool, str | None, int]]:
    """Whether the calls listed, the data space they named, and how many they were."""
    traces.flush()
    names = {space.id: space.name for space in db.session.scalars(owned_by(owner, DataSpace))}
    rows = db.session.scalars(owned_by(owner, KeyUse)).all()
    return sorted((row.listed, names.get(row.data_space_id), row.count) for row in rows)


def test_a_ping_and_a_list_are_told_apart(owner: Actor, shop: Shop):
    shop.rows()

    assert uses(owner) == [(False, None, 1), (True, None, 1)]


def test_s13_a_shop_that_uses_a_data_space_appears_on_it(owner: Actor, shop: Shop, spaces: list[DataSpace]):
    testing = spaces[1].public_id

    shop.say_cloud(testing, "abcdef123")
    traces.flush()

    (seen,) = store.installations(owner)
    assert (seen.installation.data_space.public_id, seen.installation.cloud_id) == (testing, "abcdef123")
    assert seen.pair is not None
    assert seen.pair.api_key == shop.api_key


@pytest.mark.parametrize("header", ["Magento-Environment-Id", "x-saas-id"])
def test_a_data_space_that_a_header_names_counts_for_an_owners_key(owner, shop: Shop, spaces, header: str):
    name, public_id = spaces[2].name, spaces[2].public_id

    shop.send("GET", PING, shop.headers() | {header: public_id}, b"")

    assert uses(owner) == [(False, name, 1)]


def test_a_delegated_key_tells_nothing_of_data_spaces_beyond_its_reach(owner: Actor, a_shop: MakeShop, spaces):
    integrator = an_integrator()
    with transaction():
        other = projects.create(owner, "Another shop", contracts.all_of(owner)[0])
    elsewhere = a_delegation(owner, integrator, project_ids=frozenset({other.id}))
    shop, public_id = a_shop(for_client(integrator, elsewhere)), spaces[1].public_id

    shop.send("GET", PING, shop.headers() | {"Magento-Environment-Id": public_id}, b"")
    shop.send("GET", f"{REGISTRY}/environments/{public_id}", shop.headers(), b"")

    assert uses(owner) == [(False, None, 2)]


def test_a_call_that_is_refused_leaves_no_trace(owner: Actor, shop: Shop, a_shop: MakeShop):
    other = a_shop(owner)

    shop.send("GET", PING, shop.headers() | {"x-gw-signature": other.headers()["x-gw-signature"]}, b"")
    shop.send("GET", PING, shop.headers() | {"x-api-key": "0" * 32}, b"")

    assert uses(owner) == []
