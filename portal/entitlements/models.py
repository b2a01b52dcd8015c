"""What a contract grants, and what was asked for beyond it."""

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, ForeignKeyConstraint, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.access.actor import Reach
from portal.access.roles import Environment
from portal.access.rows import TenantOwned
from portal.contracts.models import Contract, Service
from portal.foundation import clock, ids
from portal.foundation.changes import ShownToShops
from portal.foundation.database import Base, enum_type
from portal.foundation.marking import N_
from portal.tenants.models import Tenant


class EntitlementState(StrEnum):
    """Derived from the clock and the two moments below; never stored."""

    COMING = "coming"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENDED = "ended"


class Entitlement(TenantOwned, ShownToShops, Base):
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

    @property
    def audit_subject(self) -> tuple[str, str, str]:
        # Unique by constraint; a subject's id has 64 characters, and no code of the catalogue comes near the limit.
        return "entitlement", f"{self.contract.public_id}/{self.service_code}"[:64], self.service.name


class AllotmentWish(StrEnum):
    """What more is asked for."""

    PROJECT = "project"
    PRODUCTION_SPACE = "production_space"
    TESTING_SPACE = "testing_space"


# What somebody who reaches one side may ask for, and see asked for; a project has both sides.
WISHES: dict[Environment, frozenset[AllotmentWish]] = {
    Environment.SANDBOX: frozenset({AllotmentWish.PROJECT, AllotmentWish.TESTING_SPACE}),
    Environment.PRODUCTION: frozenset({AllotmentWish.PROJECT, AllotmentWish.PRODUCTION_SPACE}),
}

WISH_NAMES: dict[AllotmentWish, str] = {
    AllotmentWish.PROJECT: N_("Projects"),
    AllotmentWish.PRODUCTION_SPACE: N_("Production data spaces"),
    AllotmentWish.TESTING_SPACE: N_("Testing data spaces"),
}


class RequestState(StrEnum):
    WAITING = "waiting"
    WITHDRAWN = "withdrawn"
    APPROVED = "approved"
    REFUSED = "refused"


class AllotmentRequest(TenantOwned, Base):
    """A licensee asks for more than its edition's allotment, with a reason; a partner admin decides."""

    __tablename__ = "allotment_requests"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "contract_id"], ["contracts.tenant_id", "contracts.id"]),
        ForeignKeyConstraint(["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"]),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("(wish = 'project') = (project_id IS NULL)", name="project"),
        Index("uq_allotment_requests_public_id", "public_id", unique=True),
        Index("ix_allotment_requests_state", "state", "tenant_id", "id"),
    )

    public_id: Mapped[str] = mapped_column(String(32), default=lambda: ids.new("req"))
    contract_id: Mapped[uuid.UUID]
    project_id: Mapped[uuid.UUID | None]
    wish: Mapped[AllotmentWish] = mapped_column(enum_type(AllotmentWish))
    amount: Mapped[int]
    reason: Mapped[str] = mapped_column(Text)
    state: Mapped[RequestState] = mapped_column(enum_type(RequestState), default=RequestState.WAITING)
    asked_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    closed_at: Mapped[datetime | None]

    tenant: Mapped[Tenant] = relationship(lazy="raise", viewonly=True)

    @classmethod
    def within(cls, reach: Reach) -> list[ColumnElement[bool]]:
        conditions: list[ColumnElement[bool]] = []
        if reach.project_ids is not None:
            conditions.append(cls.project_id.in_(reach.project_ids))
        if reach.environments != frozenset(Environment):
            conditions.append(cls.wish.in_({wish for side in reach.environments for wish in WISHES[side]}))
        return conditions

    @property
    def audit_subject(self) -> tuple[str, str, str]:
        return "allotment request", self.public_id, self.public_id
