"""What is asked and written while uses are recorded and installations discovered, mostly over all tenants."""

import uuid
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    String,
    Table,
    case,
    delete,
    or_,
    select,
    type_coerce,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased, contains_eager

from portal.access.actor import Actor
from portal.access.roles import Environment, Right
from portal.access.rows import Reader, across_tenants, one_or_not_found, owned_by, scoped_to
from portal.audit.events import Event
from portal.audit.models import AuditEvent
from portal.delegations.models import Delegation, DelegationProject, DelegationState
from portal.foundation.database import Base, db
from portal.keys.models import KeyPair
from portal.projects.models import DataSpace, Installation
from portal.usage.buffer import Use
from portal.usage.models import KeyUse, Sighting, UseClient, UseReport

PORTION = 1000  # rows of one statement: SQLite takes 32,766 values, PostgreSQL 65,535
BY_WORKER = {"scope": Reader.WORKER}


def keys_of(uses: Iterable[Use]) -> Iterator[Row[tuple[uuid.UUID, uuid.UUID, uuid.UUID, Environment]]]:
    """Tenant, id, holder and environment of the key pairs of these uses; those that are not there are left out."""
    columns = (KeyPair.tenant_id, KeyPair.id, KeyPair.holder_id, KeyPair.environment)
    wanted = {(use.tenant_id, use.key_pair_id) for use in uses}
    for some in _portions(wanted):
        # By their ids, which are unguessable and unique; who they belong to is compared by the caller.
        rows = across_tenants(*columns, reason=Reader.WORKER).where(KeyPair.tenant_id.in_({one for one, _id in some}))
        yield from db.session.execute(rows.where(KeyPair.id.in_({one for _tenant, one in some})))


def spaces_of(uses: Iterable[Use]) -> Iterator[Row[tuple[uuid.UUID, str, uuid.UUID]]]:
    """Tenant, public id and id of the data spaces of these uses; those that are not there are left out."""
    wanted = {(use.tenant_id, use.data_space) for use in uses if use.data_space is not None}
    columns = (DataSpace.tenant_id, DataSpace.public_id, DataSpace.id)
    for some in _portions(wanted):
        rows = across_tenants(*columns, reason=Reader.WORKER)
        yield from db.session.execute(rows.where(DataSpace.public_id.in_({public_id for _tenant, public_id in some})))


def insert_clients(rows: Sequence[dict[str, Any]]) -> None:
    """Insert these clients, unless they are there."""
    for some in _portions(rows):
        insert = _insert(_table(UseClient)).values(some).on_conflict_do_nothing()
        db.session.execute(insert, execution_options=BY_WORKER)


def add_uses(rows: Sequence[dict[str, Any]]) -> None:
    """Insert these uses, or add them to those that are there."""
    for some in _portions(rows):
        insert = _insert(_table(KeyUse)).values(some)
        kept, new = _table(KeyUse).c, insert.excluded
        together = _wider(kept, new) | {"count": kept["count"] + new["count"]}
        upsert = insert.on_conflict_do_update(index_elements=["tenant_id", "id"], set_=together)
        db.session.execute(upsert, execution_options=BY_WORKER)


def put_sightings(rows: Sequence[dict[str, Any]]) -> None:
    """Insert these sightings, or stretch those that are there and point them at the installation given now."""
    for some in _portions(rows):
        insert = _insert(_table(Sighting)).values(some)
        kept, new = _table(Sighting).c, insert.excluded
        together = _wider(kept, new) | {"installation_id": new["installation_id"]}
        upsert = insert.on_conflict_do_update(index_elements=["tenant_id", "id"], set_=together)
        db.session.execute(upsert, execution_options=BY_WORKER)


def put_report(report_id: uuid.UUID, at: datetime) -> bool:
    """Note that this report came; whether it is the first time. A second one waits until the first is committed."""
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    row = insert(UseReport).values(id=report_id, received_at=at).on_conflict_do_nothing()
    return db.session.scalar(row.returning(UseReport.id)) is not None


