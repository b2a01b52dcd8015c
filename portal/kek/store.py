"""Every query on sealed values, whichever table they are in. Rows of all tenants are meant, so each says why it may."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    RowMapping,
    Select,
    String,
    Tuple,
    bindparam,
    func,
    literal,
    tuple_,
    update,
)

from portal.access.rows import SCOPE, Reader, across_tenants
from portal.foundation.database import db
from portal.foundation.sealed import TENANT, key_of
from portal.foundation.sealing import KEY_ID_DIGITS, VERSION

Key = tuple[Any, ...]


def count_by_key_id(column: Column[str]) -> dict[str, int]:
    """How many values are sealed under which KEK, by its id."""
    key_id = _key_id(column)
    rows = across_tenants(key_id, func.count(), reason=Reader.UPKEEP).where(column.is_not(None)).group_by(key_id)
    return {row[0]: row[1] for row in db.session.execute(rows)}


def newest(column: Column[str]) -> RowMapping | None:
    """The row of the column's last value by its key, with what `place_in` needs; or None when there is none."""
    rows = across_tenants(*_of_place(column), column, reason=Reader.UPKEEP).where(column.is_not(None))
    return db.session.execute(rows.order_by(*(own.desc() for own in key_of(column))).limit(1)).mappings().first()


def last_beside(column: Column[str], key_ids: Collection[str]) -> Key | None:
    """The key of the last row whose value is sealed under none of `key_ids`, or None when there is none."""
    key = key_of(column)
    row = db.session.execute(_beside(column, key_ids).order_by(*(own.desc() for own in key)).limit(1)).first()
    return None if row is None else tuple(row)


def keys_beside(column: Column[str], key_ids: Collection[str], after: Key | None, last: Key, limit: int) -> list[Key]:
    """The keys of the first such rows, in their order, after the one and up to the other."""
    key = key_of(column)
    rows = _beside(column, key_ids).where(tuple_(*key) <= _literal(key, last))
    if after is not None:
        rows = rows.where(tuple_(*key) > _literal(key, after))
    return [tuple(row) for row in db.session.execute(rows.order_by(*key).limit(limit))]


def hold(column: Column[str], keys: Sequence[Key]) -> Sequence[RowMapping]:
    """What `place_in` needs of these rows, and the values, held until the transaction ends.

    A row that somebody else is changing is left out rather than waited for: who waits while holding others may be
    waited for in turn.
    """
    key = key_of(column)
    rows = across_tenants(*_of_place(column), column, reason=Reader.UPKEEP).where(_one_of(key, keys)).order_by(*key)
    return db.session.execute(rows.with_for_update(skip_locked=True)).mappings().all()


def replace(column: Column[str], changes: Sequence[tuple[RowMapping, str]]) -> int:
    """Put another sealed text into each of these rows that still has the one it was read with; into how many."""
    key = key_of(column)
    same = [own == bindparam(f"key_{own.name}") for own in key]
    statement = update(column.table).where(*same, column == bindparam("before")).values({column: bindparam("anew")})
    values = [
        {f"key_{own.name}": row[own.name] for own in key} | {"before": row[column.name], "anew": anew}
        for row, anew in changes
    ]
    done: Any = db.session.execute(statement, values, execution_options={SCOPE: Reader.UPKEEP})
    return done.rowcount


def _beside(column: Column[str], key_ids: Collection[str]) -> Select[Any]:
    rows = across_tenants(*key_of(column), reason=Reader.UPKEEP)
    return rows.where(column.is_not(None), _key_id(column).not_in(key_ids))


def _of_place(column: Column[str]) -> list[Column[Any]]:
    key = key_of(column)
    return [*key, *(own for own in column.table.columns if own.name == TENANT and own not in key)]


def _literal(key: list[Column[Any]], values: Key) -> Tuple:
    return tuple_(*(literal(value, own.type) for own, value in zip(key, values, strict=True)))


def _key_id(column: Column[str]) -> ColumnElement[str]:
    return func.substr(column, len(VERSION) + 2, KEY_ID_DIGITS, type_=String)


def _one_of(key: list[Column[Any]], keys: Sequence[Key]) -> ColumnElement[bool]:
    if len(key) == 1:
        return key[0].in_([own for (own,) in keys])
    return tuple_(*key).in_(keys)
