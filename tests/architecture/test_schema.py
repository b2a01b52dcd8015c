"""The schema: what migrations build is what the models say, and every row of a tenant is kept at its tenant's home."""

from collections.abc import Callable
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    ForeignKeyConstraint,
    Index,
    Table,
    UniqueConstraint,
    create_engine,
    event,
    inspect,
)

from portal.access.rows import TenantScoped, tenant_tables
from portal.foundation.database import Base, EnumSet, UtcDateTime, db
from tests.architecture.schema import VERSIONS, schema_of
from tests.architecture.sources import ROOT, Source

MIGRATIONS = sorted((ROOT / "migrations" / "versions").glob("*.py"))

# Tables of no tenant, each with the reason (design 6).
GLOBAL = {
    "tenants": "says who the tenants are",
    "people": "a person belongs to several tenants",
    "factor_recoveries": "what a person proves themselves with",
    "mailed_tokens": "a link in a mail to a person",
    "reset_requests": "asked before anybody is known",
    "passkeys": "what a person proves themselves with",
    "pending_sign_ins": "a sign-in is a person's",
    "recovery_codes": "what a person proves themselves with",
    "second_factors": "what a person proves themselves with",
    "used_states": "spent before anybody is known, and nothing of who it was",
    "sessions": "a sign-in is a person's",
    "spent_challenges": "of no person: hashes of what was asked once",
    "attempt_counters": "counts before anybody is known",
    "services": "catalogue",
    "editions": "catalogue",
    "edition_services": "catalogue",
    "outbox": "read by the worker only, sealed",
    "change_versions": "counters, looked at by doors before anybody is known",
    "changed_rows": "says which rows of any table changed, and nothing of what is in them",
    "gateway_workers": "processes of the deployment",
    "gateway_applied": "when a process was as of which version, and nothing of what changed with it",
    "gateway_probes": "what was measured on the deployment",
    "audit_chains": "heads of chains, some of them a person's or the system's",
    "blocked_keys": "a key is blocked for everybody",
    "signing_keys": "the portal's own keys; the private halves are sealed",
    "use_reports": "ids of reports of uses of any keys, and nothing of what is in them",
    "device_requests": "asked for before anybody is known; who approves gives it a token",
    "digests": "one a week for the vendor's staff",
}
# Keys and indexes of a tenant's table that do not begin with `tenant_id`, each with the reason.
BY_UNGUESSABLE_ID = "found by an id from an address or a file; unique over all tenants"
BY_OTHER_PARTY = "read by the other party, whose rows lie with many tenants"
BY_BEGINNING = "the vendor finds it by how it begins, whoever it belongs to"
BEGIN_ELSEWHERE = {
    ("audit_events", "chain_id"): "the chain is the tenant, or the person or system where there is none",
    ("mail_domains", "name"): "signing in asks whose a mail domain is; one counts for one tenant only",
    ("memberships", "person_id"): "signing in asks for the tenants of a person",
    ("entitlements", "service_code"): "the vendor asks who may use a service",
    ("contracts", "ends_at"): "the vendor asks which contracts end soon",
    ("contracts", "kind"): "the vendor asks for partners and integrators among all",
    ("contract_requests", "state"): "the vendor asks which requests wait",
    ("contract_requests", "created_at"): "the vendor asks for requests as they came",
    ("delegations", "state"): "the vendor asks by state, the worker for what is due",
    ("key_pairs", "state"): "the vendor asks by state, the worker for what is unconfirmed",
    ("projects", "name_key"): BY_BEGINNING,
    ("installations", "address_key"): BY_BEGINNING,
    ("installations", "claim"): "the vendor asks which shops collide",
    ("delegations", "ends_at"): "the vendor asks which delegations end soon",
    ("entitlements", "ends_at"): "the vendor asks which entitlements end soon",
    ("key_pairs", "expires_at"): "the vendor asks which key pairs stop soon",
    ("invitations", "token_hash"): BY_UNGUESSABLE_ID,
    ("key_intents", "code_hash"): BY_UNGUESSABLE_ID,
    ("key_pairs", "api_key"): BY_UNGUESSABLE_ID,
    ("key_pairs", "spki_sha256"): "no key twice over all tenants and all time (rule 4)",
    ("key_pairs", "holder_id"): BY_OTHER_PARTY,
    ("use_clients", "holder_id"): BY_OTHER_PARTY,
    ("key_uses", "holder_id"): BY_OTHER_PARTY,
    ("key_uses", "day"): "the worker forgets what is old",
    ("sightings", "holder_id"): BY_OTHER_PARTY,
    ("delegations", "integrator_id"): BY_OTHER_PARTY,
    ("delegation_proposals", "integrator_id"): BY_OTHER_PARTY,
    ("envelope_keys", "public"): "no envelope key twice over all tenants and all time",
    ("hand_offs", "code_hash"): BY_UNGUESSABLE_ID,
    ("hand_offs", "receiver_id"): BY_OTHER_PARTY,
    ("hand_offs", "lapses_at"): "the worker closes what is due",
    ("key_copies", "holder_id"): BY_OTHER_PARTY,
    ("review_answers", "asked_id"): BY_OTHER_PARTY,
    ("look_ins", "ends_at"): "the worker stores what is over",
    ("signer_changes", "due_at"): "the worker makes so what is due",
    ("command_codes", "code_hash"): BY_UNGUESSABLE_ID,
    ("command_codes", "expires_at"): "the worker forgets what is old",
    ("service_credentials", "secret_hash"): "found by what proves itself",
    ("personal_tokens", "digest"): "found by what proves itself",
    ("keyed_calls", "begun_at"): "cleared by age",
    ("webhook_endpoints", "state"): "the worker asks who has to be told something",
    ("webhook_deliveries", "due_at"): "the worker sends what is due",
    ("webhook_deliveries", "settled_at"): "the worker forgets what is old",
    ("imports", "state"): "the worker asks which files wait",
}
OF_TENANTS = sorted(tenant_tables(), key=lambda table: table.name)

