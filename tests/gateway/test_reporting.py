"""A worker tells the database how it is, and failing to do so stops nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.access.actor import Actor
from portal.access.rows import Reader, across_tenants
from portal.credentials.models import CredentialUse
from portal.foundation import clock
from portal.foundation.database import db
from portal.gateway.reporting import Reporter
from portal.gateways.models import AppliedVersion, GatewayWorker, WorkerKind, WorkerState
from tests.factories import a_key
from tests.gateway.asking import Gateway
from tests.gateway.conftest import MakeGateway


def reporter_of(gateway: Gateway) -> Reporter:
    reporter = gateway.door.follower.reporter
    assert reporter is not None
    return reporter


def report(gateway: Gateway) -> GatewayWorker:
    reporter_of(gateway).report()
    return db.session.scalars(select(GatewayWorker).execution_options(populate_existing=True)).one()


def applied() -> list[int]:
    return list(db.session.scalars(select(AppliedVersion.version).order_by(AppliedVersion.version)))


def test_a_worker_reports_under_the_name_in_its_answers(gateway: Gateway, owner: Actor):
    a_key(owner)
    told = report(gateway.look())

    assert told.id == gateway.check().headers["x-portal-worker"]
    assert (told.kind, told.state, told.keys) == (WorkerKind.GATEWAY, WorkerState.READY, 1)
    assert told.version == gateway.door.follower.tables.version
    assert (told.poll_ms, told.is_listening, told.cut_off_seconds) == (500, False, 300)
    assert told.ready_at is not None
    assert told.ended_at is None


def test_a_worker_tells_when_a_credential_was_last_asked_with(gateway: Gateway):
    gateway.look()
    report(gateway)
    before = db.session.scalars(across_tenants(CredentialUse, reason=Reader.SNAPSHOT)).all()

    gateway.check()
    report(gateway)

    (use,) = db.session.scalars(across_tenants(CredentialUse, reason=Reader.SNAPSHOT)).all()
    assert before == []
    assert clock.now() - use.last_used_at < timedelta(seconds=30)


def test_the_door_ahead_of_pages_says_so(app):
    assert app.wsgi_app.follower.reporter.kind is WorkerKind.APP


def test_a_worker_that_is_loading_reports_too(gateway: Gateway):
    gateway.door.follower.begin_anew()
    gateway.door._begin_anew()

    told = report(gateway)

    assert (told.state, told.ready_at, told.fresh_at, told.p50_ms) == (WorkerState.LOADING, None, None, None)


def test_a_worker_without_the_database_for_long_reports_that_it_is_cut_off(a_gateway: MakeGateway):
    told = report(a_gateway(cut_off_seconds=0))

    assert told.state is WorkerState.CUT_OFF


def test_each_version_that_it_went_to_is_reported_once_with_its_lag(gateway: Gateway, owner: Actor):
    report(gateway)
    loaded = applied()
    for _time in range(2):
        a_key(owner)
        gateway.look()

    told = report(gateway.look())

    assert len(loaded) == 1
    assert len(applied()) == 3
    assert told.changes == 2
    assert 0 < told.p50_ms <= told.p99_ms <= told.max_ms < 60_000


def test_of_several_changes_that_come_at_once_the_first_one_tells_the_lag(gateway: Gateway, owner: Actor):
    gateway.look()
    with clock.travelled_to(clock.now() - timedelta(seconds=30)):
        a_key(owner)
    a_key(owner)

    told = report(gateway.look())

    assert told.max_ms >= 30_000


def test_a_report_that_fails_is_made_up_for(gateway: Gateway, owner: Actor, monkeypatch: pytest.MonkeyPatch):
    report(gateway)
    a_key(owner)
    gateway.look()

    @contextmanager
    def away() -> Iterator[None]:
        raise OSError
        yield

    with monkeypatch.context() as broken:
        broken.setattr("portal.gateway.reporting.transaction", away)
        reporter_of(gateway).try_to_report()
    report(gateway)

    assert gateway.door.follower.tables.version in applied()


def test_following_goes_on_while_reports_fail(gateway: Gateway, owner: Actor, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("portal.gateways.store.put_worker", lambda _report: 1 / 0)
    a_key(owner)

    reporter_of(gateway).try_to_report()

    assert len(gateway.look().door.follower.tables.keys) == 1


def test_of_far_too_many_versions_the_newest_are_told(gateway: Gateway, monkeypatch: pytest.MonkeyPatch):
    for version in range(1, 2003):
        reporter_of(gateway).note((version, clock.now()))

    report(gateway)

    assert applied()[0] == 1003


def test_a_worker_that_ends_says_so_once(gateway: Gateway):
    reporter_of(gateway).end()
    db.session.rollback()
    first = db.session.scalar(select(GatewayWorker.ended_at))
    db.session.rollback()
    reporter_of(gateway).end()

    assert first is not None
    assert db.session.scalar(select(GatewayWorker.ended_at)) == first
