"""The headers of every answer and every error, what cookies carry, and what the pages themselves may hold."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from werkzeug.test import TestResponse

from portal.accounts import attempts
from portal.accounts import store as accounts
from portal.app import create_app
from portal.foundation.database import db
from tests.access.browsing import browser_of
from tests.access.snapshot import Snapshot
from tests.access.world import World
from tests.conftest import PortalClient, settings_for
from tests.factories import PASSWORD
from tests.web.access.asking import ask
from tests.web.access.routes import Route, address
from tests.web.access.table import PAGES as OF_BROWSERS
from tests.web.access.table import ROWS, Row

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; font-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
# For pages whose script touches a private key (security.md, "Web").
KEY_PAGES = {"keys.check", "keys.make:browser", *(f"handoffs.{page}" for page in ("enrol", "give", "open", "seal"))}
POLICY_OF_KEY_PAGES = (
    POLICY.replace("connect-src 'self'", "connect-src 'none'")
    + "; require-trusted-types-for 'script'; trusted-types 'none'"
)
EVERYWHERE = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with no-referrer, browsers send `Origin: null` and CSRF checks refuse forms
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "camera=(), geolocation=(), microphone=(), payment=(), usb=(), "
        "publickey-credentials-create=(self), publickey-credentials-get=(self)"
    ),
}
FORMS = [row for row in OF_BROWSERS if row.route.method == "POST"]
PAGES = [row for row in OF_BROWSERS if row.route.method == "GET" and row.route.endpoint != "static"]
FROM_FLASK = [row for row in ROWS if row.route.endpoint != "static"]
UNREACHABLE = "postgresql+psycopg://portal@/portal?host=/nonexistent&connect_timeout=1"
SECURE_URL = "https://portal.example.com"


def lacking(answer: TestResponse, use: str = "") -> dict[str, list[str]]:
    """The headers that are missing, other than they should be, or there twice."""
    policy = {"Content-Security-Policy": POLICY_OF_KEY_PAGES} if use in KEY_PAGES else {}
    wanted = EVERYWHERE | policy if answer.status_code == 200 else EVERYWHERE
    return {name: found for name, value in wanted.items() if (found := answer.headers.getlist(name)) != [value]}


@pytest.fixture
def secure(world: World, snapshot: Snapshot, tmp_path: Path) -> Iterator[Flask]:
    """The portal behind https, on the world's database."""
    app = create_app(settings_for(*snapshot.store.urls, tmp_path, external_base_url=SECURE_URL))
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def cut_off(world: World, tmp_path: Path) -> Flask:
    """The portal with a database that does not answer."""
    return create_app(settings_for(UNREACHABLE, "", tmp_path))


@pytest.mark.parametrize("row", FROM_FLASK, ids=lambda row: str(row.route))
def test_every_answer_carries_the_headers(row: Row, app: Flask, world: World):
    for name in ("anonymous", "viewer", "owner"):
        assert lacking(ask(app, world.callers[name], row.route), row.route.use) == {}, name


def test_files_carry_the_policy_too(app: Flask, world: World):
    answer = ask(app, world.callers["anonymous"], Route("GET", "static"))

    assert lacking(answer) == {}
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("row", PAGES, ids=lambda row: row.route.use)
def test_a_page_for_somebody_signed_in_is_kept_by_no_cache(row: Row, app: Flask, world: World):
    assert "no-store" in ask(app, world.callers["owner"], row.route).headers["Cache-Control"]


# What each status is provoked by: a browser of the client's owner, and the owner's things.
Provoke = Callable[[PortalClient, dict[str, str], pytest.MonkeyPatch], TestResponse]


def _forged(browser: PortalClient, _things: dict[str, str], _patch: pytest.MonkeyPatch) -> TestResponse:
    browser.csrf_secret = None
    return browser.post("/profile", data={"name": "Mallory"})


def _too_large(browser: PortalClient, _things: dict[str, str], _patch: pytest.MonkeyPatch) -> TestResponse:
    return browser.post("/profile", data={"name": "x" * 70_000})


def _changed(browser: PortalClient, things: dict[str, str], _patch: pytest.MonkeyPatch) -> TestResponse:
    return browser.post(f"/{things['account']}/settings", data={"name": "Other", "version": "0"})


def _too_often(browser: PortalClient, things: dict[str, str], patch: pytest.MonkeyPatch) -> TestResponse:
    patch.setattr(attempts, "PER_PAIR", 0)
    return browser.post("/sign-in", data={"email": things["email"], "password": PASSWORD})


