"""What calls share that are about an account's own matters."""

import uuid
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from pydantic import AfterValidator, Field

from portal.access.actor import Actor
from portal.api.errors import NotAsDescribed
from portal.api.shapes import Text
from portal.foundation.errors import NotFound
from portal.foundation.words import clean_text


def _with_a_day_after(day: date) -> date:
    if day == date.max:
        raise ValueError("is the last day of the calendar; give an earlier one")
    return day


# A day in UTC, from its first moment to its last.
Day = Annotated[date, AfterValidator(_with_a_day_after)]
Reason = Annotated[Text, Field(description="Why, in at most 2000 characters.")]


def own(actor: Actor) -> Actor:
    """The actor, in its own tenant. Raises: NotFound for an integrator: a client's settings are not its business."""
    if actor.acts_for_client:
        raise NotFound()
    return actor


def inner_id(text: str) -> uuid.UUID:
    """The id of what has no shorter one, as an address names it. Raises: NotFound."""
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise NotFound() from error


def start_of(day: Day) -> datetime:
    """The first moment of the day."""
    return datetime.combine(day, time(), tzinfo=UTC)


def end_of(last_day: Day) -> datetime:
    """The first moment after the day."""
    return start_of(last_day + timedelta(days=1))


def reason_in(text: str) -> str:
    """The reason, cleaned. Raises: NotAsDescribed for an empty one, and the refusals of a text."""
    cleaned = clean_text(text)
    if not cleaned:
        raise NotAsDescribed([("/reason", "says nothing")])
    return cleaned
