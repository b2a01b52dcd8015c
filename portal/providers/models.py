"""A tenant's identity provider, whom it names to the portal, its mail domains, and which answers were used."""

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.access.rows import TenantOwned
from portal.accounts.models import Membership, Person
from portal.foundation import clock
from portal.foundation.database import Base, Versioned, enum_type
from portal.foundation.marking import N_
from portal.foundation.outgoing import LONGEST_URL
from portal.foundation.sealed import Sealed
from portal.foundation.sealing import Place
from portal.tenants.models import Tenant

LONGEST_CLIENT_ID = 255
LONGEST_SUBJECT = 255  # OpenID Connect Core 1.0, section 2: ASCII characters
LONGEST_DOMAIN = 253  # RFC 1035, section 2.3.4, without the root's dot


class ProviderMode(StrEnum):
    """Whether members may come in by the provider, or those who are no owners must."""

    OFF = "off"
    OPTIONAL = "optional"
    ENFORCED = "enforced"


MODE_NAMES: dict[ProviderMode, str] = {
    ProviderMode.OFF: N_("off"),
    ProviderMode.OPTIONAL: N_("optional"),
    ProviderMode.ENFORCED: N_("enforced"),
}


class Joining(StrEnum):
    """Who becomes a member by the provider's word alone: nobody, or people of a proven mail domain, as viewers."""

    NOBODY = "nobody"
    DOMAIN = "domain"


JOINING_NAMES: dict[Joining, str] = {
    Joining.NOBODY: N_("nobody"),
    Joining.DOMAIN: N_("people of a proven mail domain"),
}


class IdentityProvider(TenantOwned, Versioned, Base):
    """The OpenID Connect provider of one tenant; it has at most one.

    `asks_second`: the tenant's word that whoever comes from there gave a second factor there.
    """

    __tablename__ = "identity_providers"
    __table_args__ = (UniqueConstraint("tenant_id"),)

    name: Mapped[str]
    issuer: Mapped[str] = mapped_column(String(LONGEST_URL))
    client_id: Mapped[str] = mapped_column(String(LONGEST_CLIENT_ID))
    client_secret: Mapped[str] = mapped_column(Sealed)
    mode: Mapped[ProviderMode] = mapped_column(enum_type(ProviderMode), default=ProviderMode.OFF)
    asks_second: Mapped[bool] = mapped_column(default=False)
    joining: Mapped[Joining] = mapped_column(
        enum_type(Joining), default=Joining.NOBODY, server_default=Joining.NOBODY.value
    )
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    tenant: Mapped[Tenant] = relationship(lazy="raise_on_sql")

    @property
    def is_on(self) -> bool:
        return self.mode is not ProviderMode.OFF

    @property
    def place(self) -> Place:
        return Place("identity_providers", "client_secret", str(self.id), str(self.tenant_id))

    @property
    def audit_subject(self) -> tuple[str, str, str]:
        return "identity_provider", str(self.id), self.name


class ProviderIdentity(TenantOwned, Base):
    """Whom a provider means by `subject`: a member, by their own word. It ends with the membership.

    `label` is what the provider calls them, such as an e-mail address: for people to read, and never looked for.
    """

    __tablename__ = "provider_identities"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "membership_id"], ["memberships.tenant_id", "memberships.id"]),
        UniqueConstraint("tenant_id", "issuer", "subject"),
        UniqueConstraint("tenant_id", "membership_id"),
    )

    membership_id: Mapped[uuid.UUID]
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    issuer: Mapped[str] = mapped_column(String(LONGEST_URL))
    subject: Mapped[str] = mapped_column(String(LONGEST_SUBJECT))
    label: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    membership: Mapped[Membership] = relationship(lazy="raise_on_sql", viewonly=True)
    person: Mapped[Person] = relationship(lazy="raise_on_sql")

    @property
    def audit_subject(self) -> tuple[str, str, str]:
        return "provider_identity", str(self.id), self.label


class MailDomain(TenantOwned, Base):
    """A mail domain that an account names as its people's. It counts once it is proven, and for one account only.

    `name` is in ASCII and lower case. `token` is what the account puts into the domain's DNS. `seen_at` is when it was
    last found there.
    """

    __tablename__ = "mail_domains"
    __table_args__ = (
        UniqueConstraint("tenant_id", "name"),
        Index(
            "uq_mail_domains_proven",
            "name",
            unique=True,
            sqlite_where=text("proven_at IS NOT NULL"),
            postgresql_where=text("proven_at IS NOT NULL"),
        ),
    )

    name: Mapped[str] = mapped_column(String(LONGEST_DOMAIN))
    token: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    looked_at: Mapped[datetime | None]
    proven_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]

    @property
    def audit_subject(self) -> tuple[str, str, str]:
        return "mail_domain", str(self.id), self.name


class UsedState(Base):
    """The `state` of a round trip that came back, as its SHA-256: it never counts again."""

    __tablename__ = "used_states"

    state_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    forgotten_at: Mapped[datetime]
