"""What is too old to tell anything goes; what somebody may still ask for stays."""

from datetime import timedelta

import pytest
from sqlalchemy import func

from portal.access.rows import Reader, across_tenants, owned_by
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.usage import recording_store, store, traces, upkeep
from portal.usage.models import KeyUse, Sighting, UseClient
from tests.factories import a_call

DAY = timedelta(days=1)
OLD = upkeep.KEPT + 2 * DAY


def rows(model) -> int:
    db.session.rollback()
    return db.session.scalar(across_tenants(func.count(), reason=Reader.UPKEEP).select_from(model)) or 0


def tidy_up() -> int:
    with transaction():
        return upkeep.tidy_up()


def test_uses_older_than_400_days_go_with_the_clients_that_only_they_had(owner, pair, spaces):
    for version, ago in (("2.4.5", OLD), ("2.4.6", OLD), ("2.4.6", DAY), ("2.4.8", 399 * DAY)):
        a_call(pair, spaces[1], version=version, at=clock.now() - ago)
    traces.flush()

    assert tidy_up() == 2

    assert rows(KeyUse) == 2
    assert sorted(db.session.scalars(owned_by(owner, UseClient).with_only_columns(UseClient.version))) == [
        "2.4.6",
        "2.4.8",
    ]
    assert rows(Sighting) == 1  # which shop it is stays known
    assert tidy_up() == 0


def test_the_last_use_of_a_pair_stays_however_old(owner, pair):
    for ago, listed in ((OLD + DAY, False), (OLD, False), (OLD + 2 * DAY, True), (OLD + 3 * DAY, True)):
        a_call(pair, at=clock.now() - ago, listed=listed)
    traces.flush()

    assert tidy_up() == 2

    assert store.last_uses(owner, [pair])[pair.id].at.date() == (clock.now() - OLD).date()
    assert store.arrivals(owner, [pair])[pair.id].listed_at is not None


def test_old_uses_go_in_portions(monkeypatch, pair):
    for number in range(5):
        a_call(pair, address=f"10.0.{number}.1", at=clock.now() - OLD - number * DAY)
    a_call(pair)
    traces.flush()
    monkeypatch.setattr(recording_store, "PORTION", 2)

    assert [tidy_up() for _time in range(4)] == [2, 2, 1, 0]
    assert rows(KeyUse) == rows(UseClient) == 1


@pytest.mark.usefixtures("spaces")
def test_a_client_that_went_is_there_again_with_its_next_call(owner, pair):
    a_call(pair, version="2.4.5", at=clock.now() - OLD)
    a_call(pair)
    traces.flush()
    tidy_up()

    a_call(pair, version="2.4.5")
    traces.flush()

    assert rows(UseClient) == rows(KeyUse) == 2
