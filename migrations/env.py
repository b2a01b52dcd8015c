"""How migrations run: as the owner's member on PostgreSQL, with foreign keys off and checked afterwards on SQLite."""

import sys
from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy import Connection, NullPool, create_engine, make_url

from portal.access import policies
from portal.foundation.database import Base, EnumSet, UtcDateTime
from portal.foundation.sealed import Sealed


def _url() -> str:
    settings = current_app.config["PORTAL"]
    if settings.is_on_postgresql and not settings.migration_database_url:
        # Asked for here and not at every start: the web server and the worker have no use for that role's password.
        sys.exit("MIGRATION_DATABASE_URL is missing: give the role for migrations; the application's owns no table.")
    return settings.migration_database_url or settings.database_url


def _render(kind: str, item: Any, _context: Any) -> str | bool:
    """Migrations import nothing of the portal: our column types are written as what they are in the database."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, EnumSet):
        return "sa.String(length=255)"
    if kind == "type" and isinstance(item, Sealed):
        return "sa.Text()"
    return False


def _configure(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        render_item=_render,
        compare_type=True,
        transaction_per_migration=False,
    )


def _migrate() -> None:
    with context.begin_transaction():
        context.run_migrations()


def _migrate_sqlite(connection: Connection) -> None:
    # A batch rebuild drops the old table; with foreign keys on, its children would go too.
    # SQLite hears that outside of transactions only, and the portal's engines begin one with the first statement.
    driver = connection.connection.driver_connection
    driver.execute("PRAGMA foreign_keys = OFF")
    if driver.execute("PRAGMA foreign_keys").fetchone() != (0,):
        raise RuntimeError("SQLite did not turn foreign keys off, so no table can be rebuilt safely")
    _configure(connection)
    _migrate()
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise RuntimeError(f"the migration left rows that refer to nothing: {broken[:5]}")


def _migrate_postgresql(connection: Connection) -> None:
    _configure(connection)
    if "destination_rev" not in context.get_context().opts:  # the command only looks
        _migrate()
        return
    # All in one transaction: nobody ever sees the tables without their row policies. An earlier release would see no
    # rows with them.
    policies.take_down(connection)
    _migrate()
    if set(context.get_context().get_current_heads()) == set(context.script.get_heads()):
        _put_up(connection)


def _put_up(connection: Connection) -> None:
    try:
        policies.put_up(connection, make_url(current_app.config["PORTAL"].database_url).username or "portal_app")
    except policies.RolesMissing as missing:
        sys.exit(f"Nothing was migrated: {missing}.")


engine = create_engine(_url(), poolclass=NullPool)
with engine.connect() as connection:
    if connection.dialect.name == "sqlite":
        _migrate_sqlite(connection)
    else:
        _migrate_postgresql(connection)
    connection.commit()
