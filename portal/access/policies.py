"""What PostgreSQL lets through: row policies and rights, made from the tables and put up anew after each migration.

Nothing here is kept in a migration, so a table that is added tomorrow stands behind the wall without a word more.
"""

from collections.abc import Iterator
from typing import cast

from sqlalchemy import Connection, Table, text

from portal.access.rows import Reader, TenantScoped, tenant_tables
from portal.access.wall import role_of
from portal.foundation.database import Base

AUDIT = "audit_events"  # append-only: nobody changes it, whatever else they may
OWN = "own_rows"
SHOWN = "shown_rows"
ACROSS = "across_tenants"
# Of all tenants whom the transaction names, mostly one. As a subquery it is found once for a statement, and not for
# each row; the cast outside says that the array is meant, not the subquery's rows.
NAMED = "ANY ((SELECT string_to_array(current_setting('portal.tenant', true), ',')::uuid[])::uuid[])"
WALLED = """
    SELECT oid::regclass::text FROM pg_class
    WHERE relrowsecurity AND relnamespace = 'public'::regnamespace ORDER BY relname
"""
POLICIES = "SELECT tablename, policyname FROM pg_policies WHERE schemaname = 'public'"
WITHOUT_WALL = """
    SELECT string_agg(name, ', ' ORDER BY name) FROM unnest(CAST(:tables AS text[])) AS name
    LEFT JOIN pg_class ON pg_class.oid = to_regclass(name)
    WHERE NOT coalesce(relrowsecurity AND relforcerowsecurity, false)
        OR NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = pg_class.oid)
"""
NOT_HELD = """
    SELECT string_agg(name, ', ' ORDER BY name) FROM unnest(CAST(:roles AS text[])) AS name
    WHERE NOT EXISTS (
        SELECT FROM pg_roles WHERE rolname = name AND pg_has_role(session_user, pg_roles.oid, 'MEMBER')
    )
"""
Rights = tuple[str, ...]
READ: Rights = ("SELECT",)
WRITE: Rights = ("SELECT", "INSERT", "UPDATE", "DELETE")
HOLD: Rights = ("SELECT", "UPDATE")  # to lock a row, PostgreSQL asks for the right to change it
NAMES = dict.fromkeys(("tenants", "people", "editions"), READ)  # what comes along with most rows
ELSE = "*"  # every other table
# Of each reader: the tables and what it may do there. WRITER writes under the names of its tenants and needs no role.
RIGHTS: dict[Reader, dict[str, Rights]] = {
    Reader.SIGN_IN: NAMES
    | {
        "delegation_projects": READ,
        "delegations": READ,
        "identity_providers": READ,
        "mail_domains": READ,
        "memberships": READ,
        "second_factors": READ,
    },
    Reader.CODE_LOOK_UP: NAMES
    | {
        "command_codes": READ,
        "contracts": READ,
        "delegations": READ,
        "delegation_projects": READ,
        "envelope_keys": READ,
        "hand_offs": HOLD,
        "invitations": HOLD,
        "key_intents": HOLD,
        "key_pairs": READ,
        "memberships": READ,
        "personal_tokens": HOLD,
        "second_factors": READ,
        "service_credentials": HOLD,
    },
    Reader.CONSOLE: {ELSE: READ, "contracts": HOLD, "tenants": HOLD},
    Reader.WORKER: {ELSE: WRITE},
    Reader.NOTICE: NAMES
    | {
        "contracts": READ,
        "delegation_projects": READ,
        "delegations": READ,
        "memberships": READ,
        "second_factors": READ,
    },
    Reader.HAND_OFF: NAMES
    | {
        "delegations": READ,
        "delegation_projects": READ,
        "envelope_keys": READ,
        "hand_offs": HOLD,
        "key_intents": HOLD,
        "key_pairs": READ,
        "memberships": READ,
    },
    Reader.UPKEEP: {ELSE: WRITE},
    Reader.SNAPSHOT: NAMES
    | {
        "contracts": READ,
        "data_spaces": READ,
        "delegations": READ,
        "delegation_projects": READ,
        "entitlements": READ,
        "key_pairs": READ,
        "service_credential_uses": ("SELECT", "INSERT", "UPDATE"),
        "service_credentials": READ,
    },
}
ROLES = tuple(map(role_of, RIGHTS))