def forget_reports(before: datetime) -> int:
    """Delete the reports that came before; how many."""
    gone = delete(UseReport).where(UseReport.received_at < before).returning(UseReport.id)
    return len(db.session.scalars(gone, execution_options={"synchronize_session": False}).all())


def forget_uses(before: date) -> int:
    """Delete a portion of the uses before this day, and the clients that only they refer to; how many uses.

    The last use of each key pair stays, with and without listing.
    """
    later = aliased(KeyUse)
    is_followed = (
        select(later.id)
        .where(
            later.tenant_id == KeyUse.tenant_id,
            later.key_pair_id == KeyUse.key_pair_id,
            later.listed == KeyUse.listed,
            later.last_at > KeyUse.last_at,
        )
        .exists()
    )
    old = select(KeyUse.id).where(KeyUse.day < before, is_followed).limit(PORTION)
    gone = delete(KeyUse).where(KeyUse.id.in_(old)).returning(KeyUse.client_id)
    options = BY_WORKER | {"synchronize_session": False}
    client_ids = list(db.session.scalars(gone, execution_options=options))
    _forget_clients(set(client_ids))
    return len(client_ids)


def _forget_clients(client_ids: Collection[uuid.UUID]) -> None:
    is_used = (
        select(KeyUse.id).where(KeyUse.tenant_id == UseClient.tenant_id, KeyUse.client_id == UseClient.id).exists()
    )
    unused = [UseClient.id.in_(client_ids), ~is_used]
    # Locked first, and looked at again: nobody refers to one while it goes.
    locked = across_tenants(UseClient.id, reason=Reader.WORKER).where(*unused).order_by(UseClient.id)
    db.session.execute(locked.with_for_update(of=UseClient)).all()
    options = BY_WORKER | {"synchronize_session": False}
    db.session.execute(delete(UseClient).where(*unused), execution_options=options)


def _wider(kept: Any, new: Any) -> dict[str, ColumnElement[datetime]]:
    # Neither database has the other's function for the larger of two.
    return {
        "first_at": case((new["first_at"] < kept["first_at"], new["first_at"]), else_=kept["first_at"]),
        "last_at": case((new["last_at"] > kept["last_at"], new["last_at"]), else_=kept["last_at"]),
    }


def _table(model: type[Base]) -> Table:
    return Base.metadata.tables[model.__tablename__]


def _insert(table: Table) -> Any:
    return (postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert)(table)


def _portions(rows: Iterable[Any]) -> Iterator[list[Any]]:
    left = iter(rows)
    while some := list(islice(left, PORTION)):
        yield some


def lock_spaces(wanted: Collection[tuple[uuid.UUID, uuid.UUID]]) -> Sequence[DataSpace]:
    """The data spaces with these (tenant, id), with their projects, kept from changing until the transaction ends.

    One order for all, so that two writers never wait for each other; whoever attaches an installation by hand waits,
    whoever only refers to a data space, as each count of a use does, never.
    """
    rows = (
        across_tenants(DataSpace, reason=Reader.WORKER)
        .join(DataSpace.project)
        .options(contains_eager(DataSpace.project))
        .where(DataSpace.tenant_id.in_({tenant for tenant, _id in wanted}))
        .where(DataSpace.id.in_({space for _tenant, space in wanted}))
        .order_by(DataSpace.tenant_id, DataSpace.id)
        .with_for_update(of=DataSpace, key_share=True)
        .execution_options(populate_existing=True)
    )
    return db.session.scalars(rows).all()


def attached_on(spaces: Collection[DataSpace]) -> Sequence[Installation]:
    """Primary installations and claims of these data spaces, oldest first."""
    rows = (
        across_tenants(Installation, reason=Reader.WORKER)
        .where(
            Installation.tenant_id.in_({space.tenant_id for space in spaces}),
            Installation.data_space_id.in_({space.id for space in spaces}),
            Installation.detached_at.is_(None),
        )
        .order_by(Installation.id)
        .execution_options(populate_existing=True)
    )
    return db.session.scalars(rows).all()


