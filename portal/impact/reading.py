"""What doors hold of each table, as the verifier's rows: raw columns and no objects, since there are many."""

import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from sys import intern
from typing import Any

from sqlalchemy import ColumnElement, Select, String, func, or_, select, tuple_, type_coerce
from sqlalchemy.orm import Session

from portal.access.rows import Reader, across_tenants
from portal.contracts.models import Contract, Service
from portal.delegations.models import Delegation, DelegationProject
from portal.entitlements.models import Entitlement
from portal.keys.models import KeyPair, KeyState
from portal.projects.models import DataSpace
from portal.tenants.models import Tenant
from portal.verifier.records import (
    ContractRow,
    DelegationRow,
    GrantRow,
    GrantsRow,
    KeyRow,
    Moment,
    SpaceRow,
    TenantRow,
)

PORTION = 5000
# A call with a key that ended before that is a stranger's.
REMEMBERED = timedelta(days=400)


def _text(column: Any) -> Any:
    """The column as it is stored, without making an enum's member of it."""
    return type_coerce(column, String)


def _moment(moment: datetime | None) -> Moment | None:
    return None if moment is None else moment.timestamp()


@dataclass(frozen=True)
class Source:
    """A table: the columns that are read of it, those of its primary key first, and the rows that become of them."""

    model: Any
    rows: Select[Any]
    make: Callable[[Session, Sequence[Any]], list[Any]]

    @property
    def key(self) -> tuple[Any, ...]:
        return tuple(self.model.__mapper__.primary_key)

    def count(self, session: Session, *only: ColumnElement[bool]) -> int:
        """How many rows it has of these."""
        rows = across_tenants(func.count(), reason=Reader.SNAPSHOT).select_from(self.model).where(*only)
        return session.scalars(rows).one()

    def portions(self, session: Session, *only: ColumnElement[bool]) -> Iterator[list[Any]]:
        """What becomes of all of these rows, in the order of their keys, some thousand at a time."""
        rows, after = self.rows.where(*only).order_by(*self.key).limit(PORTION), None
        while True:
            some = session.execute(rows if after is None else rows.where(tuple_(*self.key) > tuple_(*after))).all()
            if some:
                yield self.make(session, some)
            if len(some) < PORTION:
                return
            after = some[-1][: len(self.key)]


def _tenants(_session: Session, rows: Sequence[Any]) -> list[TenantRow]:
    return [TenantRow(tenant_id, account_id, name, intern(standing)) for tenant_id, account_id, name, standing in rows]


def _contracts(_session: Session, rows: Sequence[Any]) -> list[ContractRow]:
    return [
        ContractRow(contract_id, starts_at.timestamp(), ends_at.timestamp(), _moment(ended_at))
        for _tenant_id, contract_id, starts_at, ends_at, ended_at in rows
    ]


def _delegations(session: Session, rows: Sequence[Any]) -> list[DelegationRow]:
    of_some = {(row.tenant_id, row.id) for row in rows if not row.all_projects}
    projects = _projects_of(session, of_some)
    return [
        DelegationRow(
            row.id,
            row.public_id,
            intern(row.state),
            row.ends_at.timestamp(),
            _words(row.environments),
            _words(row.rights),
            None if row.all_projects else projects.get(row.id, ()),
        )
        for row in rows
    ]


def _words(stored: str) -> tuple[str, ...]:
    return tuple(intern(word) for word in stored.split(",") if word)


def _projects_of(
    session: Session, delegations: Collection[tuple[uuid.UUID, uuid.UUID]]
) -> dict[uuid.UUID, tuple[uuid.UUID, ...]]:
    if not delegations:
        return {}
    columns = DelegationProject.delegation_id, DelegationProject.project_id
    rows = across_tenants(*columns, reason=Reader.SNAPSHOT).where(
        DelegationProject.tenant_id.in_({tenant_id for tenant_id, _id in delegations}),
        DelegationProject.delegation_id.in_({each for _tenant_id, each in delegations}),
    )
    found = session.execute(rows.order_by(*columns)).all()
    return {each: tuple(row.project_id for row in group) for each, group in groupby(found, itemgetter(0))}


