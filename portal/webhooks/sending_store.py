"""Queries of the worker: who has to be told, what is due, and what became of it."""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import aliased

from portal.access.rows import SCOPE, Reader, across_tenants
from portal.audit.models import AuditChain, AuditEvent
from portal.foundation.database import Base, db
from portal.tenants.models import Tenant
from portal.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookSecret
from portal.webhooks.states import DeliveryState, EndpointState

WINDOW = 2000  # deliveries of one endpoint that wait at once; what comes later stays in the record until there is room
PORTION = 200  # events read for one endpoint in one transaction
ENDPOINTS_AT_ONCE = 20
WORKERS = {SCOPE: Reader.WORKER, "synchronize_session": False}

Place = tuple[uuid.UUID, uuid.UUID]  # tenant and id of a row


def _behind() -> list[ColumnElement[bool]]:
    """Active endpoints whose tenant's chain goes on where they have read, and which have room for more."""
    waiting = (
        select(func.count())
        .select_from(WebhookDelivery)
        .where(
            WebhookDelivery.tenant_id == WebhookEndpoint.tenant_id,
            WebhookDelivery.endpoint_id == WebhookEndpoint.id,
            WebhookDelivery.state == DeliveryState.WAITING,
        )
        .scalar_subquery()
    )
    newest = select(AuditChain.last_seq).where(AuditChain.id == WebhookEndpoint.tenant_id).scalar_subquery()
    return [
        WebhookEndpoint.state == EndpointState.ACTIVE,
        newest > WebhookEndpoint.read_seq,
        waiting < WINDOW,
    ]


def _due(now: datetime) -> list[ColumnElement[bool]]:
    free = or_(WebhookDelivery.leased_until.is_(None), WebhookDelivery.leased_until <= now)
    return [WebhookDelivery.due_at <= now, free]


def _waits_behind() -> ColumnElement[bool]:
    """Whether an earlier one of the same endpoint and subject still waits."""
    earlier = aliased(WebhookDelivery)
    return exists().where(
        earlier.tenant_id == WebhookDelivery.tenant_id,
        earlier.endpoint_id == WebhookDelivery.endpoint_id,
        earlier.subject == WebhookDelivery.subject,
        earlier.state == DeliveryState.WAITING,
        earlier.number < WebhookDelivery.number,
    )


def is_anything_due(now: datetime) -> bool:
    """Whether there is something to read or to send: asked without the right to write."""
    behind = across_tenants(WebhookEndpoint.id, reason=Reader.WORKER).where(*_behind()).limit(1)
    due = across_tenants(WebhookDelivery.id, reason=Reader.WORKER).where(*_due(now), ~_waits_behind()).limit(1)
    return db.session.scalar(due) is not None or db.session.scalar(behind) is not None


def oldest_due(now: datetime) -> datetime | None:
    """Since when the oldest delivery that may leave now was to leave, or the oldest event that has to become one has
    been there; None: there is neither.
    """
    due = across_tenants(func.min(WebhookDelivery.due_at), reason=Reader.WORKER).where(*_due(now), ~_waits_behind())
    untold = (
        across_tenants(func.min(AuditEvent.at), reason=Reader.WORKER)
        .join(WebhookEndpoint, WebhookEndpoint.tenant_id == AuditEvent.chain_id)
        .where(AuditEvent.seq == WebhookEndpoint.read_seq + 1, *_behind())
    )
    return min((at for at in (db.session.scalar(due), db.session.scalar(untold)) if at is not None), default=None)


def lock_behind() -> Sequence[WebhookEndpoint]:
    """Endpoints that have to be told something, locked; those that another worker is telling are passed over."""
    rows = across_tenants(WebhookEndpoint, reason=Reader.WORKER).where(*_behind())
    some = rows.order_by(WebhookEndpoint.tenant_id, WebhookEndpoint.id).limit(ENDPOINTS_AT_ONCE)
    return db.session.scalars(
        some.with_for_update(of=WebhookEndpoint, skip_locked=True).execution_options(populate_existing=True)
    ).all()


