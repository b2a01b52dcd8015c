"""The real portal behind a real nginx that leaves headers out, adds some, or believes what it is told."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask_migrate import upgrade

from portal.app import create_app
from portal.cli.checking import clocks, front, proxies
from portal.cli.checking.asking import ask, is_address
from portal.cli.checking.findings import Check, Deployment, Finding, Severity
from portal.foundation import clock
from portal.foundation.database import db
from tests.certificates import certify
from tests.cli.checking.conftest import in_production, only, severities
from tests.cli.checking.standing import RIGHT, Ports, a_portal, nginx, ports

pytestmark = [pytest.mark.own_database, pytest.mark.either_database]

Behind = Callable[..., Deployment]
ALL = (*front.CHECKS, *proxies.CHECKS, *clocks.CHECKS)


@pytest.fixture(scope="module")
def places() -> Ports:
    return ports()


@pytest.fixture(scope="module")
def portal(places: Ports, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """The portal behind one proxy, as it was set up to be."""
    folder = tmp_path_factory.mktemp("portal")
    url = f"https://localhost:{places.https}"
    settings = in_production(f"sqlite:///{folder / 'portal.sqlite3'}", "", folder, external_base_url=url)
    with create_app(settings).app_context():
        upgrade()
        for engine in db.engines.values():
            engine.dispose()
    with a_portal(settings, places.portal, folder):
        yield Deployment(settings, url, places.http)


@pytest.fixture
def behind(portal: Deployment, places: Ports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Behind]:
    """The portal behind an nginx with these settings, and a certificate that is trusted here."""
    with ExitStack() as stack:

        def start(settings: str = RIGHT, *, name: str = "localhost", days: int = 90, **others) -> Deployment:
            monkeypatch.setenv("SSL_CERT_FILE", str(certify(tmp_path, name, days)))
            stack.enter_context(nginx(places, tmp_path, settings, **others))
            return portal

        yield start


def without(*names: str) -> str:
    """nginx's settings without those of these headers: then what a caller sent is handed on."""
    lines = RIGHT.splitlines()
    return "\n".join(line for line in lines if not any(f" {name} " in line for name in names))


def look(at: Deployment, *checks: Check) -> list[Finding]:
    return [finding for check in checks or ALL for finding in check(at)]


def failures(found: list[Finding]) -> list[str]:
    return [finding.says for finding in found if finding.severity is Severity.FAIL]


def test_behind_a_proxy_that_is_right_all_is_ok(behind: Behind):
    found = look(behind())

    assert severities(found) == {"ok"}, found
    assert len(found) >= len(ALL)


# The address


def test_nobody_answers(portal: Deployment):
    found = look(portal)

    assert ["Nobody answers" in says for says in failures(found)] == [True]
    assert severities(look(portal, *proxies.CHECKS, clocks.of_address)) == {"not checked"}


def test_a_certificate_that_nobody_knows(behind: Behind, monkeypatch: pytest.MonkeyPatch):
    at = behind()
    monkeypatch.delenv("SSL_CERT_FILE")

    assert "not one that browsers take" in only(look(at, front.answers), Severity.FAIL).says
    assert severities(look(at, front.of_answers, front.unknown_host, *proxies.CHECKS)) == {"not checked"}


def test_a_certificate_for_another_name(behind: Behind):
    assert "not one that browsers take" in only(look(behind(name="other.example"), front.answers), Severity.FAIL).says


def test_a_certificate_that_ends_soon(behind: Behind):
    assert "ends in 3 days" in only(look(behind(days=3), front.answers), Severity.WARN).says


@pytest.mark.parametrize(
    ("plain", "says"),
    [
        ("return 200 'hello';", "A page is served by plain http."),
        ("return 301 https://elsewhere.example/;", "Plain http leads elsewhere"),
        ("return 301 http://localhost/;", "Plain http leads elsewhere"),
    ],
)
def test_plain_http_that_does_not_lead_to_https(plain: str, says: str, behind: Behind):
    assert says in only(look(behind(plain=plain), front.plain_http), Severity.FAIL).says


@pytest.mark.parametrize("plain", ["return 403;", "return 444;"])
def test_plain_http_that_is_refused_is_fine(plain: str, behind: Behind):
    assert severities(look(behind(plain=plain), front.plain_http)) == {"ok"}


# Headers of answers


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("proxy_hide_header Strict-Transport-Security;", "without Strict-Transport-Security"),
        ("proxy_hide_header Content-Security-Policy;", "without Content-Security-Policy"),
        ("add_header Content-Security-Policy \"default-src 'self'\" always;", "2 headers Content-Security-Policy"),
        ("add_header Strict-Transport-Security max-age=60 always;", "2 headers Strict-Transport-Security"),
        ("add_header X-Content-Type-Options nosniff always;", "2 headers X-Content-Type-Options"),
        (
            "proxy_hide_header Referrer-Policy; add_header Referrer-Policy no-referrer always;",
            "another Referrer-Policy than the portal sends",
        ),
        ("proxy_cookie_flags ~ nosecure;", "arrives without secure"),
        ("proxy_cookie_flags ~ nohttponly;", "arrives without httponly"),
    ],
)
def test_a_header_that_a_proxy_takes_away_doubles_or_changes(more: str, says: str, behind: Behind):
    found = failures(look(behind(RIGHT + more), front.of_answers))

    assert found
    assert all(says in each for each in found)


