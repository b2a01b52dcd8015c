"""Service credentials, and when each was last used."""

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.access.rows import TenantOwned
from portal.accounts.models import Person
from portal.contracts.models import Service
from portal.foundation import clock, ids
from portal.foundation.changes import DecidesCalls
from portal.foundation.database import Base
from portal.foundation.marking import N_


class CredentialState(StrEnum):
    """Where a credential stands; it follows from its moments and the clock, and is stored nowhere."""

    WORKING = "working"
    ENDING = "ending"
    ENDED = "ended"
    REVOKED = "revoked"


CREDENTIAL_NAMES: dict[CredentialState, str] = {
    CredentialState.WORKING: N_("Works"),
    CredentialState.ENDING: N_("Ending"),
    CredentialState.ENDED: N_("Ended"),
    CredentialState.REVOKED: N_("Revoked"),
}


class ServiceCredential(TenantOwned, DecidesCalls, Base):
    """What a service of the vendor proves itself with when it asks about calls. It belongs to the vendor's tenant.

    `service_code` is the one service it asks for; None: all of them. `expires_at` follows its last day, `ends_at` was
    set by its rotation: the earlier one stops it. `asked_as` is the mark of the form that asked for it. `leaked_at` is
    when somebody reported to have found it, `leaked_where` where: that stops nothing.
    """

    __tablename__ = "service_credentials"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "replaces_id"], ["service_credentials.tenant_id", "service_credentials.id"]),
        CheckConstraint("expires_at > created_at", name="term"),
        CheckConstraint("(revoked_at IS NULL) = (revoked_reason IS NULL)", name="revoked"),
        UniqueConstraint("public_id"),
        UniqueConstraint("secret_hash"),
        # One successor each, and one credential for each form, however often it is sent.
        Index("uq_service_credentials_replaces", "tenant_id", "replaces_id", unique=True),
        Index("uq_service_credentials_asked_as", "tenant_id", "asked_as", unique=True),
    )

    public_id: Mapped[str] = mapped_column(String(32), default=lambda: ids.new("crd"))
    name: Mapped[str]
    service_code: Mapped[str | None] = mapped_column(ForeignKey("services.code"))
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    asked_as: Mapped[str | None] = mapped_column(String(32))
    replaces_id: Mapped[uuid.UUID | None]
    created_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    revoked_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    revoked_reason: Mapped[str | None] = mapped_column(Text)
    leaked_at: Mapped[datetime | None]
    leaked_where: Mapped[str | None] = mapped_column(Text)

    service: Mapped[Service | None] = relationship(lazy="raise")
    created_by: Mapped[Person | None] = relationship(lazy="raise", foreign_keys=[created_by_id])
    revoked_by: Mapped[Person | None] = relationship(lazy="raise", foreign_keys=[revoked_by_id])
    successor: Mapped["ServiceCredential | None"] = relationship(
        lazy="raise",
        viewonly=True,
        uselist=False,
        primaryjoin="and_(ServiceCredential.tenant_id == foreign(remote(ServiceCredential.tenant_id)), "
        "ServiceCredential.id == foreign(remote(ServiceCredential.replaces_id)))",
    )
    use: Mapped["CredentialUse | None"] = relationship(lazy="raise", viewonly=True, uselist=False)

    @property
    def stops_at(self) -> datetime | None:
        """When it stops by itself, or did; None: it goes on until somebody revokes it."""
        return min((moment for moment in (self.expires_at, self.ends_at) if moment is not None), default=None)

    def state(self, at: datetime) -> CredentialState:
        """Where it stands at this moment."""
        if self.revoked_at is not None and self.revoked_at <= at:
            return CredentialState.REVOKED
        if self.stops_at is None:
            return CredentialState.WORKING
        return CredentialState.ENDING if at < self.stops_at else CredentialState.ENDED

    def is_working(self, at: datetime) -> bool:
        """Whether who shows it is answered at this moment."""
        return self.state(at) in (CredentialState.WORKING, CredentialState.ENDING)

    @property
    def last_used_at(self) -> datetime | None:
        """When it was shown last, as far as that was written; `use` has to be loaded."""
        return self.use.last_used_at if self.use is not None else None

    @property
    def audit_subject(self) -> tuple[str, str, str]:
        return "service_credential", self.public_id, self.name


class CredentialUse(TenantOwned, Base):
    """When the credential with the same id was used last: telemetry, apart from what decides whether it works."""

    __tablename__ = "service_credential_uses"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "id"], ["service_credentials.tenant_id", "service_credentials.id"]),
    )

    last_used_at: Mapped[datetime]
