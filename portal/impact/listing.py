"""A list across tenants: its rows, filtered, and the order in which they are paged and downloaded."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, select

from portal.foundation.database import db
from portal.foundation.paging import Page, page_of, portions_of
from portal.tenants.models import Standing, Tenant

FEW = 100  # rows that a statement can name one by one


@dataclass(frozen=True)
class Listing:
    """Rows in the order of `columns`, whose values are unique together."""

    rows: Select[Any]
    columns: tuple[Any, ...]

    def page(self, place: str | None) -> Page[Any]:
        """The page that begins after `place`. Raises: BadPlace."""
        return page_of(self.rows, *self.columns, place=place)

    def portions(self) -> Iterator[Any]:
        """All rows, a thousand at a time."""
        return portions_of(self.rows, *self.columns)


def tenant_id(account_id: str) -> ScalarSelect[Any]:
    """The inner id of the tenant with this account id, for a condition."""
    return select(Tenant.id).where(Tenant.account_id == account_id.upper()).scalar_subquery()


def in_standing(column: Any, standing: Standing) -> ColumnElement[bool]:
    """The condition that a tenant's standing is this one.

    The few tenants of a rare one are named, so that they are found by their ids instead of among all rows.
    """
    tenants = select(Tenant.id).where(Tenant.standing == standing)
    few = db.session.scalars(tenants.limit(FEW + 1)).all()
    found: ColumnElement[bool] = column.in_(few if len(few) <= FEW else tenants)
    return found
