"""That script/scan still fits: it reaches every route, puts something in everywhere, and tells when it is blind."""

import http.client
import json
import re
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from flask import Flask

from tests.access.browsing import browser_of
from tests.access.world import World
from tests.browser.serving import free_port
from tests.scanners import sqlmap, wapiti
from tests.scanners.between import Between, between
from tests.scanners.findings import EXPLAINED, Explained, Finding
from tests.scanners.report import Part, summed_up
from tests.scanners.targets import (
    FORM,
    KINDS,
    MARK,
    PLACES,
    QUERIES,
    WITH_FILES,
    Target,
    callers,
    rows_for,
    targets_for,
)
from tests.scanners.world import Caller
from tests.web.access.routes import FORMS, routes_of
from tests.web.access.table import DONE, ROWS

ROOT = Path(__file__).resolve().parents[2]
READ_OF_ADDRESS = re.compile(
    r"""(?:arguments\.(?:text|one_of)|request\.args\.get|\b_text|\bchoice|at)\(\s*"([a-z_]+)"|wants_argument"""
)
A_FINDING = Finding("wapiti", "XSS: in q", "GET projects.index q")


def a_part(**others: Any) -> Part:
    usual = {"answers": {2: 90, 3: 5, 4: 5}, "meant": 100, "asked": 100, "reached": 98}
    return Part("wapiti", "owner", 1.0, **usual | others)


@pytest.mark.either_database
def test_each_kind_of_caller_is_sent_to_every_route(app: Flask, world: World):
    everything = {(route.method, route.endpoint) for route in routes_of(app)}

    for name in KINDS:
        targets = list(targets_for(app, world.callers[name], "token"))
        assert {(target.method, target.endpoint) for target in targets} == everything, name


@pytest.mark.either_database
def test_something_is_put_into_each_field_and_each_query(app: Flask, world: World):
    targets = [target for name in callers() for target in targets_for(app, world.callers[name], "token")]
    taken = {target.use for target in targets if sqlmap.takes(target) and MARK in target.body}
    read = {target.use for target in targets if sqlmap.takes(target) and "?" in target.path and MARK in target.path}
    open_to_nobody = {row.route.use for row in ROWS if not any(row.answers[name] in DONE for name in callers())}

    assert {use for use, form in FORMS.items() if form} - taken - set(WITH_FILES) - open_to_nobody == set()
    assert QUERIES.keys() - read - open_to_nobody == set()


@pytest.mark.no_database
def test_somebody_is_let_in_by_each_route_that_lets_anybody_in():
    for row in ROWS:
        if any(status in DONE for status in row.answers.values()):
            let_in = [name for name in callers() if row in rows_for(name) and row.answers[name] in DONE]
            assert let_in, row.route


@pytest.mark.no_database
def test_what_pages_read_of_an_address_is_known_to_the_scan():
    known = {name for names in QUERIES.values() for name in names}
    for module in (ROOT / "portal" / "web").rglob("*.py"):
        read = set(filter(None, READ_OF_ADDRESS.findall(module.read_text(encoding="utf-8"))))
        assert read <= known, module


@pytest.mark.no_database
def test_a_clean_scan_passes():
    explained = (Explained("wapiti", "XSS", "", "it is a test"),)

    text, code = summed_up([a_part(findings=[A_FINDING])], whole=True, explained=explained)

    assert code == 0
    assert "0 unexplained findings" in text


@pytest.mark.no_database
def test_an_unexplained_finding_fails_the_scan():
    text, code = summed_up([a_part(findings=[A_FINDING])], whole=True, explained=())

    assert code == 1
    assert "UNEXPLAINED wapiti: XSS: in q at GET projects.index q" in text


@pytest.mark.no_database
@pytest.mark.parametrize(
    "others", [{"reached": 50}, {"asked": 0, "reached": 0}], ids=["refused nearly everywhere", "nothing asked"]
)
def test_a_blind_scan_fails(others: dict[str, int]):
    text, code = summed_up([a_part(**others, missed=["GET keys.index"])], whole=True, explained=())

    assert code == 1
    assert "BLIND" in text
    assert "GET keys.index" in text


@pytest.mark.no_database
def test_no_scan_at_all_fails():
    assert summed_up([], whole=True, explained=())[1] == 1


@pytest.mark.no_database
def test_an_explanation_of_what_is_no_longer_found_is_told():
    explained = (Explained("wapiti", "XSS", "", "it is a test"),)

    assert "STALE" in summed_up([a_part()], whole=True, explained=explained)[0]
    assert "STALE" not in summed_up([a_part()], whole=False, explained=explained)[0]


@pytest.mark.no_database
def test_each_explanation_stands_in_the_documents():
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8").partition("## What scanners find")[2]

    for known in EXPLAINED:
        assert known.what in text, known
        assert known.where in text, known


