"""What a reviewer needs beside the frozen line: what it is now, its last use, who said what, what changed since."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, or_

from portal.access.actor import Actor, require
from portal.access.roles import Permission
from portal.access.rows import Reader, across_tenants
from portal.audit.models import AuditEvent
from portal.delegations.models import Side
from portal.foundation import clock
from portal.foundation.database import db
from portal.reviews import store, subjects, uses
from portal.reviews.models import Campaign, Line, Question
from portal.reviews.subjects import Facts
from portal.reviews.uses import LastUse

# What is frozen with a line for reading only: telling that it was used is no change.
NOT_COMPARED = frozenset({"last_use", "installation"})


@dataclass(frozen=True)
class Change:
    """A fact that is another one now than when the line was frozen; the values as `facts` hold them."""

    name: str
    before: Any
    now: Any


@dataclass(frozen=True)
class Context:
    """What stands beside a line now. `facts` is None when what it is about is gone.

    events: how much the record says of it since the last review, or ever where there was none. said: by side.
    """

    facts: Facts | None
    is_over: bool
    last_use: LastUse | None
    changes: Sequence[Change]
    events: int
    said: Mapping[Side, Question]


def of(actor: Actor, campaign: Campaign, lines: Sequence[Line]) -> dict[uuid.UUID, Context]:
    """The context of each of these lines of the campaign, by the line's id. Four statements, and one of delegations'
    projects, however many they are. Raises: NotAllowed.
    """
    require(actor, Permission.REVIEW_KEEP)
    if not lines:
        return {}
    places = {(line.owner_id, line.subject_id) for line in lines}
    now = subjects.now(campaign.subject, places, clock.now(), reason=Reader.CONSOLE)
    used = uses.last_uses(campaign.subject, places, reason=Reader.CONSOLE)
    told = _events_about([line.id for line in lines])
    said: dict[uuid.UUID, dict[Side, Question]] = {}
    for question in store.questions_about(campaign, [line.id for line in lines]):
        said.setdefault(question.line_id, {})[question.side] = question
    found = {}
    for line in lines:
        place = (line.owner_id, line.subject_id)
        thing = now.get(place)
        found[line.id] = Context(
            facts=None if thing is None else thing.facts,
            is_over=thing is None or thing.is_over,
            last_use=used.get(place),
            changes=changes_of(line, None if thing is None else thing.facts),
            events=told.get(line.id, 0),
            said=said.get(line.id, {}),
        )
    return found


def changes_of(line: Line, facts: Facts | None) -> list[Change]:
    """What is not as it was frozen; nothing of what is gone."""
    if facts is None:
        return []
    names = [name for name in line.facts if name not in NOT_COMPARED]
    return [Change(name, line.facts[name], facts.get(name)) for name in names if line.facts[name] != facts.get(name)]


def _events_about(line_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, int]:
    about = and_(
        AuditEvent.tenant_id == Line.owner_id,
        AuditEvent.subject_id == Line.subject_public_id,
        or_(Line.reviewed_before_at.is_(None), AuditEvent.at > Line.reviewed_before_at),
        ~AuditEvent.refused,
    )
    rows = across_tenants(Line.id, func.count(), reason=Reader.CONSOLE).join(AuditEvent, about)
    found: Any = db.session.execute(rows.where(Line.id.in_(line_ids)).group_by(Line.id)).all()
    return dict(found)
