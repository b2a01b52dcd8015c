"""What a tenant still needs before a shop works (rule 7, seed statement S18)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, ScalarSelect, func, literal, select

from portal.access.actor import Actor
from portal.access.roles import Environment
from portal.access.rows import owned_by
from portal.contracts.models import Service
from portal.entitlements import store as entitlements
from portal.foundation import clock
from portal.foundation.database import db
from portal.keys import store as keys
from portal.keys.models import KeyPair

COUNTED_TO = 100


@dataclass(frozen=True)
class KeysReady:
    """How many live key pairs each environment within the actor's reach has."""

    live: dict[Environment, int]

    @property
    def done(self) -> int:
        """How many environments have at least one."""
        return sum(1 for count in self.live.values() if count)

    @property
    def needed(self) -> int:
        return len(self.live)

    @property
    def complete(self) -> bool:
        return self.done == self.needed


def of_keys(actor: Actor, at: datetime) -> KeysReady:
    """The count of live key pairs within the actor's reach, by environment: both are needed before a shop works.

    Counting stops at 100, so that it costs the same however many there are.
    """
    return of_keys_beside(actor, at, literal(0))[0]


def of_keys_beside(actor: Actor, at: datetime, other: ColumnElement[int] | ScalarSelect[int]) -> tuple[KeysReady, int]:
    """The same, and what `other` counts in the actor's tenant: one statement for both."""
    sides = sorted(actor.reach.environments)
    rows = select(*(_count(actor, at, side) for side in sides), other).execution_options(scope=actor.tenant_id)
    *pairs, counted = db.session.execute(rows).one()
    counts = dict(zip(sides, pairs, strict=True))
    return KeysReady({side: counts[side] for side in Environment if side in counts}), counted


def _count(actor: Actor, at: datetime, side: Environment) -> ScalarSelect[int]:
    rows = owned_by(actor, KeyPair).join(KeyPair.contract).join(KeyPair.owner).outerjoin(KeyPair.delegation)
    rows = rows.join(KeyPair.holder.of_type(keys.Holder))
    rows = rows.where(KeyPair.environment == side, *keys.live_conditions(at))
    some = rows.with_only_columns(KeyPair.id, maintain_column_froms=True).limit(COUNTED_TO).subquery()
    return select(func.count()).select_from(some).scalar_subquery()


def services_of(actor: Actor) -> Sequence[Service]:
    """The services that any key pair of the actor's tenant opens now: a pair serves all that the owner may use."""
    return entitlements.services_of(actor, clock.now())
