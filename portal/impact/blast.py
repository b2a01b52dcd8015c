"""The blast radius: what an act would stop, looked up before it is done (rule 9)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy.orm import joinedload

from portal.access.actor import Actor
from portal.access.roles import Environment
from portal.access.rows import owned_by
from portal.delegations.models import Delegation, DelegationProject
from portal.foundation import clock
from portal.foundation.database import db
from portal.keys import store as keys
from portal.keys.models import KeyPair
from portal.keys.status import LIVE, KeyStatus, status_of
from portal.projects.models import DataSpace, Installation

# A page shows this many by name; the acts themselves count all.
MOST_NAMED = 100
# A pair that waits for the end of a pause works again by itself: ending or revoking stops it for good.
IN_USE = LIVE | {KeyStatus.DELEGATION_PAUSED}


@dataclass(frozen=True)
class BlastRadius:
    """What stops working: key pairs at once, and the installations that may be using them.

    The portal does not see yet which installation uses which key, so it names all that could: those on the key's
    side, within its reach; `more` when there are others that are not named. `others_live` are the pairs of the same
    side that go on working beside it; `is_last` when the key is live and nobody in the account has another.
    """

    key_pairs: Sequence[KeyPair] = ()
    installations: Sequence[Installation] = ()
    integrators: Sequence[str] = ()
    others_live: Sequence[KeyPair] = field(default=())
    more: bool = False
    is_last: bool = False

    @property
    def data_spaces(self) -> list[DataSpace]:
        return [installation.data_space for installation in self.installations]

    @property
    def is_empty(self) -> bool:
        return not (self.key_pairs or self.installations or self.integrators)


def of_key(actor: Actor, pair: KeyPair) -> BlastRadius:
    """What revoking `pair` would stop, as far as the actor's reach goes; nothing when it is out of service already."""
    now = clock.now()
    status = status_of(pair, now)
    if status not in IN_USE:
        return BlastRadius()
    others = [row for row in keys.live(actor, now, pair.environment) if row.id != pair.id]
    reach = None if pair.delegation is None else _projects_of(actor, pair.delegation)
    installations, more = _installations(actor, {pair.environment}, reach)
    return BlastRadius(
        key_pairs=[pair],
        installations=installations,
        more=more,
        integrators=[] if pair.delegation is None else [pair.holder.name],
        others_live=others,
        # An integrator does not see the other pairs of its client, so it cannot tell.
        is_last=status in LIVE and not others and not actor.acts_for_client,
    )


def of_rotation(actor: Actor, pair: KeyPair) -> BlastRadius:
    """What has to move before `pair` ends. Beginning the rotation stops nothing, and the last pair gets a successor."""
    return replace(of_key(actor, pair), is_last=False)


def of_ending(actor: Actor, pair: KeyPair, users: Sequence[Installation]) -> BlastRadius:
    """What ending the retiring `pair` now would stop: `users` are the installations not known to have moved."""
    return replace(of_key(actor, pair), installations=users[:MOST_NAMED], more=len(users) > MOST_NAMED)


def of_delegation(actor: Actor, delegation: Delegation) -> BlastRadius:
    """What ending or pausing `delegation` would stop: the integrator's own pairs under it, and what they may serve.

    The owner's own pairs and those of other integrators go on (rule 15). For the integrator's side no installation
    is named: the owner's rows are found only by working in the owner's account.
    """
    now = clock.now()
    pairs = [pair for pair in keys.of_delegation(actor, delegation) if status_of(pair, now) in IN_USE]
    if actor.tenant_id != delegation.tenant_id:
        return BlastRadius(key_pairs=pairs)
    sides = {pair.environment for pair in pairs}
    installations, more = _installations(actor, sides, _projects_of(actor, delegation))
    return BlastRadius(
        key_pairs=pairs,
        installations=installations,
        more=more,
        integrators=[delegation.integrator.name] if delegation.integrator else [],
    )


def _projects_of(actor: Actor, delegation: Delegation) -> frozenset[uuid.UUID] | None:
    if delegation.all_projects:
        return None
    rows = owned_by(actor, DelegationProject).where(DelegationProject.delegation_id == delegation.id)
    return frozenset(row.project_id for row in db.session.scalars(rows))


def _installations(
    actor: Actor, sides: set[Environment], project_ids: frozenset[uuid.UUID] | None
) -> tuple[Sequence[Installation], bool]:
    if not sides:
        return [], False
    rows = owned_by(actor, Installation).where(Installation.detached_at.is_(None), Installation.side.in_(sides))
    if project_ids is not None:
        rows = rows.where(Installation.project_id.in_(project_ids))
    rows = rows.options(joinedload(Installation.data_space).joinedload(DataSpace.project))
    found = db.session.scalars(rows.order_by(Installation.name, Installation.id).limit(MOST_NAMED + 1)).all()
    return found[:MOST_NAMED], len(found) > MOST_NAMED
