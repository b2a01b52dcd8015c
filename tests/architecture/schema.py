"""What a database's schema is, as plain values that can be compared."""

from typing import Any

from sqlalchemy import Connection, inspect

VERSIONS = "alembic_version"


def schema_of(connection: Connection) -> dict[str, dict[str, Any]]:
    """Every table but Alembic's: its columns, keys, checks, and indexes with their conditions."""
    inspector = inspect(connection)
    return {
        table: {
            "columns": {column["name"]: _column(column) for column in inspector.get_columns(table)},
            "primary key": inspector.get_pk_constraint(table)["constrained_columns"],
            "foreign keys": sorted(str(_named(key)) for key in inspector.get_foreign_keys(table)),
            "unique": sorted(str(_named(key)) for key in inspector.get_unique_constraints(table)),
            "checks": sorted(str(_named(check)) for check in inspector.get_check_constraints(table)),
            "indexes": sorted(str(_named(index)) for index in inspector.get_indexes(table)),
        }
        for table in inspector.get_table_names()
        if table != VERSIONS
    }


def _column(column: dict[str, Any]) -> tuple[str, bool, str | None]:
    return str(column["type"]), column["nullable"], column["default"]


def _named(thing: Any) -> Any:
    """The parts that are set, as text; the condition of an index is an object that equals itself only."""
    if isinstance(thing, dict):
        return sorted((name, str(_named(value))) for name, value in thing.items() if not _is_empty(value))
    return thing if isinstance(thing, list) else str(thing)


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, list | dict) and not value)
