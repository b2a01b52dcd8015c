"""Issuing: when the tables are looked through again, and when a whole bundle is signed anew."""

from collections.abc import Callable

import pytest

from portal.impact.bundles import Behind, Issuer
from portal.verifier.bundle import State
from portal.verifier.tables import Delta
from tests.verifier.offline import DELEGATED, NOON, OWN, SANDBOX, SPACE, SigningKeys, Worker, revoked, some_tables

pytestmark = pytest.mark.no_database


@pytest.fixture
def issuer() -> Issuer:
    issuer = Issuer("http://localhost", SANDBOX, 300, SigningKeys().signer)
    issuer.short_seconds = 60
    return issuer


def test_a_whole_bundle_is_handed_out_again_for_a_minute(issuer: Issuer):
    tables = some_tables()

    first, again = issuer.issue(tables, NOON), issuer.issue(tables, NOON + 59)

    assert first.octets is again.octets


def test_after_a_minute_it_is_signed_anew_so_that_its_time_moves(issuer: Issuer):
    tables = some_tables()
    issuer.issue(tables, NOON)

    assert issuer.issue(tables, NOON + 60).issued_at == NOON + 60


def test_a_change_is_in_the_next_whole_bundle_at_once(issuer: Issuer):
    tables = some_tables()
    issuer.issue(tables, NOON)
    tables.apply(revoked(), 2)

    assert issuer.issue(tables, NOON).version == 2


def test_where_it_took_long_it_may_be_a_little_older(issuer: Issuer):
    tables = some_tables()
    issuer.short_seconds = -1
    first = issuer.issue(tables, NOON)
    issuer._whole_until = float("inf")
    tables.apply(revoked(), 2)

    assert issuer.issue(tables, NOON + 1).octets is first.octets
    assert issuer.issue(tables, NOON + 60).octets is not first.octets


def test_but_never_older_than_what_the_asker_has(issuer: Issuer):
    tables = some_tables()
    issuer.short_seconds = -1
    issuer.issue(tables, NOON)
    issuer._whole_until = float("inf")
    tables.apply(revoked(), 2)

    assert issuer.issue(tables, NOON, State(2, "0" * 64)).version == 2


def test_who_knows_more_is_told_that_this_one_is_behind(issuer: Issuer):
    with pytest.raises(Behind):
        issuer.issue(some_tables(), NOON, State(2, "0" * 64))


def test_a_bundle_says_as_of_when_it_speaks_and_not_when_it_was_signed(issuer: Issuer):
    """Cut off from the database a process would otherwise make old knowledge look new."""
    tables = some_tables()
    issuer.issue(tables, NOON)

    assert issuer.issue(tables, NOON).issued_at == NOON
    assert issuer.issue(tables, NOON - 10).issued_at == NOON


def test_the_steps_that_are_remembered_are_bounded(issuer: Issuer, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("portal.impact.bundles.MOST_REMEMBERED", 5)
    issuer.begin_anew()
    tables = some_tables()
    issuer.issue(tables, NOON)
    for version in range(2, 12):
        tables.apply(revoked(), version)
        issuer.issue(tables, NOON)

    assert len(issuer._steps) == 5
    assert issuer._first == 6


def test_a_restored_database_begins_anew(issuer: Issuer):
    tables = some_tables()
    tables.apply(revoked(), 9)
    issuer.issue(tables, NOON)

    assert issuer.issue(some_tables(), NOON + 1).version == 1


def test_tables_of_another_past_are_looked_through_though_they_have_counted_as_far(issuer: Issuer):
    tables, others = some_tables(), some_tables()
    tables.apply(Delta(), 2)
    others.apply(revoked(), 2)
    before = issuer.issue(tables, NOON)

    after = issuer.issue(others, NOON + 1)

    assert (before.version, after.version) == (2, 2)
    assert before.octets != after.octets


def test_a_change_is_no_look_through_all_tables(issuer: Issuer, monkeypatch: pytest.MonkeyPatch):
    tables = some_tables()
    issuer.issue(tables, NOON)
    monkeypatch.setattr("portal.impact.bundles.all_names", lambda _tables: pytest.fail("looked through everything"))

    tables.apply(revoked(), 2)

    assert issuer.issue(tables, NOON).version == 2


@pytest.mark.parametrize("lost", [lambda applied: applied.clear(), lambda applied: applied.popleft()])
def test_what_the_tables_do_not_tell_any_more_is_found_by_a_look_at_all(issuer: Issuer, lost: Callable[..., object]):
    tables, other = some_tables(), Issuer("http://localhost", SANDBOX, 300, issuer.signer)
    before = issuer.issue(tables, NOON)
    tables.apply(revoked(), 2)
    assert tables.applied is not None
    lost(tables.applied)
    tables.apply(Delta(gone_spaces=[SPACE]), 3)

    after = issuer.issue(tables, NOON)

    assert after.octets == other.issue(tables, NOON).octets != before.octets


def test_a_change_of_many_rows_is_not_kept_for_it(monkeypatch: pytest.MonkeyPatch, issuer: Issuer):
    monkeypatch.setattr("portal.verifier.tables.MOST_NOTED", 0)
    tables = some_tables()
    issuer.issue(tables, NOON)

    tables.apply(revoked(), 2)

    assert not tables.applied
    assert issuer.issue(tables, NOON).version == 2


def test_what_changes_while_all_is_listed_waits_for_little_and_is_in_it(monkeypatch: pytest.MonkeyPatch):
    worker = Worker()
    monkeypatch.setattr("portal.impact.bundles.AT_ONCE", 1)
    changes = iter([revoked(OWN), Delta(gone_keys=[DELEGATED]), Delta(gone_spaces=[SPACE])])

    def change(_seconds: float) -> None:
        if delta := next(changes, None):
            worker.change(delta)

    with monkeypatch.context() as paused:
        paused.setattr("portal.impact.bundles.time.sleep", change)
        said = worker.read(worker.issue())

    worker.restart()
    assert said.state == worker.read(worker.issue()).state
    assert [(key.api_key, key.state) for key in said.rows.keys] == [(OWN, "revoked")]
