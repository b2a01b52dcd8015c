"""Endpoints, their secrets, and what was sent to them."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, ForeignKeyConstraint, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.access.rows import TenantOwned
from portal.accounts.models import Person
from portal.audit.events import Event
from portal.foundation import clock, ids
from portal.foundation.database import Base, Versioned, enum_type
from portal.foundation.marking import N_
from portal.foundation.outgoing import LONGEST_URL
from portal.foundation.sealed import Sealed
from portal.foundation.sealing import Place
from portal.foundation.states import keep
from portal.webhooks.states import DELIVERY, ENDPOINT, DeliveryState, EndpointState, Pause

WAITING = text("state = 'waiting'")
OF_ENDPOINT = ["tenant_id", "endpoint_id"], ["webhook_endpoints.tenant_id", "webhook_endpoints.id"]

STATE_NAMES: dict[EndpointState, str] = {
    EndpointState.ACTIVE: N_("Active"),
    EndpointState.PAUSED: N_("Paused"),
    EndpointState.REMOVED: N_("Removed"),
}
DELIVERY_NAMES: dict[DeliveryState, str] = {
    DeliveryState.WAITING: N_("Waiting"),
    DeliveryState.DELIVERED: N_("Delivered"),
    DeliveryState.DEAD: N_("Given up"),
    DeliveryState.DROPPED: N_("Dropped"),
}
PAUSE_NAMES: dict[Pause, str] = {
    Pause.BY_PERSON: N_("by a member"),
    Pause.GONE: N_("it answered 410: it wants nothing more"),
    Pause.FAILING: N_("nothing could be delivered for 3 days"),
}


class WebhookEndpoint(TenantOwned, Versioned, Base):
    """Where a tenant wants to be told what happens. `events` are names of events; None is all of them.

    `read_seq` is the last event of the tenant's chain that was looked at for it, `last_number` the number of its newest
    delivery. These two and `failing_since` are kept by the worker, and do not count as changes of the row.
    """

    __tablename__ = "webhook_endpoints"
    __table_args__ = (
        UniqueConstraint("public_id"),
        Index("ix_webhook_endpoints_state", "state", "tenant_id"),
    )

    public_id: Mapped[str] = mapped_column(String(32), default=lambda: ids.new("whe"))
    url: Mapped[str] = mapped_column(String(LONGEST_URL))
    description: Mapped[str]
    events: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    state: Mapped[EndpointState] = mapped_column(enum_type(EndpointState), default=EndpointState.ACTIVE)
    paused_because: Mapped[Pause | None] = mapped_column(enum_type(Pause))
    created_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    removed_at: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]
    read_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    last_number: Mapped[int] = mapped_column(BigInteger, default=0)

    created_by: Mapped[Person | None] = relationship(lazy="raise")
    secrets: Mapped[list["WebhookSecret"]] = relationship(
        lazy="raise", viewonly=True, order_by="WebhookSecret.created_at.desc(), WebhookSecret.id.desc()"
    )

    @property
    def is_active(self) -> bool:
        return self.state is EndpointState.ACTIVE

    def wants(self, event: str) -> bool:
        """Whether events of this name are sent to it."""
        return self.events is None or event in self.events

    @property
    def audit_subject(self) -> tuple[str, str, str]:
        return "webhook", self.public_id, self.description


class WebhookSecret(TenantOwned, Base):
    """With what deliveries are signed, sealed. After a rotation the one before goes on beside it until `ends_at`.

    `asked_as` is the mark of the form that asked for it.
    """

    __tablename__ = "webhook_secrets"
    __table_args__ = (
        ForeignKeyConstraint(*OF_ENDPOINT),
        Index("ix_webhook_secrets_endpoint_id", "tenant_id", "endpoint_id"),
        Index("uq_webhook_secrets_asked_as", "tenant_id", "asked_as", unique=True),
    )

    endpoint_id: Mapped[uuid.UUID]
    sealed: Mapped[str] = mapped_column(Sealed)
    asked_as: Mapped[str | None] = mapped_column(String(32))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    ends_at: Mapped[datetime | None]

    @property
    def place(self) -> Place:
        return Place("webhook_secrets", "sealed", str(self.id), str(self.tenant_id))

    def works(self, at: datetime) -> bool:
        """Whether deliveries are signed with it at this moment."""
        return self.ends_at is None or self.ends_at > at


class WebhookDelivery(TenantOwned, Base):
    """One message to one endpoint. `seq` is the event in the tenant's chain, None for a test.

    `message` is the id that receivers know it by, the same over all attempts and re-sends. Those of one `subject` leave
    in the order of their `number`. `due_at` is None when nothing is to be sent: settled, or its endpoint is paused.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        ForeignKeyConstraint(*OF_ENDPOINT),
        UniqueConstraint("public_id"),
        Index("uq_webhook_deliveries_number", "tenant_id", "endpoint_id", "number", unique=True),
        Index("ix_webhook_deliveries_due_at", "due_at"),
        Index("ix_webhook_deliveries_settled_at", "settled_at"),
        Index(
            "ix_webhook_deliveries_subject",
            "tenant_id",
            "endpoint_id",
            "subject",
            "number",
            sqlite_where=WAITING,
            postgresql_where=WAITING,
        ),
    )

    public_id: Mapped[str] = mapped_column(String(32), default=lambda: ids.new("whd"))
    endpoint_id: Mapped[uuid.UUID]
    number: Mapped[int] = mapped_column(BigInteger)
    message: Mapped[str] = mapped_column(String(40))
    seq: Mapped[int | None] = mapped_column(BigInteger)
    event: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(100))
    state: Mapped[DeliveryState] = mapped_column(enum_type(DeliveryState), default=DeliveryState.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime | None]
    leased_until: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    settled_at: Mapped[datetime | None]
    last_status: Mapped[int | None]
    last_problem: Mapped[str | None] = mapped_column(String(32))
    last_ms: Mapped[int | None]


class WebhookAttempt(TenantOwned, Base):
    """One attempt at a delivery: what was answered, or why there was no answer."""

    __tablename__ = "webhook_attempts"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "delivery_id"], ["webhook_deliveries.tenant_id", "webhook_deliveries.id"], ondelete="CASCADE"
        ),
        Index("ix_webhook_attempts_delivery_id", "tenant_id", "delivery_id"),
    )

    delivery_id: Mapped[uuid.UUID]
    number: Mapped[int]
    at: Mapped[datetime]
    took_ms: Mapped[int]
    status: Mapped[int | None]
    problem: Mapped[str | None] = mapped_column(String(32))
    answer: Mapped[str] = mapped_column(Text)


keep(WebhookEndpoint.state, ENDPOINT)
keep(WebhookDelivery.state, DELIVERY)


def facts_of(delivery: WebhookDelivery) -> dict[str, Any]:
    """What a re-sent delivery has in common with the one before."""
    return {name: getattr(delivery, name) for name in ("endpoint_id", "message", "seq", "event", "subject")}


# What happens to people, the vendor's own account and the portal itself is in no tenant's chain, but for what takes a
# member's sign-in away, or gives it back.
ELSEWHERE = {"person", "passkey", "second_factor", "import", "service_credential", "signing_key", "kek", "list"}
ELSEWHERE |= {"allotment"}  # what requests were called by older releases
OF_MEMBERS = {Event.PERSON_DISABLED, Event.PERSON_ENABLED}
OFFERED = tuple(event for event in Event if event.value.partition(".")[0] not in ELSEWHERE or event in OF_MEMBERS)
