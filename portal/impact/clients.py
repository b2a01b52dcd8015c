"""How many live key pairs hang on each delegation, for either side of it."""

import uuid
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, or_, select, tuple_

from portal.access.actor import Actor
from portal.access.rows import scoped_to
from portal.delegations.models import Delegation
from portal.foundation.database import db
from portal.keys.models import KeyPair
from portal.keys.store import Holder, live_conditions


def live_pairs(actor: Actor, delegations: Collection[Delegation], at: datetime) -> dict[uuid.UUID, int]:
    """The number of live pairs under each of these delegations that the actor's tenant gives or takes; none is not
    mentioned."""
    if not delegations or actor.home_id is None:
        return {}
    rows = (
        select(KeyPair.delegation_id, func.count())
        .join(KeyPair.contract)
        .join(KeyPair.owner)
        .join(KeyPair.holder.of_type(Holder))
        .join(KeyPair.delegation)
        .where(
            # With the owner: an integrator's pairs lie with many owners, and are found by them.
            tuple_(KeyPair.tenant_id, KeyPair.delegation_id).in_([(row.tenant_id, row.id) for row in delegations]),
            or_(KeyPair.tenant_id == actor.tenant_id, KeyPair.holder_id == actor.home_id),
            *live_conditions(at),
        )
        .group_by(KeyPair.delegation_id)
    )
    counts = db.session.execute(
        rows, execution_options=scoped_to(actor.home_id, *(row.tenant_id for row in delegations))
    )
    return {delegation_id: count for delegation_id, count in counts if delegation_id is not None}
