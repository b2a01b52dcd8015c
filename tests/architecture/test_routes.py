"""Every route says who may enter, and the access table says what becomes of each caller there."""

from pathlib import Path

import pytest
from flask import Blueprint, Flask

import portal.app
from portal.access.roles import Permission
from portal.app import create_app
from portal.web.guards import GUARD, check_routes, public
from tests.conftest import settings_for
from tests.web.access.routes import FORMS, NAMES, SAID, routes_of
from tests.web.access.table import ROWS

pytestmark = pytest.mark.no_database

GUARDS = {"public", "signed_in", "signed", *Permission}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The portal with all pages it can have; the demo has some of its own."""
    return create_app(settings_for("sqlite://", "", tmp_path_factory.mktemp("data")))


def test_every_route_carries_a_guard(demo: Flask):
    guards = {
        rule.endpoint: getattr(demo.view_functions[rule.endpoint], GUARD, None) for rule in demo.url_map.iter_rules()
    }

    assert {endpoint: guard for endpoint, guard in guards.items() if guard not in GUARDS} == {}


def test_every_address_of_a_tenant_begins_with_its_account(demo: Flask):
    """A page with a permission for a guard is a tenant's; those without are a person's or everybody's.

    Who a token is does not depend on an account: it is asked to learn which accounts there are.
    """
    for rule in demo.url_map.iter_rules():
        if rule.endpoint == "api.accounts.me":
            continue
        of_tenant = getattr(demo.view_functions[rule.endpoint], GUARD) in set(Permission)

        assert of_tenant == rule.rule.removeprefix("/api/v1").startswith("/<account>"), rule.rule


def test_a_route_without_a_guard_is_named():
    app = Flask("bare")
    app.add_url_rule("/open", "open", lambda: "")
    app.add_url_rule("/shut", "shut", public(lambda: ""))
    app.view_functions["static"] = public(lambda: "")

    with pytest.raises(RuntimeError, match="open") as refusal:
        check_routes(app)

    assert "shut" not in str(refusal.value)


def test_the_portal_does_not_start_with_a_bare_route(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    bare = Blueprint("bare", __name__)
    bare.add_url_rule("/bare", "page", lambda: "")
    monkeypatch.setattr(portal.app, "PAGES", (*portal.app.PAGES, bare))

    with pytest.raises(RuntimeError, match=r"bare\.page"):
        create_app(settings_for("sqlite://", "", tmp_path))


def test_every_method_of_every_route_has_a_row_in_the_access_table(demo: Flask):
    rows = {(row.route.method, row.route.endpoint) for row in ROWS}

    assert {(route.method, route.endpoint) for route in routes_of(demo)} - rows == set()


def test_every_row_of_the_access_table_is_a_route(demo: Flask):
    routes = {(route.method, route.endpoint) for route in routes_of(demo)}

    assert {(row.route.method, row.route.endpoint) for row in ROWS} - routes == set()


def test_no_route_has_two_rows():
    routes = [str(row.route) for row in ROWS]

    assert sorted(set(routes)) == sorted(routes)


def test_the_tests_know_of_no_page_that_is_gone(demo: Flask):
    endpoints = {rule.endpoint for rule in demo.url_map.iter_rules()}
    arguments = {argument for rule in demo.url_map.iter_rules() for argument in rule.arguments}

    assert {use.partition(":")[0] for use in (*SAID, *FORMS)} <= endpoints
    assert NAMES.keys() <= arguments