def _broken(browser: PortalClient, _things: dict[str, str], patch: pytest.MonkeyPatch) -> TestResponse:
    def broken(*_arguments: Any) -> None:
        raise RuntimeError("something nobody thought of")

    patch.setattr(accounts, "memberships_of", broken)
    return browser.get("/accounts")


REFUSALS: dict[int, Provoke] = {
    400: _forged,
    403: lambda browser, things, _patch: browser.get(f"/{things['account']}/console/tenants"),
    404: lambda browser, _things, _patch: browser.get("/no/such/page"),
    405: lambda browser, _things, _patch: browser.get("/profile/devices/sign-out-others"),
    409: _changed,
    413: _too_large,
    422: lambda browser, _things, _patch: browser.post("/profile", data={"name": ""}),
    429: _too_often,
    500: _broken,
}

each_refusal = pytest.mark.parametrize("status", REFUSALS)


@pytest.fixture
def refused(app: Flask, world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], TestResponse]:
    owner = world.callers["owner"]
    return lambda status: REFUSALS[status](browser_of(app, owner), owner.things, monkeypatch)


@each_refusal
def test_every_error_is_a_page_of_ours_with_the_headers(status: int, refused: Callable[[int], TestResponse]):
    answer = refused(status)

    assert answer.status_code == status
    assert lacking(answer) == {}
    assert answer.mimetype == "text/html"
    assert "no-store" in answer.headers["Cache-Control"]
    assert BeautifulSoup(answer.text, "html.parser").find("h1")


@each_refusal
def test_an_error_names_its_request(status: int, refused: Callable[[int], TestResponse]):
    """The same id stands in the header, in the log and in the record. A form that is shown again names none."""
    first, second = refused(status), refused(status)

    assert re.fullmatch(r"[0-9a-f]{32}", first.headers["X-Request-Id"])
    assert first.headers["X-Request-Id"] != second.headers["X-Request-Id"]
    assert status in (422, 429) or first.headers["X-Request-Id"] in first.text


@each_refusal
def test_an_error_tells_nothing_of_the_inside(status: int, refused: Callable[[int], TestResponse]):
    page = refused(status).text

    assert not re.search(r"Traceback|RuntimeError|sqlalchemy|SELECT |/portal/|\.py\b", page)


def test_a_405_says_what_is_allowed(refused: Callable[[int], TestResponse]):
    assert "POST" in refused(405).headers["Allow"]


@pytest.mark.parametrize("path", ["/", "/sign-in", "/accounts", "/MAG000000001/keys"])
def test_without_a_database_a_page_says_so(path: str, cut_off: Flask, world: World):
    answer = browser_of(cut_off, world.callers["owner"]).get(path)

    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert lacking(answer) == {}
    assert answer.headers["X-Request-Id"] in answer.text


def test_without_a_database_a_form_is_told_so_and_not_called_forged(cut_off: Flask, world: World):
    answer = browser_of(cut_off, world.callers["owner"]).post("/profile", data={"name": "Other"})

    assert answer.status_code == 503


def test_without_a_database_signing_in_says_so(cut_off: Flask, world: World):
    visitor = browser_of(cut_off, world.callers["anonymous"])

    answer = visitor.post("/sign-in", data={"email": "somebody@example.com", "password": PASSWORD})

    assert answer.status_code == 503


def test_an_unknown_host_is_refused(app: Flask, world: World):
    answer = browser_of(app, world.callers["owner"]).get("/sign-in", base_url="http://evil.example.com")

    assert answer.status_code == 400
    assert lacking(answer) == {}
    assert "evil.example.com" not in answer.text


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_form_that_another_site_sends_is_refused(site: str, app: Flask, world: World, snapshot: Snapshot):
    owner, route = world.callers["owner"], Route("POST", "tenants.rename")

    answer = browser_of(app, owner).post(
        address(app, route, owner.things), data=route.form(owner.things), headers={"Sec-Fetch-Site": site}
    )

    assert answer.status_code == 400
    assert snapshot.written == set()


@pytest.mark.parametrize("site", ["same-origin", "none", None])
def test_a_form_from_our_own_page_is_taken(site: str | None, app: Flask, world: World):
    owner, route = world.callers["owner"], Route("POST", "tenants.rename")
    headers = {"Sec-Fetch-Site": site} if site else {}

    answer = browser_of(app, owner).post(
        address(app, route, owner.things), data=route.form(owner.things), headers=headers
    )

    assert answer.status_code == 303


