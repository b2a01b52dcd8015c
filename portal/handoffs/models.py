"""Envelope keys of receivers, sealed hand-offs, and who holds a copy of which private key.

A hand-off carries ciphertext that the portal cannot open, and only until it is over.
"""

import secrets
import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.access.actor import Reach
from portal.access.roles import Environment
from portal.access.rows import TenantOwned
from portal.accounts.models import Person
from portal.delegations.models import Delegation
from portal.foundation import clock, ids
from portal.foundation.database import Base, Versioned, enum_type
from portal.keys.models import KeyPair
from portal.tenants.models import Tenant


class HandOffState(StrEnum):
    """As stored (design 2.2)."""

    OFFERED = "offered"
    OPENED = "opened"
    DONE = "done"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    FROZEN = "frozen"


LIVE_STATES = (HandOffState.OFFERED, HandOffState.OPENED)
LIVE = text("state IN ('offered', 'opened')")
CURRENT = text("replaced_at IS NULL")


class Kept(StrEnum):
    """Where its person keeps the private half of an envelope key."""

    BROWSER = "browser"
    FILE = "file"


class EnvelopeKey(TenantOwned, Base):
    """The public half of a person's X25519 key (32 octets), to which private keys are sealed for it in this tenant.

    A first one may be used at once; one that takes the place of another only from `usable_at` on.
    """

    __tablename__ = "envelope_keys"
    __table_args__ = (
        UniqueConstraint("public_id"),
        Index("uq_envelope_keys_public", "public", unique=True),
        Index(
            "uq_envelope_keys_current",
            "tenant_id",
            "person_id",
            unique=True,
            sqlite_where=CURRENT,
            postgresql_where=CURRENT,
        ),
    )

    public_id: Mapped[str] = mapped_column(String(32), default=lambda: ids.new("env"))
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    public: Mapped[bytes] = mapped_column(LargeBinary(32))
    kept: Mapped[Kept] = mapped_column(enum_type(Kept))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    usable_at: Mapped[datetime]
    replaced_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(lazy="raise")
    tenant: Mapped[Tenant] = relationship(lazy="raise", viewonly=True)

    @property
    def audit_subject(self) -> tuple[str, str, str]:
        return "envelope key", self.public_id, self.public_id


class HandOff(TenantOwned, Versioned, Base):
    """A sealed copy of the owner's private key for one person of a receiving tenant. `tenant_id` is the owner."""

    __tablename__ = "hand_offs"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "key_pair_id"], ["key_pairs.tenant_id", "key_pairs.id"]),
        ForeignKeyConstraint(["tenant_id", "delegation_id"], ["delegations.tenant_id", "delegations.id"]),
        CheckConstraint("receiver_id <> tenant_id", name="two_parties"),
        # The ciphertext is there as long as it may be opened, and no longer.
        CheckConstraint("(envelope IS NULL) = (state NOT IN ('offered', 'opened'))", name="envelope"),
        UniqueConstraint("public_id"),
        Index("uq_hand_offs_code_hash", "code_hash", unique=True),
        Index(
            "uq_hand_offs_live",
            "tenant_id",
            "key_pair_id",
            unique=True,
            sqlite_where=LIVE,
            postgresql_where=LIVE,
        ),
        Index("ix_hand_offs_receiver", "receiver_id", "id"),
        Index("ix_hand_offs_due", "lapses_at", sqlite_where=LIVE, postgresql_where=LIVE),
    )
    other_party = "receiver_id"

    public_id: Mapped[str] = mapped_column(String(32), default=lambda: ids.new("hof"))
    receiver_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tenants.id"))
    key_pair_id: Mapped[uuid.UUID]
    delegation_id: Mapped[uuid.UUID]
    to_person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    to_public: Mapped[bytes] = mapped_column(LargeBinary(32))
    environment: Mapped[Environment] = mapped_column(enum_type(Environment))
    state: Mapped[HandOffState] = mapped_column(enum_type(HandOffState))
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    nonce: Mapped[bytes] = mapped_column(LargeBinary(32), default=lambda: secrets.token_bytes(32))
    envelope: Mapped[bytes | None] = mapped_column(LargeBinary)
    signature: Mapped[bytes] = mapped_column(LargeBinary)
    message: Mapped[str] = mapped_column(Text, default="")
    given_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    lapses_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    opened_at: Mapped[datetime | None]
    opened_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    done_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]

    owner: Mapped[Tenant] = relationship(lazy="raise", viewonly=True, foreign_keys="HandOff.tenant_id")
    receiver: Mapped[Tenant] = relationship(lazy="raise", viewonly=True, foreign_keys=[receiver_id])
    key_pair: Mapped[KeyPair] = relationship(lazy="raise", viewonly=True)
    delegation: Mapped[Delegation] = relationship(lazy="raise", viewonly=True, overlaps="key_pair")
    to_person: Mapped[Person] = relationship(lazy="raise", foreign_keys=[to_person_id])
    given_by: Mapped[Person] = relationship(lazy="raise", foreign_keys=[given_by_id])
    opened_by: Mapped[Person | None] = relationship(lazy="raise", foreign_keys=[opened_by_id])

    @classmethod
    def within(cls, reach: Reach) -> list[ColumnElement[bool]]:
        conditions: list[ColumnElement[bool]] = []
        if reach.environments != frozenset(Environment):
            conditions.append(cls.environment.in_(reach.environments))
        if reach.holder_id is not None:
            conditions.append(cls.receiver_id == reach.holder_id)
        return conditions

    @property
    def audit_subject(self) -> tuple[str, str, str]:
        return "hand-off", self.public_id, self.public_id


