"""SaaS projects, data spaces and installations."""

import uuid
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
    or_,
    select,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from portal.access.actor import Reach
from portal.access.roles import Environment
from portal.access.rows import ShownWith, TenantOwned
from portal.contracts.models import Contract
from portal.foundation import clock, ids
from portal.foundation.changes import DecidesCalls, ShownToShops
from portal.foundation.database import Base, Versioned, by_code_point, enum_type
from portal.projects.addresses import address_key
from portal.tenants.models import Tenant

# An installation counts as live for so long after a call: the connector calls when somebody works in the shop's admin.
LIVE_FOR = timedelta(days=7)


def new_connector_id() -> str:
    """The id the connector sees: a random UUID as text."""
    return str(uuid.uuid4())


class DataSpaceType(StrEnum):
    PRODUCTION = "production"
    TESTING = "testing"

    @property
    def environment(self) -> Environment:
        """The side a data space of this type belongs to (design 4)."""
        return Environment.PRODUCTION if self is DataSpaceType.PRODUCTION else Environment.SANDBOX


class Surplus(StrEnum):
    """What becomes of a data space that lies beyond its project's allotment since the edition changed.

    open: to be decided; kept: an exception, which raises the allotment; let_go: stays with its data and its
    installation, and is offered to no further shop (docs/decisions/0011-surplus-spaces.md).
    """

    OPEN = "open"
    KEPT = "kept"
    LET_GO = "let_go"


class Project(TenantOwned, Versioned, ShownToShops, Base):
    """A group of data spaces under one contract. `public_id` is what the connector calls projectId.

    It was created by a person, or through the API key that a shop called with.
    """

    __tablename__ = "projects"
    shown_with = ShownWith("delegation_projects", "project_id", "id")
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "contract_id"], ["contracts.tenant_id", "contracts.id"]),
        UniqueConstraint("public_id"),
        UniqueConstraint("tenant_id", "name_key"),
        Index("ix_projects_name_key", "name_key", "tenant_id", "id"),
    )

    public_id: Mapped[str] = mapped_column(String(36), default=new_connector_id)
    contract_id: Mapped[uuid.UUID]
    name: Mapped[str]
    name_key: Mapped[str] = mapped_column(by_code_point(1024))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    created_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    created_through: Mapped[str | None] = mapped_column(String(64))

    tenant: Mapped[Tenant] = relationship(lazy="raise", viewonly=True)
    contract: Mapped[Contract] = relationship(lazy="raise", viewonly=True)
    data_spaces: Mapped[list["DataSpace"]] = relationship(
        back_populates="project", lazy="raise", order_by="DataSpace.position"
    )

    @classmethod
    def within(cls, reach: Reach) -> list[ColumnElement[bool]]:
        return [] if reach.project_ids is None else [cls.id.in_(reach.project_ids)]

    @property
    def audit_subject(self) -> tuple[str, str, str]:
        return "project", self.public_id, self.name


