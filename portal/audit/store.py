"""Every query on the record."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, or_, select

from portal.access.actor import Actor
from portal.access.rows import Reader, across_tenants, owned_by, scoped_to
from portal.audit.models import AuditChain, AuditEvent
from portal.foundation.database import Base, db, insert_if_absent

FEW_CHAINS = 8  # one by one up to here: most transactions concern one, which is there
PORTION = 500
RECENT = 200  # events to look back: ten times what a minute may add


def lock_chain(chain_id: uuid.UUID) -> AuditChain:
    """The head of a chain, locked until the transaction ends; a chain begins when its first event does."""
    statement = select(AuditChain).where(AuditChain.id == chain_id).with_for_update()
    statement = statement.execution_options(populate_existing=True)
    head = db.session.scalars(statement).one_or_none()
    if head is not None:
        return head
    table = Base.metadata.tables[AuditChain.__tablename__]
    insert_if_absent(table, {"id": chain_id, "last_seq": 0, "last_hash": bytes(32)})
    return db.session.scalars(statement).one()


def lock_chains(chain_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, AuditChain]:
    """The heads of these chains by id, locked in the order given until the transaction ends."""
    if len(chain_ids) <= FEW_CHAINS:
        return {chain_id: lock_chain(chain_id) for chain_id in chain_ids}
    heads: dict[uuid.UUID, AuditChain] = {}
    for start in range(0, len(chain_ids), PORTION):
        some = chain_ids[start : start + PORTION]
        _begin_chains(some)
        rows = select(AuditChain).where(AuditChain.id.in_(some)).order_by(AuditChain.id).with_for_update()
        found = db.session.scalars(rows.execution_options(populate_existing=True))
        heads |= {head.id: head for head in found}
    return heads


def _begin_chains(chain_ids: Sequence[uuid.UUID]) -> None:
    table = Base.metadata.tables[AuditChain.__tablename__]
    insert_if_absent(table, [{"id": each, "last_seq": 0, "last_hash": bytes(32)} for each in chain_ids])


def count_refusals(actor: Actor, since: datetime) -> int:
    """How many refusals of this person are on record in this tenant since then, among its last 200 events."""
    chain_id = actor.tenant_id or actor.person_id
    newest = select(func.max(AuditEvent.seq)).where(AuditEvent.chain_id == chain_id).scalar_subquery()
    rows = (
        select(func.count())
        .select_from(AuditEvent)
        .where(
            AuditEvent.chain_id == chain_id,
            AuditEvent.seq > newest - RECENT,
            AuditEvent.actor_id == actor.person_id,
            AuditEvent.refused,
            AuditEvent.at > since,
        )
    )
    return db.session.scalar(rows, execution_options=scoped_to(chain_id or uuid.UUID(int=0))) or 0


def did(tenant_id: uuid.UUID, event: str, person_id: uuid.UUID, since: datetime) -> bool:
    """Whether this person did this in the tenant since then, as its record says."""
    rows = select(AuditEvent.seq).where(
        AuditEvent.tenant_id == tenant_id,
        AuditEvent.event == event,
        AuditEvent.actor_id == person_id,
        AuditEvent.at >= since,
    )
    return db.session.scalars(rows.limit(1), execution_options=scoped_to(tenant_id)).first() is not None


def last_at(tenant_id: uuid.UUID, event: str, subject_id: str) -> datetime | None:
    """When this was last done to this subject of the tenant, as its record says; None: never."""
    rows = select(AuditEvent.at).where(
        AuditEvent.tenant_id == tenant_id,
        AuditEvent.subject_id == subject_id,
        AuditEvent.event == event,
        AuditEvent.refused.is_(False),
    )
    newest = rows.order_by(AuditEvent.seq.desc()).limit(1)
    return db.session.scalars(newest, execution_options=scoped_to(tenant_id)).first()


def last_facts(tenant_id: uuid.UUID, event: str, subject_id: str) -> dict[str, Any]:
    """The facts with which this was last done to this subject of the tenant, as its record says; {}: never."""
    rows = select(AuditEvent.facts).where(
        AuditEvent.tenant_id == tenant_id,
        AuditEvent.subject_id == subject_id,
        AuditEvent.event == event,
        AuditEvent.refused.is_(False),
    )
    newest = rows.order_by(AuditEvent.seq.desc()).limit(1)
    return db.session.scalars(newest, execution_options=scoped_to(tenant_id)).first() or {}


def page(
    actor: Actor, *, before_seq: int | None, limit: int, kind: str = "", person: str = "", subject: str = ""
) -> Sequence[AuditEvent]:
    """The actor's tenant's events, newest first: `limit` of them with a lower number than `before_seq`.

    kind: the first part of an event's name, such as `key`; person and subject: exact labels or ids.
    """
    rows = owned_by(actor, AuditEvent)
    if before_seq is not None:
        rows = rows.where(AuditEvent.seq < before_seq)
    if kind:
        rows = rows.where(or_(AuditEvent.event == kind, AuditEvent.event.startswith(kind + ".", autoescape=True)))
    if person:
        rows = rows.where(AuditEvent.actor_label == person)
    if subject:
        rows = rows.where(or_(AuditEvent.subject_id == subject, AuditEvent.subject_label == subject))
    return db.session.scalars(rows.order_by(AuditEvent.seq.desc()).limit(limit)).all()


def chains() -> Sequence[AuditChain]:
    """The heads of all chains."""
    return db.session.scalars(select(AuditChain).order_by(AuditChain.id)).all()


def longest_chain() -> AuditChain | None:
    """The head of the chain with the most events, or None."""
    return db.session.scalar(select(AuditChain).order_by(AuditChain.last_seq.desc(), AuditChain.id).limit(1))


def find_event(chain_id: uuid.UUID, seq: int) -> AuditEvent | None:
    """The event of a chain with this number, or None."""
    rows = across_tenants(AuditEvent, reason=Reader.UPKEEP)
    return db.session.scalar(rows.where(AuditEvent.chain_id == chain_id, AuditEvent.seq == seq))


def events_of(chain_id: uuid.UUID) -> Iterator[AuditEvent]:
    """All events of one chain in order, read in portions."""
    rows = across_tenants(AuditEvent, reason=Reader.UPKEEP).where(AuditEvent.chain_id == chain_id)
    # Closed also when the reader stops early: on PostgreSQL a cursor of the server stays open behind it.
    with closing(db.session.scalars(rows.order_by(AuditEvent.seq).execution_options(yield_per=1000))) as events:
        yield from events


def chains_without_head() -> Sequence[uuid.UUID]:
    """Chains that have events but whose head is gone."""
    rows = (
        across_tenants(AuditEvent.chain_id, reason=Reader.UPKEEP)
        .outerjoin(AuditChain, and_(AuditChain.id == AuditEvent.chain_id))
        .where(AuditChain.id.is_(None))
        .distinct()
    )
    return db.session.scalars(rows).all()
