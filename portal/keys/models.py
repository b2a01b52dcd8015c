"""Key pairs and the intents that lead to them. There is no column for a private key."""

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
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.access.actor import Reach
from portal.access.roles import Environment
from portal.access.rows import ShownWith, TenantOwned
from portal.accounts.models import Person
from portal.contracts.models import Contract
from portal.delegations.models import Delegation
from portal.foundation import clock, ids
from portal.foundation.changes import DecidesKeys
from portal.foundation.database import Base, Versioned, enum_type
from portal.foundation.marking import N_
from portal.tenants.models import Tenant


class KeyState(StrEnum):
    """As stored (design 2.2). `expired` is not among them: it is derived from the clock."""

    PENDING = "pending"
    ACTIVE = "active"
    RETIRING = "retiring"
    LAPSED = "lapsed"
    RETIRED = "retired"
    REVOKED = "revoked"
    COMPROMISED = "compromised"


HELD = text("delegation_id IS NOT NULL")
EXPIRES = text("expires_at IS NOT NULL")
# Rule 5. A retiring pair leaves its name to its successor, which waits for it until it is in service.
NAME_TAKEN = text("state = 'active' OR (state = 'pending' AND replaces_id IS NULL)")
SUCCEEDS = text("replaces_id IS NOT NULL AND state IN ('active', 'retiring')")


class KeyEnding(StrEnum):
    """How a retiring pair ends at its date: held open while shops use it, on the second, or as one that leaked.

    A leak is a hard end, too, and leaves the pair compromised instead of retired.
    """

    HELD = "held"
    HARD = "hard"
    LEAK = "leak"


ENDING_NAMES: dict[KeyEnding, str] = {
    KeyEnding.HELD: N_("At the date, or later while shops still use it"),
    KeyEnding.HARD: N_("At the date, on the second"),
    KeyEnding.LEAK: N_("At the date, on the second, as compromised"),
}


class KeyOrigin(StrEnum):
    """Where the private half was made."""

    SERVER = "server"
    UPLOAD = "upload"
    BROWSER = "browser"
    COMMAND = "command"


def new_api_key() -> str:
    """A public id: 32 lower-case hexadecimal digits."""
    return secrets.token_hex(16)


class Held(TenantOwned):
    """A row of an owner that a holder works with, in one environment."""

    other_party = "holder_id"

    holder_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tenants.id"))
    environment: Mapped[Environment] = mapped_column(enum_type(Environment))

    @classmethod
    def within(cls, reach: Reach) -> list[ColumnElement[bool]]:
        conditions: list[ColumnElement[bool]] = []
        if reach.environments != frozenset(Environment):
            conditions.append(cls.environment.in_(reach.environments))
        if reach.holder_id is not None:
            conditions.append(cls.holder_id == reach.holder_id)
        return conditions


