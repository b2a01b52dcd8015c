"""Columns of sealed values: which there are, and the place of each value, which follows from its row.

A value is sealed at `Place(table, column, the row's id, the row's tenant)`: the id is the primary key without
`tenant_id`, and the tenant is empty where the table has no such column or the row none. So whoever goes through all of
them needs nobody to say where they are.
"""

import uuid
from typing import Any

from sqlalchemy import Column, RowMapping, Text
from sqlalchemy.types import TypeDecorator

from portal.foundation.database import Base
from portal.foundation.sealing import Place, key_id_in

TENANT = "tenant_id"


class Sealed(TypeDecorator[str]):
    """A value as `Sealer.seal` returns it. Anything else is not written: a secret would lie in the open."""

    impl = Text
    cache_ok = True

    @property
    def python_type(self) -> type[str]:
        return str

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        if value is not None and key_id_in(value) is None:
            raise ValueError("a value that is not sealed cannot be stored here")
        return value


def sealed_columns() -> list[Column[str]]:
    """Every column of sealed values, by table and name."""
    columns = [column for table in Base.metadata.tables.values() for column in table.columns]
    return sorted((column for column in columns if isinstance(column.type, Sealed)), key=str)


def key_of(column: Column[str]) -> list[Column[Any]]:
    """The primary key of a sealed column's table."""
    return list(column.table.primary_key)


def place_in(column: Column[str], row: RowMapping) -> Place:
    """The place of the value in this column of a row, of which at least key and tenant are known, by their names."""
    (own,) = (key.name for key in key_of(column) if key.name != TENANT)
    tenant: uuid.UUID | None = row.get(TENANT)
    return Place(column.table.name, column.name, str(row[own]), str(tenant or ""))
