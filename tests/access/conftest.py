"""The world's tenants as actors, for tests of what each of them finds."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from portal.access.actor import Actor, system_actor
from portal.foundation.database import db
from portal.tenants import store as tenants
from tests.access.furnishing import Things
from tests.access.world import World

Whole = Callable[[Things], Actor]


@pytest.fixture
def whole(app: Flask, world: World) -> Iterator[Whole]:
    """Makes an actor that reaches all of the tenant with these things; inside an application context."""
    with app.app_context():
        yield lambda things: system_actor("tests", tenants.get_by_account_id(things["account"]).id)
        db.session.remove()
