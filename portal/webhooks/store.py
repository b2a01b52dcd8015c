"""Queries of a tenant on its own endpoints and deliveries."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import joinedload, selectinload

from portal.access.actor import Actor
from portal.access.rows import columns_of, insert_many, one_or_not_found, owned_by, scoped_to
from portal.audit.events import Event
from portal.audit.models import AuditChain, AuditEvent
from portal.foundation.database import db, lock
from portal.foundation.paging import Page, page_of
from portal.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookSecret
from portal.webhooks.states import DeliveryState, EndpointState


def endpoints(actor: Actor) -> Sequence[WebhookEndpoint]:
    """The endpoints of the actor's tenant that were not removed, the oldest first."""
    rows = owned_by(actor, WebhookEndpoint).where(WebhookEndpoint.state != EndpointState.REMOVED)
    return db.session.scalars(rows.order_by(WebhookEndpoint.id)).all()


def count(actor: Actor) -> int:
    """How many endpoints it has."""
    rows = owned_by(actor, WebhookEndpoint).where(WebhookEndpoint.state != EndpointState.REMOVED)
    counted = rows.with_only_columns(func.count(), maintain_column_froms=True)
    return db.session.scalar(counted) or 0


def get(actor: Actor, public_id: str, *, anew: bool = False) -> WebhookEndpoint:
    """The endpoint with its secrets and who added it. anew: whatever was loaded before.

    Raises: NotFound, also for one that was removed.
    """
    rows = owned_by(actor, WebhookEndpoint).where(
        WebhookEndpoint.public_id == public_id, WebhookEndpoint.state != EndpointState.REMOVED
    )
    found: WebhookEndpoint = one_or_not_found(
        rows.options(selectinload(WebhookEndpoint.secrets), joinedload(WebhookEndpoint.created_by)).execution_options(
            populate_existing=anew
        )
    )
    return found


def lock_again(actor: Actor, endpoint: WebhookEndpoint) -> WebhookEndpoint:
    """As `get` finds it now, kept from changing until the transaction ends. Raises: NotFound."""
    lock(endpoint)
    return get(actor, endpoint.public_id, anew=True)


def find_asked_as(actor: Actor, mark: str) -> WebhookSecret | None:
    """The secret that was made when the form with this mark was sent, or None."""
    return db.session.scalars(owned_by(actor, WebhookSecret).where(WebhookSecret.asked_as == mark)).one_or_none()


def add(row: WebhookEndpoint) -> WebhookEndpoint:
    """`row`, with its id. It is told what happens from now on."""
    newest = select(AuditChain.last_seq).where(AuditChain.id == row.tenant_id)
    row.read_seq = db.session.scalar(newest) or 0
    db.session.add(row)
    db.session.flush()
    return row


def add_secret(row: WebhookSecret) -> WebhookSecret:
    """`row`, to be written with the transaction."""
    db.session.add(row)
    db.session.flush()
    return row


def forget_secrets(endpoint: WebhookEndpoint, but: uuid.UUID | None = None) -> None:
    """Delete its secrets, all but this one."""
    gone = delete(WebhookSecret).where(
        WebhookSecret.tenant_id == endpoint.tenant_id, WebhookSecret.endpoint_id == endpoint.id
    )
    gone = gone if but is None else gone.where(WebhookSecret.id != but)
    db.session.execute(gone, execution_options=scoped_to(endpoint.tenant_id) | {"synchronize_session": False})


def hold_back(endpoint: WebhookEndpoint) -> None:
    """None of what waits is due until `let_go`."""
    _change_waiting(endpoint, due_at=None)


def let_go(endpoint: WebhookEndpoint, now: datetime) -> None:
    """All that waits is due now."""
    _change_waiting(endpoint, due_at=now)


def drop(endpoint: WebhookEndpoint, now: datetime) -> None:
    """What waits is never sent."""
    _change_waiting(endpoint, due_at=None, state=DeliveryState.DROPPED, settled_at=now)


def _change_waiting(endpoint: WebhookEndpoint, **values: object) -> None:
    waiting = update(WebhookDelivery).where(
        WebhookDelivery.tenant_id == endpoint.tenant_id,
        WebhookDelivery.endpoint_id == endpoint.id,
        WebhookDelivery.state == DeliveryState.WAITING,
    )
    options = scoped_to(endpoint.tenant_id) | {"synchronize_session": False}
    db.session.execute(waiting.values(**values), execution_options=options)


def forget_failing(endpoint: WebhookEndpoint) -> None:
    """It counts as one that never failed; no change of the row."""
    mine = update(WebhookEndpoint).where(
        WebhookEndpoint.tenant_id == endpoint.tenant_id, WebhookEndpoint.id == endpoint.id
    )
    options = scoped_to(endpoint.tenant_id) | {"synchronize_session": False}
    db.session.execute(mine.values(failing_since=None), execution_options=options)