class RolesMissing(RuntimeError):
    """The server lacks roles that the wall needs; `docs/roles.sql` makes them."""


def tables() -> list[str]:
    """The names of all tables that belong to tenants, sorted."""
    return sorted(table.name for table in tenant_tables())


def rights_of(reader: Reader) -> Iterator[tuple[str, str]]:
    """What a reader's role may do: pairs of a table and a privilege."""
    rights = RIGHTS[reader]
    for table in Base.metadata.sorted_tables:
        for right in rights.get(table.name, rights.get(ELSE, ())):
            if table.name != AUDIT or right in ("SELECT", "INSERT"):
                yield table.name, right


def parties_of(model: type[TenantScoped]) -> Iterator[str]:
    """The columns of a table that say who may see a row: its owner's, and its other party's."""
    yield model.__mapper__.primary_key[0].name  # type: ignore[attr-defined]
    if model.other_party is not None:
        yield model.other_party


def condition_of(model: type[TenantScoped]) -> str:
    """The SQL condition under which a row is there for who reads it."""
    return " OR ".join(f"{column} = {NAMED}" for column in parties_of(model))


def put_up(connection: Connection, app: str) -> None:
    """Put policies and rights on every table as the models have them, in the owner's transaction, after take_down().

    app: the role that the application logs in with. Raises: RolesMissing.
    """
    missing = sorted(set(ROLES) - set(connection.scalars(text("SELECT rolname FROM pg_roles"))))
    if missing:
        raise RolesMissing(f"the database's roles {', '.join(missing)} are missing: run docs/roles.sql as a superuser")
    quoted = connection.dialect.identifier_preparer.quote(app)
    for statement in _statements(quoted):
        connection.execute(text(statement))


def take_down(connection: Connection) -> None:
    """Take all policies away, for migrations, and for earlier releases: put_up() puts the wall there again."""
    for table, policy in connection.execute(text(POLICIES)).all():
        connection.execute(text(f"DROP POLICY {policy} ON {table}"))
    for table in connection.scalars(text(WALLED)).all():
        connection.execute(text(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY"))


def _statements(app: str) -> Iterator[str]:
    readers = ", ".join(ROLES)
    yield f"GRANT USAGE ON SCHEMA public TO {readers}"
    yield f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {readers}"
    for mapper in Base.registry.mappers:
        if issubclass(mapper.class_, TenantScoped):
            yield from _policies(cast(Table, mapper.local_table).name, mapper.class_)
    for reader in RIGHTS:
        for name, right in rights_of(reader):
            yield f"GRANT {right} ON {name} TO {role_of(reader)}"
    yield f"REVOKE UPDATE, DELETE, TRUNCATE ON {AUDIT} FROM {app}"


def _policies(table: str, model: type[TenantScoped]) -> Iterator[str]:
    yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
    yield f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY"
    condition = condition_of(model)
    yield f"CREATE POLICY {OWN} ON {table} USING ({condition}) WITH CHECK ({condition})"
    yield f"CREATE POLICY {ACROSS} ON {table} TO {', '.join(ROLES)} USING (true) WITH CHECK (true)"
    if (shown := model.shown_with) is not None:
        same = f"shown.tenant_id = {table}.tenant_id AND shown.{shown.there} = {table}.{shown.here}"
        rows = f"EXISTS (SELECT FROM {shown.table} AS shown WHERE {same})"
        yield f"CREATE POLICY {SHOWN} ON {table} FOR SELECT USING ({rows})"
