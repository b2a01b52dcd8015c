"""Reads what decides over calls, across all tenants, for the doors that hold it: all of it, or what changed since."""

import gc
import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from typing import Any, TypeVar

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from portal.access.rows import Reader, across_tenants
from portal.foundation import changes, clock
from portal.foundation.changes import ALL, CALLS, Changed, Gap, Version
from portal.foundation.database import one_moment
from portal.impact.reading import (
    CONTRACTS,
    DELEGATIONS,
    ENTITLEMENTS,
    KEYS,
    PORTION,
    SPACES,
    TENANTS,
    Source,
    grants_of,
    is_remembered,
    services,
)
from portal.keys.models import KeyPair
from portal.projects.models import DataSpace
from portal.verifier.decision import Policy
from portal.verifier.records import GrantsRow
from portal.verifier.tables import Delta, Tables

T = TypeVar("T")
Tell = Callable[[int, int], object]  # how many rows have been read so far, of how many
Rows = dict[str, set[Changed]]  # by kind


@dataclass(frozen=True)
class Loaded:
    """Everything as of this version; None when nothing was ever changed."""

    tables: Tables
    version: Version | None


@dataclass(frozen=True)
class Followed:
    """What brings tables to this version; the first change in it was at `first_at`."""

    delta: Delta
    version: Version | None
    first_at: datetime | None = None


def number(version: Version | None) -> int:
    """The version as tables count it."""
    return 0 if version is None else version[0]


def load(policy: Policy = Policy.REPORT, tell: Tell = lambda _done, _of: None) -> Loaded:
    """Everything that decides over calls, at one moment. Of key pairs those that lapsed or ended long ago are left out.

    tell: called after each some thousand rows.
    """
    with _much_to_keep(), one_moment() as session:
        tables, version, done = Tables(policy), changes.version_in(session, CALLS), 0
        all_of_it = _count(session)
        for part, count in _parts(session):
            tables.apply(part, 0)
            done += count
            tell(done, all_of_it)
        tables.apply(Delta(services=services(session)), number(version))
    return Loaded(tables, version)


def delta(tables: Tables, since: Version | None) -> Followed | Gap:
    """What brings `tables`, which are as of this version, to the present. A gap: they are to be loaded anew."""
    with one_moment() as session:
        news = changes.since(session, since)
        if isinstance(news, Gap) or any(row.tenant_id == ALL for row in news.rows):
            return Gap()
        if not news.rows:
            return Followed(Delta(), news.version)
        rows: Rows = defaultdict(set)
        for row in news.rows:
            rows[row.kind].add(row)
        found = _read_again(session, tables, rows)
        return Gap() if found is None else Followed(found, news.version, news.first_at)


