"""Pages of a list: every row once, in order, however many there are."""

import pytest
from sqlalchemy import insert, select

from portal.foundation import ids
from portal.foundation.database import db
from portal.foundation.paging import PAGE_ROWS, BadPlace, Page, page_of, shortened
from portal.tenants.models import Standing, Tenant

AN_ID = "01a20000-0000-7000-8000-000000000001"
FEW, MANY = 3, 2 * PAGE_ROWS + 1


def _tenants(count: int) -> None:
    """Every two of them bear the same name."""
    rows = [
        {
            "id": ids.uuid7(),
            "account_id": f"MAG{number:09}",
            "name": f"Name {number // 2:04}",
            "name_key": f"name {number // 2:04}",
            "standing": Standing.GOOD,
            "is_vendor": False,
            "version": 1,
        }
        for number in range(count)
    ]
    db.session.execute(insert(Tenant), rows)


def _page(place: str | None) -> Page[Tenant]:
    return page_of(select(Tenant), Tenant.name_key, Tenant.id, place=place)


def _walk(**how: bool) -> list[list[Tenant]]:
    pages, place = [], None
    while True:
        page = page_of(select(Tenant), Tenant.name_key, Tenant.id, place=place, **how)
        pages.append(list(page.rows))
        if page.next_place is None:
            return pages
        place = page.next_place


@pytest.mark.parametrize("count", [0, 1, PAGE_ROWS, PAGE_ROWS + 1, MANY])
def test_every_row_comes_once(count: int):
    if count:
        _tenants(count)

    found = [row.id for page in _walk() for row in page]

    assert len(found) == len(set(found)) == count


def test_pages_are_full_but_for_the_last():
    _tenants(MANY)

    assert [len(page) for page in _walk()] == [PAGE_ROWS, PAGE_ROWS, 1]


def test_a_shortened_page_leaves_its_rest_to_the_next():
    _tenants(MANY)
    whole = _page(None)

    first = shortened(whole, 30, Tenant.name_key, Tenant.id)

    assert first.rows == whole.rows[:30]
    assert _page(first.next_place).rows[:70] == whole.rows[30:]


def test_a_page_that_is_short_already_stays_as_it_is():
    _tenants(FEW)
    whole = _page(None)

    assert shortened(whole, 30, Tenant.name_key, Tenant.id) is whole


def test_rows_come_in_order_over_all_pages():
    _tenants(MANY)

    found = [(row.name_key, row.id) for page in _walk() for row in page]

    assert found == sorted(found, key=lambda pair: (pair[0], pair[1].hex))


def test_the_newest_come_first_when_asked_so():
    _tenants(MANY)

    assert [row.id for page in _walk(newest_first=True) for row in page] == [
        row.id for page in reversed(_walk()) for row in reversed(page)
    ]


def test_a_row_that_was_added_before_does_not_shift_the_next_page():
    _tenants(PAGE_ROWS + FEW)
    first = page_of(select(Tenant), Tenant.name_key, Tenant.id, place=None)
    db.session.execute(
        insert(Tenant),
        [{"account_id": "MAG999999999", "name": "A", "name_key": "a", "is_vendor": False, "version": 1}],
    )

    second = page_of(select(Tenant), Tenant.name_key, Tenant.id, place=first.next_place)

    assert len(second.rows) == FEW


def _hex(*parts: str) -> str:
    return "~".join(part.encode().hex() for part in parts)


@pytest.mark.parametrize(
    "place",
    [
        "zz",
        "~",
        "6",
        _hex("name"),
        _hex("name", "no uuid"),
        _hex("a", "b", "c"),
        "ff~ff",
        _hex("a\x00", AN_ID),
    ],
)
def test_a_place_that_names_none_is_refused(place: str):
    with pytest.raises(BadPlace):
        page_of(select(Tenant), Tenant.name_key, Tenant.id, place=place)


@pytest.mark.parametrize(
    "moment", ["2027-01-01T00:00:00", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "x"]
)
def test_a_moment_that_utc_does_not_have_is_refused(moment: str):
    with pytest.raises(BadPlace):
        page_of(select(Tenant), Tenant.created_at, Tenant.id, place=_hex(moment, AN_ID))


@pytest.mark.parametrize("number", [2**31, -(2**31) - 1, 10**23])
def test_a_number_that_no_column_holds_is_no_place(number: int):
    with pytest.raises(BadPlace):
        page_of(select(Tenant), Tenant.version, place=str(number).encode().hex())