class KeyPair(Held, Versioned, DecidesKeys, Base):
    """An API key and the public half of its pair. `tenant_id` is the owner, `holder_id` holds the private half."""

    __tablename__ = "key_pairs"
    shown_with = ShownWith("hand_offs", "key_pair_id", "id")
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "contract_id"], ["contracts.tenant_id", "contracts.id"]),
        ForeignKeyConstraint(["tenant_id", "delegation_id"], ["delegations.tenant_id", "delegations.id"]),
        ForeignKeyConstraint(["tenant_id", "replaces_id"], ["key_pairs.tenant_id", "key_pairs.id"]),
        CheckConstraint("(holder_id = tenant_id) = (delegation_id IS NULL)", name="holder"),
        CheckConstraint(
            "state <> 'retiring' OR (retiring_since IS NOT NULL AND retiring_until IS NOT NULL AND ending IS NOT NULL)",
            name="retiring",
        ),
        Index("uq_key_pairs_api_key", "api_key", unique=True),
        # Rule 4: unique over all tenants and all time.
        Index("uq_key_pairs_spki_sha256", "spki_sha256", unique=True),
        Index(
            "uq_key_pairs_name",
            "tenant_id",
            "holder_id",
            "environment",
            "name_key",
            unique=True,
            sqlite_where=NAME_TAKEN,
            postgresql_where=NAME_TAKEN,
        ),
        # One successor, whoever else was about to make one.
        Index(
            "uq_key_pairs_successor",
            "tenant_id",
            "replaces_id",
            unique=True,
            sqlite_where=SUCCEEDS,
            postgresql_where=SUCCEEDS,
        ),
        Index("ix_key_pairs_list", "tenant_id", "environment", "id"),
        Index("ix_key_pairs_holder", "holder_id", "tenant_id", "id"),
        # What a tenant holds for others, in the order in which its own pages list it.
        Index("ix_key_pairs_held", "holder_id", "id", sqlite_where=HELD, postgresql_where=HELD),
        Index("ix_key_pairs_delegation", "tenant_id", "delegation_id"),
        Index("ix_key_pairs_state", "state", "tenant_id", "id"),
        # Most pairs have no end of their own (design 2.2).
        Index(
            "ix_key_pairs_expires_at",
            "expires_at",
            "tenant_id",
            "id",
            sqlite_where=EXPIRES,
            postgresql_where=EXPIRES,
        ),
    )
    # Owner, holder, delegation, environment and public half stay as they are.
    deciding_columns = frozenset({"contract_id", "state", "expires_at", "retiring_until", "ending"})

    contract_id: Mapped[uuid.UUID]
    delegation_id: Mapped[uuid.UUID | None]
    name: Mapped[str]
    name_key: Mapped[str] = mapped_column(String(1024))
    api_key: Mapped[str] = mapped_column(String(32), default=new_api_key)
    spki: Mapped[bytes] = mapped_column(LargeBinary)
    spki_sha256: Mapped[bytes] = mapped_column(LargeBinary(32))
    bits: Mapped[int]
    state: Mapped[KeyState] = mapped_column(enum_type(KeyState))
    origin: Mapped[KeyOrigin] = mapped_column(enum_type(KeyOrigin))
    made_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    activated_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    retiring_since: Mapped[datetime | None]
    retiring_until: Mapped[datetime | None]
    ending: Mapped[KeyEnding | None] = mapped_column(enum_type(KeyEnding))
    retired_at: Mapped[datetime | None]
    replaces_id: Mapped[uuid.UUID | None]
    revoked_at: Mapped[datetime | None]
    revoked_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))

    holder: Mapped[Tenant] = relationship(lazy="raise", foreign_keys="KeyPair.holder_id")
    owner: Mapped[Tenant] = relationship(lazy="raise", viewonly=True, foreign_keys="KeyPair.tenant_id")
    contract: Mapped[Contract] = relationship(lazy="raise", viewonly=True)
    delegation: Mapped[Delegation | None] = relationship(lazy="raise", viewonly=True)
    made_by: Mapped[Person | None] = relationship(lazy="raise", foreign_keys=[made_by_id])
    replaces: Mapped["KeyPair | None"] = relationship(
        lazy="raise",
        viewonly=True,
        primaryjoin="and_(foreign(KeyPair.tenant_id) == remote(KeyPair.tenant_id), "
        "foreign(KeyPair.replaces_id) == remote(KeyPair.id))",
    )

    @property
    def stops_at(self) -> datetime | None:
        """When the clock alone stops it, or None: its own expiry, or an earlier hard end of its rotation."""
        is_hard = self.state is KeyState.RETIRING and self.ending is not KeyEnding.HELD
        ends = [self.expires_at, self.retiring_until if is_hard else None]
        return min((moment for moment in ends if moment is not None), default=None)

    @property
    def audit_subject(self) -> tuple[str, str, str]:
        return "key pair", self.api_key, self.name


