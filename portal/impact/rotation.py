"""The cockpit of a rotation: every installation that may use the old pair, the key it last used, and when."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import joinedload

from portal.delegations.models import Delegation, DelegationProject
from portal.foundation.database import db
from portal.keys import store as keys
from portal.keys.models import KeyPair
from portal.projects.models import DataSpace, Installation


@dataclass(frozen=True)
class Sighting:
    """An installation and the key pair that it last used since the rotation began, and when.

    Both are None where it was not seen since: that says nothing about which key it has.
    """

    installation: Installation
    last_used: KeyPair | None = None
    seen_at: datetime | None = None

    def has_moved(self, old: KeyPair) -> bool:
        """Whether it was seen with another key of the same environment, and not with the old one after that."""
        last = self.last_used
        return last is not None and last.environment is old.environment and last.id != old.id


# For pairs of one tenant, by their ids: the installations that may use each.
StillUsing = Callable[[Sequence[KeyPair]], Mapping[uuid.UUID, Sequence[Sighting]]]


@dataclass(frozen=True)
class Cockpit:
    """Where a rotation stands. `successor` is None when it was taken out of service."""

    old: KeyPair
    successor: KeyPair | None
    sightings: Sequence[Sighting]

    @property
    def laggards(self) -> list[Sighting]:
        """Those not known to have moved: seen with the old key, or not seen since the rotation began."""
        return laggards_of(self.old, self.sightings)

    @property
    def is_safe_to_close(self) -> bool:
        """Whether every installation is known to have moved; of none at all nothing is known."""
        return self.successor is not None and bool(self.sightings) and not self.laggards


def cockpit(old: KeyPair) -> Cockpit:
    """The cockpit of the rotation in which `old`, found by its reader, is replaced. Two statements."""
    return Cockpit(old, keys.successor_of(old), users_of([old])[old.id])


def laggards_of(old: KeyPair, sightings: Sequence[Sighting]) -> list[Sighting]:
    """Those of them that are not known to have moved."""
    return [sighting for sighting in sightings if not sighting.has_moved(old)]


def users_of(pairs: Sequence[KeyPair]) -> dict[uuid.UUID, list[Sighting]]:
    """For each of these pairs of one tenant: the installations that may use it, by name. One statement.

    They are those on the pair's side, within the delegation's projects for a delegated pair. The one place that says
    which key an installation last used: what people entered by hand does not tell it, so none counts as seen.
    """
    found: dict[uuid.UUID, list[Sighting]] = {pair.id: [] for pair in pairs}
    for pair_id, installation in _on_their_side(pairs):
        found[pair_id].append(Sighting(installation))
    return found


def _on_their_side(pairs: Sequence[KeyPair]) -> Sequence[tuple[uuid.UUID, Installation]]:
    reached = exists().where(
        DelegationProject.tenant_id == Installation.tenant_id,
        DelegationProject.delegation_id == KeyPair.delegation_id,
        DelegationProject.project_id == Installation.project_id,
    )
    here = and_(Installation.tenant_id == KeyPair.tenant_id, Installation.side == KeyPair.environment)
    rows = (
        select(KeyPair.id, Installation)
        .join(Installation, here)
        .outerjoin(KeyPair.delegation)
        .where(
            KeyPair.tenant_id == pairs[0].tenant_id,
            KeyPair.id.in_([pair.id for pair in pairs]),
            Installation.detached_at.is_(None),
            or_(KeyPair.delegation_id.is_(None), Delegation.all_projects, reached),
        )
        .options(joinedload(Installation.data_space, innerjoin=True).joinedload(DataSpace.project, innerjoin=True))
        .order_by(Installation.name, Installation.id)
        .execution_options(scope=pairs[0].tenant_id)
    )
    return [(pair_id, installation) for pair_id, installation in db.session.execute(rows)]
