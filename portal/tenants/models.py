"""Organisations with an account."""

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, LargeBinary, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.foundation import clock, ids
from portal.foundation.changes import DecidesKeys, ShownToShops
from portal.foundation.database import Base, Versioned, by_code_point, enum_type
from portal.foundation.marking import N_


class Standing(StrEnum):
    """Good; past due (no new keys, existing ones work); suspended (nothing verifies)."""

    GOOD = "good"
    PAST_DUE = "past_due"
    SUSPENDED = "suspended"


STANDING_NAMES: dict[Standing, str] = {
    Standing.GOOD: N_("Good"),
    Standing.PAST_DUE: N_("Past due"),
    Standing.SUSPENDED: N_("Suspended"),
}


class Tenant(Versioned, DecidesKeys, ShownToShops, Base):
    """An organisation. What it is (licensee, integrator, partner) follows from its contracts; it is not a type.

    `factor_asked_at` is since when rights over keys need a second factor here; None where they do not.
    `requires_provider`: its members but the owners work here only after its identity provider said who they are.
    """

    __tablename__ = "tenants"
    __table_args__ = (
        UniqueConstraint("account_id"),
        UniqueConstraint("request_code_hash"),
        CheckConstraint("length(account_id) = 12 AND substr(account_id, 1, 3) = 'MAG'", name="account_id"),
        Index("ix_tenants_name_key", "name_key", "id"),
        Index("ix_tenants_standing", "standing", "name_key", "id"),
        # There is one vendor; a second would share its staff's view over all tenants.
        Index(
            "uq_tenants_vendor",
            "is_vendor",
            unique=True,
            sqlite_where=text("is_vendor"),
            postgresql_where=text("is_vendor"),
        ),
    )

    deciding_columns = frozenset({"account_id", "name", "standing"})

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=ids.uuid7)
    account_id: Mapped[str] = mapped_column(String(12))
    name: Mapped[str]
    name_key: Mapped[str] = mapped_column(by_code_point(1024))
    standing: Mapped[Standing] = mapped_column(enum_type(Standing), default=Standing.GOOD)
    is_vendor: Mapped[bool] = mapped_column(default=False)
    requires_provider: Mapped[bool] = mapped_column(default=False, server_default=false())
    request_code_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    request_code_made_at: Mapped[datetime | None]
    factor_asked_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    @property
    def audit_subject(self) -> tuple[str, str, str]:
        return "tenant", self.account_id, self.name
