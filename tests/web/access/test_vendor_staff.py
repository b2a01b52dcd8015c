"""The limits of the vendor's own staff, over all routes: no act of a tenant, and no look without a trace."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from portal.web import visits
from tests.access.snapshot import Snapshot
from tests.access.world import Caller, World
from tests.web.access.asking import ask, missing_like
from tests.web.access.routes import LINKS, OF_PEOPLE, Route, names_in_address
from tests.web.access.table import CALLS, Row
from tests.web.access.table import PAGES as OF_BROWSERS

Look = Callable[[str], Caller]

STAFF = ("partner_admin", "operator")
# What a refused request may write: that it was refused, that the session was seen.
RECORD = {"audit_events", "audit_chains", "sessions"}
# Pages of people and of everybody, and those of the vendor itself.
NOT_OF_TENANTS = ("accounts", "api", "demo", "static", "console", "watching")
OF_TENANTS = [
    row for row in OF_BROWSERS if row.route.room not in NOT_OF_TENANTS and row.route.endpoint not in LINKS + OF_PEOPLE
]
ACTS = [row for row in OF_TENANTS if row.route.method == "POST"]
PAGES = [row for row in OF_TENANTS if row.route.method == "GET"]

each_act = pytest.mark.parametrize("row", ACTS, ids=lambda row: row.route.use)
each_page = pytest.mark.parametrize("row", PAGES, ids=lambda row: row.route.use)


@pytest.fixture
def looking(app: Flask, world: World, snapshot: Snapshot) -> Iterator[Look]:
    """Makes somebody of the vendor look into the client; what that alone wrote is not counted."""
    begun: set[str] = set()

    def begin(name: str) -> Caller:
        assert ask(app, world.callers[name], Route("POST", "console.look_in")).status_code == 303
        begun.update(snapshot.written)
        snapshot.written.clear()
        return world.callers[name]

    yield begin
    snapshot.written |= begun


@each_act
@pytest.mark.parametrize("name", STAFF)
def test_without_a_look_in_no_act_of_a_tenant_exists(row: Row, name: str, app: Flask, world: World, snapshot: Snapshot):
    answer = ask(app, world.callers[name], row.route, world.client)

    assert answer.status_code == 404
    assert snapshot.written <= {"sessions"}


@each_act
@pytest.mark.parametrize("name", STAFF)
def test_with_a_look_in_every_act_of_a_tenant_is_refused_and_on_record(
    row: Row, name: str, app: Flask, world: World, snapshot: Snapshot, looking: Look
):
    caller = looking(name)
    before, rows = snapshot.events(), snapshot.rows()

    answer = ask(app, caller, row.route, world.client)

    assert answer.status_code == 403
    assert [(event.event, event.refused) for event in snapshot.events() - before] == [("refused", True)]
    assert {table for table, now in snapshot.rows().items() if now != rows[table]} <= RECORD


@each_page
@pytest.mark.parametrize("name", STAFF)
def test_without_a_look_in_no_page_of_a_tenant_exists(
    row: Row, name: str, app: Flask, world: World, snapshot: Snapshot
):
    answer = ask(app, world.callers[name], row.route, world.client)

    assert answer.status_code == 404
    assert snapshot.written <= {"sessions"}


@each_page
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_with_a_look_in_a_page_is_open_and_on_record_or_it_is_closed(
    row: Row, method: str, app: Flask, world: World, snapshot: Snapshot, looking: Look
):
    caller = looking("partner_admin")
    before, is_open = snapshot.events(), row.route.endpoint in visits.OPEN

    answer = ask(app, caller, Route(method, row.route.use), world.client)

    assert answer.status_code == (200 if is_open else 403)
    assert [event.event for event in snapshot.events() - before] == ["look_in.read"] * is_open
    assert snapshot.written <= RECORD


@pytest.mark.parametrize(
    "row", [row for row in PAGES if row.route.endpoint in visits.OPEN], ids=lambda row: row.route.use
)
def test_what_is_missing_or_anothers_is_not_read_and_no_event(
    row: Row, app: Flask, world: World, snapshot: Snapshot, looking: Look
):
    caller = looking("operator")
    before = snapshot.events()
    named = {key: name for key, name in names_in_address(app, row.route).items() if key != "account"}

    for key, name in named.items():
        for other in (world.foreign[name], missing_like(world.foreign[name])):
            assert ask(app, caller, row.route, world.client, **{key: other}).status_code == 404

    assert snapshot.events() == before


@pytest.mark.no_database
def test_every_page_that_is_open_to_look_ins_is_one_that_a_viewer_reads():
    read = {row.route.endpoint for row in PAGES if row.answers["viewer"] == 200}

    assert read >= visits.OPEN


@pytest.mark.parametrize("row", CALLS, ids=lambda row: str(row.route))
def test_a_token_of_the_staff_opens_no_tenant_even_during_a_look_in(row: Row, looking: Look, app: Flask, world: World):
    if "account" not in names_in_address(app, row.route):
        pytest.skip("is in nobody's account")
    caller = looking("partner_admin")

    assert ask(app, caller, row.route, world.client).status_code == 404