def next_events(endpoint: WebhookEndpoint) -> Sequence[AuditEvent]:
    """What happened in its tenant after what it has read, in order.

    A chain's numbers have no gaps and are given out under a lock that is kept until the commit: whoever sees one of
    them sees all before it, so nothing is passed over.
    """
    rows = across_tenants(AuditEvent, reason=Reader.WORKER).where(
        AuditEvent.chain_id == endpoint.tenant_id, AuditEvent.seq > endpoint.read_seq
    )
    return db.session.scalars(rows.order_by(AuditEvent.seq).limit(PORTION)).all()


def note_read(endpoint: WebhookEndpoint, seq: int) -> None:
    """It has read up to this event; no change of the row that a form would miss."""
    _change_endpoint(endpoint, read_seq=seq)


def note_failing(endpoint: WebhookEndpoint, since: datetime | None) -> None:
    """Since when nothing could be delivered to it; None: it works."""
    _change_endpoint(endpoint, failing_since=since)


def is_waiting(endpoint: WebhookEndpoint) -> bool:
    """Whether anything waits to be sent to it."""
    rows = across_tenants(WebhookDelivery.id, reason=Reader.WORKER).where(
        WebhookDelivery.tenant_id == endpoint.tenant_id,
        WebhookDelivery.endpoint_id == endpoint.id,
        WebhookDelivery.state == DeliveryState.WAITING,
    )
    return db.session.scalar(rows.limit(1)) is not None


def _change_endpoint(endpoint: WebhookEndpoint, **values: object) -> None:
    mine = update(WebhookEndpoint).where(
        WebhookEndpoint.tenant_id == endpoint.tenant_id, WebhookEndpoint.id == endpoint.id
    )
    # As a bulk update it moves no version.
    db.session.execute(mine.values(**values), execution_options=WORKERS)


@dataclass(frozen=True)
class Most:
    """How many may be claimed altogether, and how many may be under way to one tenant, to one of its endpoints, and to
    one that has been failing since before a moment.
    """

    altogether: int
    of_tenant: int
    each: int
    each_failing: int
    failing_before: datetime


@dataclass(frozen=True)
class Taken:
    """How much of what may be under way is: to tenants and to endpoints, by id."""

    of_tenants: Mapping[uuid.UUID, int] = field(default_factory=dict)
    of_endpoints: Mapping[uuid.UUID, int] = field(default_factory=dict)


