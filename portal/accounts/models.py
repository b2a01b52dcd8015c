"""People, what they prove themselves with and are in each tenant, their sessions, and the invitations sent to them."""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    exists,
    text,
    true,
)
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship, validates

from portal.access.actor import Actor
from portal.access.roles import Role
from portal.access.rows import TenantOwned
from portal.foundation import clock, ids
from portal.foundation.database import Base, EnumSet, Versioned, by_code_point, enum_type
from portal.foundation.marking import N_
from portal.foundation.sealed import Sealed
from portal.foundation.sealing import Place
from portal.foundation.words import same_name
from portal.tenants.models import Tenant


class Language(StrEnum):
    """The languages the portal speaks."""

    EN = "en"
    ZH_HANT = "zh_Hant"


class Theme(StrEnum):
    """How pages look; `auto` follows the person's device."""

    AUTO = "auto"
    LIGHT = "light"
    DARK = "dark"


class Person(Versioned, Base):
    """A human with one sign-in. The four members below the columns are what Flask-Login asks of it.

    `recovered_at` is when all second factors were last removed by others, since they were lost. `former_hash` is of the
    password until then, which the mail's link to a new one asks for; None once there is a new one.
    """

    __tablename__ = "people"
    __table_args__ = (UniqueConstraint("email_key"), Index("ix_people_name_key", "name_key", "id"))

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=ids.uuid7)
    email: Mapped[str] = mapped_column(String(320))
    email_key: Mapped[str] = mapped_column(by_code_point(320))
    name: Mapped[str]
    name_key: Mapped[str] = mapped_column(by_code_point(1024), server_default=text("''"))
    password_hash: Mapped[str]
    language: Mapped[Language] = mapped_column(enum_type(Language), default=Language.EN)
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC")
    theme: Mapped[Theme] = mapped_column(enum_type(Theme), default=Theme.AUTO)
    wants_digest: Mapped[bool] = mapped_column(default=True, server_default=true())
    former_hash: Mapped[str | None]
    recovered_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    has_second_factor: ClassVar[Any]  # whether one is set up; below, where its table is known

    is_authenticated = True
    is_anonymous = False

    @validates("name")
    def _keep_name_key(self, _column: str, name: str) -> str:
        self.name_key = same_name(name)
        return name

    @property
    def is_active(self) -> bool:
        return self.disabled_at is None

    def get_id(self) -> str:
        return str(self.id)

    @property
    def audit_subject(self) -> tuple[str, str, str]:
        return "person", str(self.id), self.name


def as_person(person: Person) -> Actor:
    """The person acting for themselves, in no tenant."""
    return Actor(tenant_id=None, home_id=None, label=person.name, person_id=person.id)


class Membership(TenantOwned, Versioned, Base):
    """A person's place in one tenant. It ends; it is never deleted, because contracts and events refer to it.

    `rights_since` is when the role began to give rights over keys, where another one was held before that did not.
    """

    __tablename__ = "memberships"
    __table_args__ = (
        Index(
            "uq_memberships_live",
            "tenant_id",
            "person_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_memberships_person_id", "person_id"),
    )

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    role: Mapped[Role] = mapped_column(enum_type(Role))
    rights_since: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    ended_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(lazy="raise_on_sql")
    tenant: Mapped[Tenant] = relationship(lazy="raise_on_sql")

    @property
    def audit_subject(self) -> tuple[str, str, str]:
        return "member", str(self.id), self.person.name


class FactorKind(StrEnum):
    """What a second factor is."""

    TOTP = "totp"
    PASSKEY = "passkey"


class Means(StrEnum):
    """With what a person proved who they are."""

    PASSWORD = "password"  # noqa: S105 - a word for one, not a password
    TOTP = "totp"
    RECOVERY_CODE = "recovery_code"
    PASSKEY = "passkey"
    PROVIDER = "provider"
    PROVIDER_SECOND = "provider_second"


MEANS_NAMES = {
    Means.PASSWORD: N_("Password"),
    Means.TOTP: N_("Code from an app"),
    Means.RECOVERY_CODE: N_("Recovery code"),
    Means.PASSKEY: N_("Passkey"),
    Means.PROVIDER: N_("The account's identity provider"),
    Means.PROVIDER_SECOND: N_("A second factor at the identity provider"),
}


