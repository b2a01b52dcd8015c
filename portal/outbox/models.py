"""Messages waiting to leave."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.foundation import clock, ids
from portal.foundation.database import Base
from portal.foundation.sealed import Sealed


class OutboxMessage(Base):
    """A mail, written in the transaction that caused it. `sealed` holds recipient and content (they carry tokens)."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_waiting", "delivered_at", "given_up_at", "due_at"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=ids.uuid7)
    template: Mapped[str]
    tenant_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tenants.id"))
    sealed: Mapped[str] = mapped_column(Sealed)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    due_at: Mapped[datetime] = mapped_column(default=clock.now)
    leased_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None] = mapped_column(Text)
    delivered_at: Mapped[datetime | None]
    given_up_at: Mapped[datetime | None]
