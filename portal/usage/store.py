"""What pages and other rooms ask about uses of keys, their clients, and installations; each is one statement."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    func,
    or_,
    select,
)
from sqlalchemy.orm import aliased, contains_eager

from portal.access.actor import Actor, Reach
from portal.access.rows import owned_by, scoped_to
from portal.delegations.models import Delegation, DelegationState
from portal.foundation.database import db
from portal.keys.models import KeyPair
from portal.projects.models import Claim, DataSpace, Installation, Project
from portal.usage.models import KeyUse, Sighting, UseClient

SHOWN = 200
MOST_CLIENTS = 50
LATEST = aliased(KeyUse, name="latest")


@dataclass(frozen=True)
class LastUse:
    """When a key pair was used last, and by which installation, where the call named a data space."""

    at: datetime
    installation: str | None


def last_uses(actor: Actor, pairs: Collection[KeyPair]) -> Mapping[uuid.UUID, LastUse]:
    """The last use of each of these key pairs of the actor's tenant, by the pair's id; one never used is left out."""
    latest = (
        select(KeyUse.id)
        .where(KeyUse.tenant_id == KeyPair.tenant_id, KeyUse.key_pair_id == KeyPair.id, *KeyUse.within(actor.reach))
        .order_by(KeyUse.last_at.desc())
        .limit(1)
        .correlate(KeyPair)
        .scalar_subquery()
    )
    rows = (
        owned_by(actor, KeyPair)
        .where(KeyPair.id.in_([pair.id for pair in pairs]))
        .join(LATEST, and_(LATEST.tenant_id == KeyPair.tenant_id, LATEST.id == latest))
        .join(UseClient, and_(UseClient.tenant_id == LATEST.tenant_id, UseClient.id == LATEST.client_id))
    )
    rows = _with_installation(actor, rows, LATEST)
    columns = (KeyPair.id, LATEST.last_at, Installation.name)
    found = db.session.execute(rows.with_only_columns(*columns, maintain_column_froms=True))
    return {pair_id: LastUse(at, name) for pair_id, at, name in found}


def _with_installation(actor: Actor, rows: Select[Any], use: Any) -> Select[Any]:
    """The installation within the actor's reach that a use, joined with its client, is taken to come from."""
    taken_for = and_(
        Sighting.tenant_id == use.tenant_id,
        Sighting.key_pair_id == use.key_pair_id,
        Sighting.data_space_id == use.data_space_id,
        Sighting.identity == UseClient.identity,
    )
    its = and_(
        Installation.tenant_id == Sighting.tenant_id,
        Installation.id == Sighting.installation_id,
        *Installation.within(actor.reach),
    )
    return rows.outerjoin(Sighting, taken_for).outerjoin(Installation, its)


@dataclass(frozen=True)
class ClientUse:
    """What one client did with a key pair in one data space: `calls` of them, the last one at `last_at`.

    Without a data space the calls named none, or one beyond the reader's reach.
    """

    client: UseClient
    data_space: DataSpace | None
    installation: Installation | None
    last_at: datetime
    calls: int


def uses_of(actor: Actor, pair: KeyPair, since: date) -> Sequence[ClientUse]:
    """Who used the pair where since that day, the latest first; at most 50 rows."""
    calls, last_at = func.sum(KeyUse.count).label("calls"), func.max(KeyUse.last_at).label("last_at")
    what = (KeyUse.tenant_id, KeyUse.key_pair_id, KeyUse.data_space_id, KeyUse.client_id)
    used = owned_by(actor, KeyUse).where(KeyUse.key_pair_id == pair.id, KeyUse.day >= since).group_by(*what)
    latest = used.with_only_columns(*what, calls, last_at).order_by(last_at.desc()).limit(MOST_CLIENTS)
    found = latest.subquery()
    space = and_(
        DataSpace.tenant_id == found.c.tenant_id,
        DataSpace.id == found.c.data_space_id,
        *DataSpace.within(actor.reach),
    )
    rows = (
        select(UseClient)
        .join(found, and_(UseClient.tenant_id == found.c.tenant_id, UseClient.id == found.c.client_id))
        .outerjoin(DataSpace, space)
    )
    told: Select[Any] = _with_installation(actor, rows, found.c).order_by(found.c.last_at.desc())
    told = told.add_columns(DataSpace, Installation, found.c.last_at, found.c.calls)
    of_tenant = {"scope": actor.tenant_id}
    return [
        ClientUse(client, data_space, installation, at, int(count))
        for client, data_space, installation, at, count in db.session.execute(told, execution_options=of_tenant)
    ]


@dataclass(frozen=True)
class Seen:
    """An installation with the key pair it used last and when, as far as the reader may see key pairs.

    `installation.last_seen_at` counts calls with any key pair; `last_at` those with `pair`.
    """

    installation: Installation
    pair: KeyPair | None
    last_at: datetime | None

    @property
    def is_current(self) -> bool:
        """Whether the last call was made with `pair`, and not with one that the reader may not see."""
        return self.last_at is not None and self.last_at == self.installation.last_seen_at