class SecondFactor(Base):
    """What a person proves themselves with beside the password. What only one kind needs may be empty for others.

    Until `confirmed_at` it is being set up: it counts for nothing, and only the session `intended_in` sees its seed.
    `counter` is the last step of an authenticator app that was accepted, or what a passkey last counted: it only goes
    up, so a code works once.
    """

    __tablename__ = "second_factors"
    __table_args__ = (
        CheckConstraint("kind <> 'totp' OR sealed IS NOT NULL", name="seed"),
        Index("ix_second_factors_person_id", "person_id"),
        Index(
            "uq_second_factors_intended_in",
            "intended_in",
            unique=True,
            sqlite_where=text("confirmed_at IS NULL"),
            postgresql_where=text("confirmed_at IS NULL"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=ids.uuid7)
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    kind: Mapped[FactorKind] = mapped_column(enum_type(FactorKind))
    name: Mapped[str]
    sealed: Mapped[str | None] = mapped_column(Sealed)
    counter: Mapped[int] = mapped_column(BigInteger, default=0)
    intended_in: Mapped[uuid.UUID]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    confirmed_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]

    @property
    def place(self) -> Place:
        return Place("second_factors", "sealed", str(self.id))

    @property
    def audit_subject(self) -> tuple[str, str, str]:
        kind = "passkey" if self.kind is FactorKind.PASSKEY else "second_factor"
        return kind, str(self.id), self.name


class RegisteredPasskey(Base):
    """What a factor that is a passkey has beside its row: the public key, once the authenticator has made one.

    `user_handle` is what authenticators call the person: random, the same for all of a person's passkeys, so that one
    authenticator keeps one of them. `suspected_at` is when the counter first went back, as that of a copy does.
    """

    __tablename__ = "passkeys"
    __table_args__ = (
        CheckConstraint("(credential_id IS NULL) = (public_key IS NULL)", name="whole"),
        UniqueConstraint("credential_id"),
    )

    factor_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("second_factors.id"), primary_key=True)
    user_handle: Mapped[bytes] = mapped_column(LargeBinary(64))
    credential_id: Mapped[bytes | None] = mapped_column(LargeBinary(1023))
    public_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    suspected_at: Mapped[datetime | None]

    factor: Mapped[SecondFactor] = relationship(lazy="raise_on_sql")


class SpentChallenge(Base):
    """A challenge that was answered already, as its SHA-256; forgotten once it would count no more anyway."""

    __tablename__ = "spent_challenges"

    challenge_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    expires_at: Mapped[datetime]


def set_up_by(person_id: Any) -> tuple[ColumnElement[bool], ...]:
    """The conditions of a person's second factors that count, of whatever kind. person_id: an id, or a column."""
    return SecondFactor.person_id == person_id, SecondFactor.confirmed_at.is_not(None)


# Read with the person where a statement undefers it, else by a statement of its own; never kept beyond a transaction.
Person.has_second_factor = column_property(exists().where(*set_up_by(Person.id)).correlate(Person), deferred=True)


class RecoveryCode(Base):
    """One of a person's recovery codes, as its hash. Those made together have one `batch`."""

    __tablename__ = "recovery_codes"
    __table_args__ = (Index("uq_recovery_codes_code_hash", "person_id", "code_hash", unique=True),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=ids.uuid7)
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    batch: Mapped[uuid.UUID]
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    used_at: Mapped[datetime | None]


class PendingSignIn(Base):
    """Somebody gave the right password and has a second factor: a code is awaited. Gives no rights at all.

    The token is known to the browser that gave the password, here is its hash. `vouched_by_id` is the tenant whose
    identity provider took the place of the password.
    """

    __tablename__ = "pending_sign_ins"
    __table_args__ = (UniqueConstraint("token_hash"), Index("ix_pending_sign_ins_person_id", "person_id"))

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=ids.uuid7)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]
    vouched_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tenants.id"))

    person: Mapped[Person] = relationship(lazy="raise_on_sql")


class MailPurpose(StrEnum):
    """For what a link in a mail is good."""

    RESET = "reset"
    STOP_ASKED = "stop_asked"
    STOP_VOUCHED = "stop_vouched"


