"""Service credentials for tests, made by the portal's own operations."""

from datetime import datetime, timedelta

from portal.access.actor import Actor
from portal.access.rows import Reader, across_tenants
from portal.audit.models import AuditEvent
from portal.contracts import store as contracts
from portal.contracts.models import Service
from portal.credentials import operations, store
from portal.credentials.models import ServiceCredential
from portal.credentials.operations import USUAL, Issued
from portal.foundation.database import db, transaction


def service(code: str) -> Service:
    return next(row for row in contracts.services() if row.code == code)


def a_credential(
    actor: Actor, name: str = "Edge gateway", code: str | None = None, *, expires_at: datetime | None = None, mark=None
) -> Issued:
    """A credential for one service, or for all of them, with its secret."""
    with transaction():
        one = service(code) if code else None
        return operations.issue(actor, name, one, expires_at=expires_at, mark=mark)


def rotated(
    actor: Actor, credential: ServiceCredential, overlap: timedelta = USUAL, *, expires_at: datetime | None = None
) -> Issued:
    """The successor, with its secret."""
    with transaction():
        return operations.rotate(actor, credential, overlap, expires_at=expires_at)


def revoke(actor: Actor, credential: ServiceCredential, reason: str = "It was left in a log.") -> None:
    with transaction():
        operations.revoke(actor, credential, reason)


def again(actor: Actor, credential: ServiceCredential) -> ServiceCredential:
    """The credential as it is stored now."""
    db.session.rollback()
    return store.get(actor, credential.public_id)


def events() -> list[tuple[str, dict[str, object]]]:
    """What is on record about credentials, in order."""
    rows = across_tenants(AuditEvent, reason=Reader.UPKEEP).where(AuditEvent.event.startswith("service_credential."))
    return [(row.event, row.facts) for row in db.session.scalars(rows.order_by(AuditEvent.seq))]