@pytest.mark.parametrize(
    "row", [row for row in OF_BROWSERS if row.route.method == "POST"], ids=lambda row: str(row.route)
)
def test_a_form_without_its_token_is_refused_everywhere(row: Row, app: Flask, world: World, snapshot: Snapshot):
    for name in ("anonymous", "owner"):
        caller = world.callers[name]
        browser = browser_of(app, caller)
        browser.csrf_secret = None

        answer = browser.post(address(app, row.route, caller.things), data=row.route.form(caller.things))

        assert answer.status_code == 400
        assert snapshot.written == set()


def test_a_token_of_another_session_is_refused(app: Flask, world: World):
    browser = browser_of(app, world.callers["owner"])
    browser.csrf_secret = world.callers["viewer"].csrf_secret

    assert browser.post("/profile", data={"name": "Mallory"}).status_code == 400


def _cookies(app: Flask, world: World, **where: Any) -> dict[str, str]:
    """The cookies that signing in sets, as the browser is told them."""
    owner = world.callers["owner"]
    browser = browser_of(app, world.callers["anonymous"], **where)
    form = {"email": owner.things["email"], "password": PASSWORD}
    answer = browser.post(
        "/sign-in", data=form, **where, headers={"Referer": where.get("base_url", "http://localhost")}
    )
    assert answer.status_code == 303
    return {line.partition("=")[0]: line for line in answer.headers.getlist("Set-Cookie")}


def test_cookies_over_http_are_hidden_from_scripts_and_other_sites(app: Flask, world: World):
    cookies = _cookies(app, world)

    assert cookies.keys() == {"sid", "form", "known"}
    for line in cookies.values():
        assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(line.split("; "))
        assert "Domain" not in line
        assert "Secure" not in line


def test_cookies_over_https_are_bound_to_the_host(secure: Flask, world: World):
    cookies = _cookies(secure, world, base_url=SECURE_URL)

    assert cookies.keys() == {"__Host-sid", "__Host-form", "__Host-known"}
    for line in cookies.values():
        assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(line.split("; "))
        assert "Domain" not in line


def test_the_session_cookie_says_nothing(app: Flask, world: World):
    value = _cookies(app, world)["sid"].partition("=")[2].partition(";")[0]

    assert re.fullmatch(r"[\w-]{43}", value)


def test_https_is_asked_for_on_https_only(app: Flask, secure: Flask, world: World):
    visitor = world.callers["anonymous"]

    over_https = browser_of(secure, visitor, base_url=SECURE_URL).get("/sign-in", base_url=SECURE_URL)
    over_http = browser_of(app, visitor).get("/sign-in")

    assert over_https.headers["Strict-Transport-Security"].startswith("max-age=63072000")
    assert "Strict-Transport-Security" not in over_http.headers


@pytest.mark.parametrize("referer", [None, "https://evil.example.com/", "https://portal.example.com.evil.example/"])
def test_a_form_over_https_names_a_page_of_ours(referer: str | None, secure: Flask, world: World):
    visitor = browser_of(secure, world.callers["anonymous"], base_url=SECURE_URL)
    form = {"email": world.client["email"], "password": PASSWORD}
    headers = {"Referer": referer} if referer else {}

    assert visitor.post("/sign-in", data=form, base_url=SECURE_URL, headers=headers).status_code == 400


@pytest.mark.parametrize("row", PAGES, ids=lambda row: row.route.use)
def test_a_page_holds_nothing_that_the_policy_forbids(row: Row, app: Flask, world: World):
    for name in ("anonymous", "owner", "live", "partner_admin"):
        answer = ask(app, world.callers[name], row.route)
        if answer.mimetype != "text/html":
            continue
        page = BeautifulSoup(answer.text, "html.parser")

        assert [script for script in page("script") if not script.get("src")] == []
        assert page("style") == []
        assert [
            tag.name for tag in page(True) if any(key == "style" or key.startswith("on") for key in tag.attrs)
        ] == []
        loaded = [tag.get("src") or tag["href"] for tag in page(["script", "img", "link", "iframe"]) if tag.name != "a"]
        assert [url for url in loaded if not url.startswith("/static/")] == []
        assert [form["action"] for form in page("form") if not (form.get("action") or "/").startswith(("/", "?"))] == []