class MailedToken(Base):
    """A link that was mailed to a person, as the hash of its token: one of each purpose, so a newer one replaces it."""

    __tablename__ = "mailed_tokens"
    __table_args__ = (UniqueConstraint("token_hash"), UniqueConstraint("person_id", "purpose"))

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=ids.uuid7)
    purpose: Mapped[MailPurpose] = mapped_column(enum_type(MailPurpose))
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]

    person: Mapped[Person] = relationship(lazy="raise_on_sql")


class ResetRequest(Base):
    """Somebody asked for a new password for this address, which may be anybody's or nobody's. The worker answers."""

    __tablename__ = "reset_requests"

    email_key: Mapped[str] = mapped_column(String(320), primary_key=True)
    asked_at: Mapped[datetime] = mapped_column(default=clock.now)


class RecoveryOutcome(StrEnum):
    """How a request of who lost all second factors ended."""

    DONE = "done"
    STOPPED = "stopped"
    REFUSED = "refused"
    LAPSED = "lapsed"


class FactorRecovery(Base):
    """Somebody lost the second factor and the recovery codes, and asks for their removal; one at a time.

    `vouched_in_id` is the account for which somebody vouched, `due_at` from when on another person may carry it out.
    Open until it is closed, with an outcome.
    """

    __tablename__ = "factor_recoveries"
    __table_args__ = (
        CheckConstraint("(outcome IS NULL) = (closed_at IS NULL)", name="closed"),
        CheckConstraint("(vouched_at IS NULL) = (due_at IS NULL)", name="vouched"),
        Index(
            "uq_factor_recoveries_open",
            "person_id",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=ids.uuid7)
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    asked_at: Mapped[datetime] = mapped_column(default=clock.now)
    vouched_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    vouched_in_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tenants.id"))
    vouched_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    outcome: Mapped[RecoveryOutcome | None] = mapped_column(enum_type(RecoveryOutcome))
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))

    person: Mapped[Person] = relationship(lazy="raise_on_sql", foreign_keys=[person_id])
    vouched_by: Mapped[Person | None] = relationship(lazy="raise_on_sql", foreign_keys=[vouched_by_id])


class UserSession(Base):
    """One sign-in on one device. The cookie's value is known to the device only; here is its hash.

    `factors` is with what the person proved who they are when it was made. `vouched_by_id` is the tenant whose identity
    provider said who it is. Unless the session `is_own`, made by the person's own sign-in, it acts in that tenant only.
    """

    __tablename__ = "sessions"
    __table_args__ = (UniqueConstraint("token_hash"), Index("ix_sessions_person_id", "person_id", "ended_at"))

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=ids.uuid7)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    csrf_token: Mapped[str] = mapped_column(String(64))
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    home_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tenants.id"))
    device: Mapped[str]
    factors: Mapped[frozenset[Means]] = mapped_column(EnumSet(Means), server_default=Means.PASSWORD.value)
    vouched_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tenants.id"))
    is_own: Mapped[bool] = mapped_column(default=True, server_default=true())
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    last_seen_at: Mapped[datetime] = mapped_column(default=clock.now)
    reauthenticated_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(lazy="raise_on_sql")


class Invitation(TenantOwned, Base):
    """An e-mail address asked to join a tenant in a role. The link's token is stored as its hash."""

    __tablename__ = "invitations"
    __table_args__ = (
        UniqueConstraint("token_hash"),
        Index(
            "uq_invitations_open",
            "tenant_id",
            "email_key",
            unique=True,
            sqlite_where=text("accepted_at IS NULL AND withdrawn_at IS NULL"),
            postgresql_where=text("accepted_at IS NULL AND withdrawn_at IS NULL"),
        ),
    )

    email: Mapped[str] = mapped_column(String(320))
    email_key: Mapped[str] = mapped_column(String(320))
    role: Mapped[Role] = mapped_column(enum_type(Role))
    language: Mapped[Language] = mapped_column(enum_type(Language), default=Language.EN)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    invited_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]

    tenant: Mapped[Tenant] = relationship(lazy="raise_on_sql")

    @property
    def audit_subject(self) -> tuple[str, str, str]:
        return "invitation", str(self.id), self.email


class AttemptCounter(Base):
    """How often sign-in was tried for one account or from one network, in a window that began at `since`."""

    __tablename__ = "attempt_counters"

    bucket: Mapped[str] = mapped_column(String(80), primary_key=True)
    since: Mapped[datetime]
    count: Mapped[int]