class KeyIntent(Held, Base):
    """The wish to make one pair; every retry, second tab and crash meets the same row (rule 23).

    It fixes owner, holder, environment, contract and name before any key exists. For an uploaded public key it also
    carries that key while the proof of possession is awaited; for one that a command line finishes, the hash of its
    code; for a successor, how long the old pair then stays.
    """

    __tablename__ = "key_intents"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "contract_id"], ["contracts.tenant_id", "contracts.id"]),
        ForeignKeyConstraint(["tenant_id", "delegation_id"], ["delegations.tenant_id", "delegations.id"]),
        ForeignKeyConstraint(["tenant_id", "key_pair_id"], ["key_pairs.tenant_id", "key_pairs.id"]),
        ForeignKeyConstraint(["tenant_id", "replaces_id"], ["key_pairs.tenant_id", "key_pairs.id"]),
        CheckConstraint(
            "(replaces_id IS NULL) = (overlap_seconds IS NULL) AND (replaces_id IS NULL) = (ending IS NULL)",
            name="rotation",
        ),
        Index("uq_key_intents_public_id", "public_id", unique=True),
        Index("uq_key_intents_code_hash", "code_hash", unique=True),
    )

    public_id: Mapped[str] = mapped_column(String(32), default=lambda: ids.new("int"))
    contract_id: Mapped[uuid.UUID]
    delegation_id: Mapped[uuid.UUID | None]
    name: Mapped[str]
    origin: Mapped[KeyOrigin] = mapped_column(enum_type(KeyOrigin))
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    nonce: Mapped[bytes] = mapped_column(LargeBinary(32), default=lambda: secrets.token_bytes(32))
    spki: Mapped[bytes | None] = mapped_column(LargeBinary)
    code_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    key_pair_id: Mapped[uuid.UUID | None]
    replaces_id: Mapped[uuid.UUID | None]
    overlap_seconds: Mapped[int | None]
    ending: Mapped[KeyEnding | None] = mapped_column(enum_type(KeyEnding))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]
    discarded_at: Mapped[datetime | None]

    key_pair: Mapped[KeyPair | None] = relationship(
        lazy="raise",
        viewonly=True,
        primaryjoin="and_(foreign(KeyIntent.tenant_id) == KeyPair.tenant_id, "
        "foreign(KeyIntent.key_pair_id) == KeyPair.id)",
    )
    replaces: Mapped[KeyPair | None] = relationship(
        lazy="raise",
        viewonly=True,
        primaryjoin="and_(foreign(KeyIntent.tenant_id) == KeyPair.tenant_id, "
        "foreign(KeyIntent.replaces_id) == KeyPair.id)",
    )

    @property
    def audit_subject(self) -> tuple[str, str, str]:
        return "key intent", self.public_id, self.name


class NoticeKind(StrEnum):
    """What the people who hold the role are told about a pair, each once for one `about`."""

    STOPS_IN_30 = "stops_in_30"
    STOPS_IN_7 = "stops_in_7"
    STOPS_IN_1 = "stops_in_1"
    YEAR_OLD = "year_old"
    HELD_OPEN = "held_open"


class KeyNotice(TenantOwned, Base):
    """That a notice about a pair was sent, written with its mails: whoever comes second finds it and sends none.

    `about` is the moment it tells of: the end that comes, the day on which the pair is held open, its first day.
    """

    __tablename__ = "key_notices"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "key_pair_id"], ["key_pairs.tenant_id", "key_pairs.id"]),
        UniqueConstraint("tenant_id", "key_pair_id", "kind", "about", name="uq_key_notices"),
    )

    key_pair_id: Mapped[uuid.UUID]
    kind: Mapped[NoticeKind] = mapped_column(enum_type(NoticeKind))
    about: Mapped[datetime]
    sent_at: Mapped[datetime] = mapped_column(default=clock.now)


# Why a public key is blocked.
PASTED, LEAKED = "private half pasted", "leaked"


class BlockedKey(Base):
    """The hash of a public key that must never be used again: its private half was seen where it should not be.

    `reason` is PASTED, or LEAKED from the moment in which somebody said so.
    """

    __tablename__ = "blocked_keys"

    spki_sha256: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    reason: Mapped[str] = mapped_column(String(64))
    blocked_at: Mapped[datetime] = mapped_column(default=clock.now)

    @property
    def audit_subject(self) -> tuple[str, str, str]:
        return "blocked key", self.spki_sha256.hex(), self.spki_sha256.hex()[:16]
