"""Every query on what gateway workers report."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased

from portal.foundation.database import db, insert_if_absent
from portal.gateways.models import AppliedVersion, GatewayProbe, GatewayWorker

STAYS = frozenset({"id", "started_at"})
LONGEST_UNHEARD = timedelta(hours=2)  # no worker answers for longer than one without the database


def put_worker(report: dict[str, Any]) -> None:
    """Keep this as the latest report of its worker."""
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    first = insert(GatewayWorker).values(report)
    changed = {name: first.excluded[name] for name in report.keys() - STAYS}
    db.session.execute(first.on_conflict_do_update(index_elements=[GatewayWorker.id], set_=changed))


def put_applied(rows: Iterable[dict[str, Any]]) -> None:
    """Keep when these versions had effect; what was kept before stays as it was."""
    if listed := list(rows):
        insert_if_absent(AppliedVersion.metadata.tables[AppliedVersion.__tablename__], listed)


def seen_since(moment: datetime) -> Sequence[GatewayWorker]:
    """The workers that reported from this moment on, by host, the longest running first."""
    order = (GatewayWorker.host, GatewayWorker.kind, GatewayWorker.started_at, GatewayWorker.id)
    return db.session.scalars(select(GatewayWorker).where(GatewayWorker.seen_at >= moment).order_by(*order)).all()


def first_version_from(moment: datetime) -> int | None:
    """The first version committed at this moment or later that a worker has told of, or None."""
    rows = select(AppliedVersion.version).where(AppliedVersion.changed_at >= moment)
    return db.session.scalar(rows.order_by(AppliedVersion.changed_at, AppliedVersion.version).limit(1))


def effects_of(version: int, at: datetime) -> Sequence[tuple[GatewayWorker, datetime | None]]:
    """The workers that may have answered at this moment, each with when it was as of this version, or None."""
    other = aliased(AppliedVersion)
    of_worker = select(func.min(other.version)).where(other.worker_id == GatewayWorker.id, other.version >= version)
    first = and_(AppliedVersion.worker_id == GatewayWorker.id, AppliedVersion.version == of_worker.scalar_subquery())
    rows = select(GatewayWorker, AppliedVersion.applied_at).outerjoin(AppliedVersion, first)
    there = GatewayWorker.ready_at <= at, GatewayWorker.seen_at >= at - LONGEST_UNHEARD
    found = db.session.execute(rows.where(*there)).all()
    return [(worker, applied_at) for worker, applied_at in found]


def add_probe(probe: GatewayProbe) -> None:
    """Keep what a probe measured."""
    db.session.add(probe)


def last_probe() -> GatewayProbe | None:
    """The latest probe, or None."""
    return db.session.scalar(select(GatewayProbe).order_by(GatewayProbe.probed_at.desc()).limit(1))


def forget(before: datetime) -> int:
    """Delete all reports that are older; how many rows went."""
    columns = (AppliedVersion.changed_at, GatewayWorker.seen_at, GatewayProbe.probed_at)
    gone = 0
    for column in columns:
        old = delete(column.class_).where(column < before)
        gone += db.session.execute(old, execution_options={"synchronize_session": False}).rowcount  # type: ignore[attr-defined]
    return gone
