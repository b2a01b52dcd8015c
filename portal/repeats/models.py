"""Calls that carried an Idempotency-Key, and what they were answered."""

from datetime import datetime

from sqlalchemy import Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.access.rows import TenantOwned
from portal.foundation.database import Base


class KeyedCall(TenantOwned, Base):
    """A call with a key: in progress without a `status`, answered with one. The tenant is the one it works in.

    `answer` is the body without what is shown once. Both digests are SHA-256: the key's, and that of all that makes one
    call the same as another.
    """

    __tablename__ = "keyed_calls"
    __table_args__ = (
        UniqueConstraint("tenant_id", "caller", "key_sha256"),
        Index("ix_keyed_calls_begun_at", "begun_at"),
    )

    caller: Mapped[str] = mapped_column(String(64))
    key_sha256: Mapped[bytes] = mapped_column(LargeBinary(32))
    call_sha256: Mapped[bytes] = mapped_column(LargeBinary(32))
    begun_at: Mapped[datetime]
    status: Mapped[int | None]
    answer: Mapped[str | None] = mapped_column(Text)
