"""What calls bring and what they are answered, as pydantic models: the description of the API is made from these."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, NewType, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema

from portal.foundation.paging import Page

LONGEST_PLACE = 2000


def _storable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("holds the character NUL, which nothing is called by")
    return text


def _as_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:  # at the ends of the calendar another zone's year does not exist
        raise ValueError("is no moment in UTC") from error


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


Text = Annotated[str, AfterValidator(_storable)]
# A moment that comes in: ISO 8601 with its zone.
Given = Annotated[AwareDatetime, AfterValidator(_as_utc)]
# A moment that goes out: ISO 8601 in UTC, to the second.
Moment = Annotated[
    datetime,
    PlainSerializer(_iso, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}, mode="serialization"),
]
# Not kept with the answer of a call that may come again: it is shown once.
ONCE = "x-shown-once"
ShownOnce = Annotated[str | None, Field(json_schema_extra={ONCE: True})]
# What `If-Match` named: the version of the thing that the caller has seen.
Version = NewType("Version", int)


class Body(BaseModel):
    """What a write brings, as a JSON object. Members that it does not know are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Nothing(Body):
    """The body of a write that needs to say nothing: none at all, or an empty object."""


class Query(BaseModel):
    """What stands behind the question mark. Names that it does not know are refused, and one that stands twice."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Paged(Query):
    """Which part of a list: the first, or the one that the answer before named."""

    after: Annotated[Text | None, Field(description="`next` of the answer before.", max_length=LONGEST_PLACE)] = None


class Shown(BaseModel):
    """A part of an answer."""

    model_config = ConfigDict(frozen=True)


Item = TypeVar("Item")


class Listed(Shown, Generic[Item]):
    """At most 100 of a list; `next` is to be sent as `after` for those that follow, and null at the end."""

    items: list[Item]
    next: str | None


def listed(page: Page[Any], shown: Callable[[Any], Item]) -> dict[str, Any]:
    """The members of `Listed` for this page, each row as `shown` tells it."""
    return {"items": [shown(row) for row in page.rows], "next": page.next_place}


def all_of(rows: Sequence[Any], shown: Callable[[Any], Item]) -> dict[str, Any]:
    """As `listed`, of a list that is short enough to come whole."""
    return {"items": [shown(row) for row in rows], "next": None}