@contextmanager
def _much_to_keep() -> Iterator[None]:
    """Inside, nobody looks for garbage in cycles: of what is read, nothing is, and looking takes half of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _count(session: Session) -> int:
    whole = sum(source.count(session) for source in (TENANTS, CONTRACTS, ENTITLEMENTS, DELEGATIONS, SPACES))
    return whole + KEYS.count(session, is_remembered(clock.now()))


def _parts(session: Session) -> Iterator[tuple[Delta, int]]:
    """All rows, each after those that it names, with how many rows of tables each part was."""
    for tenants in TENANTS.portions(session):
        yield Delta(tenants=tenants), len(tenants)
    for contracts in CONTRACTS.portions(session):
        yield Delta(contracts=contracts), len(contracts)
    # Read across the bounds of portions: what a tenant is entitled to always comes whole.
    for grants in _batches(grants_of(chain.from_iterable(ENTITLEMENTS.portions(session)))):
        yield Delta(grants=grants), sum(len(row.grants) for row in grants)
    for delegations in DELEGATIONS.portions(session):
        yield Delta(delegations=delegations), len(delegations)
    for keys in KEYS.portions(session, is_remembered(clock.now())):
        yield Delta(keys=keys), len(keys)
    for spaces in SPACES.portions(session):
        yield Delta(spaces=spaces), len(spaces)


def _batches(rows: Iterator[T]) -> Iterator[list[T]]:
    while some := list(islice(rows, PORTION)):
        yield some


def _read_again(session: Session, tables: Tables, rows: Rows) -> Delta | None:
    """These rows as they are now; None where one of them is gone, which happens to none of these by an operation."""
    keys = _again(session, KEYS, rows["key_pairs"], is_remembered(clock.now()))
    spaces = _again(session, SPACES, rows["data_spaces"])
    api_keys = _handles(session, KeyPair.api_key, rows["key_pairs"])
    space_ids = _handles(session, DataSpace.public_id, rows["data_spaces"])
    if api_keys is None or space_ids is None:
        return None
    codes = services(session)
    gone_keys = api_keys | _of_whole(tables.keys, rows["key_pairs"])
    gone_spaces = space_ids | _of_whole(tables.spaces, rows["data_spaces"])
    return Delta(
        tenants=_again(session, TENANTS, rows["tenants"]),
        contracts=_again(session, CONTRACTS, rows["contracts"]),
        grants=_grants_again(session, rows["entitlements"]),
        delegations=_again(session, DELEGATIONS, rows["delegations"]),
        keys=keys,
        spaces=spaces,
        gone_keys=sorted((gone_keys - {row.api_key for row in keys}) & tables.keys.keys()),
        gone_spaces=sorted((gone_spaces - {row.public_id for row in spaces}) & tables.spaces.keys()),
        services=None if codes == tables.services else codes,
    )


def _again(session: Session, source: Source, rows: Collection[Changed], *only: ColumnElement[bool]) -> list[Any]:
    return [
        row
        for these in _conditions(source.model, rows)
        for portion in source.portions(session, *these, *only)
        for row in portion
    ]


def _grants_again(session: Session, rows: Collection[Changed]) -> list[GrantsRow]:
    whole = {Changed(row.kind, row.tenant_id, ALL) for row in rows}
    found = {row.tenant_id: row for row in grants_of(_again(session, ENTITLEMENTS, whole))}
    return [found.get(row.tenant_id) or GrantsRow(row.tenant_id, ()) for row in sorted(whole)]


def _handles(session: Session, handle: Any, rows: Collection[Changed]) -> set[str] | None:
    """What these rows are called outside, whatever their state; None where a row is not there."""
    model, wanted = handle.class_, _single(rows)
    found: dict[uuid.UUID, str] = {}
    for these in _conditions(model, rows):
        read = across_tenants(model.id, handle, reason=Reader.SNAPSHOT).where(*these)
        found.update((row.id, row[1]) for row in session.execute(read))
    return set(found.values()) if wanted <= found.keys() else None


def _of_whole(held: Any, rows: Collection[Changed]) -> set[str]:
    """What is held of the tenants of which everything is read again."""
    whole = _whole(rows)
    return {name for name, record in held.items() if record.owner.id in whole} if whole else set()


def _conditions(model: Any, rows: Collection[Changed]) -> Iterator[tuple[ColumnElement[bool], ...]]:
    """Where these rows of a table are: those of whole tenants first, then each one by its id."""
    tenant_id = model.__mapper__.primary_key[0]  # of a tenant its id
    for tenants in _batches(iter(sorted(_whole(rows)))):
        yield (tenant_id.in_(tenants),)
    whole = _whole(rows)
    for some in _batches(iter(sorted(row for row in rows if row.tenant_id not in whole))):
        yield tenant_id.in_({row.tenant_id for row in some}), model.id.in_([row.row_id for row in some])


def _whole(rows: Iterable[Changed]) -> set[uuid.UUID]:
    return {row.tenant_id for row in rows if row.row_id == ALL}


def _single(rows: Collection[Changed]) -> set[uuid.UUID]:
    whole = _whole(rows)
    return {row.row_id for row in rows if row.tenant_id not in whole}
