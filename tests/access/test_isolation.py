"""One test for every table of tenants: who reads through `owned_by` finds its own rows, all of them, and no others."""

from typing import Any

import pytest
from sqlalchemy import select

from portal.access.actor import system_actor
from portal.access.rows import TenantScoped, owned_by, received_by, scoped_to
from portal.foundation.database import Base, db
from tests.access.conftest import Whole
from tests.access.world import World

MODELS = sorted(
    (mapper.class_ for mapper in Base.registry.mappers if issubclass(mapper.class_, TenantScoped)),
    key=lambda model: model.__tablename__,
)
each_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__tablename__)
each_with_two_parties = pytest.mark.parametrize(
    "model", [model for model in MODELS if model.other_party], ids=lambda model: model.__tablename__
)


def _keys(statement: Any) -> set[tuple[Any, ...]]:
    """The primary keys of the rows that a statement finds."""
    rows = db.session.scalars(statement).unique().all()
    return {tuple(row.__mapper__.primary_key_from_instance(row)) for row in rows}


def _rows_where(model: type[TenantScoped], column: str, value: Any) -> set[tuple[Any, ...]]:
    """The same, asked of the table itself; it must hold what the test needs."""
    table = Base.metadata.tables[model.__tablename__]
    rows = select(*table.primary_key).where(table.c[column] == value)
    found = {tuple(row) for row in db.session.execute(rows, execution_options=scoped_to(value))}
    assert found, f"{model.__tablename__} has no sample row: let tests/access/furnishing.py make one"
    return found


def _other_party(row: Any) -> Any:
    return getattr(row, row.other_party)


@each_model
def test_a_tenant_finds_its_own_rows_and_no_others(model: type[TenantScoped], world: World, whole: Whole):
    client, other = whole(world.client), whole(world.foreign)

    assert _keys(owned_by(client, model)) == _rows_where(model, "tenant_id", client.tenant_id)
    assert _keys(owned_by(other, model)) == _rows_where(model, "tenant_id", other.tenant_id)
    assert not _keys(owned_by(client, model)) & _keys(owned_by(other, model))


@each_with_two_parties
def test_the_other_party_finds_what_was_given_to_it(model: type[TenantScoped], world: World, whole: Whole):
    given = db.session.scalars(owned_by(whole(world.client), model))
    party = system_actor("tests", next(other for row in given if (other := _other_party(row)) != row.tenant_id))

    received = _keys(received_by(party, model))

    assert received == _rows_where(model, model.other_party, party.home_id)
    assert not received & _keys(received_by(whole(world.foreign), model))


@each_with_two_parties
def test_who_is_no_party_finds_nothing(model: type[TenantScoped], world: World, whole: Whole):
    stranger = whole({"account": world.callers["suspended"].things["account"]})

    assert _keys(owned_by(stranger, model)) == set()
    assert _keys(received_by(stranger, model)) == set()
