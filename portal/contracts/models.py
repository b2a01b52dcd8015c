"""Contracts and the catalogue they name: editions, services, signers, deputies."""

import uuid
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.access.rows import TenantOwned
from portal.accounts.models import Membership, Person
from portal.foundation import clock, ids
from portal.foundation.changes import DecidesKeys, ShownToShops
from portal.foundation.database import Base, Versioned, enum_type
from portal.foundation.marking import N_
from portal.tenants.models import Tenant


class ContractKind(StrEnum):
    """What a contract makes its tenant: licensee, solution-integrator partner, or integrator."""

    LICENCE = "licence"
    PARTNER = "partner"
    INTEGRATOR = "integrator"


KIND_NAMES: dict[ContractKind, str] = {
    ContractKind.LICENCE: N_("Licence"),
    ContractKind.PARTNER: N_("Partner contract"),
    ContractKind.INTEGRATOR: N_("Integrator agreement"),
}


class Service(Base):
    """A SaaS service of the vendor; catalogue data."""

    __tablename__ = "services"

    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str]
    position: Mapped[int]


class Edition(Base):
    """What a contract is for; catalogue data. It sets the allotment: projects, and data spaces per project."""

    __tablename__ = "editions"
    __table_args__ = (
        CheckConstraint("projects >= 0 AND production_spaces >= 0 AND testing_spaces >= 0", name="allotment"),
    )

    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str]
    kind: Mapped[ContractKind] = mapped_column(enum_type(ContractKind))
    projects: Mapped[int]
    production_spaces: Mapped[int]
    testing_spaces: Mapped[int]
    position: Mapped[int]

    services: Mapped[list[Service]] = relationship(
        secondary="edition_services", order_by=Service.position, lazy="raise"
    )


class EditionService(Base):
    """A service that an edition includes."""

    __tablename__ = "edition_services"

    edition_code: Mapped[str] = mapped_column(ForeignKey("editions.code"), primary_key=True)
    service_code: Mapped[str] = mapped_column(ForeignKey("services.code"), primary_key=True)


class Contract(TenantOwned, Versioned, DecidesKeys, ShownToShops, Base):
    """A licence, a partner contract or an integrator agreement of one tenant.

    Keys and projects hang on it, never on a person. `signer_id` is the membership that signed a partner contract.
    """

    __tablename__ = "contracts"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "signer_id"], ["memberships.tenant_id", "memberships.id"]),
        CheckConstraint("ends_at > starts_at", name="term"),
        CheckConstraint("kind = 'partner' OR signer_id IS NULL", name="signer"),
        Index("uq_contracts_public_id", "public_id", unique=True),
        Index("ix_contracts_ends_at", "ends_at", "tenant_id", "id"),
        Index("ix_contracts_kind", "kind", "ends_at", "tenant_id", "id"),
    )
    deciding_columns = frozenset({"starts_at", "ends_at", "ended_at"})

    public_id: Mapped[str] = mapped_column(String(32), default=lambda: ids.new("ctr"))
    kind: Mapped[ContractKind] = mapped_column(enum_type(ContractKind))
    edition_code: Mapped[str] = mapped_column(ForeignKey("editions.code"))
    signer_id: Mapped[uuid.UUID | None]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    edition: Mapped[Edition] = relationship(lazy="raise")
    tenant: Mapped[Tenant] = relationship(lazy="raise", viewonly=True)
    signer: Mapped[Membership | None] = relationship(lazy="raise", viewonly=True)
    renewal: Mapped["ContractRenewal | None"] = relationship(
        lazy="raise",
        viewonly=True,
        uselist=False,
        primaryjoin="and_(Contract.tenant_id == foreign(ContractRenewal.tenant_id), "
        "Contract.id == foreign(ContractRenewal.contract_id))",
    )
    deputies: Mapped[list["Deputy"]] = relationship(lazy="raise", viewonly=True, order_by="Deputy.starts_at")

    def is_running(self, at: datetime) -> bool:
        """Whether the contract is in its term at this moment and has not been ended early."""
        return self.starts_at <= at < self.ends_at and (self.ended_at is None or at < self.ended_at)

    @property
    def last_day(self) -> date:
        """The last day of its term, in UTC: the one that has the last moment before `ends_at`."""
        return (self.ends_at.astimezone(UTC) - timedelta(microseconds=1)).date()

    @property
    def agreed_last_day(self) -> date:
        """The last day that was agreed, its renewal loaded: until it is handed over, a renewed contract runs longer."""
        ends_at = self.renewal.agreed_ends_at if self.renewal is not None else self.ends_at
        return (ends_at.astimezone(UTC) - timedelta(microseconds=1)).date()

    @property
    def live_signer(self) -> Membership | None:
        """The signer while they belong to the tenant. Who left signs no more; nobody follows them by itself."""
        return self.signer if self.signer is not None and self.signer.ended_at is None else None

    @property
    def audit_subject(self) -> tuple[str, str, str]:
        return "contract", self.public_id, self.public_id


