"""Addresses that somebody made up: a 404, a page, or a sentence about what is wrong; never a 500."""

from urllib.parse import quote

import pytest
from flask import Flask

from tests.access.browsing import browser_of
from tests.access.snapshot import Snapshot
from tests.access.world import World
from tests.web.access.asking import ask
from tests.web.access.routes import Route, address, names_in_address
from tests.web.access.table import PAGES as OF_BROWSERS
from tests.web.access.table import ROWS, Row

ODD = {
    "NUL": "a\x00b",
    "a line break": "a\nb",
    "a mark that changes the direction": "a\u202eb",
    "four bytes": "店鋪🛒𠮷",
    "a quote": "' OR 1=1 --",
    "markup": "<script>alert(1)</script>",
    "two dots": "..",
    "very long": "x" * 3000,
    "a placeholder": "%(name)s {0} %s %",
}
# What the address of some page asks for after its question mark.
ARGUMENTS = (
    "after", "api_key", "edition", "ends", "environment", "holder", "kind", "next", "owner", "person", "q", "service",
    "show", "standing", "state", "subject", "to",
)  # fmt: skip
# Places in a list, as the portal writes them: hexadecimal parts.
PLACES = ["zz", "~", "00", "~~~", "ff", *("~".join([part.encode().hex()] * 2) for part in ("a\x00b", "x", "9" * 400))]
PLACES += [
    "~".join(part.encode().hex() for part in (day, "0" * 32, "0" * 32))
    for day in ("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2027-01-01T00:00:00")
]
PAGES = [row for row in OF_BROWSERS if row.route.method == "GET" and row.route.endpoint != "static"]
LOOKERS = ("owner", "partner_admin")
DONE = (200, 201, 303)

each_page = pytest.mark.parametrize("row", PAGES, ids=lambda row: row.route.use)


@each_page
def test_an_odd_argument_breaks_no_page(row: Row, app: Flask, world: World, snapshot: Snapshot):
    for who in LOOKERS:
        caller = world.callers[who]
        if row.answers[who] != 200:
            continue
        path, browser = address(app, row.route, caller.things), browser_of(app, caller)
        for what, odd in ODD.items():
            query = "&".join(f"{name}={quote(odd)}" for name in ARGUMENTS if name != "environment")
            answer = browser.get(f"{path}?{query}", buffered=True)

            assert answer.status_code in (200, 302, 422), (who, what)
            assert "<script>alert" not in answer.text
        answer = browser.get(f"{path}?environment={quote(ODD['markup'])}", buffered=True)
        assert answer.status_code in (200, 302, 404)


@each_page
def test_an_odd_place_in_a_list_breaks_no_page(row: Row, app: Flask, world: World):
    for who in LOOKERS:
        caller = world.callers[who]
        if row.answers[who] != 200:
            continue
        path, browser = address(app, row.route, caller.things), browser_of(app, caller)
        for place in PLACES:
            assert browser.get(f"{path}?after={place}", buffered=True).status_code in (200, 302, 422), (who, place)


@pytest.mark.parametrize("row", [row for row in ROWS if row.route.endpoint != "static"], ids=lambda row: str(row.route))
def test_an_odd_id_names_nothing(row: Row, app: Flask, world: World):
    for who in [who for who in LOOKERS if row.answers[who] in DONE]:
        for argument in names_in_address(app, row.route):
            for what in ("NUL", "four bytes", "two dots", "very long"):
                answer = ask(app, world.callers[who], row.route, **{argument: ODD[what]})

                assert answer.status_code in (403, 404), (who, argument, what)


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_a_made_up_address_is_a_page_of_ours(odd: str, app: Flask, world: World):
    for who in ("anonymous", "owner"):
        answer = browser_of(app, world.callers[who]).get(f"/no/such/{quote(odd)}")

        assert answer.status_code == 404
        assert "<script>alert" not in answer.text


def test_octets_that_are_no_text_break_nothing(app: Flask, world: World):
    browser, account = browser_of(app, world.callers["owner"]), world.client["account"]

    for path in (f"/{account}/keys/%ff%fe", f"/{account}/projects?q=%ff%fe", f"/{account}/projects?after=%ff"):
        assert browser.get(path).status_code in (200, 404, 422), path


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE"])
def test_a_method_that_no_page_has_is_refused(method: str, app: Flask, world: World, snapshot: Snapshot):
    owner = world.callers["owner"]

    answer = browser_of(app, owner).open(address(app, Route("GET", "keys.show"), owner.things), method=method)

    assert answer.status_code in (400, 405)
    assert snapshot.written == set()
