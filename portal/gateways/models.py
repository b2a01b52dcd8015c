"""What the gateway's workers report, and what a probe measured from outside. Nobody's tables: no tenant is in them."""

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.foundation.database import Base, enum_type
from portal.foundation.ids import uuid7


class WorkerKind(StrEnum):
    """Whether a worker serves pages, too."""

    APP = "app"
    GATEWAY = "gateway"


class WorkerState(StrEnum):
    """Whether a worker answered from memory when it reported last."""

    LOADING = "loading"
    READY = "ready"
    CUT_OFF = "cut_off"


class GatewayWorker(Base):
    """One process that answers whether calls may pass, by its own latest report.

    `ready_at`: since when it has answered. `fresh_at`: when all that it knew was as the database had it. The lags are
    of its last `changes` changes, from the commit to the effect; `cut_off_seconds` is how long it goes on unheard of.
    """

    __tablename__ = "gateway_workers"
    __table_args__ = (Index("ix_gateway_workers_seen_at", "seen_at"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    host: Mapped[str]
    kind: Mapped[WorkerKind] = mapped_column(enum_type(WorkerKind))
    state: Mapped[WorkerState] = mapped_column(enum_type(WorkerState))
    started_at: Mapped[datetime]
    ready_at: Mapped[datetime | None]
    seen_at: Mapped[datetime]
    fresh_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(BigInteger)
    keys: Mapped[int]
    poll_ms: Mapped[int]
    is_listening: Mapped[bool]
    cut_off_seconds: Mapped[int]
    changes: Mapped[int]
    p50_ms: Mapped[int | None]
    p99_ms: Mapped[int | None]
    max_ms: Mapped[int | None]


class AppliedVersion(Base):
    """When a worker was as of this version of what decides over calls, committed at `changed_at`.

    A worker that was behind skips versions: it has a row for the one that it went to. Nothing refers to these rows, and
    they to nothing, for all of them are forgotten after a while.
    """

    __tablename__ = "gateway_applied"
    __table_args__ = (Index("ix_gateway_applied_changed_at", "changed_at"),)

    worker_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    changed_at: Mapped[datetime]
    applied_at: Mapped[datetime]


class GatewayProbe(Base):
    """What a probe measured at `address`: how long after a revocation the last worker refused, over all rounds."""

    __tablename__ = "gateway_probes"
    __table_args__ = (Index("ix_gateway_probes_probed_at", "probed_at"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid7)
    probed_at: Mapped[datetime]
    address: Mapped[str]
    workers: Mapped[int]
    rounds: Mapped[int]
    p50_ms: Mapped[int]
    p99_ms: Mapped[int]
    max_ms: Mapped[int]
    within_ms: Mapped[int]
