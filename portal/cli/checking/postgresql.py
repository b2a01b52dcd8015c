"""PostgreSQL: what the application's role may do there, what server it is, and whether a pooler is in between."""

from collections.abc import Iterator

import psycopg
from sqlalchemy import Row

from portal.access import policies
from portal.cli.checking import catalogues
from portal.cli.checking.findings import Deployment, Finding, fail, not_checked, ok, warn

OLDEST = 150_000  # docs/running.md
ROLES = "Make the roles as docs/running.md does, and give that of the application in DATABASE_URL."
ROLE = """
    SELECT rolname AS name, rolsuper AS superuser, rolbypassrls AS passes_by, rolcreaterole AS makes_roles,
           rolcreatedb AS makes_databases, rolreplication AS copies
    FROM pg_roles WHERE rolname = current_user
"""
OWNED = """
    SELECT count(*) FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = current_schema() AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
        AND pg_has_role(current_user, relowner, 'MEMBER')
"""
MAKES = """
    SELECT has_schema_privilege(current_user, current_schema(), 'CREATE') AS in_schema,
           has_database_privilege(current_user, current_database(), 'CREATE') AS schemas
"""
RECORD = """
    SELECT to_regclass('audit_events') IS NOT NULL AS is_there,
           has_table_privilege(current_user, to_regclass('audit_events'), 'UPDATE') AS changes,
           has_table_privilege(current_user, to_regclass('audit_events'), 'DELETE') AS deletes,
           has_table_privilege(current_user, to_regclass('audit_events'), 'TRUNCATE') AS empties
"""
TRIGGERS = """
    SELECT count(*) FROM pg_trigger WHERE tgrelid = to_regclass('audit_events') AND tgenabled IN ('O', 'A')
        AND tgname IN ('audit_events_append_only', 'audit_events_no_truncate')
"""
TRIGGERS_THERE = 2  # migration 0013
ENCODING = "SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database()"
WIRE = """
    SELECT ssl, inet_client_addr() IS NULL OR inet_client_addr() = inet_server_addr() AS is_here
    FROM pg_stat_ssl WHERE pid = pg_backend_pid()
"""


def server(at: Deployment) -> Iterator[Finding]:
    """Whether the server is one that the portal is made for."""
    number = int(catalogues.value("SHOW server_version_num"))
    told = f"PostgreSQL is {number // 10_000}.{number % 10_000}"
    yield ok(f"{told}.") if number >= OLDEST else fail(f"{told}, and the portal needs 15.", "Upgrade it.")
    encoding = catalogues.value(ENCODING)
    if encoding != "UTF8":
        yield fail(
            f"The database's encoding is {encoding}, in which not every name can be written.",
            "Make the database anew with ENCODING 'UTF8' TEMPLATE template0, and restore into it.",
        )
    wire = catalogues.row(WIRE)
    if not wire.ssl and not wire.is_here:
        yield fail(
            "The connection to the database crosses the network in plain text.",
            "Add sslmode=verify-full to DATABASE_URL, and the server's root with sslrootcert.",
        )


def role(at: Deployment) -> Iterator[Finding]:
    """Whether the application's role is held back by the database at all."""
    found = catalogues.row(ROLE)
    powers = list(_powers(found))
    for power, word in powers:
        yield fail(f"The application's role {found.name} {power}.", f"{ROLES} Or: ALTER ROLE {found.name} {word};")
    owned = catalogues.value(OWNED)
    if owned and not found.superuser:  # who may be anybody owns everything
        yield fail(
            f"The application's role {found.name} owns {owned} tables, itself or as a member of their owner.",
            f"{ROLES} Tables change hands by REASSIGN OWNED.",
        )
    yield from _making(found)
    if not powers and not owned:
        yield ok(f"The application's role {found.name} owns nothing and has no power over the server.")