def _keys(_session: Session, rows: Sequence[Any]) -> list[KeyRow]:
    return [
        KeyRow(
            row.api_key,
            row.id,
            row.tenant_id,
            row.holder_id,
            row.contract_id,
            row.delegation_id,
            intern(row.environment),
            intern(row.state),
            _moment(row.expires_at),
            _moment(row.retiring_until),
            None if row.ending is None else intern(row.ending),
            bytes(row.spki),
        )
        for row in rows
    ]


def _spaces(_session: Session, rows: Sequence[Any]) -> list[SpaceRow]:
    projects: dict[uuid.UUID, uuid.UUID] = {}  # one object for the spaces of a project, which lie together
    return [
        SpaceRow(
            row.public_id,
            row.tenant_id,
            projects.setdefault(row.project_id, row.project_id),
            intern(row.environment),
            row.serves_both_sides,
        )
        for row in rows
    ]


def _entitlements(_session: Session, rows: Sequence[Any]) -> list[tuple[uuid.UUID, GrantRow]]:
    return [
        (
            row.tenant_id,
            GrantRow(
                intern(row.service_code),
                row.contract_id,
                row.starts_at.timestamp(),
                row.ends_at.timestamp(),
                _moment(row.ended_at),
                row.suspended_at is not None,
            ),
        )
        for row in rows
    ]


def grants_of(rows: Iterable[tuple[uuid.UUID, GrantRow]]) -> Iterator[GrantsRow]:
    """All that each tenant is entitled to, of what `ENTITLEMENTS` reads, whose tenants lie together."""
    for tenant_id, group in groupby(rows, itemgetter(0)):
        yield GrantsRow(tenant_id, tuple(grant for _tenant_id, grant in group))


def _read(*columns: Any) -> Select[Any]:
    return across_tenants(*columns, reason=Reader.SNAPSHOT)


TENANTS = Source(Tenant, _read(Tenant.id, Tenant.account_id, Tenant.name, _text(Tenant.standing)), _tenants)
CONTRACTS = Source(
    Contract,
    _read(Contract.tenant_id, Contract.id, Contract.starts_at, Contract.ends_at, Contract.ended_at),
    _contracts,
)
ENTITLEMENTS = Source(
    Entitlement,
    _read(
        Entitlement.tenant_id,
        Entitlement.id,
        Entitlement.service_code,
        Entitlement.contract_id,
        Entitlement.starts_at,
        Entitlement.ends_at,
        Entitlement.ended_at,
        Entitlement.suspended_at,
    ),
    _entitlements,
)
DELEGATIONS = Source(
    Delegation,
    _read(
        Delegation.tenant_id,
        Delegation.id,
        Delegation.public_id,
        _text(Delegation.state).label("state"),
        Delegation.ends_at,
        _text(Delegation.environments).label("environments"),
        _text(Delegation.rights).label("rights"),
        Delegation.all_projects,
    ),
    _delegations,
)
KEYS = Source(
    KeyPair,
    _read(
        KeyPair.tenant_id,
        KeyPair.id,
        KeyPair.api_key,
        KeyPair.holder_id,
        KeyPair.contract_id,
        KeyPair.delegation_id,
        _text(KeyPair.environment).label("environment"),
        _text(KeyPair.state).label("state"),
        KeyPair.expires_at,
        KeyPair.retiring_until,
        _text(KeyPair.ending).label("ending"),
        KeyPair.spki,
    ),
    _keys,
)
SPACES = Source(
    DataSpace,
    _read(
        DataSpace.tenant_id,
        DataSpace.id,
        DataSpace.public_id,
        DataSpace.project_id,
        _text(DataSpace.environment).label("environment"),
        DataSpace.serves_both_sides,
    ),
    _spaces,
)


def is_remembered(at: datetime) -> ColumnElement[bool]:
    """Of key pairs: whether a door knows it at this moment."""
    since, ended_at = at - REMEMBERED, func.coalesce(KeyPair.retired_at, KeyPair.revoked_at)
    is_over = KeyPair.state.in_((KeyState.RETIRED, KeyState.REVOKED, KeyState.COMPROMISED))
    recent = or_(KeyPair.expires_at.is_(None), KeyPair.expires_at >= since)
    return (KeyPair.state != KeyState.LAPSED) & recent & or_(~is_over, ended_at.is_(None), ended_at >= since)


def services(session: Session) -> frozenset[str]:
    """All codes of the catalogue."""
    return frozenset(intern(code) for code in session.scalars(select(Service.code)))
