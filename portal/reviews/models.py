"""Reviews: campaigns, who decides in them, the frozen lines, and what the two sides of a delegation are asked.

All of it is the vendor's. The owner of what a line is about, and whoever is asked, is the other party of the row.
"""

import uuid
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.access.rows import TenantOwned
from portal.accounts.models import Membership
from portal.delegations.models import Side
from portal.foundation import clock, ids
from portal.foundation.database import Base, Versioned, enum_type

# Who did something is shown with the review's name in front of it; a label of the record has 255 characters.
LONGEST_CAMPAIGN_NAME = 100


class ReviewSubject(StrEnum):
    """What a campaign's lines are about."""

    ENTITLEMENTS = "entitlements"
    DELEGATIONS = "delegations"
    KEYS = "keys"


class CampaignState(StrEnum):
    """As stored. Lines are frozen while it is preparing, and applied while it is closing."""

    PREPARING = "preparing"
    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"
    ABANDONED = "abandoned"


class Silence(StrEnum):
    """What it means that nobody decided a line."""

    KEEP = "keep"
    END = "end"


class Decision(StrEnum):
    """What a reviewer decides."""

    KEEP = "keep"
    NARROW = "narrow"
    END = "end"


class Outcome(StrEnum):
    """What closing made of a line.

    kept_in_use, not_warned: silence would have ended it, but it was used of late, or not warned of in full. unchanged:
    it was over already. not_applied: the operation refused it; `outcome_code` says why.
    """

    KEPT = "kept"
    NARROWED = "narrowed"
    ENDED = "ended"
    KEPT_IN_USE = "kept_in_use"
    NOT_WARNED = "not_warned"
    UNCHANGED = "unchanged"
    NOT_APPLIED = "not_applied"


class Answer(StrEnum):
    """What one side of a delegation says about it."""

    NEEDED = "needed"
    NOT_NEEDED = "not_needed"


class Telling(StrEnum):
    """What a campaign is just telling the tenants concerned, portion by portion."""

    OPENED = "opened"
    WARNED = "warned"
    APPLIED = "applied"


class Campaign(TenantOwned, Versioned, Base):
    """One review. `expected` lines are to be frozen, `frozen` are, `applied` were closed.

    `version` counts what people change; progress and warnings do not count. warnings_sent: steps of the ladder that are
    past. told_to: the account id up to which `telling` has come.
    """

    __tablename__ = "review_campaigns"
    __table_args__ = (
        UniqueConstraint("public_id"),
        ForeignKeyConstraint(["tenant_id", "follows_id"], ["review_campaigns.tenant_id", "review_campaigns.id"]),
        CheckConstraint("recurs_days IS NULL OR recurs_days > 0", name="recurs"),
        Index("ix_review_campaigns_state", "tenant_id", "state", "id"),
    )

    public_id: Mapped[str] = mapped_column(String(32), default=lambda: ids.new("rev"))
    name: Mapped[str] = mapped_column(String(LONGEST_CAMPAIGN_NAME))
    subject: Mapped[ReviewSubject] = mapped_column(enum_type(ReviewSubject))
    filters: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[CampaignState] = mapped_column(enum_type(CampaignState))
    silence: Mapped[Silence] = mapped_column(enum_type(Silence))
    due_at: Mapped[datetime]
    recurs_days: Mapped[int | None]
    follows_id: Mapped[uuid.UUID | None]
    expected: Mapped[int]
    frozen: Mapped[int] = mapped_column(default=0)
    applied: Mapped[int] = mapped_column(default=0)
    warnings_sent: Mapped[int] = mapped_column(default=0)
    telling: Mapped[Telling | None] = mapped_column(enum_type(Telling))
    told_to: Mapped[str] = mapped_column(String(12), default="")
    created_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    created_by_label: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    opened_at: Mapped[datetime | None]
    closing_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    closed_by_label: Mapped[str | None]
    abandoned_at: Mapped[datetime | None]
    evidence_portal: Mapped[str | None] = mapped_column(Text)
    evidence_signature: Mapped[str | None] = mapped_column(Text)
    evidence_key_id: Mapped[str | None] = mapped_column(String(64))

    reviewers: Mapped[list["Reviewer"]] = relationship(
        lazy="raise",
        viewonly=True,
        order_by="Reviewer.id",
        primaryjoin="and_(Campaign.tenant_id == foreign(Reviewer.tenant_id), "
        "Campaign.id == foreign(Reviewer.campaign_id))",
    )

    @property
    def last_day(self) -> date:
        """The last day (UTC) before it is due: one that is due at midnight has the day before."""
        return (self.due_at - timedelta(microseconds=1)).date()

    @property
    def audit_subject(self) -> tuple[str, str, str]:
        return "review", self.public_id, self.name


