"""The cockpit of a rotation: who may still use the old pair, the key that each installation used last, and when."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, true
from sqlalchemy.orm import aliased, joinedload

from portal.access.actor import Actor, Reach
from portal.access.rows import scoped_to
from portal.delegations.models import Delegation, DelegationProject
from portal.foundation import clock
from portal.foundation.database import db
from portal.keys import store as keys
from portal.keys.models import KeyPair
from portal.projects.models import LIVE_FOR, DataSpace, Installation
from portal.usage.models import KeyUse, Sighting

# One call with the new key says that the new key is there, not that the old one is gone: two nodes of a shop, or a shop
# and its copy, look like one installation. It has moved when the old key was quiet for this long.
QUIET = timedelta(days=1)


@dataclass(frozen=True)
class User:
    """An installation that may use a pair, with the key pair of the same environment that it used last, and when.

    Both are None where it was never seen, and `last_used` is where the reader may not see that pair. `moved` is what is
    known: another key, and the old one quiet for a day. Silence is no move.
    """

    installation: Installation
    last_used: KeyPair | None
    seen_at: datetime | None
    moved: bool
    within_reach: bool


@dataclass(frozen=True)
class Users:
    """Who may use a pair: installations, within the reader's reach or not, and calls that name none.

    `called_at` is the last call with it that no known installation accounts for, where it was lately; else None.
    """

    all: Sequence[User]
    called_at: datetime | None

    @property
    def seen(self) -> list[User]:
        """Those within the reader's reach."""
        return [user for user in self.all if user.within_reach]

    @property
    def laggards(self) -> list[User]:
        """Those of them not known to have moved."""
        return [user for user in self.seen if not user.moved]

    @property
    def hidden_laggards(self) -> int:
        """How many beyond the reader's reach are not known to have moved."""
        return sum(1 for user in self.all if not user.within_reach and not user.moved)

    @property
    def may_use_it(self) -> bool:
        """Whether anything may still use the pair."""
        return bool(self.laggards or self.hidden_laggards or self.called_at)


@dataclass(frozen=True)
class Cockpit:
    """Where a rotation stands. `successor` is None when nothing in service takes the old pair's place."""

    old: KeyPair
    successor: KeyPair | None
    users: Users

    @property
    def is_safe_to_close(self) -> bool:
        """Whether every installation is known to have moved; of none at all nothing is known."""
        return self.successor is not None and bool(self.users.all) and not self.users.may_use_it


def cockpit(actor: Actor, old: KeyPair) -> Cockpit:
    """The cockpit of the rotation in which `old`, found by the actor, is replaced, as far as its reach goes."""
    return Cockpit(old, keys.successor_of(old), users_of(old, actor))


def users_of(pair: KeyPair, reader: Actor) -> Users:
    """Who may use the pair, as `reader` may see it. The one place that says which key an installation uses.

    Installations are the attached ones that were ever seen with it; and those never seen at all that are on its side,
    within the delegation's projects for a delegated pair.
    """
    now = clock.now()
    users = [
        User(
            installation,
            last_used=used if used is not None and _may_see(reader, used) else None,
            seen_at=seen_at,
            moved=used is not None and used.id != pair.id and (old_at is None or old_at <= now - QUIET),
            within_reach=within,
        )
        for installation, seen_at, old_at, within, used in db.session.execute(_users(pair, reader.reach))
    ]
    # Where somebody is known to use it and all have moved, what they did before they moved may be the last call.
    quiet = QUIET if users and all(user.moved for user in users) else LIVE_FOR
    called_at = _last_call(pair)
    return Users(users, called_at if called_at is not None and called_at > now - quiet else None)


def holder_of(pair: KeyPair) -> Actor:
    """The holder of the pair as a reader: its own tenant, or what its delegation lets it see."""
    delegation = pair.delegation
    if delegation is None:
        return Actor(tenant_id=pair.tenant_id, home_id=pair.holder_id, label="worker")
    rows = select(DelegationProject.project_id).where(
        DelegationProject.tenant_id == pair.tenant_id, DelegationProject.delegation_id == delegation.id
    )
    projects = db.session.scalars(rows, execution_options=scoped_to(pair.tenant_id))
    project_ids = None if delegation.all_projects else frozenset(projects)
    reach = Reach(delegation.environments, project_ids, pair.holder_id)
    return Actor(tenant_id=pair.tenant_id, home_id=pair.holder_id, label="worker", reach=reach)


def owner_of(pair: KeyPair) -> Actor:
    """The owner of the pair as a reader: all that is its own."""
    return Actor(tenant_id=pair.tenant_id, home_id=pair.tenant_id, label="worker")


def _may_see(reader: Actor, pair: KeyPair) -> bool:
    return reader.home_id in (pair.tenant_id, pair.holder_id)


def _last_call(pair: KeyPair) -> datetime | None:
    rows = select(func.max(KeyUse.last_at)).where(
        KeyUse.tenant_id == pair.tenant_id, KeyUse.key_pair_id == pair.id, KeyUse.data_space_id.is_(None)
    )
    return db.session.scalar(rows, execution_options=scoped_to(pair.tenant_id))


def _users(pair: KeyPair, reach: Reach) -> Select[Installation, datetime, datetime, bool, KeyPair]:
    last, used = aliased(Sighting), aliased(KeyPair)
    latest = _seen(pair).order_by(Sighting.last_at.desc()).limit(1).correlate(Installation).scalar_subquery()
    with_old = _seen(pair).where(Sighting.key_pair_id == pair.id)
    old_at = with_old.with_only_columns(func.max(Sighting.last_at)).correlate(Installation).scalar_subquery()
    within = and_(true(), *Installation.within(reach))
    return (
        select(Installation, last.last_at, old_at, within, used)
        .select_from(Installation)
        .outerjoin(last, and_(last.tenant_id == Installation.tenant_id, last.id == latest))
        .outerjoin(used, and_(used.tenant_id == last.tenant_id, used.id == last.key_pair_id))
        .where(
            Installation.tenant_id == pair.tenant_id,
            Installation.detached_at.is_(None),
            or_(with_old.exists(), _may_be_configured(pair)),
        )
        .options(joinedload(Installation.data_space, innerjoin=True).joinedload(DataSpace.project, innerjoin=True))
        .order_by(Installation.name, Installation.id)
        .execution_options(scope=pair.tenant_id)
    )


def _seen(pair: KeyPair) -> Select[uuid.UUID]:
    """What was seen of an installation with keys of the pair's environment."""
    return select(Sighting.id).where(
        Sighting.tenant_id == Installation.tenant_id,
        Sighting.installation_id == Installation.id,
        Sighting.environment == pair.environment,
    )


def _may_be_configured(pair: KeyPair) -> ColumnElement[bool]:
    unseen = and_(Installation.side == pair.environment, ~_seen(pair).exists())
    if pair.delegation_id is None:
        return unseen
    its = and_(Delegation.tenant_id == pair.tenant_id, Delegation.id == pair.delegation_id)
    reached = exists().where(
        DelegationProject.tenant_id == Installation.tenant_id,
        DelegationProject.delegation_id == pair.delegation_id,
        DelegationProject.project_id == Installation.project_id,
    )
    return and_(unseen, or_(reached, exists().where(its, Delegation.all_projects)))
