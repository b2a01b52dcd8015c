"""Whatever is asked below the door's paths, however it goes wrong: a JSON object with `status` and `message`."""

import json
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as NoConnection

from portal.access.roles import Role
from portal.connector import rows
from portal.connector.door import _length
from portal.connector.routes import ROUTES
from portal.impact import snapshot
from tests.connector.shop import PING, REGISTRY, Send, Shop
from tests.factories import a_member, tenant_of
from tests.statements import failing_after

INITIALIZE = f"{REGISTRY}/initialize"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get", "X" * 100)
ODD_PATHS = [
    "/merchant-registry",
    "/merchant-registry/",
    "//merchant-registry/v1/ping",
    "/merchant-registry//v1/ping",
    "/merchant-registry/v1//ping",
    "/merchant-registry/v1/ping/",
    "/merchant-registry/v1/ping//",
    "/merchant-registry/v1/Ping",
    "/merchant-registry/v1/ping%00",
    "/merchant-registry/v1/ping%0d%0aSet-Cookie:x=1",
    "/merchant-registry/v1/../v1/ping",
    "/merchant-registry/v2/ping",
    "/merchant-registry/v1/registry/",
    "/merchant-registry/v1/registry/projects",
    "/merchant-registry/v1/registry/projects/",
    "/merchant-registry/v1/registry/projects/a%2Fb",
    "/merchant-registry/v1/registry/projects/%E5%BA%97",
    "/merchant-registry/v1/registry/projects/%00",
    "/merchant-registry/v1/registry/projects/%FF",
    "/merchant-registry/v1/registry/projects/a b",
    "/merchant-registry/v1/registry/environments/x/cloudid/",
    "/merchant-registry/v1/registry/environments/x/cloudid/a/b",
    "/merchant-registry/static/app.css",
    "/merchant-registry/" + "x" * 5000,
    "/gateway/apikeycheck/",
    "/gateway/apikeycheck/x",
    "/gateway//apikeycheck",
    "//gateway/apikeycheck",
]


def said(answer: tuple[int, dict[str, str], bytes]) -> dict[str, Any]:
    """The refusal's body, after looking at what every answer of the door has in common."""
    status, headers, octets = answer
    body: dict[str, Any] = json.loads(octets)
    assert status >= 400
    assert "Location" not in headers
    assert "Set-Cookie" not in headers
    assert headers["Content-Type"] == "application/json"
    assert headers["Cache-Control"] == "no-store"
    assert int(headers["Content-Length"]) == len(octets)
    assert len(headers["X-Request-Id"]) == 32
    assert isinstance(body["status"], int)
    assert body["status"] == status
    assert isinstance(body["message"], str)
    assert body["message"]
    return body


@pytest.mark.parametrize("path", ODD_PATHS)
def test_a_path_that_is_none(shop: Shop, path: str):
    for method in ("GET", "POST", "PATCH", "PUT", "DELETE"):
        assert said(shop.send(method, path, shop.headers(), b"{}"))["message"] == "Merchant registry not found"


@pytest.mark.parametrize("path", sorted({route.path for route in ROUTES}))
@pytest.mark.parametrize("method", METHODS)
def test_a_method_that_a_path_does_not_take(shop: Shop, method: str, path: str):
    taken = {route.method for route in ROUTES if route.path == path}
    if method in taken:
        return
    address = path.replace("{", "").replace("}", "")

    status, headers, body = shop.send(method, address, shop.headers(), b"{}")

    assert status == 405
    assert headers["Allow"] == ", ".join(route.method for route in ROUTES if route.path == path)
    assert method == "HEAD" or said((status, headers, body))


@pytest.mark.parametrize(
    "host", ["evil.example.com", "localhost.evil.example.com", "", "a b", "[::1", "localhost:x", "é", "x" * 5000]
)
@pytest.mark.parametrize("path", [PING, REGISTRY, "/merchant-registry/nothing"])
def test_a_strange_host(shop: Shop, host: str, path: str):
    headers = shop.headers() | {"Host": host.encode().decode("latin-1")}

    assert said(shop.send("GET", path, headers, b""))["status"] == 400


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1", "127.0.0.1:8000"])
def test_the_demo_answers_shops_at_its_name_and_at_loopback_addresses(shop: Shop, host: str):
    status, _headers, body = shop.send("GET", PING, shop.headers() | {"Host": host}, b"")

    assert (status, json.loads(body)) == (200, {"status": 200})


@pytest.mark.parametrize(
    ("octets", "status"),
    [
        (b"", 400),
        (b" ", 400),
        (b"{", 400),
        (b"{'projectName': 'x'}", 400),
        (b'{"projectName": "x"}}', 400),
        (b"[]", 400),
        (b'["projectName"]', 400),
        (b'"projectName"', 400),
        (b"null", 400),
        (b"7", 400),
        (b"\xff\xfe", 400),
        ('{"projectName": "x"}'.encode("utf-16"), 400),
        (b"[" * 10_000 + b"]" * 10_000, 400),
        (b'{"projectName":' * 4_000 + b"1" + b"}" * 4_000, 400),
        (b'{"projectName":' + b"9" * 5_000 + b"}", 400),
        (b'{"projectName":"' + b"x" * 70_000 + b'"}', 413),
        (b"x" * 2_000_000, 413),
        (b"{}", 422),
        (b'{"projectName": null}', 422),
    ],
)
def test_a_body_that_is_none(shop: Shop, octets: bytes, status: int):
    for method, path in (("POST", INITIALIZE), ("PATCH", f"{REGISTRY}/projects/x")):
        expected = 404 if path != INITIALIZE and status == 422 else status
        assert said(shop.send(method, path, shop.headers(), octets))["status"] == expected
    assert shop.rows() == []