def claim(now: datetime, until: datetime, most: Most, taken: Taken) -> Sequence[WebhookDelivery]:
    """At most so many due deliveries, leased until then and counted as tried: one statement.

    Of one endpoint and subject only the first that waits can be claimed: the others come after it. Where rows can be
    locked, those that another worker is claiming are passed over.
    """
    place = func.row_number().over(
        partition_by=WebhookDelivery.endpoint_id, order_by=(WebhookDelivery.due_at, WebhookDelivery.number)
    )
    # Who hangs or fails keeps few threads waiting.
    each = case((WebhookEndpoint.failing_since < most.failing_before, most.each_failing), else_=most.each)
    heads = (
        select(
            WebhookDelivery.tenant_id,
            WebhookDelivery.id,
            WebhookDelivery.due_at,
            (place + _taken_at(WebhookDelivery.endpoint_id, taken.of_endpoints)).label("place"),
            each.label("most"),
        )
        .join(
            WebhookEndpoint,
            and_(
                WebhookEndpoint.tenant_id == WebhookDelivery.tenant_id,
                WebhookEndpoint.id == WebhookDelivery.endpoint_id,
            ),
        )
        .where(*_due(now), ~_waits_behind())
        .subquery("heads")
    )
    # The endpoints of a tenant by turns: one that hangs leaves room for the others.
    turn = func.row_number().over(
        partition_by=heads.c.tenant_id, order_by=(heads.c.place, heads.c.due_at, heads.c.id)
    ) + _taken_at(heads.c.tenant_id, taken.of_tenants)
    turns = select(heads.c.tenant_id, heads.c.id, turn.label("turn")).where(heads.c.place <= heads.c.most)
    fair = turns.subquery("fair")
    key = tuple_(WebhookDelivery.tenant_id, WebhookDelivery.id)
    due = (
        select(WebhookDelivery.tenant_id, WebhookDelivery.id)
        .where(key.in_(select(fair.c.tenant_id, fair.c.id).where(fair.c.turn <= most.of_tenant)), *_due(now))
        .order_by(WebhookDelivery.due_at, WebhookDelivery.number)
        .limit(most.altogether)
        .with_for_update(skip_locked=True)
        .cte("due")  # as a plain subquery PostgreSQL might run it more than once, and lock more than the limit
    )
    claimed = (
        update(WebhookDelivery)
        .where(key.in_(select(due.c.tenant_id, due.c.id)))
        .values(leased_until=until, attempts=WebhookDelivery.attempts + 1)
        .returning(WebhookDelivery)
        .execution_options(populate_existing=True, **WORKERS)
    )
    return sorted(db.session.scalars(claimed).all(), key=lambda row: (row.due_at or now, row.number))


def _taken_at(column: Any, taken: Mapping[uuid.UUID, int]) -> ColumnElement[int]:
    """How much is taken by the one whose id is in this column."""
    return case(*((column == one, count) for one, count in taken.items()), else_=0) if taken else literal(0)


def endpoints_of(deliveries: Iterable[WebhookDelivery]) -> dict[uuid.UUID, WebhookEndpoint]:
    """Their endpoints by id."""
    places = {(row.tenant_id, row.endpoint_id) for row in deliveries}
    rows = across_tenants(WebhookEndpoint, reason=Reader.WORKER).where(_at(WebhookEndpoint, places))
    return {row.id: row for row in db.session.scalars(rows)}


def secrets_of(endpoints: Iterable[WebhookEndpoint]) -> Sequence[WebhookSecret]:
    """Their secrets, the newest first."""
    places = {(row.tenant_id, row.id) for row in endpoints}
    key = tuple_(WebhookSecret.tenant_id, WebhookSecret.endpoint_id)
    rows = across_tenants(WebhookSecret, reason=Reader.WORKER).where(key.in_(list(places)))
    return db.session.scalars(rows.order_by(WebhookSecret.created_at.desc(), WebhookSecret.id.desc())).all()


def events_of(deliveries: Iterable[WebhookDelivery]) -> dict[tuple[uuid.UUID, int], AuditEvent]:
    """What they tell of, by tenant and number."""
    places = [(row.tenant_id, row.seq) for row in deliveries if row.seq is not None]
    key = tuple_(AuditEvent.chain_id, AuditEvent.seq)
    rows = across_tenants(AuditEvent, reason=Reader.WORKER).where(key.in_(places))
    return {(row.chain_id, row.seq): row for row in db.session.scalars(rows)} if places else {}


def account_ids(deliveries: Iterable[WebhookDelivery]) -> Mapping[uuid.UUID, str]:
    """The account ids of their tenants."""
    rows = select(Tenant.id, Tenant.account_id).where(Tenant.id.in_({row.tenant_id for row in deliveries}))
    return {row.id: row.account_id for row in db.session.execute(rows)}


def lock_endpoints(places: Collection[Place]) -> dict[uuid.UUID, WebhookEndpoint]:
    """These endpoints by id, locked in one order until the transaction ends."""
    rows = across_tenants(WebhookEndpoint, reason=Reader.WORKER).where(_at(WebhookEndpoint, places))
    ordered = rows.order_by(WebhookEndpoint.tenant_id, WebhookEndpoint.id)
    locked = ordered.with_for_update(of=WebhookEndpoint, key_share=True)
    return {row.id: row for row in db.session.scalars(locked.execution_options(populate_existing=True))}


