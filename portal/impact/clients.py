"""How many live key pairs hang on each delegation, for either side's list of them."""

import uuid
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, tuple_

from portal.access.actor import Actor
from portal.access.rows import owned_by, received_by
from portal.delegations.models import Delegation, Side
from portal.foundation.database import db
from portal.keys.models import KeyPair
from portal.keys.store import Holder, live_conditions


def live_pairs(actor: Actor, side: Side, delegations: Collection[Delegation], at: datetime) -> dict[uuid.UUID, int]:
    """The number of live pairs under each of these delegations of the actor's tenant; none is not mentioned."""
    pairs = (owned_by if side is Side.OWNER else received_by)(actor, KeyPair)
    rows = (
        pairs.join(KeyPair.contract)
        .join(KeyPair.owner)
        .join(KeyPair.holder.of_type(Holder))
        .join(KeyPair.delegation)
        .where(
            # With the owner: an integrator's pairs lie with many owners, and are found by them.
            tuple_(KeyPair.tenant_id, KeyPair.delegation_id).in_([(row.tenant_id, row.id) for row in delegations]),
            *live_conditions(at),
        )
        .with_only_columns(KeyPair.delegation_id, func.count())
        .group_by(KeyPair.delegation_id)
    )
    return {delegation_id: count for delegation_id, count in db.session.execute(rows) if delegation_id is not None}
