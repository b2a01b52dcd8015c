"""A real PostgreSQL whose roles, rights, triggers and encoding are not as docs/running.md makes them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask_migrate import upgrade
from sqlalchemy import make_url

from portal.app import create_app
from portal.audit import operations as audit
from portal.cli.checking import catalogues, postgresql
from portal.cli.checking.findings import Check, Deployment, Finding, Severity
from portal.cli.speaking import operator_at
from portal.foundation.database import db, transaction
from portal.tenants import operations as tenants
from tests.cli.checking.conftest import in_production, only, severities
from tests.conftest import DATABASE
from tests.database import APP, MIGRATE, OWNER, Cluster, postgres_cluster

pytestmark = [
    pytest.mark.own_database,
    pytest.mark.skipif(DATABASE != "postgresql", reason="about PostgreSQL"),
]

NAME = "portal_test_check"
EMPTY, ODD = f"{NAME}_empty", f"{NAME}_odd"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A server that nobody else uses, with a migrated database and an empty one."""
    with postgres_cluster(of_ones_own=True) as cluster:
        urls = cluster.create_database(NAME)
        cluster.create_database(EMPTY)
        folder = tmp_path_factory.mktemp("data")
        with inside(*urls, folder):
            upgrade()
        yield cluster
        for name in (NAME, EMPTY, ODD):
            cluster.drop_database(name)


@contextmanager
def inside(app_url: str, migration_url: str, folder: Path, **changes: Any) -> Iterator[Deployment]:
    settings = in_production(app_url, migration_url, folder, **changes)
    with create_app(settings).app_context():
        try:
            yield Deployment(settings, settings.external_base_url, 80)
        finally:
            db.session.remove()
            for engine in db.engines.values():
                engine.dispose()


def url_of(cluster: Cluster, role: str, name: str = NAME) -> str:
    return make_url(cluster.superuser_url(name)).set(username=role).render_as_string(hide_password=False)


def as_superuser(cluster: Cluster, *statements: str, name: str = NAME) -> None:
    url = cluster.superuser_url(name).replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.fixture
def look(cluster: Cluster, folder: Path):
    """What a check finds for a role, by default the right one, with settings changed."""

    def found(check: Check, role: str = APP, name: str = NAME, **changes: Any) -> list[Finding]:
        with inside(url_of(cluster, role, name), "", folder, **changes) as at:
            return list(check(at))

    return found


@pytest.fixture
def but(cluster: Cluster):
    """Something that is wrong until the test ends."""
    undo: list[str] = []

    def wrong(statement: str, back: str) -> None:
        as_superuser(cluster, statement)
        undo.append(back)

    yield wrong
    as_superuser(cluster, *undo)


def test_the_roles_of_the_documentation_are_as_they_should_be(look):
    assert severities(look(postgresql.role)) == {"ok"}
    assert severities(look(postgresql.server)) == {"ok"}


def test_a_superuser_is_found(look):
    told = [finding.says for finding in look(postgresql.role, role="postgres")]

    assert any("is a superuser" in says for says in told)
    assert any("BYPASSRLS" in says for says in told)


def test_the_migrations_role_is_no_role_for_the_application(look):
    told = [finding.says for finding in look(postgresql.role, role=MIGRATE)]

    assert any(f"role {OWNER} owns" in says for says in told), "it acts as the owner"
    assert any("may make tables and functions" in says for says in told)


@pytest.mark.parametrize(
    ("wrong", "back", "word"),
    [
        (f"ALTER ROLE {APP} BYPASSRLS", f"ALTER ROLE {APP} NOBYPASSRLS", "BYPASSRLS"),
        (f"ALTER ROLE {APP} CREATEROLE", f"ALTER ROLE {APP} NOCREATEROLE", "may make roles"),
        (f"ALTER ROLE {APP} CREATEDB", f"ALTER ROLE {APP} NOCREATEDB", "may make databases"),
        (f"ALTER ROLE {APP} REPLICATION", f"ALTER ROLE {APP} NOREPLICATION", "REPLICATION"),
        (
            f"GRANT CREATE ON SCHEMA public TO {APP}",
            f"REVOKE CREATE ON SCHEMA public FROM {APP}",
            "tables and functions",
        ),
        (f"GRANT CREATE ON DATABASE {NAME} TO {APP}", f"REVOKE CREATE ON DATABASE {NAME} FROM {APP}", "make schemas"),
        (f"ALTER TABLE digests OWNER TO {APP}", f"ALTER TABLE digests OWNER TO {OWNER}", "owns 1 tables"),
        (f"GRANT {OWNER} TO {APP}", f"REVOKE {OWNER} FROM {APP}", "owns "),
    ],
)
def test_each_right_that_the_application_should_not_have(wrong: str, back: str, word: str, but, look):
    but(wrong, back)

    found = look(postgresql.role)

    assert [finding for finding in found if finding.severity is Severity.FAIL and word in finding.says and finding.do]


