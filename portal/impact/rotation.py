"""The cockpit of a rotation: every installation that may use the old pair, the key it last used, and when."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select
from sqlalchemy.orm import aliased, joinedload

from portal.delegations.models import Delegation, DelegationProject
from portal.foundation.database import db
from portal.keys import store as keys
from portal.keys.models import KeyPair
from portal.projects.models import DataSpace, Installation
from portal.usage.models import Sighting


@dataclass(frozen=True)
class User:
    """An installation that may use a pair: the key pair of the same environment that it used last, and when.

    Both are None where it was never seen: that says nothing about which key it has.
    """

    installation: Installation
    last_used: KeyPair | None = None
    seen_at: datetime | None = None

    def has_moved(self, old: KeyPair) -> bool:
        """Whether it was seen with another key, and not with the old one after that. Silence is no move."""
        return self.last_used is not None and self.last_used.id != old.id


@dataclass(frozen=True)
class Cockpit:
    """Where a rotation stands. `successor` is None when it was taken out of service."""

    old: KeyPair
    successor: KeyPair | None
    users: Sequence[User]

    @property
    def laggards(self) -> list[User]:
        """Those not known to have moved: seen with the old key, or never seen."""
        return laggards_of(self.old, self.users)

    @property
    def is_safe_to_close(self) -> bool:
        """Whether every installation is known to have moved; of none at all nothing is known."""
        return self.successor is not None and bool(self.users) and not self.laggards


def cockpit(old: KeyPair) -> Cockpit:
    """The cockpit of the rotation in which `old`, found by its reader, is replaced. Two statements."""
    return Cockpit(old, keys.successor_of(old), users_of([old])[old.id])


def laggards_of(old: KeyPair, users: Sequence[User]) -> list[User]:
    """Those of them that are not known to have moved."""
    return [user for user in users if not user.has_moved(old)]


def users_of(pairs: Sequence[KeyPair]) -> dict[uuid.UUID, list[User]]:
    """For each of these pairs of one tenant: the installations that may use it, by name. One statement.

    They are the attached ones that were ever seen with it; and those never seen at all that are on its side, within the
    delegation's projects for a delegated pair. The one place that says which key an installation uses.
    """
    found: dict[uuid.UUID, list[User]] = {pair.id: [] for pair in pairs}
    for pair_id, installation, seen_at, last_used in db.session.execute(_users(pairs)):
        found[pair_id].append(User(installation, last_used, seen_at))
    return found


def _users(pairs: Sequence[KeyPair]) -> Select[uuid.UUID, Installation, datetime, KeyPair]:
    last, used = aliased(Sighting), aliased(KeyPair)
    latest = _seen().order_by(Sighting.last_at.desc()).limit(1).correlate(Installation, KeyPair).scalar_subquery()
    return (
        select(KeyPair.id, Installation, last.last_at, used)
        .join(Installation, Installation.tenant_id == KeyPair.tenant_id)
        .outerjoin(KeyPair.delegation)
        .outerjoin(last, and_(last.tenant_id == Installation.tenant_id, last.id == latest))
        .outerjoin(used, and_(used.tenant_id == last.tenant_id, used.id == last.key_pair_id))
        .where(
            KeyPair.tenant_id == pairs[0].tenant_id,
            KeyPair.id.in_([pair.id for pair in pairs]),
            Installation.detached_at.is_(None),
            or_(_seen().where(Sighting.key_pair_id == KeyPair.id).exists(), _may_be_configured()),
        )
        .options(joinedload(Installation.data_space, innerjoin=True).joinedload(DataSpace.project, innerjoin=True))
        .order_by(Installation.name, Installation.id)
        .execution_options(scope=pairs[0].tenant_id)
    )


def _seen() -> Select[uuid.UUID]:
    """What was seen of the installation with keys of the pair's environment."""
    return select(Sighting.id).where(
        Sighting.tenant_id == Installation.tenant_id,
        Sighting.installation_id == Installation.id,
        Sighting.environment == KeyPair.environment,
    )


def _may_be_configured() -> ColumnElement[bool]:
    reached = exists().where(
        DelegationProject.tenant_id == Installation.tenant_id,
        DelegationProject.delegation_id == KeyPair.delegation_id,
        DelegationProject.project_id == Installation.project_id,
    )
    return and_(
        Installation.side == KeyPair.environment,
        ~_seen().exists(),
        or_(KeyPair.delegation_id.is_(None), Delegation.all_projects, reached),
    )
