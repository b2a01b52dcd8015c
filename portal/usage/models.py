"""Uses of keys by day, the clients that made them, and which installation each client was taken for."""

import uuid
from datetime import date, datetime

from sqlalchemy import BigInteger, ColumnElement, ForeignKeyConstraint, Index, Select, String, or_, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.access.actor import Reach
from portal.foundation.database import Base
from portal.keys.models import Held, KeyPair
from portal.projects.models import DataSpace, Installation


class UseClient(Held, Base):
    """A client as its calls described it. Its id is made of all that stands here, so that two processes agree on it."""

    __tablename__ = "use_clients"
    __table_args__ = (Index("ix_use_clients_holder", "holder_id", "tenant_id"),)

    edition: Mapped[str | None] = mapped_column(String(64))
    version: Mapped[str | None] = mapped_column(String(64))
    words: Mapped[str]
    network: Mapped[str] = mapped_column(String(64))
    cloud_id: Mapped[str | None] = mapped_column(String(128))
    identity: Mapped[str] = mapped_column(String(160))


class KeyUse(Held, Base):
    """How often one client used one key in one data space on one day (UTC); no data space where the call named none.

    Calls that listed the account's projects are counted apart. `holder_id` and `environment` are the key pair's. The id
    is made of key, data space, client, day and `listed`.
    """

    __tablename__ = "key_uses"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "key_pair_id"], ["key_pairs.tenant_id", "key_pairs.id"]),
        ForeignKeyConstraint(["tenant_id", "data_space_id"], ["data_spaces.tenant_id", "data_spaces.id"]),
        ForeignKeyConstraint(["tenant_id", "client_id"], ["use_clients.tenant_id", "use_clients.id"]),
        Index("ix_key_uses_key", "tenant_id", "key_pair_id", "last_at"),
        Index("ix_key_uses_space", "tenant_id", "data_space_id", "day"),
        Index("ix_key_uses_holder", "holder_id", "tenant_id"),
        # For forgetting: the oldest, and whether anything refers to a client.
        Index("ix_key_uses_day", "day"),
        Index("ix_key_uses_client", "tenant_id", "client_id"),
    )

    key_pair_id: Mapped[uuid.UUID]
    data_space_id: Mapped[uuid.UUID | None]
    client_id: Mapped[uuid.UUID]
    day: Mapped[date]
    listed: Mapped[bool]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    count: Mapped[int] = mapped_column(BigInteger)

    @classmethod
    def within(cls, reach: Reach) -> list[ColumnElement[bool]]:
        conditions = super().within(reach)
        if reach.project_ids is not None:
            conditions.append(or_(cls.data_space_id.is_(None), cls.data_space_id.in_(_spaces_of(cls, reach))))
        return conditions


class UseReport(Base):
    """A report of uses that were counted elsewhere and are counted here, by the id that it was given there."""

    __tablename__ = "use_reports"
    __table_args__ = (Index("ix_use_reports_received_at", "received_at"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    received_at: Mapped[datetime]


class Sighting(Held, Base):
    """Calls with one key in one data space that show one identity, and the installation they are taken to come from.

    Merging two installations lets the sightings of one point at the other, and what comes later follows. The id is
    made of key, data space and identity.
    """

    __tablename__ = "sightings"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "key_pair_id"], ["key_pairs.tenant_id", "key_pairs.id"]),
        ForeignKeyConstraint(["tenant_id", "data_space_id"], ["data_spaces.tenant_id", "data_spaces.id"]),
        ForeignKeyConstraint(["tenant_id", "installation_id"], ["installations.tenant_id", "installations.id"]),
        Index("ix_sightings_installation", "tenant_id", "installation_id", "last_at"),
        Index("ix_sightings_space", "tenant_id", "data_space_id"),
        Index("ix_sightings_key", "tenant_id", "key_pair_id", "last_at"),
        Index("ix_sightings_holder", "holder_id", "tenant_id"),
    )

    key_pair_id: Mapped[uuid.UUID]
    data_space_id: Mapped[uuid.UUID]
    installation_id: Mapped[uuid.UUID]
    identity: Mapped[str] = mapped_column(String(160))
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]

    key_pair: Mapped[KeyPair] = relationship(lazy="raise", viewonly=True)
    installation: Mapped[Installation] = relationship(lazy="raise", viewonly=True)

    @classmethod
    def within(cls, reach: Reach) -> list[ColumnElement[bool]]:
        conditions = super().within(reach)
        if reach.project_ids is not None:
            conditions.append(cls.data_space_id.in_(_spaces_of(cls, reach)))
        return conditions


def _spaces_of(cls: type[KeyUse] | type[Sighting], reach: Reach) -> Select[uuid.UUID]:
    reached = select(DataSpace.id).where(DataSpace.tenant_id == cls.tenant_id)
    return reached.where(*DataSpace.within(Reach(project_ids=reach.project_ids))).correlate(cls)