def sightings_on(spaces: Collection[DataSpace]) -> Sequence[tuple[uuid.UUID, Environment, str, Installation]]:
    """Data space, environment, identity and installation of what was seen there before, the latest last."""
    columns = (Sighting.data_space_id, Sighting.environment, Sighting.identity, Installation)
    rows = (
        across_tenants(*columns, reason=Reader.WORKER)
        .join(Sighting.installation)
        .where(
            Sighting.tenant_id.in_({space.tenant_id for space in spaces}),
            Sighting.data_space_id.in_({space.id for space in spaces}),
        )
        .order_by(Sighting.last_at)
    )
    found: Sequence[Any] = db.session.execute(rows).all()
    return found


def was_told_since(space: DataSpace, event: Event, since: datetime) -> bool:
    """Whether this event about an installation of the data space stands in the record since then."""
    of_space = select(Installation.public_id).where(
        Installation.tenant_id == space.tenant_id, Installation.data_space_id == space.id
    )
    rows = select(AuditEvent.seq).where(
        AuditEvent.tenant_id == space.tenant_id,
        AuditEvent.subject_id.in_(of_space),
        AuditEvent.event == event.value,
        AuditEvent.at >= since,
    )
    return db.session.scalar(rows.limit(1), execution_options=scoped_to(space.tenant_id)) is not None


def note_seen(installation: Installation, **values: Any) -> None:
    """Write telemetry onto the row, without counting it as a change: no form has missed anything."""
    row = update(Installation).where(
        Installation.tenant_id == installation.tenant_id, Installation.id == installation.id
    )
    options = scoped_to(installation.tenant_id) | {"synchronize_session": "evaluate"}
    db.session.execute(row.values(**values), execution_options=options)


def add(installation: Installation) -> Installation:
    """`installation`, with its ids."""
    db.session.add(installation)
    db.session.flush()
    return installation


def integrators_at(space: DataSpace, at: datetime) -> Sequence[uuid.UUID]:
    """The integrators whose running delegation reaches the data space."""
    found = db.session.scalars(_reaching(space, at), execution_options=scoped_to(space.tenant_id))
    return [integrator_id for integrator_id in found if integrator_id is not None]


def rights_at(space: DataSpace, at: datetime) -> Sequence[tuple[uuid.UUID, frozenset[Right]]]:
    """Those integrators, each with the rights that its delegation gives."""
    rows = _reaching(space, at).add_columns(Delegation.rights)
    found = db.session.execute(rows, execution_options=scoped_to(space.tenant_id))
    return [(integrator_id, rights) for integrator_id, rights in found if integrator_id is not None]


def _reaching(space: DataSpace, at: datetime) -> Select[Any]:
    reached = select(DelegationProject.id).where(
        DelegationProject.tenant_id == Delegation.tenant_id,
        DelegationProject.delegation_id == Delegation.id,
        DelegationProject.project_id == space.project_id,
    )
    rows = select(Delegation.integrator_id).where(
        Delegation.tenant_id == space.tenant_id,
        Delegation.state == DelegationState.ACTIVE,
        Delegation.ends_at > at,
        or_(Delegation.all_projects, reached.exists()),
    )
    if not space.serves_both_sides:
        # Stored as words joined by commas, and no word is part of another.
        rows = rows.where(type_coerce(Delegation.environments, String).contains(space.environment.value))
    return rows


def lock_space(actor: Actor, space_id: uuid.UUID) -> None:
    """Keep the data space, and so what is discovered on it, from changing until the transaction ends."""
    rows = owned_by(actor, DataSpace).where(DataSpace.id == space_id)
    one_or_not_found(rows.with_for_update(of=DataSpace, key_share=True))


def repoint(source: Installation, target: Installation) -> None:
    """Let the sightings of `source` be those of `target`."""
    rows = update(Sighting).where(Sighting.tenant_id == source.tenant_id, Sighting.installation_id == source.id)
    db.session.execute(rows.values(installation_id=target.id), execution_options=scoped_to(source.tenant_id))
