"""Who of the vendor's staff looks into which tenant, why, and until when."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.access.rows import TenantOwned
from portal.accounts.models import Person
from portal.foundation import ids
from portal.foundation.database import Base
from portal.tenants.models import Tenant

LONGEST_LABEL = 200
NOT_ENDED = text("ended_at IS NULL")


class LookIn(TenantOwned, Base):
    """A person of the vendor reads the tenant's pages until `ends_at`. It belongs to the tenant that is looked into."""

    __tablename__ = "look_ins"
    __table_args__ = (
        UniqueConstraint("public_id"),
        CheckConstraint("ends_at > started_at", name="term"),
        Index(
            "uq_look_ins_running",
            "tenant_id",
            "person_id",
            unique=True,
            sqlite_where=NOT_ENDED,
            postgresql_where=NOT_ENDED,
        ),
        Index("ix_look_ins_due", "ends_at", sqlite_where=NOT_ENDED, postgresql_where=NOT_ENDED),
    )

    public_id: Mapped[str] = mapped_column(String(32), default=lambda: ids.new("lki"))
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    reason: Mapped[str] = mapped_column(Text)
    started_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    tenant: Mapped[Tenant] = relationship(lazy="raise_on_sql")
    person: Mapped[Person] = relationship(lazy="raise_on_sql")

    def is_running(self, at: datetime) -> bool:
        """Whether it lets its person read at this moment."""
        return self.ended_at is None and at < self.ends_at

    @property
    def audit_subject(self) -> tuple[str, str, str]:
        return subject_of(self.public_id, self.reason)


def subject_of(public_id: str, reason: str) -> tuple[str, str, str]:
    """What the record calls a look-in; a label there has its longest."""
    return "look_in", public_id, shortened(reason)


def shortened(reason: str) -> str:
    """The reason on one line, cut where it is long."""
    line = " ".join(reason.split())
    return line if len(line) <= LONGEST_LABEL else line[: LONGEST_LABEL - 1] + "…"
