"""PostgreSQL's row policies, alone: the access table's foreign things, while no statement says whose rows it means.

SQLite's run of `test_access` is the other half of the proof: there, the statements' conditions stand alone.
"""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, event, select

from portal.access.rows import SCOPE, scoped_to
from portal.foundation.database import db
from portal.projects.models import DataSpace
from portal.tenants import store as tenants
from tests.access.world import World
from tests.conftest import DATABASE
from tests.web.access.asking import ask
from tests.web.access.table import Row
from tests.web.access.test_access import MEMBERS, about_things, each_row

pytestmark = pytest.mark.skipif(DATABASE != "postgresql", reason="SQLite has no row policies")

# A tenant's own column, or the one that names the other party, compared with a value.
CONDITION = re.compile(
    r"(?:\w+\.)?\b(?:tenant_id|holder_id|receiver_id|integrator_id|owner_id|asked_id) = (%\(\w+\)s::UUID)"
)


@pytest.fixture(autouse=True)
def both_walls_agree() -> None:
    """They do not, here: one of them is off."""


@contextmanager
def conditions_off() -> Iterator[None]:
    """Statements in a tenant's name lose what they say about the tenant; those of the readers across tenants stay."""

    def leave_out(
        _connection: Any, _cursor: Any, statement: str, parameters: Any, context: Any, _many: bool
    ) -> tuple[str, Any]:
        if context is not None and isinstance(context.execution_options.get(SCOPE), uuid.UUID):
            statement = CONDITION.sub(r"\1 IS NOT NULL", statement)
        return statement, parameters

    event.listen(Engine, "before_cursor_execute", leave_out, retval=True)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", leave_out)


def test_the_conditions_are_off(app: Flask, world: World):
    """A statement that asks for another tenant's rows finds its own: only the policies are left."""
    with app.app_context(), conditions_off():
        mine, other = (tenants.get_by_account_id(things["account"]).id for things in (world.client, world.foreign))
        rows = select(DataSpace.tenant_id).where(DataSpace.tenant_id == other)
        found = set(db.session.scalars(rows, execution_options=scoped_to(mine)))

    assert found == {mine}


@each_row
def test_a_foreign_thing_stays_away_by_the_policies_alone(row: Row, app: Flask, world: World):
    """That it is away with the conditions, too, and looks like a missing one, is in `test_access`."""
    asked = [(who, argument, name) for argument, name in about_things(row, app).items() for who in MEMBERS]

    with conditions_off():
        answers = {
            (who, argument): ask(app, world.callers[who], row.route, **{argument: world.foreign[name]}).status_code
            for who, argument, name in asked
        }

    assert {answer for answer in answers.values() if answer not in (403, 404)} == set(), answers
