"""PostgreSQL's own wall: what it lets through by the transaction's word alone, every condition of ours left out."""

import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import Connection, Engine, delete, func, insert, make_url, or_, select, text, update
from sqlalchemy.exc import ProgrammingError

from portal.access import policies
from portal.access.rows import SCOPE, Reader, TenantScoped, across_tenants, owned_by, scoped_to
from portal.access.wall import role_of
from portal.accounts.models import Membership
from portal.audit.models import AuditEvent
from portal.foundation import ids
from portal.foundation.database import db, transaction
from portal.projects.models import Project
from tests.access.conftest import Whole
from tests.access.test_isolation import MODELS
from tests.access.world import World
from tests.conftest import DATABASE, PostgresStore
from tests.database import APP, OWNER

pytestmark = pytest.mark.skipif(DATABASE != "postgresql", reason="SQLite has no row policies")

TABLES = """
    SELECT relname, relrowsecurity AND relforcerowsecurity AS walled, pg_get_userbyid(relowner) AS owner
    FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
"""
POLICIES = "SELECT tablename, policyname FROM pg_policies WHERE schemaname = 'public'"
CHANGERS = """
    SELECT grantee, privilege_type FROM information_schema.role_table_grants
    WHERE table_schema = 'public' AND table_name = :table AND grantee <> :owner
"""
VIEWS = "SELECT count(*) FROM pg_views WHERE schemaname = 'public'"
GRANTS = """
    SELECT table_name, privilege_type FROM information_schema.role_table_grants
    WHERE table_schema = 'public' AND grantee = :role
"""
SETTINGS = "SELECT current_user, coalesce(current_setting('portal.tenant', true), '')"

each_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__tablename__)
each_reader = pytest.mark.parametrize("reader", policies.RIGHTS, ids=lambda reader: reader.name)


@pytest.fixture
def superuser(database_store: PostgresStore) -> Engine:
    return database_store.superuser


def _found(model: type[TenantScoped], tenant_id: uuid.UUID) -> int:
    """How many rows are there for a statement without any condition, in this tenant's name."""
    rows = select(func.count()).select_from(model)
    return db.session.scalar(rows, execution_options=scoped_to(tenant_id)) or 0


def _rows(superuser: Engine, model: type[TenantScoped], *conditions: Any) -> int:
    with superuser.connect() as connection:
        return connection.scalar(select(func.count()).select_from(model.__table__).where(*conditions)) or 0


def test_each_table_of_tenants_is_walled_and_has_its_policies(superuser: Engine):
    with superuser.connect() as connection:
        walled = {row.relname for row in connection.execute(text(TABLES)) if row.walled}
        made = {(row.tablename, row.policyname) for row in connection.execute(text(POLICIES))}

    assert walled == {model.__tablename__ for model in MODELS}
    assert made == {
        (model.__tablename__, policy)
        for model in MODELS
        for policy in (policies.OWN, policies.ACROSS, *([policies.SHOWN] if model.shown_with else []))
    }


def test_every_table_is_the_owners_and_no_view_passes_the_policies_by(superuser: Engine):
    with superuser.connect() as connection:
        assert {row.owner for row in connection.execute(text(TABLES))} == {OWNER}
        assert connection.scalar(text(VIEWS)) == 0


def test_nobody_may_change_the_record(superuser: Engine):
    with superuser.connect() as connection:
        rights = connection.execute(text(CHANGERS), {"table": "audit_events", "owner": OWNER}).all()

    assert {right for _who, right in rights} == {"SELECT", "INSERT"}


@each_reader
def test_a_reader_has_the_rights_of_its_purpose(reader: Reader, superuser: Engine):
    with superuser.connect() as connection:
        held = {tuple(row) for row in connection.execute(text(GRANTS), {"role": role_of(reader)})}

    assert held == set(policies.rights_of(reader))


@each_model
def test_without_a_word_there_are_no_rows(model: type[TenantScoped], world: World, app: Flask, superuser: Engine):
    assert _rows(superuser, model) > 0

    url = make_url(app.config["PORTAL"].database_url).set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False)) as connection:
        assert connection.execute(f"SELECT count(*) FROM {model.__tablename__}").fetchone() == (0,)  # noqa: S608


@each_model
def test_a_forgotten_condition_finds_only_rows_of_ones_own(
    model: type[TenantScoped], world: World, whole: Whole, superuser: Engine
):
    """The same rows as the first wall lets through, for each party to them, and for those with whom they are shown."""
    for things in (world.client, world.foreign, world.callers["live"].things, world.callers["suspended"].things):
        tenant_id = whole({"account": things["account"]}).home_id
        assert tenant_id is not None
        parties = [model.__table__.c[column] == tenant_id for column in policies.parties_of(model)]
        own = _rows(superuser, model, or_(*parties))

        found = _found(model, tenant_id)

        assert found == own if model.shown_with is None else own <= found < _rows(superuser, model)