each_tenant_table = pytest.mark.parametrize("table", OF_TENANTS, ids=lambda table: table.name)


def differences(connection: Connection) -> list[Any]:
    """What Alembic would still have to do to make the database what the models say."""
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    return list(compare_metadata(context, Base.metadata))


def test_migrations_leave_nothing_to_do():
    assert differences(db.session.connection()) == []


def test_migrations_build_what_the_models_would(fresh_database: Callable[[str], tuple[str, str]]):
    """Alembic does not compare checks and the conditions of indexes; two databases side by side show them."""
    url, migrations_url = fresh_database("from_models")
    engine = create_engine(migrations_url or url)
    with engine.begin() as connection:
        Base.metadata.create_all(connection)
        from_models = schema_of(connection)
    engine.dispose()

    assert schema_of(db.session.connection()) == from_models


def test_migrations_run_up_and_down_and_up_again(fresh_app: Flask):
    with fresh_app.app_context():
        upgrade()
        first = schema_of(db.session.connection())
        db.session.remove()
        downgrade(revision="base")
        left = inspect(db.session.connection()).get_table_names()
        db.session.remove()
        upgrade()
        second = schema_of(db.session.connection())
        db.session.remove()
        db.engine.dispose()

    assert left == [VERSIONS]
    assert second == first