def take_numbers(endpoint: WebhookEndpoint, count: int) -> int:
    """So many numbers for new deliveries: the first of them. Nobody else takes any before the transaction ends."""
    mine = update(WebhookEndpoint).where(
        WebhookEndpoint.tenant_id == endpoint.tenant_id, WebhookEndpoint.id == endpoint.id
    )
    taken = mine.values(last_number=WebhookEndpoint.last_number + count).returning(WebhookEndpoint.last_number)
    options = scoped_to(endpoint.tenant_id) | {"synchronize_session": False}
    last: int = db.session.execute(taken, execution_options=options).scalar_one()
    return last - count + 1


def add_deliveries(rows: Sequence[WebhookDelivery]) -> None:
    """These, which are in no session, in a few statements."""
    insert_many(WebhookDelivery, [columns_of(row) for row in rows])


def count_waiting(actor: Actor, endpoint: WebhookEndpoint) -> int:
    """How many messages wait to be sent to it."""
    rows = owned_by(actor, WebhookDelivery).where(
        WebhookDelivery.endpoint_id == endpoint.id, WebhookDelivery.state == DeliveryState.WAITING
    )
    return db.session.scalar(rows.with_only_columns(func.count(), maintain_column_froms=True)) or 0


def waiting_messages(endpoint: WebhookEndpoint) -> set[str]:
    """The messages that still wait to be sent to it."""
    rows = select(WebhookDelivery.message).where(
        WebhookDelivery.tenant_id == endpoint.tenant_id,
        WebhookDelivery.endpoint_id == endpoint.id,
        WebhookDelivery.state == DeliveryState.WAITING,
    )
    return set(db.session.scalars(rows, execution_options=scoped_to(endpoint.tenant_id)))


def events_between(endpoint: WebhookEndpoint, since: datetime, until: datetime, limit: int) -> Sequence[AuditEvent]:
    """The first `limit` of the events of its tenant in this time that it is told of, the oldest first."""
    rows = select(AuditEvent).where(
        AuditEvent.tenant_id == endpoint.tenant_id,
        AuditEvent.at >= since,
        AuditEvent.at <= until,
        AuditEvent.event != Event.WEBHOOK_RESENT,  # or each repetition would have something more to send
    )
    if endpoint.events is not None:
        rows = rows.where(AuditEvent.event.in_(endpoint.events))
    ordered = rows.order_by(AuditEvent.seq).limit(limit)
    return db.session.scalars(ordered, execution_options=scoped_to(endpoint.tenant_id)).all()


def deliveries(
    actor: Actor, endpoint: WebhookEndpoint, state: DeliveryState | None = None, place: str | None = None
) -> Page[WebhookDelivery]:
    """What was or is to be sent to it, the newest first. Raises: BadPlace."""
    rows = owned_by(actor, WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint.id)
    if state is not None:
        rows = rows.where(WebhookDelivery.state == state)
    return page_of(rows, WebhookDelivery.number, place=place, newest_first=True, rows=50)


def get_delivery(actor: Actor, endpoint: WebhookEndpoint, public_id: str) -> WebhookDelivery:
    """One of this endpoint. Raises: NotFound."""
    rows = owned_by(actor, WebhookDelivery).where(
        WebhookDelivery.endpoint_id == endpoint.id, WebhookDelivery.public_id == public_id
    )
    found: WebhookDelivery = one_or_not_found(rows)
    return found


def event_of(delivery: WebhookDelivery) -> AuditEvent | None:
    """The event that it tells of; None for a test."""
    if delivery.seq is None:
        return None
    rows = select(AuditEvent).where(AuditEvent.chain_id == delivery.tenant_id, AuditEvent.seq == delivery.seq)
    return db.session.scalars(rows, execution_options=scoped_to(delivery.tenant_id)).one_or_none()


def attempts(actor: Actor, delivery: WebhookDelivery) -> Sequence[WebhookAttempt]:
    """All attempts at it, the last one first."""
    rows = owned_by(actor, WebhookAttempt).where(WebhookAttempt.delivery_id == delivery.id)
    return db.session.scalars(rows.order_by(WebhookAttempt.id.desc())).all()


def standing(actor: Actor) -> dict[uuid.UUID, dict[DeliveryState, int]]:
    """For each endpoint, how many of its deliveries are in which state."""
    counted = (
        owned_by(actor, WebhookDelivery)
        .with_only_columns(WebhookDelivery.endpoint_id, WebhookDelivery.state, func.count(), maintain_column_froms=True)
        .group_by(WebhookDelivery.endpoint_id, WebhookDelivery.state)
    )
    found: dict[uuid.UUID, dict[DeliveryState, int]] = {}
    for endpoint_id, state, number in db.session.execute(counted):
        found.setdefault(endpoint_id, {})[state] = number
    return found