class Reviewer(TenantOwned, Base):
    """Somebody who decides in a campaign; a fallback only once it is called. Who left the vendor counts as nobody."""

    __tablename__ = "review_reviewers"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "campaign_id"], ["review_campaigns.tenant_id", "review_campaigns.id"]),
        ForeignKeyConstraint(["tenant_id", "membership_id"], ["memberships.tenant_id", "memberships.id"]),
        UniqueConstraint("tenant_id", "campaign_id", "membership_id", name="uq_review_reviewers"),
    )

    campaign_id: Mapped[uuid.UUID]
    membership_id: Mapped[uuid.UUID]
    is_fallback: Mapped[bool]
    called_at: Mapped[datetime | None]

    membership: Mapped[Membership] = relationship(lazy="raise", viewonly=True)


class Line(TenantOwned, Versioned, Base):
    """One entitlement, delegation or key pair as it was when it was frozen, and what was decided and done about it.

    reviewed_before_at: when an earlier campaign that decided on the same thing was closed. warnings: how often its
    owner was warned of what silence means.
    """

    __tablename__ = "review_lines"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "campaign_id"], ["review_campaigns.tenant_id", "review_campaigns.id"]),
        Index("uq_review_lines_position", "tenant_id", "campaign_id", "position", unique=True),
        Index("ix_review_lines_decision", "tenant_id", "campaign_id", "decision", "position"),
        Index("ix_review_lines_subject", "tenant_id", "subject_id"),
    )
    other_party = "owner_id"

    campaign_id: Mapped[uuid.UUID]
    position: Mapped[int]
    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tenants.id"))
    owner_account_id: Mapped[str] = mapped_column(String(12))
    owner_name: Mapped[str]
    holder_account_id: Mapped[str | None] = mapped_column(String(12))
    subject_id: Mapped[uuid.UUID]
    subject_public_id: Mapped[str] = mapped_column(String(64))
    label: Mapped[str]
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    reviewed_before_at: Mapped[datetime | None]
    warnings: Mapped[int] = mapped_column(default=0)
    decision: Mapped[Decision | None] = mapped_column(enum_type(Decision))
    narrow_to: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    reason: Mapped[str] = mapped_column(Text, default="")
    decided_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    decided_by_label: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    seconds_taken: Mapped[int | None]
    bulk_size: Mapped[int | None]
    outcome: Mapped[Outcome | None] = mapped_column(enum_type(Outcome))
    outcome_code: Mapped[str | None] = mapped_column(String(64))
    applied_at: Mapped[datetime | None]


class Question(TenantOwned, Base):
    """One side of a delegation is asked whether it still needs it. The vendor asks; `asked_id` answers.

    It is shown from `asked_at` on, when its campaign opens, and may be answered until `closed_at`.
    """

    __tablename__ = "review_answers"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "campaign_id"], ["review_campaigns.tenant_id", "review_campaigns.id"]),
        ForeignKeyConstraint(["tenant_id", "line_id"], ["review_lines.tenant_id", "review_lines.id"]),
        UniqueConstraint("public_id"),
        UniqueConstraint("tenant_id", "line_id", "side", name="uq_review_answers_side"),
        Index("ix_review_answers_asked", "asked_id", "id"),
        Index("ix_review_answers_campaign", "tenant_id", "campaign_id", "answer"),
    )
    other_party = "asked_id"

    public_id: Mapped[str] = mapped_column(String(32), default=lambda: ids.new("rqn"))
    campaign_id: Mapped[uuid.UUID]
    line_id: Mapped[uuid.UUID]
    asked_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tenants.id"))
    side: Mapped[Side] = mapped_column(enum_type(Side))
    campaign_name: Mapped[str] = mapped_column(String(LONGEST_CAMPAIGN_NAME))
    other_name: Mapped[str]
    delegation_public_id: Mapped[str] = mapped_column(String(32))
    due_at: Mapped[datetime]
    answer: Mapped[Answer | None] = mapped_column(enum_type(Answer))
    reason: Mapped[str] = mapped_column(Text, default="")
    answered_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    answered_by_label: Mapped[str | None]
    answered_at: Mapped[datetime | None]
    asked_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]

    @property
    def audit_subject(self) -> tuple[str, str, str]:
        return "review question", self.public_id, self.other_name