class DataSpace(TenantOwned, Versioned, DecidesCalls, ShownToShops, Base):
    """Isolates one installation's data. `public_id` is what the connector calls the environment id.

    `serves_both_sides` marks the production space of an edition that has no testing spaces: its licensee's sandbox
    has nowhere else to go (design 4, exemption of `ENVIRONMENT_POLICY`). `cloud_project` is the one that a shop said
    uses the space. `cleanup_asked_at` is when a shop last asked to have it cleaned; nothing here does it. `surplus`
    says what becomes of one that lies beyond the allotment, and is None for all others.
    """

    __tablename__ = "data_spaces"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"]),
        UniqueConstraint("public_id"),
        UniqueConstraint("tenant_id", "project_id", "name_key"),
        UniqueConstraint("tenant_id", "project_id", "id"),
        CheckConstraint("(surplus IS NULL) = (surplus_since IS NULL)", name="surplus_since"),
    )
    deciding_columns = frozenset({"project_id", "type", "environment", "serves_both_sides"})

    public_id: Mapped[str] = mapped_column(String(36), default=new_connector_id)
    project_id: Mapped[uuid.UUID]
    type: Mapped[DataSpaceType] = mapped_column(enum_type(DataSpaceType))
    environment: Mapped[Environment] = mapped_column(enum_type(Environment))
    serves_both_sides: Mapped[bool] = mapped_column(default=False)
    name: Mapped[str]
    name_key: Mapped[str] = mapped_column(String(1024))
    position: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    changed_at: Mapped[datetime | None] = mapped_column(onupdate=clock.now)
    cloud_project: Mapped[str | None] = mapped_column(String(64))
    cleanup_asked_at: Mapped[datetime | None]
    surplus_since: Mapped[datetime | None]
    surplus: Mapped[Surplus | None] = mapped_column(enum_type(Surplus))

    features: Mapped[list["DataSpaceFeature"]] = relationship(
        lazy="raise",
        viewonly=True,
        primaryjoin="and_(DataSpace.tenant_id == foreign(DataSpaceFeature.tenant_id), "
        "DataSpace.id == foreign(DataSpaceFeature.data_space_id))",
    )
    tenant: Mapped[Tenant] = relationship(lazy="raise", viewonly=True)
    project: Mapped[Project] = relationship(back_populates="data_spaces", lazy="raise")
    # The primary installation of the space; the constraint on installations keeps it at one.
    installation: Mapped["Installation | None"] = relationship(
        lazy="raise",
        viewonly=True,
        uselist=False,
        primaryjoin="and_(DataSpace.tenant_id == foreign(Installation.tenant_id), "
        "DataSpace.id == foreign(Installation.data_space_id), Installation.detached_at.is_(None), "
        "Installation.claim == 'primary')",
    )

    @classmethod
    def within(cls, reach: Reach) -> list[ColumnElement[bool]]:
        conditions: list[ColumnElement[bool]] = []
        if reach.environments != frozenset(Environment):
            conditions.append(or_(cls.environment.in_(reach.environments), cls.serves_both_sides))
        if reach.project_ids is not None:
            conditions.append(cls.project_id.in_(reach.project_ids))
        return conditions

    @property
    def audit_subject(self) -> tuple[str, str, str]:
        return "data space", self.public_id, self.name


class DataSpaceFeature(TenantOwned, ShownToShops, Base):
    """A service that a shop switched on for its data space."""

    __tablename__ = "data_space_features"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "project_id", "data_space_id"],
            ["data_spaces.tenant_id", "data_spaces.project_id", "data_spaces.id"],
        ),
        UniqueConstraint("tenant_id", "data_space_id", "service_code"),
    )

    project_id: Mapped[uuid.UUID]
    data_space_id: Mapped[uuid.UUID]
    service_code: Mapped[str] = mapped_column(ForeignKey("services.code"))
    switched_on_at: Mapped[datetime] = mapped_column(default=clock.now)

    @classmethod
    def within(cls, reach: Reach) -> list[ColumnElement[bool]]:
        return _in_reached_spaces(cls.data_space_id, cls.tenant_id, reach)


class Claim(StrEnum):
    """By what right an installation uses its data space (rule 17): one is primary, every other one a claim.

    waiting: came when the primary had been quiet; colliding: both live at the same time; declared: known to be beside
    it (blue/green); dismissed: looked at, and of no concern; merged: was the primary all along.
    """

    PRIMARY = "primary"
    WAITING = "waiting"
    COLLIDING = "colliding"
    DECLARED = "declared"
    DISMISSED = "dismissed"
    MERGED = "merged"


ATTACHED_PRIMARY = text("detached_at IS NULL AND claim = 'primary'")


