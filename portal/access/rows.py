"""Whose rows: said once. Every read of tenant data starts at `owned_by`, or says aloud that it crosses tenants."""

import uuid
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple, TypeVar, cast

from sqlalchemy import (
    ClauseElement,
    ColumnElement,
    ForeignKey,
    Select,
    Table,
    TextClause,
    event,
    insert,
    inspect,
    select,
)
from sqlalchemy.orm import Mapped, ORMExecuteState, Session, mapped_column
from sqlalchemy.sql.visitors import iterate

from portal.access.actor import Actor, Reach
from portal.foundation import ids
from portal.foundation.changes import HELD_BY
from portal.foundation.database import Base, db
from portal.foundation.errors import NotFound

SCOPE = "scope"
PORTION = 1000


class UnscopedRead(RuntimeError):
    """A statement touches a tenant's table and does not say whose rows it means. This is a bug, not a refusal."""


class TenantMoved(RuntimeError):
    """Somebody assigned another tenant to an existing row. This is a bug, not a refusal."""


class Reader(StrEnum):
    """The few who may read across tenants, each by name (design 6)."""

    SIGN_IN = "sign-in and choosing the tenant"
    CODE_LOOK_UP = "a code or a key's fingerprint that proves itself"
    CONSOLE = "vendor console"
    WORKER = "worker"
    NOTICE = "addressing a notice to the other party"
    HAND_OFF = "envelope keys of an integrator, for its client"
    UPKEEP = "maintenance on the command line"
    SNAPSHOT = "snapshot loader"
    WRITER = "writing new rows of many tenants at once"


class ShownWith(NamedTuple):
    """A row of another table by which its other party may read a row of this one, of the same owner.

    `there` is the column of that table that holds what this one's column `here` does.
    """

    table: str
    there: str
    here: str


class TenantScoped:
    """A table whose rows belong to tenants, by a column `tenant_id`; it is never read without a scope.

    The primary key begins with the column that says whose row it is. `other_party` names the column of a table with two
    parties, whose other party may read the row too; `shown_with` says with which of those a row of this one is shown.
    """

    other_party: ClassVar[str | None] = None
    shown_with: ClassVar[ShownWith | None] = None

    @classmethod
    def within(cls, reach: Reach) -> list[ColumnElement[bool]]:
        """The conditions that a reach puts on this table; none when the table knows neither side nor project."""
        return []


class TenantOwned(TenantScoped):
    """A row of one tenant. Its key begins with `tenant_id`, so that rows can only refer to rows of their own tenant."""

    tenant_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tenants.id"), primary_key=True, sort_order=-20)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=ids.uuid7, sort_order=-10)


M = TypeVar("M", bound=TenantScoped)


def owned_by(actor: Actor, model: type[M]) -> Select[M]:
    """Where every read of tenant data starts: a row outside the actor's tenant and reach does not exist."""
    rows = select(model).where(_tenant_column(model) == actor.tenant_id, *model.within(actor.reach))
    return rows.execution_options(**{SCOPE: actor.tenant_id})


def _tenant_column(model: type[TenantScoped]) -> Any:
    return model.__mapper__.columns["tenant_id"]  # type: ignore[attr-defined]


def received_by(actor: Actor, model: type[M]) -> Select[M]:
    """The rows of a table with two parties in which the actor's own tenant is the other party."""
    if model.other_party is None:
        raise TypeError(f"{model.__name__} has one party only")
    rows = select(model).where(getattr(model, model.other_party) == actor.home_id)
    return rows.execution_options(**{SCOPE: actor.home_id})


def across_tenants(*entities: Any, reason: Reader) -> Select[Any]:
    """A read across tenants, by one of the few who may. Vendor staff's reads of this kind are guarded at the door."""
    return select(*entities).execution_options(**{SCOPE: reason})


def scoped_to(*tenant_ids: uuid.UUID) -> dict[str, Any]:
    """Execution options for a statement that names the tenant by itself, such as a count or an update.

    Of several tenants it reads rows, of each within what the reader may see there.
    """
    return {SCOPE: tenant_ids[0] if len(tenant_ids) == 1 else frozenset(tenant_ids)}


def insert_many(model: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Write these new rows of one table, a thousand with each statement: for where flushing objects takes too long.

    What a row leaves out has the column's default.
    """
    whose = model.__mapper__.primary_key[0].name
    for start in range(0, len(rows), PORTION):
        some = rows[start : start + PORTION]
        held_by = {row[whose] for row in some if whose in row}
        db.session.execute(insert(model), some, execution_options={SCOPE: Reader.WRITER, HELD_BY: held_by})


def columns_of(new: Base) -> dict[str, Any]:
    """What was set on an object that is in no session, for `insert_many`."""
    return {name: value for name, value in vars(new).items() if name != "_sa_instance_state"}


def one_or_not_found(statement: Select[Any]) -> Any:
    """The one row, or NotFound: a missing one and another tenant's look the same."""
    row = db.session.scalars(statement).one_or_none()
    if row is None:
        raise NotFound()
    return row


def tenant_tables() -> Iterator[Table]:
    """Every table that belongs to tenants."""
    for mapper in Base.registry.mappers:
        if issubclass(mapper.class_, TenantScoped):
            yield cast(Table, mapper.local_table)


@event.listens_for(Session, "do_orm_execute")
def _refuse_unscoped(state: ORMExecuteState) -> None:
    # Loads of one row's own columns and relations start from a row that was found in scope.
    if state.is_column_load or state.is_relationship_load or state.execution_options.get(SCOPE):
        return
    if isinstance(state.statement, TextClause):
        raise UnscopedRead("a textual statement cannot be looked into: say its scope")
    owned = {table.name for table in tenant_tables()}
    for element in iterate(cast(ClauseElement, state.statement)):
        if isinstance(element, Table) and element.name in owned:
            raise UnscopedRead(f"{element.name} is read without a scope: start at owned_by()")


@event.listens_for(Session, "before_flush")
def _keep_rows_at_home(session: Session, _context: Any, _instances: Any) -> None:
    for row in session.dirty:
        if isinstance(row, TenantScoped) and inspect(row).attrs.tenant_id.history.deleted:
            raise TenantMoved(f"a {type(row).__name__} belongs to another tenant")
