"""/livez and /readyz: one word for machines, whatever state the database is in, and nothing else for anybody."""

import re
import time
from collections.abc import Iterator
from threading import Event

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from portal.app import create_app
from portal.foundation import migrations
from portal.foundation.database import LOOKS, db
from portal.foundation.migrations import MARK, Stand
from portal.watching import readiness
from portal.watching.readiness import LONGEST_SECONDS
from portal.web import headers
from tests.conftest import PortalClient, settings_for

AWAY = {"REMOTE_ADDR": "192.0.2.7"}
PROBES = ("/livez", "/readyz")


@pytest.fixture
def new(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[PortalClient]:
    """A visitor's browser at a portal that has not looked at its database yet."""
    monkeypatch.setattr(_door(app).readiness, "_look", None)
    monkeypatch.setattr(readiness, "KEPT_SECONDS", 0.0)
    monkeypatch.setattr(readiness, "LONGEST_SECONDS", 30.0)  # a busy machine is slow, and its database is there
    yield app.test_client()  # type: ignore[misc]
    _door(app).readiness._look = None


def _door(app: Flask):
    found = app.wsgi_app
    while not hasattr(found, "readiness"):
        found = getattr(found, "rest", None) or found.application
    return found


def _say(monkeypatch: pytest.MonkeyPatch, stand) -> None:
    monkeypatch.setattr(migrations, "stand", stand)


def test_a_portal_that_may_serve_says_so(new: PortalClient):
    assert [(new.get(path).status_code, new.get(path).text) for path in PROBES] == [(200, "live\n"), (200, "ready\n")]


@pytest.mark.parametrize("path", PROBES)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_both_methods_have_the_headers_of_every_answer(path: str, method: str, new: PortalClient):
    answer = new.open(path, method=method, environ_overrides=AWAY)

    assert answer.status_code == 200
    assert headers.of_all(is_https=False).items() <= dict(answer.headers).items()
    assert answer.headers["Cache-Control"] == "no-store"
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["X-Request-Id"])
    assert "Set-Cookie" not in answer.headers
    assert bool(answer.data) is (method == "GET")


@pytest.mark.parametrize("path", PROBES)
def test_other_methods_and_what_looks_alike_are_flasks(path: str, new: PortalClient):
    assert new.open(path, method="PUT").status_code == 405
    assert new.get(f"{path}/").status_code == 404


@pytest.mark.parametrize("path", PROBES)
def test_they_are_in_no_log(path: str, new: PortalClient, lines: list):
    new.get(path)

    assert lines == []


def test_the_host_of_a_probe_is_any(new: PortalClient):
    assert new.get("/readyz", headers={"Host": "10.1.2.3:8000"}).status_code == 200


@pytest.mark.parametrize("mark", ["0001", "9999"])
def test_a_database_of_another_release_is_not_ready(mark: str, new: PortalClient, app: Flask):
    """Behind, as before `flask db upgrade`, or ahead, as after a release was taken back."""
    (head,) = migrations.heads_of_code()
    _put_mark(app, mark)
    try:
        answer = new.get("/readyz")
        assert new.get("/livez").status_code == 200
    finally:
        _put_mark(app, head)

    assert (answer.status_code, answer.text, answer.headers["Retry-After"]) == (503, "migrations\n", "1")
    assert new.get("/readyz").status_code == 200


def _put_mark(app: Flask, mark: str) -> None:
    with db.engines[LOOKS].begin() as connection:
        connection.execute(update(MARK).values(version_num=mark))


def test_a_database_without_tables_is_not_ready(tmp_path):
    portal = create_app(settings_for(f"sqlite:///{tmp_path / 'empty.sqlite3'}", "", tmp_path))

    assert portal.test_client().get("/readyz").text == "migrations\n"


def test_a_database_that_is_away_is_not_ready(tmp_path):
    portal = create_app(settings_for(f"sqlite:///{tmp_path / 'nowhere' / 'at.sqlite3'}", "", tmp_path))

    answer = portal.test_client().get("/readyz")

    assert (answer.status_code, answer.text) == (503, "database\n")
    assert portal.test_client().get("/livez").status_code == 200


def test_a_database_that_hangs_holds_nobody_for_long(new: PortalClient, monkeypatch: pytest.MonkeyPatch):
    go_on, looks = Event(), []

    def hang() -> Stand:
        looks.append(1)
        go_on.wait(30)
        return Stand.AT_HEAD

    _say(monkeypatch, hang)
    monkeypatch.setattr(readiness, "LONGEST_SECONDS", LONGEST_SECONDS)
    began = time.monotonic()
    try:
        answers = [new.get("/readyz") for _time in range(5)]
        took = time.monotonic() - began
        assert new.get("/livez").status_code == 200
    finally:
        go_on.set()

    assert {(answer.status_code, answer.text) for answer in answers} == {(503, "database\n")}
    assert took < LONGEST_SECONDS + 1.0, "all of them wait for one look"
    assert len(looks) == 1


def test_it_is_ready_again_with_its_database(new: PortalClient, monkeypatch: pytest.MonkeyPatch):
    def away() -> Stand:
        raise OperationalError("SELECT", {}, ConnectionError())

    with monkeypatch.context() as meanwhile:
        _say(meanwhile, away)
        assert new.get("/readyz").text == "database\n"

    assert new.get("/readyz").text == "ready\n"


def test_a_hundred_probes_are_one_look(new: PortalClient, monkeypatch: pytest.MonkeyPatch):
    looks: list[int] = []
    monkeypatch.setattr(readiness, "KEPT_SECONDS", 60.0)
    _say(monkeypatch, lambda: looks.append(1) or Stand.AT_HEAD)

    for _time in range(100):
        assert new.get("/readyz").status_code == 200

    assert len(looks) == 1


def test_what_breaks_is_not_ready_and_not_told(new: PortalClient, monkeypatch: pytest.MonkeyPatch):
    def broken() -> Stand:
        raise ZeroDivisionError("a word of ours")

    _say(monkeypatch, broken)

    assert new.get("/readyz").text == "database\n"