@pytest.mark.parametrize("more", ["proxy_hide_header X-Request-Id;", "add_header X-Request-Id $request_id always;"])
def test_an_answer_without_its_one_id(more: str, behind: Behind):
    assert severities(look(behind(RIGHT + more), front.of_answers)) == {"warn"}


# Names


def test_a_proxy_that_hides_the_name_it_was_asked_for(behind: Behind):
    fixed = (
        without("Host", "X-Forwarded-Host") + "proxy_set_header Host localhost; proxy_set_header X-Forwarded-Host '';"
    )

    assert "under any name" in only(look(behind(fixed), front.unknown_host), Severity.FAIL).says


def test_something_else_behind_the_same_address(behind: Behind):
    other = RIGHT + 'if ($http_host ~ "invalid") { return 200 "hello"; }'

    assert "something else" in only(look(behind(other), front.unknown_host), Severity.WARN).says


def test_a_proxy_that_leads_any_name_on_to_itself(behind: Behind):
    led = RIGHT + 'if ($http_host ~ "invalid") { return 301 https://$http_host/; }'

    assert "that very name" in only(look(behind(led), front.unknown_host), Severity.FAIL).says


# What the portal takes for true


@pytest.mark.parametrize(
    ("missing", "says"),
    [
        ("X-Forwarded-Proto", "coming by http, not https"),
        ("X-Forwarded-For", "0 proxies told the portal an address"),
    ],
)
def test_a_header_that_the_proxy_does_not_set(missing: str, says: str, behind: Behind):
    assert [says in each for each in failures(look(behind(without(missing)), proxies.arrival))] == [True]


def test_a_name_that_the_proxy_does_not_pass_on(behind: Behind):
    assert "for its name" in failures(look(behind(without("Host", "X-Forwarded-Host")), proxies.arrival))[0]


@pytest.mark.parametrize(
    ("missing", "says"),
    [
        ("X-Forwarded-For", "chooses its own address"),
        ("X-Forwarded-Host", "chooses the portal's name"),
        ("X-Forwarded-Proto", "chooses the scheme"),
    ],
)
def test_a_header_that_a_caller_may_choose(missing: str, says: str, behind: Behind):
    assert [says in each for each in failures(look(behind(without(missing)), proxies.spoofing))] == [True]


def test_an_id_that_a_caller_may_choose(behind: Behind):
    found = look(behind(without("X-Request-Id")), proxies.spoofing)

    assert "ids of its requests" in only(found, Severity.WARN).says
    assert not failures(found)


def test_a_proxy_that_adds_to_what_it_was_sent_is_fine(behind: Behind):
    adds = without("X-Forwarded-For") + "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"

    assert severities(look(behind(adds), *proxies.CHECKS)) == {"ok"}


def test_a_proxy_more_than_the_settings_know(behind: Behind):
    at = behind(hops=2)

    assert ["2 proxies told the portal an address" in each for each in failures(look(at, proxies.arrival))] == [True]


def test_settings_that_are_not_those_of_who_answers(behind: Behind):
    at = behind()
    other = replace(at, settings=at.settings.model_copy(update={"proxy_hops": 2}))

    assert "runs with PROXY_HOPS=1, and not 2" in failures(look(other, proxies.arrival))[0]


def test_another_instance_behind_the_address(behind: Behind):
    at = behind()
    other = replace(at, settings=at.settings.model_copy(update={"secret_key": "that of another instance, long enough"}))

    assert (
        "Nothing at this address answers by this SECRET_KEY" in only(look(other, proxies.arrival), Severity.FAIL).says
    )
    assert severities(look(other, proxies.spoofing)) == {"not checked"}


def test_a_proxy_that_takes_the_question_out(behind: Behind):
    at = behind(RIGHT + 'proxy_set_header X-Portal-Check "";')

    assert "X-Portal-Check" in only(look(at, proxies.arrival), Severity.FAIL).do


# Clocks


@pytest.mark.parametrize(("seconds", "severity"), [(1, "ok"), (6, "warn"), (-6, "warn"), (40, "fail"), (-4000, "fail")])
def test_a_clock_that_is_not_the_addresss(seconds: int, severity: str, behind: Behind):
    at = behind()

    with clock.travelled_to(clock.now() + timedelta(seconds=seconds)):
        assert severities(look(at, clocks.of_address)) == {severity}


# How it asks


@pytest.mark.no_database
@pytest.mark.parametrize(
    "url", ["", "portal.example.com", "ftp://a", "https://", "https://a:x", "https://[a", "https://a:0"]
)
def test_what_is_no_address(url: str):
    assert not is_address(url)


def test_a_name_and_password_in_an_address_are_not_repeated(portal: Deployment):
    at = replace(portal, url=portal.url.replace("https://", "https://ann:sesame-open@"))

    found = look(at)

    assert not any("sesame" in finding.says + finding.do for finding in found)


def test_an_answer_is_as_it_came(behind: Behind):
    told = ask(behind().url, "/livez")

    assert (told.status, told.body, told.own_address) == (200, "live\n", "127.0.0.1")