def _powers(found: Row) -> Iterator[tuple[str, str]]:
    if found.superuser:
        yield "is a superuser, whom nothing in the database holds back", "NOSUPERUSER"
    if found.passes_by:
        yield "passes row-level security by (BYPASSRLS)", "NOBYPASSRLS"
    if found.makes_roles:
        yield "may make roles", "NOCREATEROLE"
    if found.makes_databases:
        yield "may make databases", "NOCREATEDB"
    if found.copies:
        yield "may copy the whole server (REPLICATION)", "NOREPLICATION"


def _making(found: Row) -> Iterator[Finding]:
    if found.superuser:
        return
    makes = catalogues.row(MAKES)
    if makes.in_schema:
        yield fail(
            f"The application's role {found.name} may make tables and functions in the portal's schema.",
            "REVOKE CREATE ON SCHEMA public FROM PUBLIC, and from the role.",
        )
    if makes.schemas:
        yield fail(
            f"The application's role {found.name} may make schemas in the database.",
            "REVOKE CREATE ON DATABASE … FROM the role, and let portal_owner own the database.",
        )


def wall(at: Deployment) -> Iterator[Finding]:
    """Whether the database itself keeps tenants apart, and lets the application become the readers that it needs."""
    open_tables = catalogues.value(policies.WITHOUT_WALL, tables=policies.tables())
    if open_tables:
        yield fail(
            f"Row-level security is not in force on: {open_tables}.",
            "Run `flask --app wsgi db upgrade`, which puts it up again, with MIGRATION_DATABASE_URL set.",
        )
    not_held = catalogues.value(policies.NOT_HELD, roles=list(policies.ROLES))
    if not_held:
        yield fail(
            f"The application's role may not become {not_held}, and what these read is refused.",
            "As a superuser: psql -f docs/roles.sql; then `flask --app wsgi db upgrade`.",
        )
    if not open_tables and not not_held:
        yield ok("Row-level security is in force on every table of tenants.")


def record(at: Deployment) -> Iterator[Finding]:
    """Whether the database keeps the application from changing what happened: by triggers, and by its rights."""
    found = catalogues.row(RECORD)
    if not found.is_there:
        yield not_checked("There is no table audit_events yet.")
        return
    if catalogues.value(TRIGGERS) != TRIGGERS_THERE:
        yield fail(
            "The triggers that keep audit_events append-only are missing or disabled.",
            "Find out who took them away; ALTER TABLE audit_events ENABLE TRIGGER ALL, or run migration 0013 again.",
        )
    rights = [("UPDATE", found.changes), ("DELETE", found.deletes), ("TRUNCATE", found.empties)]
    held = ", ".join(name for name, has in rights if has)
    if held:
        yield warn(
            f"The application's role has {held} on audit_events, where a trigger alone says no.",
            "Run `flask --app wsgi db upgrade`, which takes them away; do not grant them again.",
        )
    else:
        yield ok("The application's role may add to audit_events and read it, nothing else.")


def pooler(at: Deployment) -> Iterator[Finding]:
    """Whether changes are told at once where that is wanted, and who stands between."""
    if catalogues.is_pooled() and not at.settings.database_pooler:
        yield fail(
            "DATABASE_URL leads through a pooler that gives connections away after each transaction.",
            "Set DATABASE_POOLER=true; let LISTEN_DATABASE_URL and MIGRATION_DATABASE_URL lead past it.",
        )
    if not at.settings.listen_database_url:
        yield not_checked("LISTEN_DATABASE_URL is empty: nothing listens, and the gateway looks for changes.")
        return
    try:
        heard = catalogues.hears(at.settings.listen_database_url)
    except psycopg.Error as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        yield fail(f"LISTEN_DATABASE_URL leads nowhere: {reason}", "See its host, role and password.")
        return
    if heard:
        yield ok("What changes is heard at once through LISTEN_DATABASE_URL.")
    else:
        yield fail(
            "Nothing is heard through LISTEN_DATABASE_URL: it leads through a transaction pooler or elsewhere.",
            "Give a direct connection to the server and database that DATABASE_URL leads to.",
        )


CHECKS = (server, role, wall, record, pooler)