def test_a_database_of_another_encoding(cluster: Cluster, look):
    as_superuser(
        cluster,
        f"CREATE DATABASE {ODD} OWNER {OWNER} TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'",
        name="postgres",
    )

    assert "LATIN1" in only(look(postgresql.server, name=ODD), Severity.FAIL).says


def test_an_old_server(look, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(postgresql, "OLDEST", 990_000)

    assert "the portal needs 15" in only(look(postgresql.server), Severity.FAIL).says


# The wall between tenants


@pytest.mark.parametrize(
    ("wrong", "back", "word"),
    [
        (
            "ALTER TABLE key_pairs NO FORCE ROW LEVEL SECURITY; ALTER TABLE projects DISABLE ROW LEVEL SECURITY",
            "ALTER TABLE key_pairs FORCE ROW LEVEL SECURITY; ALTER TABLE projects ENABLE ROW LEVEL SECURITY",
            "not in force on: key_pairs, projects",
        ),
        (f"REVOKE portal_console FROM {APP}", f"GRANT portal_console TO {APP}", "may not become portal_console"),
    ],
    ids=["tables", "readers"],
)
def test_each_gap_in_the_wall(wrong: str, back: str, word: str, look, but):
    assert severities(look(postgresql.wall)) == {"ok"}

    but(wrong, back)

    assert word in only(look(postgresql.wall), Severity.FAIL).says


# The record


def test_what_the_application_may_do_to_the_record(look, but):
    assert severities(look(postgresql.record)) == {"ok"}

    but(f"GRANT UPDATE, DELETE ON audit_events TO {APP}", f"REVOKE UPDATE, DELETE ON audit_events FROM {APP}")

    assert "UPDATE, DELETE on audit_events" in only(look(postgresql.record), Severity.WARN).says


def test_without_those_rights_the_record_goes_on(cluster: Cluster, folder: Path):
    with inside(url_of(cluster, APP), "", folder):
        for name in ("Aurora", "Borealis"):
            with transaction():
                tenants.create(operator_at(), name)
        assert list(audit.verify()) == []
        assert audit.head_fits()


@pytest.mark.parametrize("trigger", ["audit_events_append_only", "audit_events_no_truncate"])
def test_a_record_without_its_triggers(trigger: str, look, but):
    but(f"ALTER TABLE audit_events DISABLE TRIGGER {trigger}", f"ALTER TABLE audit_events ENABLE TRIGGER {trigger}")

    assert "missing or disabled" in only(look(postgresql.record), Severity.FAIL).says


def test_an_empty_database_has_no_record_yet(look):
    assert severities(look(postgresql.record, name=EMPTY)) == {"not checked"}


# Listening


def test_without_an_address_nothing_listens(look):
    assert severities(look(postgresql.pooler)) == {"not checked"}


def test_a_direct_connection_hears(cluster: Cluster, look):
    assert severities(look(postgresql.pooler, listen_database_url=url_of(cluster, APP))) == {"ok"}


def test_a_connection_to_another_database_hears_nothing(cluster: Cluster, look):
    found = look(postgresql.pooler, listen_database_url=url_of(cluster, APP, EMPTY))

    assert "transaction pooler or elsewhere" in only(found, Severity.FAIL).says


def test_an_address_that_leads_nowhere(look):
    found = look(postgresql.pooler, listen_database_url="postgresql://portal_app:sesame-open@127.0.0.1:1/portal")

    assert "leads nowhere" in only(found, Severity.FAIL).says


def test_direct_connections_are_no_pooler_and_shared_ones_are(cluster: Cluster, look, monkeypatch: pytest.MonkeyPatch):
    assert not [finding for finding in look(postgresql.pooler) if "pooler that gives" in finding.says]

    monkeypatch.setattr(catalogues, "is_pooled", lambda: True)

    assert "DATABASE_POOLER" in only(look(postgresql.pooler), Severity.FAIL).do
    assert severities(look(postgresql.pooler, database_pooler=True)) == {"not checked"}
