"""The chain verifier finds whatever was done to the record behind the portal's back, and where (security.md 3, 12)."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError

from portal.audit import operations as audit
from portal.foundation.database import db
from tests.factories import a_licensee, a_tenant

NO_TRIGGERS = "SET LOCAL session_replication_role = replica"
SQLITE_TRIGGERS = ("audit_events_no_update", "audit_events_no_delete")


@pytest.fixture
def chain():
    """The id of a chain of several events, as the database writes it."""
    tenant_id = a_licensee().tenant_id
    db.session.rollback()
    return tenant_id.hex if db.engine.dialect.name == "sqlite" else str(tenant_id)


@pytest.fixture
def tamper(database_store) -> Iterator[Callable[..., None]]:
    """Runs statements as somebody could who has the whole database in hand: triggers do not stop them."""
    superuser = getattr(database_store, "superuser", None) or create_engine(database_store.urls[0])

    def run(*statements: str, **values: object) -> None:
        with superuser.begin() as connection:
            _lift_triggers(connection)
            for statement in statements:
                connection.execute(text(statement), values)
        db.session.rollback()

    yield run
    superuser.dispose()


def _lift_triggers(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        connection.execute(text(NO_TRIGGERS))
        return
    for trigger in SQLITE_TRIGGERS:
        connection.execute(text(f"DROP TRIGGER IF EXISTS {trigger}"))


def breaks() -> list[tuple[int, str]]:
    return [(found.seq, found.what) for found in audit.verify()]


def test_a_record_that_nobody_touched_is_whole(chain):
    assert breaks() == []


@pytest.mark.parametrize(
    "change",
    [
        "event = 'tenant.renamed'",
        "actor_label = 'Somebody else'",
        "subject_label = 'Something else'",
        'facts = \'{"role": "Viewer"}\'',
        "refused = NOT refused",
        "at = '2020-01-01 00:00:00+00:00'",
        "copy_of = 'x'",
        "hash = previous_hash",
    ],
)
def test_a_changed_event_is_found(change, chain, tamper):
    tamper(f"UPDATE audit_events SET {change} WHERE chain_id = :chain AND seq = 2", chain=chain)  # noqa: S608 - ours

    assert breaks() == [(2, "the event was changed")]


def test_a_deleted_event_is_found(chain, tamper):
    tamper("DELETE FROM audit_events WHERE chain_id = :chain AND seq = 2", chain=chain)

    assert breaks() == [(2, "an event is missing")]


def test_events_that_were_cut_off_at_the_end_are_found(chain, tamper):
    tamper("DELETE FROM audit_events WHERE chain_id = :chain AND seq > 2", chain=chain)

    assert breaks() == [(3, "events at the end are missing")]


def test_reordered_events_are_found(chain, tamper):
    tamper(
        "UPDATE audit_events SET seq = 99 WHERE chain_id = :chain AND seq = 1",
        "UPDATE audit_events SET seq = 1 WHERE chain_id = :chain AND seq = 2",
        "UPDATE audit_events SET seq = 2 WHERE chain_id = :chain AND seq = 99",
        chain=chain,
    )

    assert breaks()[0][0] == 1


INSERT = """
    INSERT INTO audit_events
        (chain_id, seq, previous_hash, hash, tenant_id, at, event, refused, actor_label, subject_type, subject_id,
         subject_label, facts)
    SELECT chain_id, seq + 1, hash, hash, tenant_id, at, event, refused, actor_label, subject_type, subject_id,
           subject_label, facts
    FROM audit_events
    WHERE chain_id = :chain AND seq = (SELECT max(seq) FROM audit_events WHERE chain_id = :chain)
"""


def test_an_inserted_event_is_found(chain, tamper):
    tamper(INSERT, chain=chain)

    assert len(breaks()) == 1


def test_a_chain_whose_head_is_gone_is_found(chain, tamper):
    tamper("DELETE FROM audit_chains WHERE id = :chain", chain=chain)

    assert breaks() == [(1, "the chain has no head")]


def test_a_whole_chain_that_is_gone_is_found(chain, tamper):
    tamper("DELETE FROM audit_events WHERE chain_id = :chain", chain=chain)

    assert breaks() == [(1, "events at the end are missing")]


def test_a_break_in_one_chain_leaves_the_others_whole(chain, tamper):
    a_tenant()
    tamper("UPDATE audit_events SET event = 'x' WHERE chain_id = :chain AND seq = 1", chain=chain)

    assert len(breaks()) == 1


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_events SET event = 'x'", "DELETE FROM audit_events", "TRUNCATE audit_events"]
)
def test_the_portals_own_role_cannot_change_what_was_recorded(statement, chain):
    if statement.startswith("TRUNCATE") and db.engine.dialect.name == "sqlite":
        statement = "DELETE FROM audit_events WHERE seq = 1"

    with pytest.raises(DBAPIError, match=r"append-only|permission denied"), db.engine.begin() as connection:
        connection.execute(text(statement))
