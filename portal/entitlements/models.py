"""What a contract grants, and what was asked for beyond it."""

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, ForeignKeyConstraint, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.access.actor import Reach
from portal.access.roles import Environment
from portal.access.rows import TenantOwned
from portal.accounts.models import Person
from portal.contracts.models import Contract, Edition, Service
from portal.foundation import clock, ids
from portal.foundation.changes import DecidesCalls, ShownToShops
from portal.foundation.database import Base, Versioned, enum_type
from portal.foundation.marking import N_
from portal.tenants.models import Tenant


class EntitlementState(StrEnum):
    """Derived from the clock and the two moments below; never stored."""

    COMING = "coming"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENDED = "ended"


class Entitlement(TenantOwned, DecidesCalls, ShownToShops, Base):
    """A tenant may use a service, from, until, because of a contract."""

    __tablename__ = "entitlements"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "contract_id"], ["contracts.tenant_id", "contracts.id"]),
        Index("uq_entitlements_service", "tenant_id", "contract_id", "service_code", unique=True),
        Index("ix_entitlements_service_code", "service_code", "tenant_id", "id"),
        Index("ix_entitlements_ends_at", "ends_at", "tenant_id", "id"),
    )

    contract_id: Mapped[uuid.UUID]
    service_code: Mapped[str] = mapped_column(ForeignKey("services.code"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    suspended_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    service: Mapped[Service] = relationship(lazy="raise")
    contract: Mapped[Contract] = relationship(lazy="raise", viewonly=True)
    tenant: Mapped[Tenant] = relationship(lazy="raise", viewonly=True)

    def state(self, at: datetime) -> EntitlementState:
        """What it is at this moment; its contract must be loaded, because it ends with it."""
        ends = (self.ends_at, self.ended_at, self.contract.ends_at, self.contract.ended_at)
        if any(moment is not None and at >= moment for moment in ends):
            return EntitlementState.ENDED
        if at < self.starts_at:
            return EntitlementState.COMING
        return EntitlementState.SUSPENDED if self.suspended_at else EntitlementState.ACTIVE

    def is_over(self, at: datetime) -> bool:
        """Whether it was ended, or has run out, by this moment, whatever its contract does: it can be granted anew."""
        return self.ended_at is not None or self.ends_at <= at

    @property
    def audit_subject(self) -> tuple[str, str, str]:
        # Unique by constraint; a subject's id has 64 characters, and no code of the catalogue comes near the limit.
        return "entitlement", f"{self.contract.public_id}/{self.service_code}"[:64], self.service.name


class Wish(StrEnum):
    """What a tenant asks for."""

    PROJECT = "project"
    PRODUCTION_SPACE = "production_space"
    TESTING_SPACE = "testing_space"
    EDITION = "edition"
    SERVICE = "service"


# What is asked for by the piece, and granted in part if wanted.
COUNTED = frozenset({Wish.PROJECT, Wish.PRODUCTION_SPACE, Wish.TESTING_SPACE})
OF_A_PROJECT = frozenset({Wish.PRODUCTION_SPACE, Wish.TESTING_SPACE})

# What somebody who reaches one side may ask for, and see asked for; a project has both sides.
WISHES: dict[Environment, frozenset[Wish]] = {
    Environment.SANDBOX: frozenset({Wish.PROJECT, Wish.TESTING_SPACE}),
    Environment.PRODUCTION: frozenset({Wish.PROJECT, Wish.PRODUCTION_SPACE}),
}

WISH_NAMES: dict[Wish, str] = {
    Wish.PROJECT: N_("Projects"),
    Wish.PRODUCTION_SPACE: N_("Production data spaces"),
    Wish.TESTING_SPACE: N_("Testing data spaces"),
    Wish.EDITION: N_("Another edition"),
    Wish.SERVICE: N_("Another service"),
}


class RequestState(StrEnum):
    WAITING = "waiting"
    WITHDRAWN = "withdrawn"
    APPROVED = "approved"
    REFUSED = "refused"


class ContractRequest(TenantOwned, Versioned, Base):
    """What a tenant asks of the vendor about one of its contracts, with a reason; a partner admin decides.

    `granted` is how many of `amount` were approved; `answer` is what the partner admin said. A request that was
    refused, or approved in part, is asked again by another one, which names it in `reopens_id`: each has one reason and
    one answer, and together they are the history. Signers are no wish: they change with a notice and a waiting time.
    """

    __tablename__ = "contract_requests"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "contract_id"], ["contracts.tenant_id", "contracts.id"]),
        ForeignKeyConstraint(["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"]),
        ForeignKeyConstraint(["tenant_id", "reopens_id"], ["contract_requests.tenant_id", "contract_requests.id"]),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("(wish IN ('production_space', 'testing_space')) = (project_id IS NOT NULL)", name="project"),
        CheckConstraint("(wish = 'edition') = (edition_code IS NOT NULL)", name="edition"),
        CheckConstraint("(wish = 'service') = (service_code IS NOT NULL)", name="service"),
        CheckConstraint("(state = 'approved') = (granted IS NOT NULL)", name="granted"),
        CheckConstraint("granted > 0 AND granted <= amount", name="part"),
        Index("uq_contract_requests_public_id", "public_id", unique=True),
        Index("uq_contract_requests_reopens", "tenant_id", "reopens_id", unique=True),
        Index("ix_contract_requests_contract", "tenant_id", "contract_id"),
        # The queue: what has waited longest first; and all of them, by when they were made.
        Index("ix_contract_requests_state", "state", "created_at", "tenant_id", "id"),
        Index("ix_contract_requests_created_at", "created_at", "tenant_id", "id"),
    )

    public_id: Mapped[str] = mapped_column(String(32), default=lambda: ids.new("req"))
    contract_id: Mapped[uuid.UUID]
    project_id: Mapped[uuid.UUID | None]
    wish: Mapped[Wish] = mapped_column(enum_type(Wish))
    amount: Mapped[int]
    edition_code: Mapped[str | None] = mapped_column(ForeignKey("editions.code"))
    service_code: Mapped[str | None] = mapped_column(ForeignKey("services.code"))
    reason: Mapped[str] = mapped_column(Text)
    state: Mapped[RequestState] = mapped_column(enum_type(RequestState), default=RequestState.WAITING)
    asked_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    reopens_id: Mapped[uuid.UUID | None]
    granted: Mapped[int | None]
    answer: Mapped[str | None] = mapped_column(Text)
    decided_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    closed_at: Mapped[datetime | None]

    tenant: Mapped[Tenant] = relationship(lazy="raise", viewonly=True)
    contract: Mapped[Contract] = relationship(lazy="raise", viewonly=True)
    edition: Mapped[Edition | None] = relationship(lazy="raise", viewonly=True)
    service: Mapped[Service | None] = relationship(lazy="raise", viewonly=True)
    asked_by: Mapped[Person | None] = relationship(lazy="raise", viewonly=True, foreign_keys=[asked_by_id])
    decided_by: Mapped[Person | None] = relationship(lazy="raise", viewonly=True, foreign_keys=[decided_by_id])

    @classmethod
    def within(cls, reach: Reach) -> list[ColumnElement[bool]]:
        conditions: list[ColumnElement[bool]] = []
        if reach.project_ids is not None:
            conditions.append(cls.project_id.in_(reach.project_ids))
        if reach.environments != frozenset(Environment):
            conditions.append(cls.wish.in_({wish for side in reach.environments for wish in WISHES[side]}))
        if reach.holder_id is not None:
            # What the client's contract is for is between the client and the vendor.
            conditions.append(cls.wish.in_(COUNTED))
        return conditions

    @property
    def is_counted(self) -> bool:
        return self.wish in COUNTED

    @property
    def is_in_part(self) -> bool:
        """Whether it was approved, and less than was asked for."""
        return self.granted is not None and self.granted < self.amount

    @property
    def left(self) -> int:
        """How much of it was not granted."""
        return self.amount - (self.granted or 0)

    @property
    def thing(self) -> str:
        """The name of the edition or service (loaded) that is asked for; empty for what is counted."""
        named = self.edition if self.wish is Wish.EDITION else self.service if self.wish is Wish.SERVICE else None
        return named.name if named is not None else ""

    @property
    def audit_subject(self) -> tuple[str, str, str]:
        return "request", self.public_id, self.public_id
