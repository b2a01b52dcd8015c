"""Keyset paging: a page begins after the last row of the one before it, so the thousandth costs what the first does."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, literal, tuple_

from portal.foundation.database import db
from portal.foundation.errors import Invalid

PAGE_ROWS = 100
PORTION_ROWS = 1000
SEPARATOR = "~"

Row = TypeVar("Row")


class BadPlace(Invalid):
    code = "bad_place_in_list"


@dataclass(frozen=True)
class Page(Generic[Row]):
    """At most 100 rows, and the place where the next page begins, or None at the end of the list."""

    rows: Sequence[Row]
    next_place: str | None


def page_of(
    statement: Select[Any], *columns: Any, place: str | None, newest_first: bool = False, rows: int | None = None
) -> Page[Any]:
    """The page of `statement`'s rows that begins after `place`, in the order of `columns`.

    columns: ORM attributes of the selected entity whose values are unique together; the last one is its id.
    place: as an earlier page's `next_place`; None is the first page. rows: how many at most, 100 unless told.
    Raises: BadPlace.
    """
    rows = rows or PAGE_ROWS
    if place:
        after = tuple(_value(column, part) for column, part in zip(columns, _parts(place, len(columns)), strict=True))
        key = tuple_(*columns)
        bound = tuple_(*after)
        statement = statement.where(key < bound if newest_first else key > bound)
    order = [column.desc() if newest_first else column.asc() for column in columns]
    found = db.session.scalars(statement.order_by(*order).limit(rows + 1)).unique().all()
    shown = found[:rows]
    more = len(found) > rows
    return Page(shown, _place(shown[-1], columns) if more else None)


def portions_of(statement: Select[Any], *columns: Any) -> Iterator[Any]:
    """All of `statement`'s rows in the order of `columns`, read a thousand at a time: for downloads of any length."""
    place, page = None, None
    while page is None or place is not None:
        page = page_of(statement, *columns, place=place, rows=PORTION_ROWS)
        yield from page.rows
        place = page.next_place


def shortened(page: Page[Row], most: int, *columns: Any) -> Page[Row]:
    """`page` with at most so many of its rows; the next one begins after them. columns: as `page_of` took them."""
    if len(page.rows) <= most:
        return page
    return Page(page.rows[:most], _place(page.rows[most - 1], columns))


def _place(row: Any, columns: tuple[Any, ...]) -> str:
    return SEPARATOR.join(str(getattr(row, column.key)).encode().hex() for column in columns)


def _parts(place: str, count: int) -> list[str]:
    try:
        parts = [bytes.fromhex(part).decode() for part in place.split(SEPARATOR)]
    except (ValueError, UnicodeDecodeError) as error:
        raise BadPlace() from error
    if len(parts) != count or any("\x00" in part for part in parts):
        raise BadPlace()
    return parts


def _value(column: Any, part: str) -> Any:
    kind = column.type.python_type
    try:
        value: Any = _moment(part) if kind is datetime else kind(part)
    except (ValueError, OverflowError) as error:
        raise BadPlace() from error
    if kind is int and not -(2**31) <= value < 2**31:  # no column that a list is in the order of holds more
        raise BadPlace()
    return literal(value, column.type)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone")
    return moment.astimezone(UTC)  # at the ends of the calendar another zone's year does not exist