@pytest.mark.parametrize(
    "kind", [None, "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "é"]
)
def test_a_body_of_another_kind(shop: Shop, kind: str | None):
    headers = {**shop.headers(), "Content-Type": kind.encode().decode("latin-1") if kind else kind}
    headers = {name: value for name, value in headers.items() if value is not None}

    assert said(shop.send("POST", INITIALIZE, headers, b'{"projectName": "x"}'))["status"] == 415


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON"])
def test_json_in_another_spelling_is_json(shop: Shop, kind: str):
    status, _headers, _body = shop.send(
        "POST", INITIALIZE, shop.headers() | {"Content-Type": kind}, b'{"projectName": "x"}'
    )

    assert status == 200


@pytest.mark.no_database
def test_a_body_without_a_length_is_read_as_far_as_allowed():
    """A chunked request announces none."""
    assert _length({}, 100) == 101
    assert _length({"CONTENT_LENGTH": ""}, 100) == 101
    assert _length({"CONTENT_LENGTH": "50"}, 100) == 50
    assert _length({"CONTENT_LENGTH": "9" * 30}, 100) == 101
    assert _length({"CONTENT_LENGTH": "-1"}, 100) == 101
    assert _length({"CONTENT_LENGTH": "５"}, 100) == 101


def test_who_is_not_verified_is_told_nothing_of_the_body(shop: Shop):
    headers = shop.headers() | {"x-gw-signature": "x"}

    assert said(shop.send("POST", INITIALIZE, headers, b"["))["message"] == "JWT is invalid"


def away(*_arguments: Any, **_named: Any) -> Any:
    raise OperationalError("SELECT 1", None, Exception("the server went away"))


def no_connection(*_arguments: Any, **_named: Any) -> Any:
    raise NoConnection("no connection within 30 seconds")


def broken(*_arguments: Any, **_named: Any) -> Any:
    raise ProgrammingError("SELECT nonsense", None, Exception("there is no such column"))


def unforeseen(*_arguments: Any, **_named: Any) -> Any:
    raise KeyError("secret detail")


@pytest.mark.parametrize(
    ("fault", "status"),
    [(away, 503), (no_connection, 503), (broken, 500), (unforeseen, 500)],
    ids=lambda one: getattr(one, "__name__", None),
)
@pytest.mark.parametrize("where", [(rows, "of"), (snapshot, "find")], ids=["rows", "snapshot"])
def test_a_fault(shop: Shop, where: tuple[Any, str], fault: Any, status: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(*where, fault)

    for method, path, octets in (("GET", REGISTRY, b""), ("POST", INITIALIZE, b'{"projectName": "x"}')):
        if where[0] is snapshot and method == "GET":
            continue  # held in memory
        answer = shop.send(method, path, shop.headers(), octets)
        body = said(answer)
        assert body["status"] == status
        assert "secret" not in body["message"]
        assert (answer[1].get("Retry-After") == "30") == (status == 503)


@pytest.mark.parametrize("path", [PING, REGISTRY])
@pytest.mark.parametrize("count", range(4))
def test_a_database_that_goes_away(shop: Shop, path: str, count: int):
    with failing_after(count):
        answer = shop.send("GET", path, shop.headers(), b"")

    assert answer[0] == 200 or said(answer)["status"] == 503
    assert count > 0 or answer[0] == 503


def test_a_project_is_created_whole_or_not_at_all_when_the_database_goes_away(shop: Shop):
    for count in range(40):
        with failing_after(count):
            answer = shop.send("POST", INITIALIZE, shop.headers(), b'{"projectName": "Storefront"}')
        if answer[0] == 200:
            break
        assert said(answer)["status"] == 503
        assert shop.rows() == []

    assert len(shop.rows()) == 3
    assert count > 5


def test_a_signed_in_browser_is_a_stranger_here(app: Flask, shop: Shop, signed_in: Any, owner: Any):
    browser = signed_in(a_member(tenant_of(owner), Role.OWNER))

    answer = browser.get(PING)

    assert answer.status_code == 403
    assert answer.json["message"] == "Client ID is invalid"
    assert "Set-Cookie" not in answer.headers


def test_cookies_change_nothing(shop: Shop):
    headers = shop.headers() | {"Cookie": "sid=x; form=y"}

    status, answered, _body = shop.send("GET", PING, headers, b"")

    assert status == 200
    assert "Set-Cookie" not in answered


def test_a_call_that_another_site_made_a_browser_send_is_a_call_like_any_other(shop: Shop):
    headers = shop.headers() | {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example.com"}

    status, answered, _body = shop.send("POST", INITIALIZE, headers, b'{"projectName": "x"}')

    assert status == 200
    assert not [name for name in answered if name.startswith("Access-Control")]


def test_every_answer_has_the_headers_of_the_portal(shop: Shop):
    for path in (PING, REGISTRY, "/merchant-registry/x"):
        _status, headers, _body = shop.send("GET", path, shop.headers(), b"")

        assert headers["Content-Type"] == "application/json"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert headers["Cache-Control"] == "no-store"
        assert len(headers["X-Request-Id"]) == 32


@pytest.mark.parametrize(
    "path", ["/merchant-registryx", "/gateway", "/gateway/apikeychecks", "/Merchant-Registry/v1/ping"]
)
def test_what_only_looks_alike_is_a_page(send: Send, path: str):
    _status, headers, _body = send("GET", path, {}, b"")

    assert headers["Content-Type"].startswith("text/html")
