"""People, what they are in each tenant, their sessions, and the invitations sent to them."""

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint, text, true
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from portal.access.actor import Actor
from portal.access.roles import Role
from portal.access.rows import TenantOwned
from portal.foundation import clock, ids
from portal.foundation.database import Base, Versioned, by_code_point, enum_type
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
    """A human with one sign-in. The four members below the columns are what Flask-Login asks of it."""

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
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

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
    """A person's place in one tenant. It ends; it is never deleted, because contracts and events refer to it."""

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
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    ended_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(lazy="raise_on_sql")
    tenant: Mapped[Tenant] = relationship(lazy="raise_on_sql")

    @property
    def audit_subject(self) -> tuple[str, str, str]:
        return "member", str(self.id), self.person.name


class UserSession(Base):
    """One sign-in on one device. The cookie's value is known to the device only; here is its hash."""

    __tablename__ = "sessions"
    __table_args__ = (UniqueConstraint("token_hash"), Index("ix_sessions_person_id", "person_id", "ended_at"))

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=ids.uuid7)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    csrf_token: Mapped[str] = mapped_column(String(64))
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    home_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tenants.id"))
    device: Mapped[str]
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
