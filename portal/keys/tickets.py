"""What became of tickets: whether the one key pair was made that each gives for an environment, and which it is.

A successor takes nothing from the ticket, and neither does a pair that lapsed because nobody confirmed it.
"""

import uuid
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, or_, select, tuple_

from portal.access.actor import Actor
from portal.access.roles import Environment
from portal.access.rows import scoped_to
from portal.delegations.models import Delegation
from portal.foundation.database import db
from portal.keys.models import KeyPair, KeyState
from portal.keys.status import MAKING_TIME

MadeUnder = dict[uuid.UUID, dict[Environment, KeyPair]]


def is_used(actor: Actor, environment: Environment, at: datetime, but: uuid.UUID | None = None) -> bool:
    """Whether the actor acts under a ticket whose pair for this environment was made, whatever became of the pair.

    but: the inner id of a pair that does not count: that of the intent at hand.
    """
    if actor.tenant_id is None or actor.delegation_id is None:
        return False
    ticket = exists().where(
        Delegation.tenant_id == KeyPair.tenant_id, Delegation.id == KeyPair.delegation_id, Delegation.one_pair
    )
    rows = select(KeyPair.id).where(
        KeyPair.tenant_id == actor.tenant_id,
        KeyPair.delegation_id == actor.delegation_id,
        KeyPair.environment == environment,
        KeyPair.replaces_id.is_(None),
        KeyPair.id.is_distinct_from(but),
        _was_made(at),
        ticket,
    )
    return db.session.scalar(rows.limit(1), execution_options=scoped_to(actor.tenant_id)) is not None


def has_another(pair: KeyPair) -> bool:
    """Whether the pair hangs on a ticket under which another one of its environment is in service beside it.

    Rolling back leaves a successor in service; without this, rotating again would make one pair more each time.
    """
    ticket = exists().where(
        Delegation.tenant_id == KeyPair.tenant_id, Delegation.id == KeyPair.delegation_id, Delegation.one_pair
    )
    rows = select(KeyPair.id).where(
        KeyPair.tenant_id == pair.tenant_id,
        KeyPair.delegation_id == pair.delegation_id,
        KeyPair.environment == pair.environment,
        KeyPair.id != pair.id,
        KeyPair.state == KeyState.ACTIVE,
        ticket,
    )
    return db.session.scalar(rows.limit(1), execution_options=scoped_to(pair.tenant_id)) is not None


def made_under(actor: Actor, delegations: Collection[Delegation], at: datetime) -> MadeUnder:
    """For those of the delegations that are tickets, given or taken by the actor's tenant: the pair of each
    environment, the latest successor where it was rotated. A ticket without any is not mentioned.
    """
    tickets = [(row.tenant_id, row.id) for row in delegations if row.one_pair]
    if not tickets or actor.home_id is None:
        return {}
    rows = select(KeyPair).where(
        # With the owner: an integrator's pairs lie with many owners, and are found by them.
        tuple_(KeyPair.tenant_id, KeyPair.delegation_id).in_(tickets),
        or_(KeyPair.tenant_id == actor.tenant_id, KeyPair.holder_id == actor.home_id),
        _was_made(at),
    )
    found: MadeUnder = {}
    for pair in db.session.scalars(rows.order_by(KeyPair.id), execution_options=scoped_to(actor.home_id)):
        if pair.delegation_id is not None:
            found.setdefault(pair.delegation_id, {})[pair.environment] = pair
    return found


def _was_made(at: datetime) -> ColumnElement[bool]:
    # One that can no longer be confirmed has lapsed, whether or not the worker has stored it yet.
    waits = and_(KeyPair.state == KeyState.PENDING, KeyPair.created_at > at - MAKING_TIME)
    return or_(KeyPair.state.not_in((KeyState.PENDING, KeyState.LAPSED)), waits)
