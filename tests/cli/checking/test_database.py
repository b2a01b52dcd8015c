"""The database of the test, broken in each way that a check looks for; on both kinds where it applies to both."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, update

from portal.access.actor import Actor
from portal.access.rows import SCOPE, Reader
from portal.app import create_app
from portal.audit.models import AuditChain
from portal.cli.checking import catalogues, clocks, database, sealed, work
from portal.cli.checking.command import themes
from portal.cli.checking.findings import Deployment, Finding, Severity, run
from portal.foundation import clock, migrations
from portal.foundation.database import LOOKS, db, transaction
from portal.foundation.migrations import MARK
from portal.foundation.sealed import sealed_columns
from portal.foundation.sealing import Sealer
from portal.kek import operations as kek
from portal.outbox import operations as outbox
from portal.webhooks import operations as webhooks
from tests.cli.checking.conftest import Found, in_production, only, severities
from tests.conftest import DATABASE
from tests.factories import a_licensee
from tests.kek.scenes import fill
from tests.webhooks.conftest import an_endpoint, happens, posted

KEK, OTHER_KEK = bytes(range(32)), bytes(reversed(range(32)))  # the one of `settings_for`, and another one
COLUMNS = sealed_columns()
on_sqlite = pytest.mark.skipif(DATABASE != "sqlite", reason="about SQLite")
on_postgresql = pytest.mark.skipif(DATABASE != "postgresql", reason="about PostgreSQL")


@pytest.fixture
def owner() -> Actor:
    return a_licensee(name="Aurora")


@contextmanager
def elsewhere(database_url: str, folder: Path) -> Iterator[Deployment]:
    """A deployment with another database, inside its application."""
    settings = in_production(database_url, "", folder)
    app = create_app(settings)
    with app.app_context():
        try:
            yield Deployment(settings, settings.external_base_url, 80)
        finally:
            db.session.remove()
            for engine in db.engines.values():
                engine.dispose()


# Whether it answers, and its tables


def test_a_database_that_answers_with_the_tables_of_this_release(found: Found):
    assert severities(found(database.reachable) + found(database.migrated)) == {"ok"}


@pytest.mark.parametrize(
    "url", ["sqlite:////nowhere/at/all.sqlite3", "postgresql://portal_app:sesame-open@127.0.0.1:1/portal"]
)
@pytest.mark.own_database
def test_a_database_that_is_away_is_said_once(url: str, folder: Path):
    with elsewhere(url, folder) as at:
        told = list(run([theme for theme in themes(at.settings) if theme.name not in ("address", "proxies")], at))

    (away,) = [each for each in told if each.check == "database.reachable"]
    assert away.severity is Severity.FAIL
    skipped = [each for each in told if each.check.partition(".")[0] in ("kek", "work", "sqlite", "postgresql")]
    assert severities(skipped) == {"not checked"}
    assert not any("sesame" in each.says + each.do for each in told)


@pytest.mark.parametrize(("mark", "word"), [("0001", "behind"), ("9999", "ahead")])
def test_a_stale_or_a_newer_database(mark: str, word: str, found: Found):
    (head,) = migrations.heads_of_code()
    with db.engines[LOOKS].begin() as connection:
        connection.execute(update(MARK).values(version_num=mark))
    try:
        told = only(found(database.migrated), Severity.FAIL)
    finally:
        with db.engines[LOOKS].begin() as connection:
            connection.execute(update(MARK).values(version_num=head))

    assert word in told.says
    assert mark in told.says


@pytest.mark.own_database
def test_a_database_without_tables_is_behind(folder: Path):
    with elsewhere(f"sqlite:///{folder / 'empty.sqlite3'}", folder) as at:
        assert "none" in only(list(database.migrated(at)), Severity.FAIL).says


# SQLite


@on_sqlite
def test_sqlite_writes_ahead(found: Found):
    assert severities(found(database.journal)) == {"ok"}


@pytest.mark.own_database
def test_a_database_in_memory_keeps_nothing(folder: Path):
    with elsewhere("sqlite://", folder) as at:
        assert "memory and not WAL" in only(list(database.journal(at)), Severity.FAIL).says
        assert "ends with it" in only(list(database.files(at)), Severity.FAIL).says


@pytest.mark.own_database
def test_a_file_that_others_may_read_or_change(folder: Path):
    file = folder / "portal.sqlite3"
    folder.chmod(0o755)
    with elsewhere(f"sqlite:///{file}", folder) as at:
        assert catalogues.value("SELECT 1") == 1
        file.chmod(0o600)
        fine = [each for each in database.files(at) if str(file) + " " in each.says]
        file.chmod(0o604)
        told = [each.says for each in database.files(at) if str(file) + " " in each.says]
        file.chmod(0o602)
        worse = [each.says for each in database.files(at) if str(file) + " " in each.says]
        folder.chmod(0o700)
        shut = list(database.files(at))

    assert fine == []
    assert ["can be read" in says for says in told] == [True]
    assert ["can be changed" in says for says in worse] == [True]
    assert severities(shut) == {"ok"}


# KEK


def test_with_nothing_sealed_there_is_nothing_to_try(found: Found):
    assert severities(found(sealed.kek)) == {"not checked"}


def test_what_was_sealed_opens(found: Found, owner: Actor):
    fill(owner)

    (told,) = found(sealed.kek)

    assert told.severity is Severity.OK
    assert all(str(column) in told.says for column in COLUMNS)


def test_a_key_that_is_missing_is_found(found: Found, owner: Actor, monkeypatch: pytest.MonkeyPatch):
    fill(owner)
    monkeypatch.setattr(kek, "_setup", kek.Setup(Sealer(OTHER_KEK), frozenset()))

    told = found(sealed.kek)

    assert any("was in use" in each.do for each in told)
    assert severities(told) == {"fail"}


def test_a_rotation_that_was_not_ended_is_found(found: Found, owner: Actor, monkeypatch: pytest.MonkeyPatch):
    fill(owner)
    monkeypatch.setattr(kek, "_setup", kek.Setup(Sealer(OTHER_KEK, [KEK]), frozenset()))

    told = found(sealed.kek)

    assert severities(told) == {"warn", "ok"}
    assert "kek rotate" in only(told, Severity.WARN).do


@pytest.mark.parametrize("column", COLUMNS, ids=str)
def test_a_value_that_was_changed_is_found_in_each_column(column, found: Found, owner: Actor):
    fill(owner)
    with transaction():
        changed = column.table.update().values({column.name: func.substr(column, 1, func.length(column) - 4) + "AAAA"})
        db.session.execute(changed, execution_options={SCOPE: Reader.UPKEEP})

    told = found(sealed.kek)

    assert severities(told) == {"fail"}
    assert str(column) in told[0].says


# Clocks


@on_sqlite
def test_sqlite_has_this_machines_clock(found: Found):
    assert severities(found(clocks.of_database)) == {"ok"}


@on_postgresql
@pytest.mark.parametrize(
    ("seconds", "severity"),
    [(0, "ok"), (1, "ok"), (5, "warn"), (-5, "warn"), (29, "warn"), (32, "fail"), (-3600, "fail")],
)
def test_a_clock_that_is_not_the_databases(seconds: int, severity: str, found: Found):
    with clock.travelled_to(clock.now() + timedelta(seconds=seconds)):
        told = found(clocks.of_database)

    assert severities(told) == {severity}


# Work


def late(minutes: int, check, found: Found) -> list[Finding]:
    with clock.travelled_to(clock.now() + timedelta(minutes=minutes)):
        return found(check)


@pytest.mark.parametrize(("minutes", "severity"), [(5, "ok"), (15, "warn"), (90, "fail")])
def test_mail_that_nobody_delivers(minutes: int, severity: str, found: Found):
    with transaction():
        outbox.post("invitation", "ann@example.com", "en", {})

    assert severities(late(minutes, work.mail, found)) == {severity}


def test_mail_that_was_given_up_is_said(found: Found):
    with transaction():
        row = outbox.post("invitation", "ann@example.com", "en", {})
    with transaction():
        row.given_up_at = clock.now()

    assert "1 mails" in only(found(work.mail), Severity.WARN).says


@pytest.mark.parametrize(("minutes", "severity"), [(5, "ok"), (15, "warn"), (90, "fail")])
def test_webhooks_that_nobody_delivers(minutes: int, severity: str, found: Found, owner: Actor):
    endpoint = an_endpoint(owner).endpoint
    with transaction():
        webhooks.test(owner, endpoint)
    posted()

    assert severities(late(minutes, work.deliveries, found)) == {severity}


@pytest.mark.parametrize(("minutes", "severity"), [(5, "ok"), (15, "warn"), (90, "fail")])
def test_events_that_nobody_makes_webhooks_of(minutes: int, severity: str, found: Found, owner: Actor):
    an_endpoint(owner)
    happens(owner)

    assert severities(late(minutes, work.deliveries, found)) == {severity}


def test_an_empty_portal_owes_nobody_anything(found: Found):
    for check in work.CHECKS:
        assert severities(found(check)) == {"ok"}


def test_a_record_whose_end_was_changed(found: Found, owner: Actor):
    assert severities(found(work.record)) == {"ok"}
    with transaction():
        db.session.execute(update(AuditChain).values(last_hash=bytes(32)))

    assert "audit verify" in only(found(work.record), Severity.FAIL).do


def test_a_record_whose_end_was_cut_off(found: Found, owner: Actor):
    with transaction():
        db.session.execute(update(AuditChain).values(last_seq=AuditChain.last_seq + 1))

    assert severities(found(work.record)) == {"fail"}
