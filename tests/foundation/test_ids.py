"""Ids: those inside sort by age, those outside say what they name and nothing more."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from portal.foundation import clock, ids

pytestmark = pytest.mark.no_database


def test_an_inner_id_is_a_uuid_of_version_7():
    found = ids.uuid7()

    assert found.version == 7
    assert found.variant == "specified in RFC 4122"


def test_inner_ids_sort_by_age():
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    made = []
    for seconds in range(20):
        with clock.travelled_to(moment + timedelta(seconds=seconds)):
            made.append(ids.uuid7())

    assert made == sorted(made)


def test_an_inner_id_tells_its_millisecond():
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    with clock.travelled_to(moment):
        found = ids.uuid7()

    assert 0 <= (found.int >> 80) - moment.timestamp() * 1000 < 5000


def test_no_two_ids_are_the_same():
    assert len({ids.uuid7() for _ in range(1000)}) == 1000
    assert len({ids.new("key") for _ in range(1000)}) == 1000


def test_a_handle_says_what_it_names_and_can_be_read_aloud():
    assert re.fullmatch(r"dlg_[0-9a-hjkmnp-tv-z]{20}", ids.new("dlg"))