def test_what_was_said_ends_with_the_transaction(world: World, whole: Whole):
    tenant_id = whole(world.client).tenant_id
    assert tenant_id is not None
    assert _found(Project, tenant_id)
    said = db.session.connection().exec_driver_sql(SETTINGS).one()

    db.session.rollback()
    with db.engine.connect() as again:
        left = again.exec_driver_sql(SETTINGS).one()

    assert tuple(said) == (APP, str(tenant_id))
    assert tuple(left) == (APP, "")


def test_a_reader_is_one_for_its_own_statement_only(world: World, whole: Whole):
    tenant_id = whole(world.client).tenant_id
    assert tenant_id is not None
    everything = across_tenants(func.count(), reason=Reader.UPKEEP).select_from(Project)

    with transaction():
        assert (db.session.scalar(everything) or 0) > _found(Project, tenant_id)
        assert db.session.connection().exec_driver_sql(SETTINGS).one()[0] == APP


def test_after_a_savepoint_the_database_is_told_again(world: World, whole: Whole):
    client, other = whole(world.client), whole(world.foreign)
    with transaction():
        first = len(db.session.scalars(owned_by(client, Project)).all())
        for read in (across_tenants(Project, reason=Reader.UPKEEP), owned_by(other, Project)):
            savepoint = db.session.begin_nested()
            db.session.scalars(read).all()
            savepoint.rollback()

            assert db.session.connection().exec_driver_sql(SETTINGS).one()[0] == APP
            assert len(db.session.scalars(owned_by(client, Project)).all()) == first


def _insert(row: dict[str, Any]) -> Any:
    return insert(Project).values(row | {"id": ids.uuid7()})


def _update(row: dict[str, Any]) -> Any:
    return update(Project).values(name="gone").where(Project.id == row["id"])


def _delete(row: dict[str, Any]) -> Any:
    return delete(Project).where(Project.id == row["id"])


def _refused() -> AbstractContextManager[Any]:
    return pytest.raises(ProgrammingError, match=r"row-level security|permission denied")


WRITES = {
    "a new row in another's name": (_insert, None, _refused),
    "another's row": (_update, None, nullcontext),
    "another's row, to be gone": (_delete, None, nullcontext),
    "a row, by who only reads": (lambda _row: update(Membership).values(role="owner"), Reader.SIGN_IN, _refused),
    "the record": (lambda _row: update(AuditEvent).values(actor_label="gone"), Reader.UPKEEP, _refused),
}


@pytest.mark.parametrize(("write", "reader", "outcome"), WRITES.values(), ids=WRITES.keys())
def test_nothing_is_written_in_anothers_name(
    write: Callable[[dict[str, Any]], Any],
    reader: Reader | None,
    outcome: Callable[[], AbstractContextManager[Any]],
    world: World,
    whole: Whole,
    superuser: Engine,
):
    mine, other = whole(world.client).tenant_id, whole(world.foreign).tenant_id
    rows = select(Project.__table__).order_by(Project.id)
    with superuser.connect() as connection:
        before = connection.execute(rows).mappings().all()
        theirs = next(dict(row) for row in before if row["tenant_id"] == other)

    with transaction(), outcome(), db.session.begin_nested():
        options = {SCOPE: reader or mine, "synchronize_session": False}
        db.session.execute(write(theirs), execution_options=options)

    with superuser.connect() as connection:
        assert connection.execute(rows).mappings().all() == before


def test_a_server_without_the_roles_is_not_migrated(superuser: Engine, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(policies, "ROLES", (*policies.ROLES, "portal_nobody"))

    with superuser.connect() as connection, pytest.raises(policies.RolesMissing, match="portal_nobody"):
        policies.put_up(connection, APP)


def test_a_migration_sees_all_rows_and_leaves_the_wall_behind(world: World, superuser: Engine):
    """A backfill that runs as the owner under forced policies would find nothing, and say nothing."""

    def as_owner(act: Callable[[Connection], Any]) -> Any:
        with superuser.connect() as connection:
            connection.execute(text(f"SET LOCAL ROLE {OWNER}; SET LOCAL lock_timeout = '5s'"))
            return act(connection)

    def count(connection: Connection) -> int:
        return connection.scalar(text("SELECT count(*) FROM projects")) or 0

    def migrate(connection: Connection) -> tuple[int, int]:
        policies.take_down(connection)
        during = count(connection)
        policies.put_up(connection, APP)
        return during, count(connection)

    expected = _rows(superuser, Project)

    assert as_owner(count) == 0
    assert as_owner(migrate) == (expected, 0)
