"""Calls about what happened in an account."""

from typing import Annotated, Any

from pydantic import Field

from portal.access.actor import Actor
from portal.access.roles import Permission
from portal.api.calls import Calls
from portal.api.home import own
from portal.api.shapes import Listed, Moment, Paged, Shown, Text
from portal.audit import store
from portal.audit.models import AuditEvent
from portal.audit.telling import facts_told
from portal.foundation.paging import PAGE_ROWS, BadPlace

calls = Calls("activity", "What happened")

LAST_NUMBER = 2**63
LONGEST_ASKED = 320


class Wanted(Paged):
    """Which events."""

    kind: Annotated[Text, Field(description="The first part of an event's name, such as `key`.", max_length=64)] = ""
    person: Annotated[Text, Field(description="The name of who did it.", max_length=LONGEST_ASKED)] = ""
    subject: Annotated[Text, Field(description="The id or the name of what it is about.", max_length=LONGEST_ASKED)] = (
        ""
    )


class EventShown(Shown):
    """One thing that happened. `facts` are what its sentence on the page says besides who and what.

    `who_belongs_to` is the account of who did it. `refused` has the code of the refusal where something was tried and
    not done; `subject_id` then names the act. `copy_of` names the number that an event of both sides has at the other.
    """

    number: int
    at: Moment
    event: str
    who: str
    who_belongs_to: str | None
    subject_type: str
    subject_id: str
    subject: str
    facts: dict[str, Any]
    refused: str | None
    copy_of: str | None
    request_id: str | None


@calls.reads("/<account>/activity", Permission.SEE)
def index(actor: Actor, query: Wanted) -> Listed[EventShown]:
    """List what happened in the account, the newest first."""
    rows = store.page(
        own(actor),
        before_seq=_place(query.after),
        limit=PAGE_ROWS + 1,
        kind=query.kind.strip(),
        person=query.person.strip(),
        subject=query.subject.strip(),
    )
    shown = rows[:PAGE_ROWS]
    following = str(shown[-1].seq) if len(rows) > PAGE_ROWS else None
    return Listed[EventShown](items=[event_shown(row) for row in shown], next=following)


def event_shown(event: AuditEvent) -> EventShown:
    """An event as the API tells it."""
    return EventShown(
        number=event.seq,
        at=event.at,
        event=event.event,
        who=event.actor_label,
        who_belongs_to=event.actor_home_name,
        subject_type=event.subject_type,
        subject_id=event.subject_id,
        subject=event.subject_label,
        facts={} if event.refused else facts_told(event),
        refused=str(event.facts.get("reason", "")) if event.refused else None,
        copy_of=event.copy_of,
        request_id=event.request_id,
    )


def _place(text: str | None) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) < LAST_NUMBER):
        raise BadPlace()
    return int(text)