def test_migrations_on_sqlite_run_with_foreign_keys_off(fresh_app: Flask):
    seen = []

    def note(connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("CREATE TABLE") and connection.dialect.name == "sqlite":
            seen.append(connection.connection.driver_connection.execute("PRAGMA foreign_keys").fetchone()[0])

    event.listen(Engine, "before_cursor_execute", note)
    try:
        with fresh_app.app_context():
            upgrade()
            db.engine.dispose()
    finally:
        event.remove(Engine, "before_cursor_execute", note)

    assert set(seen) <= {0}


@pytest.mark.no_database
@pytest.mark.parametrize("file", MIGRATIONS, ids=lambda file: file.stem)
def test_a_migration_imports_nothing_of_the_portal(file: Any):
    assert not [name for name, _line in Source(file.stem, file).imports() if name.split(".")[0] == "portal"]


@pytest.mark.no_database
def test_every_table_is_a_tenants_or_known_to_be_nobodys():
    of_tenants = {table.name for table in OF_TENANTS}

    assert of_tenants | GLOBAL.keys() == Base.metadata.tables.keys()
    assert not of_tenants & GLOBAL.keys()


@pytest.mark.no_database
def test_a_table_with_two_parties_names_the_other_one():
    second = {
        (table.name, column.name)
        for table in OF_TENANTS
        for column in table.columns
        if column.name != "tenant_id" and any(key.column.table.name == "tenants" for key in column.foreign_keys)
    }
    named = {(mapper.local_table.name, mapper.class_.other_party) for mapper in _scoped() if mapper.class_.other_party}

    assert second == named


@pytest.mark.no_database
@each_tenant_table
def test_keys_and_indexes_of_a_tenants_table_begin_with_its_tenant(table: Table):
    begin = {keys[0].name for keys in _keys_of(table)}

    assert begin - {"tenant_id"} - {"public_id"} == {column for name, column in BEGIN_ELSEWHERE if name == table.name}


@pytest.mark.no_database
@each_tenant_table
def test_a_public_id_is_unique_over_all_tenants(table: Table):
    if "public_id" in table.columns:
        assert ["public_id"] in [[column.name for column in keys] for keys in _keys_of(table, unique_only=True)]


@pytest.mark.no_database
@each_tenant_table
def test_a_tenants_row_refers_to_rows_of_its_own_tenant_only(table: Table):
    owned = {one.name for one in OF_TENANTS}
    plain = [
        key
        for key in table.constraints
        if isinstance(key, ForeignKeyConstraint)
        and key.referred_table.name in owned
        and ("tenant_id", "tenant_id") not in {(one.parent.name, one.column.name) for one in key.elements}
    ]

    assert not plain


@pytest.mark.no_database
@each_tenant_table
def test_every_column_that_names_a_row_is_a_foreign_key(table: Table):
    """An id without a key behind it may point anywhere."""
    ours = {"id", "chain_id", "tenant_id", "actor_id", "actor_home_id", "subject_id"}
    free = ours | {"cloud_id", "client_id"}  # somebody else's words
    loose = [
        column.name
        for column in table.columns
        if column.name.endswith("_id")
        and column.name not in free
        and not _is_handle(column)
        and not column.foreign_keys
    ]

    assert not loose


@pytest.mark.no_database
@pytest.mark.parametrize("table", Base.metadata.sorted_tables, ids=lambda table: table.name)
def test_every_moment_is_stored_as_aware_utc(table: Table):
    moments = [column for column in table.columns if column.name.endswith("_at") or column.name.endswith("_until")]

    assert all(isinstance(column.type, UtcDateTime) for column in moments)


def _is_handle(column: Column[Any]) -> bool:
    ends = ("public_id", "account_id", "request_id", "evidence_key_id")
    return column.name.endswith(ends) or isinstance(column.type, EnumSet)


def _scoped() -> list[Any]:
    return [mapper for mapper in Base.registry.mappers if issubclass(mapper.class_, TenantScoped)]


def _keys_of(table: Table, *, unique_only: bool = False) -> list[list[Column[Any]]]:
    """The columns of each key and index, in order."""
    unique = [constraint for constraint in table.constraints if isinstance(constraint, UniqueConstraint)]
    indexes: list[Index] = [index for index in table.indexes if index.unique or not unique_only]
    primary = [] if unique_only else [list(table.primary_key)]
    return [*primary, *(list(constraint.columns) for constraint in unique), *(list(index.columns) for index in indexes)]
