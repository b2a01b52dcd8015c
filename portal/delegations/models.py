"""Delegations, what they reach, and proposals to widen them."""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
    UniqueConstraint,
    false,
    select,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.access.actor import Reach
from portal.access.roles import Environment, Right
from portal.access.rows import ShownWith, TenantOwned
from portal.foundation import clock, ids
from portal.foundation.changes import DecidesKeys
from portal.foundation.database import Base, EnumSet, Versioned, enum_type
from portal.projects.models import Project
from portal.tenants.models import Tenant


class DelegationState(StrEnum):
    REQUESTED = "requested"
    OFFERED = "offered"
    ACTIVE = "active"
    PAUSED = "paused"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    ENDED = "ended"


OPEN_STATES = (
    DelegationState.REQUESTED,
    DelegationState.OFFERED,
    DelegationState.ACTIVE,
    DelegationState.PAUSED,
)
RUNNING_STATES = (DelegationState.ACTIVE, DelegationState.PAUSED)
ANSWERED_STATES = (*RUNNING_STATES, DelegationState.ENDED)
OPEN = text("state IN ('requested', 'offered', 'active', 'paused')")


class Side(StrEnum):
    """Which party of a delegation did something."""

    OWNER = "owner"
    INTEGRATOR = "integrator"


class Delegation(TenantOwned, Versioned, DecidesKeys, Base):
    """An owner lets an integrator act. `tenant_id` is the owner.

    `integrator_id` is empty when the owner offered to an account id that nobody can answer for: whether an account
    exists shows only in its answer (rule 13), so such an offer waits and lapses like any other.

    `one_pair` makes it a ticket: the rights to see and to make keys, for one key pair in each of its environments.
    """

    __tablename__ = "delegations"
    __table_args__ = (
        UniqueConstraint("public_id"),
        CheckConstraint("integrator_id IS NULL OR integrator_id <> tenant_id", name="two_parties"),
        # One running delegation for a pair of tenants: what an integrator may do is never the sum of several rows.
        Index(
            "uq_delegations_open",
            "tenant_id",
            "integrator_account_id",
            unique=True,
            sqlite_where=OPEN,
            postgresql_where=OPEN,
        ),
        Index("ix_delegations_integrator_id", "integrator_id", "state", "id"),
        Index("ix_delegations_state", "state", "tenant_id", "id"),
        Index("ix_delegations_ends_at", "ends_at", "tenant_id", "id"),
    )
    other_party = "integrator_id"
    deciding_columns = frozenset({"state", "environments", "rights", "all_projects", "projects", "ends_at"})

    public_id: Mapped[str] = mapped_column(String(32), default=lambda: ids.new("dlg"))
    integrator_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tenants.id"))
    integrator_account_id: Mapped[str] = mapped_column(String(12))
    started_by: Mapped[Side] = mapped_column(enum_type(Side, "started_by"))
    state: Mapped[DelegationState] = mapped_column(enum_type(DelegationState))
    paused_by: Mapped[Side | None] = mapped_column(enum_type(Side, "paused_by"))
    environments: Mapped[frozenset[Environment]] = mapped_column(EnumSet(Environment))
    rights: Mapped[frozenset[Right]] = mapped_column(EnumSet(Right))
    all_projects: Mapped[bool]
    one_pair: Mapped[bool] = mapped_column(default=False, server_default=false())
    message: Mapped[str] = mapped_column(Text, default="")
    ends_at: Mapped[datetime]
    lapses_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    answered_at: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[Side | None] = mapped_column(enum_type(Side, "ended_by"))

    owner: Mapped[Tenant] = relationship(lazy="raise", foreign_keys="Delegation.tenant_id")
    integrator: Mapped[Tenant | None] = relationship(lazy="raise", foreign_keys=[integrator_id])
    projects: Mapped[list["DelegationProject"]] = relationship(
        lazy="raise",
        cascade="all, delete-orphan",
        primaryjoin="and_(Delegation.tenant_id == foreign(DelegationProject.tenant_id), "
        "Delegation.id == foreign(DelegationProject.delegation_id))",
    )

    @classmethod
    def within(cls, reach: Reach) -> list[ColumnElement[bool]]:
        # An integrator in its client's tenant finds its own delegation there, and no other integrator's.
        return [] if reach.holder_id is None else [cls.integrator_id == reach.holder_id]

    @property
    def begun_at(self) -> datetime:
        """When it began to give what it gives; for one without an answer, when it was made."""
        return self.answered_at or self.created_at

    @property
    def project_ids(self) -> frozenset[uuid.UUID] | None:
        """The projects it reaches, or None for all of the owner's."""
        return None if self.all_projects else frozenset(row.project_id for row in self.projects)

    @property
    def integrator_is_known(self) -> bool:
        """Whether the integrator has said yes, so that the owner may see its name (rule 13)."""
        return self.started_by is Side.INTEGRATOR or self.state in ANSWERED_STATES

    @property
    def audit_subject(self) -> tuple[str, str, str]:
        return "delegation", self.public_id, self.integrator_account_id


