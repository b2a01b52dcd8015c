"""Days as people write them: 2026-11-22, 22.11.2026, 11/22/2026. Whether month or day comes first is not guessed.

A file is written by one program in one place. So the slashed days of a file that can be read in one way only say how
the others are meant; where none does, or they contradict each other, those that could be both are refused.
"""

import re
from collections.abc import Iterable
from datetime import date
from enum import StrEnum

from portal.imports.problems import DayOutOfRange, DayUnclear, DayUnreadable

ISO = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
DOTS = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")
SLASHES = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
MONTHS = 12
FIRST_YEAR, LAST_YEAR = 1990, 2199


class Slashes(StrEnum):
    """What the first part of a slashed day is, throughout a file."""

    MONTH_FIRST = "month"
    DAY_FIRST = "day"
    UNKNOWN = "unknown"


def slashes_of(texts: Iterable[str]) -> Slashes:
    """How the slashed days among `texts` are meant."""
    found = {_says(text) for text in texts} - {Slashes.UNKNOWN}
    return found.pop() if len(found) == 1 else Slashes.UNKNOWN


def _says(text: str) -> Slashes:
    match = SLASHES.fullmatch(text)
    if match is None:
        return Slashes.UNKNOWN
    first, second = int(match[1]), int(match[2])
    if first <= MONTHS < second:
        return Slashes.MONTH_FIRST
    return Slashes.DAY_FIRST if second <= MONTHS < first else Slashes.UNKNOWN


def day_of(text: str, slashes: Slashes) -> date:
    """The day that `text` names. Raises: DayUnreadable, DayUnclear, DayOutOfRange."""
    year, month, day = _parts(text, slashes)
    try:
        found = date(year, month, day)
    except ValueError as error:
        raise DayUnreadable(day=text) from error
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise DayOutOfRange(day=text, first=FIRST_YEAR, last=LAST_YEAR)
    return found


def _parts(text: str, slashes: Slashes) -> tuple[int, int, int]:
    if match := ISO.fullmatch(text):
        return int(match[1]), int(match[2]), int(match[3])
    if match := DOTS.fullmatch(text):
        return int(match[3]), int(match[2]), int(match[1])
    if match := SLASHES.fullmatch(text):
        return _slashed(text, int(match[1]), int(match[2]), int(match[3]), slashes)
    raise DayUnreadable(day=text[:40])


def _slashed(text: str, first: int, second: int, year: int, slashes: Slashes) -> tuple[int, int, int]:
    own = _says(text)
    meant = own if own is not Slashes.UNKNOWN else slashes
    if meant is Slashes.UNKNOWN and first != second and 1 <= min(first, second) <= max(first, second) <= MONTHS:
        raise DayUnclear(day=text, one=f"{year}-{first:02}-{second:02}", other=f"{year}-{second:02}-{first:02}")
    return (year, second, first) if meant is Slashes.DAY_FIRST else (year, first, second)