def settle(rows: Sequence[dict[str, Any]]) -> None:
    """Write these outcomes, each unless another worker took the delivery over meanwhile, or it is settled already.

    rows: `tenant_id`, `id` and `attempts` as they were claimed, and the columns to be written.
    """
    table = Base.metadata.tables[WebhookDelivery.__tablename__]
    columns = [name for name in rows[0] if name not in ("tenant_id", "id", "attempts")]
    mine = update(table).where(
        and_(
            table.c.tenant_id == bindparam("its_tenant"),
            table.c.id == bindparam("its_id"),
            table.c.attempts == bindparam("its_attempts"),
            table.c.state == DeliveryState.WAITING,
        )
    )
    values = [
        {f"its_{key}": row[name] for key, name in (("tenant", "tenant_id"), ("id", "id"), ("attempts", "attempts"))}
        | {f"new_{name}": row[name] for name in columns}
        for row in rows
    ]
    written = mine.values({name: bindparam(f"new_{name}") for name in columns} | {"leased_until": None})
    db.session.execute(written, values, execution_options={SCOPE: Reader.WORKER})


def add_attempts(rows: Sequence[dict[str, Any]]) -> None:
    """Write these attempts down."""
    db.session.execute(insert(WebhookAttempt), rows, execution_options=WORKERS)


def drop_held_back(made_before: datetime, now: datetime) -> int:
    """Drop at most a portion of what was made before then and waits because its endpoint is paused: how many."""
    # Only at a paused endpoint what waits is never due. The update asks again: it may be resumed at this very moment.
    held_back = (
        WebhookDelivery.state == DeliveryState.WAITING,
        WebhookDelivery.due_at.is_(None),
        WebhookDelivery.created_at < made_before,
    )
    old = select(WebhookDelivery.tenant_id, WebhookDelivery.id).where(*held_back).limit(PORTION)
    key = tuple_(WebhookDelivery.tenant_id, WebhookDelivery.id)
    dropped = update(WebhookDelivery).where(key.in_(old), *held_back)
    done = db.session.execute(
        dropped.values(state=DeliveryState.DROPPED, settled_at=now, leased_until=None), execution_options=WORKERS
    )
    count: int = done.rowcount  # type: ignore[attr-defined]
    return count


def forget(settled_before: datetime) -> int:
    """Delete at most a portion of deliveries that were settled before then, with their attempts: how many."""
    old = (
        select(WebhookDelivery.tenant_id, WebhookDelivery.id)
        .where(WebhookDelivery.settled_at < settled_before)
        .limit(PORTION)
    )
    key = tuple_(WebhookDelivery.tenant_id, WebhookDelivery.id)
    gone = db.session.execute(delete(WebhookDelivery).where(key.in_(old)), execution_options=WORKERS)
    count: int = gone.rowcount  # type: ignore[attr-defined]
    return count


def forget_removed(removed_before: datetime) -> None:
    """Delete endpoints that were removed before then and of which nothing is on record any more."""
    left = exists().where(
        WebhookDelivery.tenant_id == WebhookEndpoint.tenant_id, WebhookDelivery.endpoint_id == WebhookEndpoint.id
    )
    gone = delete(WebhookEndpoint).where(WebhookEndpoint.removed_at < removed_before, ~left)
    db.session.execute(gone, execution_options=WORKERS)


def forget_secrets(ended_before: datetime) -> None:
    """Delete secrets whose overlap is over."""
    db.session.execute(delete(WebhookSecret).where(WebhookSecret.ends_at <= ended_before), execution_options=WORKERS)


def _at(model: Any, places: Collection[Place]) -> ColumnElement[bool]:
    return tuple_(model.tenant_id, model.id).in_(list(places))
