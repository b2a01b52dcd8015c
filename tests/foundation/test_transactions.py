"""One change: everything of it is there afterwards, or nothing is; and two at once do not undo each other."""

import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import StatementError
from sqlalchemy.orm.exc import StaleDataError

from portal.access.roles import Environment, Right
from portal.delegations.models import Delegation
from portal.foundation.database import EnumSet, UtcDateTime, db, insert_if_absent, lock, transaction
from portal.keys.models import BlockedKey
from portal.tenants.models import Tenant
from tests.factories import a_delegation, a_licensee, a_tenant, an_integrator


def _name_of(tenant_id: object) -> str:
    return db.session.scalars(select(Tenant.name).where(Tenant.id == tenant_id)).one()


def test_a_change_is_there_after_its_transaction():
    tenant_id = a_tenant("Before").id
    with transaction():
        db.session.get(Tenant, tenant_id).name = "After"

    db.session.rollback()

    assert _name_of(tenant_id) == "After"


def test_nothing_of_a_change_that_fails_is_there():
    tenant_id = a_tenant("Before").id

    def fail() -> None:
        db.session.get(Tenant, tenant_id).name = "After"
        db.session.flush()
        _ = 1 / 0

    with pytest.raises(ZeroDivisionError), transaction():
        fail()

    assert _name_of(tenant_id) == "Before"


def test_what_was_changed_outside_is_not_carried_in():
    tenant = a_tenant("Before")
    tenant.name = "Outside"

    with transaction():
        pass

    assert _name_of(tenant.id) == "Before"


def test_only_the_door_opens_one():
    with pytest.raises(RuntimeError, match="already open"), transaction(), transaction():
        pass


def test_after_a_failure_another_can_be_opened():
    with pytest.raises(ZeroDivisionError), transaction():
        _ = 1 / 0
    with transaction():
        tenant_id = db.session.scalars(select(Tenant.id)).first()

    assert tenant_id is None


def test_what_was_read_before_is_read_anew_inside(app: Flask):
    tenant = a_tenant("Before")
    tenant_id, before = tenant.id, tenant.name
    _in_another_thread(app, lambda: _rename(tenant_id, "Meanwhile"))

    assert before == "Before"
    with transaction():
        assert tenant.name == "Meanwhile"


def _rename(tenant_id: object, name: str) -> None:
    with transaction():
        db.session.get(Tenant, tenant_id).name = name


def _in_another_thread(app: Flask, act) -> None:
    failures = []

    def run() -> None:
        with app.app_context():
            try:
                act()
            except Exception as failure:
                failures.append(failure)
            finally:
                db.session.remove()

    db.session.rollback()
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert failures == []


def test_many_who_lock_one_row_go_one_after_the_other(app: Flask):
    tenant_id = a_tenant("0").id
    db.session.remove()
    failures = []

    def count_up() -> None:
        with app.app_context():
            try:
                with transaction():
                    tenant = db.session.get(Tenant, tenant_id)
                    lock(tenant)
                    tenant.name = str(int(tenant.name) + 1)
            except Exception as failure:
                failures.append(failure)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=count_up) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert _name_of(tenant_id) == "8"


def test_a_row_that_changed_since_it_was_read_is_not_written_over():
    tenant_id = a_tenant("Before").id

    def overtaken() -> None:
        db.session.get(Tenant, tenant_id).name = "Mine"
        db.session.connection().exec_driver_sql("UPDATE tenants SET version = version + 1")
        db.session.flush()

    with pytest.raises(StaleDataError), transaction():
        overtaken()

    assert _name_of(tenant_id) == "Before"


def test_locking_keeps_what_was_changed_here():
    tenant = a_tenant("Before")
    with transaction():
        tenant.name = "After"
        lock(tenant)

        assert tenant.name == "After"


def test_a_moment_without_a_zone_is_not_stored():
    with pytest.raises(StatementError, match="time zone"):
        db.session.execute(select(Tenant).where(Tenant.created_at == datetime(2026, 1, 1)))  # noqa: DTZ001 - on purpose


def test_a_moment_comes_back_in_utc_with_its_microseconds():
    moment = datetime(2026, 7, 1, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=8)))
    tenant = a_tenant()
    with transaction():
        tenant.request_code_made_at = moment
    db.session.expire_all()

    assert tenant.request_code_made_at == moment
    assert tenant.request_code_made_at.tzinfo is UTC


def test_a_set_comes_back_as_it_was_stored():
    delegation = a_delegation(a_licensee(), an_integrator(), environments=[Environment.SANDBOX], rights=[Right.KEYS])
    db.session.expire_all()
    rows = select(Delegation.environments, Delegation.rights).where(Delegation.id == delegation.id)

    environments, rights = db.session.execute(rows, execution_options={"scope": delegation.tenant_id}).one()

    assert environments == {Environment.SANDBOX}
    assert rights == {Right.VIEW, Right.KEYS}


@pytest.mark.no_database
def test_a_set_is_stored_in_one_order_and_may_be_empty():
    kind = EnumSet(Right)

    assert kind.process_bind_param([Right.VIEW, Right.KEYS], None) == "keys,view"
    assert kind.process_result_value("", None) == frozenset()
    assert kind.process_bind_param(None, None) is None


@pytest.mark.no_database
def test_a_set_holds_members_only():
    with pytest.raises(ValueError, match="unknown"):
        EnumSet(Right).process_bind_param(["unknown"], None)


@pytest.mark.no_database
def test_no_moment_is_no_moment():
    assert UtcDateTime().process_bind_param(None, None) is None
    assert UtcDateTime().process_result_value(None, None) is None


def test_inserting_what_is_there_changes_nothing():
    row = {"spki_sha256": bytes(32), "reason": "first", "blocked_at": datetime(2026, 1, 1, tzinfo=UTC)}
    with transaction():
        insert_if_absent(BlockedKey.__table__, row)
        insert_if_absent(BlockedKey.__table__, row | {"reason": "second"})

    assert db.session.get(BlockedKey, bytes(32)).reason == "first"
