"""The record itself: events, and the head of each chain of events."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, ColumnElement, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.access.actor import Reach
from portal.access.rows import TenantScoped
from portal.foundation.database import Base


class AuditEvent(TenantScoped, Base):
    """One thing that happened. Append-only by trigger; `hash` covers the row and the hash before it.

    `chain_id` is the tenant the event concerns, else the person, else the nil UUID for the system.
    """

    __tablename__ = "audit_events"
    __table_args__ = (
        Index("ix_audit_events_tenant", "tenant_id", "seq"),
        Index("ix_audit_events_subject_id", "tenant_id", "subject_id", "seq"),
        Index("ix_audit_events_subject_label", "tenant_id", "subject_label", "seq"),
    )

    chain_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    tenant_id: Mapped[uuid.UUID | None]
    at: Mapped[datetime]
    event: Mapped[str] = mapped_column(String(64))
    refused: Mapped[bool] = mapped_column(Boolean, default=False)
    actor_id: Mapped[uuid.UUID | None]
    actor_label: Mapped[str]
    actor_home_id: Mapped[uuid.UUID | None]
    actor_home_name: Mapped[str | None]
    subject_type: Mapped[str] = mapped_column(String(32))
    subject_id: Mapped[str] = mapped_column(String(64))
    subject_label: Mapped[str] = mapped_column(String(320))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    request_id: Mapped[str | None] = mapped_column(String(64))
    copy_of: Mapped[str | None] = mapped_column(String(64))
    previous_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))

    @classmethod
    def within(cls, reach: Reach) -> list[ColumnElement[bool]]:
        return [] if reach.holder_id is None else [cls.actor_home_id == reach.holder_id]


class AuditChain(Base):
    """The head of one chain. Its row lock puts concurrent writers in order."""

    __tablename__ = "audit_chains"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    last_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    last_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
