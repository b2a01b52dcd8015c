"""The gateway's page in the console: what is published, what was measured, and who is not as it should be."""

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup

from portal.access.actor import Actor
from portal.access.roles import Role
from portal.foundation import clock
from portal.gateways.figures import Figures
from portal.gateways.health import Health, health_of
from portal.gateways.models import GatewayWorker, WorkerKind, WorkerState
from portal.web.console.gateway import Line
from tests.factories import a_key, a_licensee, a_vendor, tenant_of
from tests.gateways.scenes import a_gateway, a_probe, a_worker
from tests.web.test_statements import ask

SECOND = timedelta(seconds=1)


@pytest.fixture
def admin() -> Actor:
    return a_vendor()


@pytest.fixture
def told(signed_in, admin):
    """What the page says, to a partner admin."""
    visitor, address = signed_in(admin), f"/{tenant_of(admin).account_id}/console/gateway"
    return lambda: said(visitor.get(address))


def said(answer) -> str:
    assert answer.status_code == 200
    return " ".join(BeautifulSoup(answer.text, "html.parser").select_one("main").get_text(" ").split())


def rows(text: str) -> str:
    return text.partition("Workers, by their own latest report")[2]


def test_before_any_report_the_page_says_what_to_do(told):
    text = told()

    assert "No gateway has reported yet" in text
    assert "wsgi:gateway" in text
    assert "flask gateway probe" in text


def test_operators_see_it_too(signed_in):
    operator = a_vendor(role=Role.OPERATOR)

    answer = signed_in(operator).get(f"/{tenant_of(operator).account_id}/console/gateway")

    assert answer.status_code == 200


def test_the_three_published_figures_are_told(told):
    text = told()

    assert "refuses within 1 s:" in text
    assert "from memory for 5 minutes" in text
    assert "trusts its bundle for 5 minutes" in text


def test_with_listen_the_shorter_figure_is_published(told, app, monkeypatch):
    listening = app.config["PORTAL"].model_copy(
        update={"listen_database_url": "postgresql+psycopg://portal@localhost/x"}
    )
    monkeypatch.setitem(app.config, "PORTAL", listening)

    assert "refuses within 0.1 s: PostgreSQL tells" in told()


def test_a_worker_is_shown_with_its_figures(told):
    a_worker("0badcafe", version=0, keys=12, kind=WorkerKind.APP, lags=Figures(7, 110, 480, 520))

    text = rows(told())

    assert "0badcafe gateway-1, with the pages" in text
    for each in ("Up to date", "12 key pairs", "0 seconds ago", "110 ms", "480 ms", "520 ms", "of the last 7 changes"):
        assert each in text


def test_a_worker_without_changes_has_no_figures(told):
    a_worker(version=0)

    assert "– – –" in rows(told())


def test_a_worker_that_is_cut_off_is_warned_of(told):
    a_worker("0badcafe", state=WorkerState.CUT_OFF)

    assert "Worker 0badcafe is cut off" in told()


def test_a_worker_that_is_behind_is_warned_of(told):
    a_worker("0badcafe", fresh_at=clock.now() - 40 * SECOND)

    assert "Worker 0badcafe is behind" in told()


def test_a_worker_that_is_gone_is_shown_so_and_not_warned_of(told):
    a_worker("0badcafe", seen_at=clock.now() - timedelta(minutes=2))
    a_worker("00000001", version=0)

    text = told()

    assert "Gone" in rows(text)
    assert "is behind" not in text


def test_where_all_are_gone_the_page_says_so(told):
    a_worker(seen_at=clock.now() - timedelta(minutes=2))

    assert "No worker reports" in told()


def test_after_a_day_a_worker_is_forgotten(told):
    a_worker("0badcafe", seen_at=clock.now() - timedelta(hours=25))

    assert "No gateway has reported yet" in told()


def test_the_last_probe_is_shown(told):
    a_probe()

    text = told()

    for each in ("20 revocations", "refused by 2 workers", "201 ms", "402 ms", "403 ms", "published: 1000 ms"):
        assert each in text
    assert "did not hold" not in text


def test_a_probe_that_found_a_worker_too_slow_is_warned_of(told):
    a_probe(p99_ms=1001)

    assert "The published figure did not hold" in told()


def test_the_worst_stands_first(told):
    a_gateway()

    text = rows(told())

    states = ("Cut off", "Behind", "Loading", "Up to date", "Gone", "Ended")
    assert sorted(states, key=text.index) == list(states)


def test_what_a_worker_is_called_is_shown_as_text(told, signed_in, admin):
    a_worker(host="<script>alert(1)</script>")

    assert "<script>alert(1)</script>" in told()


def test_the_page_asks_as_often_with_twenty_workers_as_with_one(signed_in, admin):
    visitor, address = signed_in(admin), f"/{tenant_of(admin).account_id}/console/gateway"
    a_worker("one")
    with_one = ask(visitor, address)
    for number in range(20):
        a_worker(f"w{number}", lags=Figures(1, 1, 1, 1))

    assert ask(visitor, address) == with_one <= 14


@pytest.mark.no_database
@pytest.mark.parametrize(
    ("facts", "health"),
    [
        ({}, Health.READY),
        ({"seen_at": 61}, Health.GONE),
        ({"seen_at": 59, "fresh_at": 59}, Health.READY),
        ({"fresh_at": 4}, Health.READY),
        ({"fresh_at": 6}, Health.BEHIND),
        ({"fresh_at": None}, Health.BEHIND),
        ({"version": 6}, Health.BEHIND),
        ({"state": WorkerState.LOADING, "fresh_at": None}, Health.LOADING),
        ({"state": WorkerState.CUT_OFF}, Health.CUT_OFF),
        ({"state": WorkerState.CUT_OFF, "ended_at": 0}, Health.ENDED),
    ],
)
def test_how_a_worker_is_follows_from_its_report(facts: dict[str, object], health: Health):
    """Numbers are seconds ago; the newest version is 7, a minute old."""
    now = clock.now()
    usual = {"seen_at": 0, "fresh_at": 0, "ended_at": None, "state": WorkerState.READY, "version": 7}
    told = usual | facts
    moments = {
        name: now - told[name] * SECOND for name in ("seen_at", "fresh_at", "ended_at") if told[name] is not None
    }
    worker = GatewayWorker(state=told["state"], version=told["version"], **moments)

    assert health_of(worker, now, (7, now - 60 * SECOND)) is health


def test_a_change_of_this_moment_makes_nobody_behind():
    now = clock.now()
    worker = GatewayWorker(state=WorkerState.READY, version=6, seen_at=now, fresh_at=now)

    assert health_of(worker, now, (7, now - SECOND)) is Health.READY


def test_a_key_made_while_the_worker_reports_does_not_warn(told):
    a_worker(version=0)
    a_key(a_licensee())

    assert "is behind" not in told()


@pytest.mark.no_database
@pytest.mark.parametrize(
    ("seconds", "told_seconds"), [(-1, 0), (9.8, 9), (59, 59), (135, 120), (3599, 3540), (3600, None)]
)
def test_how_long_ago_is_told_in_whole_seconds_or_minutes(seconds: float, told_seconds: int | None):
    assert Line(GatewayWorker(), Health.READY, seconds * SECOND).ago_seconds == told_seconds