class Deputy(TenantOwned, Base):
    """A member whom the signer of a partner contract named to act for them, from one date to another."""

    __tablename__ = "deputies"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "contract_id"], ["contracts.tenant_id", "contracts.id"]),
        ForeignKeyConstraint(["tenant_id", "membership_id"], ["memberships.tenant_id", "memberships.id"]),
        CheckConstraint("ends_at > starts_at", name="dates"),
        Index("uq_deputies_public_id", "public_id", unique=True),
        Index("ix_deputies_contract", "tenant_id", "contract_id"),
        Index("ix_deputies_membership", "tenant_id", "membership_id"),
    )

    public_id: Mapped[str] = mapped_column(String(32), default=lambda: ids.new("dep"))
    contract_id: Mapped[uuid.UUID]
    membership_id: Mapped[uuid.UUID]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    membership: Mapped[Membership] = relationship(lazy="raise", viewonly=True)

    def is_inside(self, at: datetime) -> bool:
        """Whether this moment lies inside the dates; whether the member is still there is another question."""
        return self.starts_at <= at < self.ends_at and (self.withdrawn_at is None or at < self.withdrawn_at)

    @property
    def audit_subject(self) -> tuple[str, str, str]:
        return "deputy", self.public_id, self.membership.person.name


class ContractRenewal(TenantOwned, Base):
    """A contract is followed by another one, on which everything that hangs on it is to hang once that has begun.

    The old one's term is longer than agreed from then on, so that nothing stops while the worker is late; it ends in
    the moment of the handing over.
    """

    __tablename__ = "contract_renewals"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "contract_id"], ["contracts.tenant_id", "contracts.id"]),
        ForeignKeyConstraint(["tenant_id", "successor_id"], ["contracts.tenant_id", "contracts.id"]),
        CheckConstraint("contract_id <> successor_id", name="two_contracts"),
        Index("uq_contract_renewals_contract", "tenant_id", "contract_id", unique=True),
        Index("uq_contract_renewals_successor", "tenant_id", "successor_id", unique=True),
    )

    contract_id: Mapped[uuid.UUID]
    successor_id: Mapped[uuid.UUID]
    agreed_ends_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    handed_over_at: Mapped[datetime | None]

    contract: Mapped[Contract] = relationship(
        lazy="raise",
        viewonly=True,
        primaryjoin="and_(foreign(ContractRenewal.tenant_id) == Contract.tenant_id, "
        "foreign(ContractRenewal.contract_id) == Contract.id)",
    )
    successor: Mapped[Contract] = relationship(
        lazy="raise",
        viewonly=True,
        primaryjoin="and_(foreign(ContractRenewal.tenant_id) == Contract.tenant_id, "
        "foreign(ContractRenewal.successor_id) == Contract.id)",
    )


class SignerChangeState(StrEnum):
    WAITING = "waiting"
    DONE = "done"
    STOPPED = "stopped"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


WAITS = text("state = 'waiting'")


class SignerChange(TenantOwned, Base):
    """Somebody is to sign a partner contract in the place of who does: from `due_at` on, unless it is stopped."""

    __tablename__ = "signer_changes"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "contract_id"], ["contracts.tenant_id", "contracts.id"]),
        ForeignKeyConstraint(["tenant_id", "membership_id"], ["memberships.tenant_id", "memberships.id"]),
        Index("uq_signer_changes_public_id", "public_id", unique=True),
        # One at a time: whoever is faster.
        Index(
            "uq_signer_changes_waiting",
            "tenant_id",
            "contract_id",
            unique=True,
            sqlite_where=WAITS,
            postgresql_where=WAITS,
        ),
        Index("ix_signer_changes_due", "due_at", "tenant_id", "id", sqlite_where=WAITS, postgresql_where=WAITS),
    )

    public_id: Mapped[str] = mapped_column(String(32), default=lambda: ids.new("sig"))
    contract_id: Mapped[uuid.UUID]
    membership_id: Mapped[uuid.UUID]
    state: Mapped[SignerChangeState] = mapped_column(enum_type(SignerChangeState))
    reason: Mapped[str] = mapped_column(Text)
    by_vendor: Mapped[bool]
    proposed_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    due_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]

    contract: Mapped[Contract] = relationship(lazy="raise", viewonly=True)
    membership: Mapped[Membership] = relationship(lazy="raise", viewonly=True)
    proposed_by: Mapped[Person | None] = relationship(lazy="raise", viewonly=True)
    tenant: Mapped[Tenant] = relationship(lazy="raise", viewonly=True)

    @property
    def audit_subject(self) -> tuple[str, str, str]:
        return "signer change", self.public_id, self.membership.person.name
