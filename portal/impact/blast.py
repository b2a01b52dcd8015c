"""The blast radius: what an act would stop, looked up before it is done (rule 9)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import ColumnElement, and_, or_

from portal.access.actor import Actor
from portal.access.rows import owned_by
from portal.delegations.models import Delegation, DelegationProject
from portal.foundation import clock
from portal.foundation.database import db
from portal.impact.rotation import User
from portal.keys import store as keys
from portal.keys.models import KeyPair
from portal.keys.status import LIVE, KeyStatus, status_of
from portal.projects.models import DataSpace, Installation
from portal.usage import store as usage
from portal.usage.store import LastUse, Seen

# A page shows this many by name; the acts themselves count all.
MOST_NAMED = 100
# A pair that waits for the end of a pause works again by itself: ending or revoking stops it for good.
IN_USE = LIVE | {KeyStatus.DELEGATION_PAUSED}


@dataclass(frozen=True)
class BlastRadius:
    """What stops working: key pairs at once, and the installations that use them or may.

    `seen` are the installations on the key's side, within its reach, and those that were ever seen with it; `more`
    when there are others that are not named. A shop that nobody saw yet may still be configured with the key.
    `last_use` is the latest of all these pairs. `others_live` are the pairs of the same side that go on working beside
    it; `is_last` when the key is live and nobody in the account has another.
    """

    key_pairs: Sequence[KeyPair] = ()
    seen: Sequence[Seen] = ()
    integrators: Sequence[str] = ()
    last_use: LastUse | None = None
    others_live: Sequence[KeyPair] = field(default=())
    more: bool = False
    is_last: bool = False

    @property
    def installations(self) -> list[Installation]:
        return [one.installation for one in self.seen]

    @property
    def used_now(self) -> list[Installation]:
        """The installations whose last call was made with one of these pairs."""
        stopped = {pair.id for pair in self.key_pairs}
        return [one.installation for one in self.seen if one.pair is not None and one.pair.id in stopped]

    @property
    def possible(self) -> list[Installation]:
        """The installations that may be using them, though the last call of each, if any, was made with another."""
        return [one for one in self.installations if one not in self.used_now]

    @property
    def data_spaces(self) -> list[DataSpace]:
        spaces = {one.data_space.id: one.data_space for one in self.installations}
        return list(spaces.values())

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
    seen, more = _seen(actor, [pair], reach)
    return BlastRadius(
        key_pairs=[pair],
        seen=seen,
        more=more,
        last_use=_last_use(actor, [pair]),
        integrators=[] if pair.delegation is None else [pair.holder.name],
        others_live=others,
        # An integrator does not see the other pairs of its client, so it cannot tell.
        is_last=status in LIVE and not others and not actor.acts_for_client,
    )


def of_rotation(actor: Actor, pair: KeyPair) -> BlastRadius:
    """What has to move before `pair` ends. Beginning the rotation stops nothing, and the last pair gets a successor."""
    return replace(of_key(actor, pair), is_last=False)


def of_ending(actor: Actor, pair: KeyPair, laggards: Sequence[User]) -> BlastRadius:
    """What ending the retiring `pair` now would stop: `laggards` are the installations not known to have moved."""
    seen = [Seen(user.installation, user.last_used, user.seen_at) for user in laggards[:MOST_NAMED]]
    return replace(of_key(actor, pair), seen=seen, more=len(laggards) > MOST_NAMED)


def of_delegation(actor: Actor, delegation: Delegation) -> BlastRadius:
    """What ending or pausing `delegation` would stop: the integrator's own pairs under it, and what they may serve.

    The owner's own pairs and those of other integrators go on (rule 15). For the integrator's side no installation
    is named: the owner's rows are found only by working in the owner's account.
    """
    pairs = pairs_of(actor, delegation)
    if actor.tenant_id != delegation.tenant_id:
        return BlastRadius(key_pairs=pairs)
    seen, more = _seen(actor, pairs, _projects_of(actor, delegation))
    return BlastRadius(
        key_pairs=pairs,
        seen=seen,
        more=more,
        last_use=_last_use(actor, pairs),
        integrators=[delegation.integrator.name] if delegation.integrator else [],
    )


def pairs_of(actor: Actor, delegation: Delegation) -> list[KeyPair]:
    """The integrator's own pairs under `delegation` that work, or that would again after a pause."""
    now = clock.now()
    return [pair for pair in keys.of_delegation(actor, delegation) if status_of(pair, now) in IN_USE]


def _projects_of(actor: Actor, delegation: Delegation) -> frozenset[uuid.UUID] | None:
    if delegation.all_projects:
        return None
    rows = owned_by(actor, DelegationProject).where(DelegationProject.delegation_id == delegation.id)
    return frozenset(row.project_id for row in db.session.scalars(rows))


def _seen(
    actor: Actor, pairs: Sequence[KeyPair], project_ids: frozenset[uuid.UUID] | None
) -> tuple[Sequence[Seen], bool]:
    if not pairs:
        return [], False
    possible: list[ColumnElement[bool]] = [Installation.side.in_({pair.environment for pair in pairs})]
    if project_ids is not None:
        possible.append(Installation.project_id.in_(project_ids))
    found = usage.installations(actor, or_(and_(*possible), usage.used_with(pairs)), limit=MOST_NAMED + 1)
    return found[:MOST_NAMED], len(found) > MOST_NAMED


def _last_use(actor: Actor, pairs: Sequence[KeyPair]) -> LastUse | None:
    if not pairs:
        return None
    return max(usage.last_uses(actor, pairs).values(), key=lambda use: use.at, default=None)