def _with_last_key(actor: Actor, rows: Select[Any]) -> Select[Any]:
    """Installations with data space and project, and the latest sighting and its pair beside each."""
    latest = (
        select(Sighting.id)
        .where(
            Sighting.tenant_id == Installation.tenant_id,
            Sighting.installation_id == Installation.id,
            # At a client, only what was seen of one's own key pairs.
            or_(Sighting.tenant_id == actor.tenant_id, Sighting.holder_id == actor.home_id),
            *Sighting.within(actor.reach),
        )
        .order_by(Sighting.last_at.desc())
        .limit(1)
        .correlate(Installation)
        .scalar_subquery()
    )
    last = aliased(Sighting)
    return (
        rows.join(Installation.data_space)
        .join(DataSpace.project)
        .options(contains_eager(Installation.data_space).contains_eager(DataSpace.project))
        .outerjoin(last, and_(last.tenant_id == Installation.tenant_id, last.id == latest))
        .outerjoin(KeyPair, and_(KeyPair.tenant_id == last.tenant_id, KeyPair.id == last.key_pair_id))
        .add_columns(last.last_at, KeyPair)
    )


def _seen(rows: Select[Any]) -> list[Seen]:
    return [Seen(installation, pair, at) for installation, at, pair in db.session.execute(rows)]


def installations(actor: Actor, *conditions: ColumnElement[bool], limit: int = SHOWN) -> Sequence[Seen]:
    """Every attached installation within the actor's reach, claims too, with the key it used last and when; by name.

    conditions: only those of which they hold, such as `used_with`.
    """
    rows = owned_by(actor, Installation).where(Installation.detached_at.is_(None), *conditions)
    return _seen(_with_last_key(actor, rows).order_by(Installation.name, Installation.id).limit(limit))


def used_with(pairs: Collection[KeyPair]) -> ColumnElement[bool]:
    """Whether an installation was ever seen with one of these key pairs."""
    return (
        select(Sighting.id)
        .where(
            Sighting.tenant_id == Installation.tenant_id,
            Sighting.installation_id == Installation.id,
            Sighting.key_pair_id.in_([pair.id for pair in pairs]),
        )
        .exists()
    )


def around(actor: Actor, project_ids: Collection[uuid.UUID], taken: Collection[Delegation]) -> Sequence[Seen]:
    """The installations of these projects of the actor's tenant, and all that want somebody: there, and at its clients.

    taken: the delegations that the actor's own tenant has taken; those that are running count.
    """
    own = and_(
        Installation.tenant_id == actor.tenant_id,
        or_(Installation.project_id.in_(project_ids), wants_somebody()),
        *Installation.within(actor.reach),
    )
    running = [row for row in taken if row.state is DelegationState.ACTIVE]
    at_clients = [and_(Installation.tenant_id == row.tenant_id, wants_somebody(), *_reached(row)) for row in running]
    rows = select(Installation).where(Installation.detached_at.is_(None), or_(own, *at_clients))
    rows = _with_last_key(actor, rows).order_by(Installation.name, Installation.id).limit(SHOWN)
    named = (actor.tenant_id, actor.home_id, *(row.tenant_id for row in running))
    return _seen(rows.execution_options(**scoped_to(*{one for one in named if one is not None})))


def wants_somebody() -> ColumnElement[bool]:
    """Whether an installation collides with another one, or is a testing shop on a production data space."""
    alarms = and_(Installation.alarmed_at.is_not(None), Installation.alarm_closed_at.is_(None))
    return or_(Installation.claim == Claim.COLLIDING, alarms)


def _reached(delegation: Delegation) -> list[ColumnElement[bool]]:
    return Installation.within(Reach(delegation.environments, delegation.project_ids))


def free_spaces(actor: Actor) -> Sequence[DataSpace]:
    """The data spaces within the actor's reach that no primary installation uses, with their projects; at most 200."""
    rows = (
        owned_by(actor, DataSpace)
        .join(DataSpace.project)
        .options(contains_eager(DataSpace.project))
        .where(~DataSpace.installation.has())
        .order_by(Project.name_key, DataSpace.position, DataSpace.id)
    )
    return db.session.scalars(rows.limit(SHOWN)).all()


@dataclass(frozen=True)
class Arrival:
    """When the first call with a key pair was seen, and the first that listed the account's projects."""

    called_at: datetime
    listed_at: datetime | None


def arrivals(actor: Actor, pairs: Collection[KeyPair]) -> Mapping[uuid.UUID, Arrival]:
    """The arrival of each of these key pairs of the actor's tenant, by the pair's id; one never used is left out."""
    listed_at = func.min(case((KeyUse.listed, KeyUse.first_at)))
    rows = (
        owned_by(actor, KeyUse)
        .where(KeyUse.key_pair_id.in_([pair.id for pair in pairs]))
        .group_by(KeyUse.key_pair_id)
        .with_only_columns(KeyUse.key_pair_id, func.min(KeyUse.first_at), listed_at)
    )
    return {pair_id: Arrival(called_at, listed) for pair_id, called_at, listed in db.session.execute(rows)}


def chosen_at(actor: Actor, data_space: DataSpace) -> datetime | None:
    """When a call first named this data space of the actor's tenant, as far as the actor sees calls; or None."""
    rows = owned_by(actor, Sighting).where(Sighting.data_space_id == data_space.id)
    return db.session.scalar(rows.with_only_columns(func.min(Sighting.first_at)))


def per_day(actor: Actor, pair: KeyPair, since: date) -> Mapping[date, int]:
    """How many calls were made with the pair on each day (UTC) since then; a day without any is left out."""
    rows = (
        owned_by(actor, KeyUse)
        .where(KeyUse.key_pair_id == pair.id, KeyUse.day >= since)
        .group_by(KeyUse.day)
        .with_only_columns(KeyUse.day, func.sum(KeyUse.count))
    )
    return {day: int(count) for day, count in db.session.execute(rows)}
