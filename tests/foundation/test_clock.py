"""The clock, and how seeds tell it to be another time."""

from datetime import UTC, datetime, timedelta

import pytest

from portal.foundation import clock

pytestmark = pytest.mark.no_database

MOMENT = datetime(2024, 2, 29, 12, tzinfo=UTC)


def test_now_is_aware_and_utc():
    assert clock.now().utcoffset() == timedelta()


def test_a_traveller_finds_the_moment_it_named_and_time_running():
    with clock.travelled_to(MOMENT):
        first, second = clock.now(), clock.now()

    assert timedelta() <= first - MOMENT < timedelta(seconds=5)
    assert first <= second


def test_behind_the_journey_it_is_now_again():
    with clock.travelled_to(MOMENT):
        pass

    assert clock.now() - MOMENT > timedelta(days=365)


def test_a_journey_ends_even_when_it_fails():
    with pytest.raises(ZeroDivisionError), clock.travelled_to(MOMENT):
        _ = 1 / 0

    assert clock.now() - MOMENT > timedelta(days=365)


def test_a_journey_inside_a_journey_comes_back_to_the_outer_one():
    with clock.travelled_to(MOMENT):
        with clock.travelled_to(MOMENT + timedelta(days=100)):
            pass
        back = clock.now()

    assert back - MOMENT < timedelta(seconds=5)