class DelegationProject(TenantOwned, DecidesKeys, Base):
    """One project that a delegation for some projects reaches."""

    __tablename__ = "delegation_projects"
    shown_with = ShownWith("delegations", "id", "delegation_id")
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "delegation_id"], ["delegations.tenant_id", "delegations.id"]),
        ForeignKeyConstraint(["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"]),
        UniqueConstraint("tenant_id", "delegation_id", "project_id"),
    )
    decides_through = ("delegations", "delegation_id")

    delegation_id: Mapped[uuid.UUID]
    project_id: Mapped[uuid.UUID]

    project: Mapped[Project] = relationship(lazy="raise", viewonly=True)

    @classmethod
    def within(cls, reach: Reach) -> list[ColumnElement[bool]]:
        return _of_reached(cls.delegation_id, Delegation, reach)


class ProposalState(StrEnum):
    WAITING = "waiting"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class DelegationProposal(TenantOwned, Versioned, Base):
    """A widening that one side proposes beside the running delegation; the other side answers."""

    __tablename__ = "delegation_proposals"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "delegation_id"], ["delegations.tenant_id", "delegations.id"]),
        UniqueConstraint("public_id"),
        Index(
            "uq_delegation_proposals_waiting",
            "tenant_id",
            "delegation_id",
            unique=True,
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
        Index("ix_delegation_proposals_integrator_id", "integrator_id", "state"),
    )
    other_party = "integrator_id"

    public_id: Mapped[str] = mapped_column(String(32), default=lambda: ids.new("prp"))
    delegation_id: Mapped[uuid.UUID]
    integrator_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tenants.id"))
    proposed_by: Mapped[Side] = mapped_column(enum_type(Side))
    state: Mapped[ProposalState] = mapped_column(enum_type(ProposalState), default=ProposalState.WAITING)
    environments: Mapped[frozenset[Environment]] = mapped_column(EnumSet(Environment))
    rights: Mapped[frozenset[Right]] = mapped_column(EnumSet(Right))
    all_projects: Mapped[bool]
    ends_at: Mapped[datetime]
    message: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    answered_at: Mapped[datetime | None]

    projects: Mapped[list["ProposalProject"]] = relationship(
        lazy="raise",
        cascade="all, delete-orphan",
        primaryjoin="and_(DelegationProposal.tenant_id == foreign(ProposalProject.tenant_id), "
        "DelegationProposal.id == foreign(ProposalProject.proposal_id))",
    )

    @classmethod
    def within(cls, reach: Reach) -> list[ColumnElement[bool]]:
        return [] if reach.holder_id is None else [cls.integrator_id == reach.holder_id]

    @property
    def project_ids(self) -> frozenset[uuid.UUID] | None:
        """The projects it would reach, or None for all of the owner's."""
        return None if self.all_projects else frozenset(row.project_id for row in self.projects)


class ProposalProject(TenantOwned, Base):
    """One project that a proposal for some projects would reach."""

    __tablename__ = "proposal_projects"
    shown_with = ShownWith("delegation_proposals", "id", "proposal_id")
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "proposal_id"], ["delegation_proposals.tenant_id", "delegation_proposals.id"]
        ),
        ForeignKeyConstraint(["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"]),
        UniqueConstraint("tenant_id", "proposal_id", "project_id"),
    )

    proposal_id: Mapped[uuid.UUID]
    project_id: Mapped[uuid.UUID]

    project: Mapped[Project] = relationship(lazy="raise", viewonly=True)

    @classmethod
    def within(cls, reach: Reach) -> list[ColumnElement[bool]]:
        return _of_reached(cls.proposal_id, DelegationProposal, reach)


def _of_reached(
    parent_id: Any, parent: type[Delegation] | type[DelegationProposal], reach: Reach
) -> list[ColumnElement[bool]]:
    conditions = parent.within(reach)
    return [parent_id.in_(select(parent.id).where(*conditions))] if conditions else []
