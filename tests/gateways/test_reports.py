"""What workers report is kept, and forgotten after a while."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.gateways import operations, store
from portal.gateways.figures import Figures, figures_of
from portal.gateways.models import AppliedVersion, GatewayProbe, GatewayWorker
from tests.gateways.scenes import a_worker

DAY = timedelta(days=1)


def rows_of(model: type) -> int:
    return db.session.scalar(select(func.count()).select_from(model))


@pytest.mark.no_database
@pytest.mark.parametrize(
    ("seconds", "figures"),
    [
        ([], (0, None, None, None)),
        ([0.0101], (1, 11, 11, 11)),
        ([each / 1000 for each in range(1, 101)], (100, 50, 99, 100)),
        ([-2.0, 0.3], (2, 0, 300, 300)),
    ],
)
def test_figures_are_nearest_ranks_in_whole_milliseconds(seconds: list[float], figures: tuple[int | None, ...]):
    assert figures_of(seconds) == Figures(*figures)


def test_the_latest_report_of_a_worker_is_the_one_that_is_kept():
    first = a_worker(version=1)
    a_worker(version=2, lags=Figures(3, 4, 5, 6), started_at=clock.now())

    (kept,) = store.seen_since(clock.now() - DAY)
    assert (kept.version, kept.changes, kept.p50_ms, kept.p99_ms, kept.max_ms) == (2, 3, 4, 5, 6)
    assert kept.started_at == first.started_at


def test_the_first_effect_of_a_version_stays():
    now = clock.now()
    a_worker(applied=((7, now - DAY, now - DAY),))
    a_worker(applied=((7, now - DAY, now),))

    assert db.session.scalar(select(AppliedVersion.applied_at)) == now - DAY


def test_a_worker_that_was_not_heard_of_is_not_among_those_seen():
    a_worker("gone", seen_at=clock.now() - 2 * DAY)
    a_worker("here")

    assert [worker.id for worker in store.seen_since(clock.now() - DAY)] == ["here"]


def test_reports_are_forgotten_after_35_days():
    old, young = clock.now() - 36 * DAY, clock.now() - 34 * DAY
    a_worker("old", seen_at=old, applied=((1, old, old),))
    a_worker("young", seen_at=young, applied=((1, young, young),))
    with clock.travelled_to(old), transaction():
        operations.note_probe("http://gateway.example", 2, Figures(2, 1, 2, 3), 1, 1000)

    with transaction():
        gone = operations.tidy_up()

    assert gone == 3
    assert [rows_of(model) for model in (GatewayWorker, AppliedVersion, GatewayProbe)] == [1, 1, 0]


def test_the_last_probe_is_the_latest_one():
    for rounds, days in ((1, 2), (2, 1)):
        with clock.travelled_to(clock.now() - days * DAY), transaction():
            operations.note_probe("http://gateway.example/" + "x" * 400, 2, Figures(2, 1, 2, 3), rounds, 1000)

    assert store.last_probe().rounds == 2
