"""Days in three styles. What could be two days is told by the rest of the file, or refused."""

from datetime import date

import pytest

from portal.imports.days import Slashes, day_of, slashes_of
from portal.imports.problems import DayOutOfRange, DayUnclear, DayUnreadable

pytestmark = pytest.mark.no_database

MONTH_FIRST, DAY_FIRST, UNKNOWN = Slashes
DAY = date(2026, 11, 22)


@pytest.mark.parametrize("text", ["2026-11-22", "22.11.2026", "11/22/2026", "22/11/2026"])
@pytest.mark.parametrize("slashes", Slashes)
def test_a_day_that_can_be_read_in_one_way_only(text: str, slashes: Slashes):
    assert day_of(text, slashes) == DAY


@pytest.mark.parametrize(("text", "day"), [("2026-1-2", date(2026, 1, 2)), ("2.1.2026", date(2026, 1, 2))])
def test_figures_need_no_zero_before_them(text: str, day: date):
    assert day_of(text, UNKNOWN) == day


@pytest.mark.parametrize(
    ("texts", "slashes"),
    [
        (["03/04/2026", "11/22/2026"], MONTH_FIRST),
        (["03/04/2026", "22/11/2026"], DAY_FIRST),
        (["03/04/2026", "2026-11-22"], UNKNOWN),
        (["11/22/2026", "22/11/2026", "03/04/2026"], UNKNOWN),
        (["13/13/2026"], UNKNOWN),
        ([], UNKNOWN),
    ],
)
def test_the_rest_of_the_file_tells_how_slashes_are_meant(texts: list[str], slashes: Slashes):
    assert slashes_of(texts) is slashes


@pytest.mark.parametrize(("slashes", "day"), [(MONTH_FIRST, date(2026, 3, 4)), (DAY_FIRST, date(2026, 4, 3))])
def test_a_day_that_could_be_two_is_read_as_the_file_is_written(slashes: Slashes, day: date):
    assert day_of("03/04/2026", slashes) == day


def test_where_nothing_tells_it_is_refused_with_both_readings():
    with pytest.raises(DayUnclear) as refusal:
        day_of("03/04/2026", UNKNOWN)

    assert refusal.value.facts == {"day": "03/04/2026", "one": "2026-03-04", "other": "2026-04-03"}


def test_a_day_that_is_the_same_both_ways_is_clear():
    assert day_of("05/05/2026", UNKNOWN) == date(2026, 5, 5)


@pytest.mark.parametrize(
    "text",
    [
        "tomorrow",
        "2026-02-30",
        "30.02.2026",
        "13/13/2026",
        "22.11.26",
        "２０２６-11-22",
        "2026-11-22 0:00",
        "0/1/2026",
    ],
)
def test_what_is_no_day(text: str):
    with pytest.raises(DayUnreadable):
        day_of(text, UNKNOWN)


@pytest.mark.parametrize("text", ["0001-01-01", "9999-12-31", "1.1.1989"])
def test_what_is_too_far_away(text: str):
    with pytest.raises(DayOutOfRange):
        day_of(text, UNKNOWN)