class HandOffIntent(TenantOwned, Base):
    """The wish to hand one pair over to one person: what the envelope will bind, fixed before anything is sealed.

    Every retry and second tab meets the same row, and its hand-off bears its public id (rule 23).
    """

    __tablename__ = "hand_off_intents"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "key_pair_id"], ["key_pairs.tenant_id", "key_pairs.id"]),
        ForeignKeyConstraint(["tenant_id", "delegation_id"], ["delegations.tenant_id", "delegations.id"]),
        UniqueConstraint("public_id"),
        Index("ix_hand_off_intents_pair", "tenant_id", "key_pair_id"),
    )
    other_party = "receiver_id"

    public_id: Mapped[str] = mapped_column(String(32), default=lambda: ids.new("hof"))
    receiver_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tenants.id"))
    key_pair_id: Mapped[uuid.UUID]
    delegation_id: Mapped[uuid.UUID]
    to_person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    to_public: Mapped[bytes] = mapped_column(LargeBinary(32))
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    message: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]
    lapses_at: Mapped[datetime]

    owner: Mapped[Tenant] = relationship(lazy="raise", viewonly=True, foreign_keys="HandOffIntent.tenant_id")
    receiver: Mapped[Tenant] = relationship(lazy="raise", viewonly=True, foreign_keys=[receiver_id])
    key_pair: Mapped[KeyPair] = relationship(lazy="raise", viewonly=True)
    to_person: Mapped[Person] = relationship(lazy="raise", foreign_keys=[to_person_id])

    @property
    def audit_subject(self) -> tuple[str, str, str]:
        return "hand-off", self.public_id, self.public_id


class KeyCopy(TenantOwned, Base):
    """That a tenant besides the holder has, or may have, a private key: from the first opening on (rule 15).

    rotation_due_at: since when the pair has to be rotated because the delegation of that tenant is over.
    """

    __tablename__ = "key_copies"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "key_pair_id"], ["key_pairs.tenant_id", "key_pairs.id"]),
        ForeignKeyConstraint(["tenant_id", "hand_off_id"], ["hand_offs.tenant_id", "hand_offs.id"]),
        UniqueConstraint("tenant_id", "key_pair_id", "holder_id", name="uq_key_copies"),
        Index("ix_key_copies_holder", "holder_id", "tenant_id"),
    )
    other_party = "holder_id"

    key_pair_id: Mapped[uuid.UUID]
    holder_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tenants.id"))
    hand_off_id: Mapped[uuid.UUID]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    rotation_due_at: Mapped[datetime | None]

    holder: Mapped[Tenant] = relationship(lazy="raise", viewonly=True, foreign_keys=[holder_id])
    key_pair: Mapped[KeyPair] = relationship(lazy="raise", viewonly=True)

    @classmethod
    def within(cls, reach: Reach) -> list[ColumnElement[bool]]:
        return [] if reach.holder_id is None else [cls.holder_id == reach.holder_id]


class Purpose(StrEnum):
    """What a one-time code lets the command line do for the person that it was shown to."""

    ENROL = "enrol"
    SEAL = "seal"
    OPEN = "open"


class CommandCode(TenantOwned, Base):
    """A one-time code for the command line, as its hash; it stands for its person in its own tenant.

    subject: what it is for, such as the public id of a hand-off; to enrol, the fingerprint of the key that used it.
    """

    __tablename__ = "command_codes"
    __table_args__ = (
        Index("uq_command_codes_code_hash", "code_hash", unique=True),
        Index("ix_command_codes_expires_at", "expires_at"),
    )

    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    purpose: Mapped[Purpose] = mapped_column(enum_type(Purpose))
    subject: Mapped[str] = mapped_column(Text, default="")
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    expires_at: Mapped[datetime]

    @property
    def audit_subject(self) -> tuple[str, str, str]:
        return "command code", self.purpose.value, self.purpose.value
