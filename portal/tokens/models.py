"""Personal tokens, and what asks for one by a device code."""

import uuid
from datetime import datetime, timedelta
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

from portal.access.roles import Scope
from portal.access.rows import TenantOwned
from portal.accounts.models import Membership, Person
from portal.foundation import clock, ids
from portal.foundation.database import Base, EnumSet
from portal.foundation.marking import N_


class TokenState(StrEnum):
    """Where a token stands; it follows from its moments, its membership, its person and the clock."""

    WAITING = "waiting"
    WORKING = "working"
    ENDED = "ended"
    RUN_OUT = "run_out"
    LEFT = "left"
    UNFETCHED = "unfetched"


TOKEN_STATE_NAMES: dict[TokenState, str] = {
    TokenState.WAITING: N_("Waits for its command line"),
    TokenState.WORKING: N_("Works"),
    TokenState.ENDED: N_("Ended"),
    TokenState.RUN_OUT: N_("Its last day is over"),
    TokenState.LEFT: N_("Stopped with its person"),
    TokenState.UNFETCHED: N_("Was never fetched"),
}
FETCHED_WITHIN = timedelta(minutes=10)  # of a device code; a token is made while it is good


class PersonalToken(TenantOwned, Base):
    """What lets a script act as a member of this tenant, here and at the tenant's clients, within scopes.

    `hint` are its first characters, "" until a command line has fetched it. `last_used_for` is what the last noted call
    did. `leaked_at` is when somebody reported to have found it, `leaked_where` where: that stops nothing. `asked_as` is
    the mark of the form.
    """

    __tablename__ = "personal_tokens"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "membership_id"], ["memberships.tenant_id", "memberships.id"]),
        CheckConstraint("expires_at > created_at", name="term"),
        UniqueConstraint("public_id"),
        UniqueConstraint("digest"),
        Index("uq_personal_tokens_asked_as", "tenant_id", "asked_as", unique=True),
        Index("ix_personal_tokens_membership_id", "tenant_id", "membership_id", "id"),
    )

    public_id: Mapped[str] = mapped_column(String(32), default=lambda: ids.new("tok"))
    membership_id: Mapped[uuid.UUID]
    name: Mapped[str]
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    hint: Mapped[str] = mapped_column(String(16))
    scopes: Mapped[frozenset[Scope]] = mapped_column(EnumSet(Scope))
    asked_as: Mapped[str | None] = mapped_column(String(32))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    last_used_for: Mapped[str | None] = mapped_column(String(100))
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    leaked_at: Mapped[datetime | None]
    leaked_where: Mapped[str | None] = mapped_column(Text)

    membership: Mapped[Membership] = relationship(lazy="raise", overlaps="tenant")
    ended_by: Mapped[Person | None] = relationship(lazy="raise")

    def state(self, at: datetime) -> TokenState:
        """Where it stands at this moment; membership and person have to be loaded."""
        if self.ended_at is not None:
            return TokenState.ENDED
        if self.membership.ended_at is not None or not self.membership.person.is_active:
            return TokenState.LEFT
        if at >= self.expires_at:
            return TokenState.RUN_OUT
        if self.hint:
            return TokenState.WORKING
        return TokenState.WAITING if at < self.created_at + FETCHED_WITHIN else TokenState.UNFETCHED

    def is_working(self, at: datetime) -> bool:
        """Whether who shows it is known by it at this moment."""
        return self.state(at) is TokenState.WORKING

    def may_be_ended(self, at: datetime) -> bool:
        """Whether it works at this moment, or will once it is fetched."""
        return self.state(at) in (TokenState.WAITING, TokenState.WORKING)

    @property
    def audit_subject(self) -> tuple[str, str, str]:
        return "personal_token", self.public_id, self.name


class DeviceRequest(Base):
    """A command line that asks for a token (RFC 8628): known by two codes, of which hashes are kept.

    `machine` and `scopes` are what it says of itself. Approved, it has a token, whose secret is made when it is
    fetched, once. `polled_at` and `interval_seconds` slow down who asks too often.
    """

    __tablename__ = "device_requests"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "token_id"], ["personal_tokens.tenant_id", "personal_tokens.id"]),
        CheckConstraint("(tenant_id IS NULL) = (token_id IS NULL)", name="token"),
        CheckConstraint("token_id IS NULL OR decided_at IS NOT NULL", name="decided"),
        UniqueConstraint("device_hash"),
        UniqueConstraint("user_hash"),
        Index("ix_device_requests_expires_at", "expires_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=ids.uuid7)
    device_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    user_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    machine: Mapped[str]
    scopes: Mapped[frozenset[Scope]] = mapped_column(EnumSet(Scope))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]
    interval_seconds: Mapped[int]
    polled_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    tenant_id: Mapped[uuid.UUID | None]
    token_id: Mapped[uuid.UUID | None]
    fetched_at: Mapped[datetime | None]

    def may_be_polled(self, at: datetime) -> bool:
        """Whether enough time went by since it asked last."""
        return self.polled_at is None or at - self.polled_at >= timedelta(seconds=self.interval_seconds)

    @property
    def audit_subject(self) -> tuple[str, str, str]:
        return "device_request", str(self.id), self.machine