class Installation(TenantOwned, Versioned, Base):
    """One shop that uses a data space. `side` says which environment's keys it is known to use.

    One that was discovered has no address until somebody gives it one. What is seen of it (`client_…`, `cloud_id`,
    `…_seen_at`) is telemetry: written without counting as a change that a form could miss.
    """

    __tablename__ = "installations"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "project_id", "data_space_id"],
            ["data_spaces.tenant_id", "data_spaces.project_id", "data_spaces.id"],
        ),
        UniqueConstraint("public_id"),
        # Rule 17: one primary installation a data space.
        Index(
            "uq_installations_attached",
            "tenant_id",
            "data_space_id",
            unique=True,
            sqlite_where=ATTACHED_PRIMARY,
            postgresql_where=ATTACHED_PRIMARY,
        ),
        Index("ix_installations_space", "tenant_id", "data_space_id"),
        Index("ix_installations_cloud", "tenant_id", "cloud_id"),
        Index("ix_installations_address_key", "address_key", "tenant_id", "id"),
        Index("ix_installations_claim", "claim", "tenant_id", "id"),
    )

    public_id: Mapped[str] = mapped_column(String(32), default=lambda: ids.new("ins"))
    project_id: Mapped[uuid.UUID]
    data_space_id: Mapped[uuid.UUID]
    name: Mapped[str]
    address: Mapped[str | None] = mapped_column(String(2000))
    address_key: Mapped[str | None] = mapped_column(by_code_point(1024))
    side: Mapped[Environment] = mapped_column(enum_type(Environment))
    claim: Mapped[Claim] = mapped_column(enum_type(Claim), default=Claim.PRIMARY)
    attached_at: Mapped[datetime] = mapped_column(default=clock.now)
    detached_at: Mapped[datetime | None]
    cloud_id: Mapped[str | None] = mapped_column(String(128))
    client_edition: Mapped[str | None] = mapped_column(String(64))
    client_version: Mapped[str | None] = mapped_column(String(64))
    first_seen_at: Mapped[datetime | None]
    last_seen_at: Mapped[datetime | None]
    # When it reached a production data space though it is known as a testing shop; once for each data space.
    alarmed_at: Mapped[datetime | None]
    alarm_closed_at: Mapped[datetime | None]
    chosen_at: Mapped[datetime | None]

    tenant: Mapped[Tenant] = relationship(lazy="raise", viewonly=True)
    data_space: Mapped[DataSpace] = relationship(lazy="raise", viewonly=True)

    @validates("address")
    def _keep_address_key(self, _column: str, address: str | None) -> str | None:
        self.address_key = None if address is None else address_key(address)
        return address

    @classmethod
    def within(cls, reach: Reach) -> list[ColumnElement[bool]]:
        return _in_reached_spaces(cls.data_space_id, cls.tenant_id, reach)

    @property
    def is_claim(self) -> bool:
        """Whether it is attached beside the primary, or where there is none."""
        return self.detached_at is None and self.claim is not Claim.PRIMARY

    @property
    def alarms(self) -> bool:
        """Whether it is a testing shop on a production data space, and nobody has said yet that this is meant so."""
        return self.alarmed_at is not None and self.alarm_closed_at is None

    @property
    def needs_somebody(self) -> bool:
        """Whether it collides with another installation, or alarms."""
        return self.detached_at is None and (self.alarms or self.claim is Claim.COLLIDING)

    def is_live(self, at: datetime) -> bool:
        """Whether it was seen within the last seven days; an admin may leave a shop alone over a long weekend."""
        return self.last_seen_at is not None and self.last_seen_at > at - LIVE_FOR

    @property
    def audit_subject(self) -> tuple[str, str, str]:
        return "installation", self.public_id, self.name


def _in_reached_spaces(data_space_id: Any, tenant_id: Any, reach: Reach) -> list[ColumnElement[bool]]:
    conditions = DataSpace.within(reach)
    if not conditions:
        return []
    reached = select(DataSpace.id).where(DataSpace.tenant_id == tenant_id, *conditions)
    # Said, because a statement around it may have data spaces of its own.
    return [data_space_id.in_(reached.correlate(data_space_id.table))]