@pytest.mark.no_database
def test_sqlmap_is_given_each_request_whole():
    target = Target("POST", "keys.rename", "/MAG1/keys/abc*/rename", 303, "name=Shop*&csrf_token=t", FORM)

    text = sqlmap.requests_of([target, target], "http://localhost:8000")

    # As sqlmap takes a log apart (BURP_REQUEST_REGEX in its settings).
    first, second = re.findall(r"={10,}\s+([A-Z]{3,} .+?)\s+={10,}", text, re.DOTALL)
    assert first == second
    assert first.startswith(
        "POST /MAG1/keys/abc*/rename HTTP/1.1\nHost: localhost:8000\nContent-Type: application/x-www"
    )
    assert first.endswith("\n\nname=Shop*&csrf_token=t")


@pytest.mark.no_database
def test_what_sqlmap_found_is_read(tmp_path: Path):
    rows = [
        "Target URL,Place,Parameter,Technique(s),Note(s)",
        "http://localhost/a,POST,name,B,",
        "http://localhost/b,GET,q,,",
        "http://localhost/b,URI,#1*,B,false positive or unexploitable",
    ]
    (tmp_path / "sqlmap.csv").write_text("\n".join(rows), encoding="utf-8")
    said = "testing URL 'http://localhost/c'\nheuristic (XSS) test shows that GET parameter 'q' might be vulnerable"

    found = sqlmap.findings(tmp_path, said, lambda method, url: f"{method} {url[-1]}")

    assert found == [
        Finding("sqlmap", "injectable (B)", "POST a POST name"),
        Finding("sqlmap", "heuristic XSS", "GET c GET parameter 'q'"),
    ]


@pytest.mark.no_database
def test_what_wapiti_found_is_read(tmp_path: Path):
    one = {"method": "GET", "path": "/MAG1/projects?q=1", "info": "XSS vulnerability found", "parameter": "q"}
    report = {"vulnerabilities": {"Cross Site Scripting": [one], "CRLF": []}, "anomalies": {}}
    (tmp_path / "wapiti.json").write_text(json.dumps(report), encoding="utf-8")

    (found,) = wapiti.findings(tmp_path, lambda method, path: f"{method} projects.index")

    assert found == Finding("wapiti", "Cross Site Scripting: XSS vulnerability found", "GET projects.index q")
    assert wapiti.cut_off("Max attack time was reached for module xss, stopping.") == ["xss"]


class WearsOut(BaseHTTPRequestHandler):
    """Carries one act out, and then knows nothing more of it until it is put back."""

    protocol_version = "HTTP/1.1"
    is_there = True
    seen: ClassVar[list[tuple[str, str | None]]] = []

    def do_POST(self) -> None:
        WearsOut.seen.append((self.path, self.headers["Cookie"]))
        self.rfile.read(int(self.headers["Content-Length"]))
        was_there, WearsOut.is_there = WearsOut.is_there, False
        self.send_response(303 if was_there else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_words: Any) -> None:
        pass

    @classmethod
    def put_back(cls) -> None:
        cls.is_there = True


@contextmanager
def worn_portal(app: Flask) -> Iterator[Between]:
    backing = ThreadingHTTPServer(("127.0.0.1", 0), WearsOut)
    threading.Thread(target=backing.serve_forever, daemon=True).start()
    with between(app, free_port()) as server:
        server.lead_to(backing.server_port, WearsOut.put_back)
        yield server
    backing.shutdown()
    backing.server_close()


def post(port: int, path: str) -> int:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("POST", path, "x=1", {"Cookie": "sid=the scanner's own"})
        return connection.getresponse().status


@pytest.mark.no_database
def test_a_worn_world_is_put_back_and_asked_again(app: Flask):
    path = "/MAG000000000/keys/abc/revoke"
    caller = Caller("owner", {"sid": "ours"}, "token", "", [Target("POST", "keys.revoke", path, 303)])
    with worn_portal(app) as server:
        tally = server.begin(caller)

        statuses = [post(server.server_port, path) for _time in range(3)]

    assert statuses == [303, 303, 303]
    assert tally.answers == {("POST", "keys.revoke", 303): 3}
    assert tally.reached == {("POST", "keys.revoke")}
    assert {cookie for _path, cookie in WearsOut.seen} == {"sid=ours"}


@pytest.mark.either_database
def test_what_is_asked_of_lists_is_taken(app: Flask, world: World):
    """A scan that is refused for one wrong word never comes to the statement that the others are for."""
    refused = []
    for name in ("owner", "partner_admin"):
        caller = world.callers[name]
        for target in targets_for(app, caller, "token"):
            path, _, query = target.plain[0].partition("?")
            if query and not any(f"{place}=1" in query for place in PLACES):
                headers = {"Authorization": f"Bearer {caller.bearer}"} if target.use.startswith("api.") else {}
                answer = browser_of(app, caller).get(f"{path}?{query}", headers=headers, buffered=True)
                refused += [(target.use, query, answer.status_code)] if answer.status_code >= 400 else []

    assert refused == []
