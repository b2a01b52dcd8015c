"""Every query on imports and their lines."""

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.orm import joinedload, undefer

from portal.access.actor import Actor
from portal.access.rows import Reader, across_tenants, one_or_not_found, owned_by, scoped_to
from portal.foundation import ids
from portal.foundation.database import db
from portal.foundation.paging import Page, page_of
from portal.imports.models import Import, ImportLine, ImportState, LineKind
from portal.tenants.models import Tenant

WORKED_ON = (ImportState.CHECKING, ImportState.APPLYING)
PEOPLE = (joinedload(Import.given_by), joinedload(Import.settled_by))
PORTION = 1000


def add(row: Import) -> Import:
    """`row`, with its ids."""
    db.session.add(row)
    db.session.flush()
    return row


def get(actor: Actor, public_id: str) -> Import:
    """The import of the actor's tenant, with who gave and who settled it. Raises: NotFound."""
    found: Import = one_or_not_found(owned_by(actor, Import).where(Import.public_id == public_id).options(*PEOPLE))
    return found


def lock(tenant_id: uuid.UUID, import_id: uuid.UUID) -> Import:
    """The import as it is now, with the same, kept from changing until the transaction ends. Raises: NotFound."""
    rows = select(Import).where(Import.tenant_id == tenant_id, Import.id == import_id).options(*PEOPLE)
    locked = rows.with_for_update(of=Import).execution_options(populate_existing=True, **scoped_to(tenant_id))
    found: Import = one_or_not_found(locked)
    return found


def in_turn(tenant_id: uuid.UUID | None) -> None:
    """Let imports of this vendor be given and applied one after the other, until the transaction ends."""
    row = select(Tenant.id).where(Tenant.id == tenant_id).with_for_update(key_share=True)
    db.session.execute(row)


def find_open(actor: Actor, sha256: bytes) -> Import | None:
    """What this very person gave already with the same content, and nobody settled yet; or None."""
    rows = owned_by(actor, Import).where(
        Import.state.in_((*WORKED_ON, ImportState.CHECKED)),
        Import.sha256 == sha256,
        Import.given_by_id == actor.person_id,
    )
    return db.session.scalars(rows.order_by(Import.id).limit(1)).first()


def page(actor: Actor, place: str | None) -> Page[Import]:
    """The imports of the actor's tenant, the last given first. Raises: BadPlace."""
    rows = owned_by(actor, Import).options(*PEOPLE)
    return page_of(rows, Import.id, place=place, newest_first=True)


def lines(actor: Actor, row: Import, kind: LineKind | None, place: str | None) -> Page[ImportLine]:
    """What was found about the lines: problems first, then what wants to be read. Raises: BadPlace."""
    rows = owned_by(actor, ImportLine).where(ImportLine.import_id == row.id)
    if kind is not None:
        rows = rows.where(ImportLine.kind == kind)
    return page_of(rows, ImportLine.rank, ImportLine.line, place=place)


def all_lines(actor: Actor, row: Import, kind: LineKind | None) -> Iterator[ImportLine]:
    """The same, all of them, in the order of the file, read in portions."""
    rows = owned_by(actor, ImportLine).where(ImportLine.import_id == row.id)
    if kind is not None:
        rows = rows.where(ImportLine.kind == kind)
    with closing(db.session.scalars(rows.order_by(ImportLine.line).execution_options(yield_per=PORTION))) as found:
        yield from found


def take_due(now: datetime) -> Import | None:
    """The oldest import that waits for a worker, its content loaded, locked; or None."""
    rows = (
        across_tenants(Import, reason=Reader.WORKER)
        .where(Import.state.in_(WORKED_ON), or_(Import.leased_until.is_(None), Import.leased_until <= now))
        .options(undefer(Import.content))
        .order_by(Import.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    return db.session.scalars(rows).first()


def waiting_since(moment: datetime, limit: int) -> Sequence[Import]:
    """Checked imports that were given before this moment and that nobody settled; at most `limit`, locked."""
    rows = across_tenants(Import, reason=Reader.WORKER).where(
        Import.state == ImportState.CHECKED, Import.created_at < moment
    )
    return db.session.scalars(rows.order_by(Import.id).limit(limit).with_for_update(skip_locked=True)).all()


def note_progress(tenant_id: uuid.UUID, import_id: uuid.UUID, done: int, leased_until: datetime) -> None:
    """How far the worker is. That is no change of the import that a form could miss."""
    mine = update(Import).where(Import.tenant_id == tenant_id, Import.id == import_id, Import.state.in_(WORKED_ON))
    db.session.execute(
        mine.values(done=done, leased_until=leased_until).execution_options(synchronize_session=False),
        execution_options=scoped_to(tenant_id),
    )


def replace_lines(row: Import, rows: Iterable[dict[str, Any]]) -> None:
    """Let these be the lines of the import, and no others."""
    forget_lines(row)
    whose = {"tenant_id": row.tenant_id, "import_id": row.id}
    waiting = [line | whose | {"id": ids.uuid7()} for line in rows]
    for start in range(0, len(waiting), PORTION):
        some = waiting[start : start + PORTION]
        db.session.execute(insert(ImportLine), some, execution_options=scoped_to(row.tenant_id))


def forget_lines(row: Import) -> None:
    """Delete what was found about the lines."""
    mine = delete(ImportLine).where(ImportLine.tenant_id == row.tenant_id, ImportLine.import_id == row.id)
    db.session.execute(mine, execution_options=scoped_to(row.tenant_id) | {"synchronize_session": False})


def told(row: Import) -> dict[int, tuple[LineKind, list[dict[str, Any]]]]:
    """What the report says of each line, by the line's number: its kind and its details."""
    rows = select(ImportLine.line, ImportLine.kind, ImportLine.details).where(
        ImportLine.tenant_id == row.tenant_id, ImportLine.import_id == row.id
    )
    found = db.session.execute(rows, execution_options=scoped_to(row.tenant_id))
    return {line: (kind, details) for line, kind, details in found}


def note_accounts(row: Import, account_ids: Mapping[int, str]) -> None:
    """Write into the report which account each line belongs to, by the line's number."""
    rows = select(ImportLine.line, ImportLine.id).where(
        ImportLine.tenant_id == row.tenant_id, ImportLine.import_id == row.id
    )
    found = db.session.execute(rows, execution_options=scoped_to(row.tenant_id)).all()
    noted = [
        {"tenant_id": row.tenant_id, "id": line_id, "account": account_ids[line]}
        for line, line_id in found
        if line in account_ids
    ]
    if noted:
        db.session.execute(update(ImportLine), noted, execution_options=scoped_to(row.tenant_id))


def tenants_of(account_ids: Iterable[str]) -> set[str]:
    """Those of these account ids whose account is there, so that a page may lead to it."""
    rows = across_tenants(Tenant.account_id, reason=Reader.CONSOLE).where(Tenant.account_id.in_(set(account_ids)))
    return set(db.session.scalars(rows))
