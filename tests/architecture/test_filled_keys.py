"""The keys by which the console finds people and shops, for rows that were there before the keys."""

import importlib.util
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Column, Connection, MetaData, String, Table, Uuid, create_engine, func, insert, select

from tests.architecture.conftest import Urls

TENANTS, SHOPS = 3, 2_500  # of each tenant more than fit into one portion
HERE = Path(__file__).parents[2]


@pytest.fixture
def migration() -> ModuleType:
    spec = importlib.util.spec_from_file_location("searching", HERE / "migrations/versions/0031_console_search.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def connection(fresh_database: Callable[[str], Urls]) -> Iterator[Connection]:
    """To an empty database, within what a migration runs in."""
    url, migrating_url = fresh_database("filled")
    engine = create_engine(migrating_url or url)
    with engine.begin() as connection, Operations.context(MigrationContext.configure(connection)):
        yield connection
    engine.dispose()


def shops(connection: Connection) -> Table:
    """Shops of several tenants; some of them without an address."""
    table = Table(
        "shops",
        MetaData(),
        Column("tenant_id", Uuid, primary_key=True),
        Column("id", Uuid, primary_key=True),
        Column("address", String),
        Column("address_key", String),
    )
    table.create(connection)
    tenants = [uuid.uuid4() for _one in range(TENANTS)]
    rows = [
        {"tenant_id": tenants[number % TENANTS], "id": uuid.uuid4(), "address": f"https://S{number}.example/"}
        for number in range(SHOPS)
    ]
    connection.execute(insert(table), rows)
    connection.execute(insert(table), {"tenant_id": tenants[0], "id": uuid.uuid4(), "address": None})
    return table


def test_every_row_of_every_tenant_gets_its_key(connection: Connection, migration: ModuleType):
    table = shops(connection)

    migration._fill("shops", ("tenant_id", "id"), "address", "address_key", migration._address_key)

    filled = select(func.count(table.c.address_key.distinct()), func.count(table.c.address_key))
    assert tuple(connection.execute(filled).one()) == (SHOPS, SHOPS)
    one = select(table.c.address_key).where(table.c.address == "https://S7.example/")
    assert connection.scalar(one) == "s7.example"


def test_rows_without_a_value_get_none(connection: Connection, migration: ModuleType):
    table = shops(connection)

    migration._fill("shops", ("tenant_id", "id"), "address", "address_key", migration._address_key)

    assert connection.scalar(select(func.count()).where(table.c.address.is_(None), table.c.address_key.is_(None))) == 1
