"""One line in the log for each request, by all doors alike; and the request's id."""

import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import create_environ, run_wsgi_app

from portal.access.actor import Actor
from portal.access.roles import Role
from portal.app import create_app
from portal.audit import store as audit
from portal.foundation.database import db
from portal.watching.door import Door
from tests.conftest import PortalClient, settings_for
from tests.connector.shop import REGISTRY, Shop
from tests.factories import a_delegation, a_key, a_member, a_private_key, an_integrator, tenant_of

Said = list[dict[str, Any]]
GIVEN = "0123456789abcdef" * 2


def test_a_page_is_one_line(lines: Said, client: PortalClient):
    answer = client.get("/sign-in?next=/MAG000000001/keys")

    (line,) = lines
    milliseconds = line.pop("ms")
    assert line == {
        "event": "served",
        "door": "web",
        "endpoint": "accounts.sign_in",
        "method": "GET",
        "status": 200,
        "request_id": answer.headers["X-Request-Id"],
    }
    assert 0 < milliseconds < 10_000


def test_it_says_for_which_account_somebody_acts(lines: Said, signed_in, owner: Actor):
    account = tenant_of(owner).account_id

    signed_in(owner).get(f"/{account}/keys")

    (line,) = lines
    assert (line["endpoint"], line["account"]) == ("keys.index", account)
    assert "home" not in line


def test_it_says_whose_delegate_somebody_is(lines: Said, signed_in, owner: Actor):
    integrator = an_integrator()
    delegation = a_delegation(owner, integrator)
    accounts = {"account": tenant_of(owner).account_id, "home": tenant_of(integrator).account_id}

    signed_in(integrator).get(f"/{accounts['account']}/keys")

    (line,) = lines
    assert {"delegation": delegation.public_id, **accounts}.items() <= line.items()


def test_a_refused_page_is_a_line_with_its_status(lines: Said, signed_in, owner: Actor):
    signed_in(owner).get("/MAG999999999/keys")

    (line,) = lines
    assert (line["status"], line["endpoint"]) == (404, "keys.index")
    assert "account" not in line  # it is none of theirs


def test_a_failure_is_a_line_with_the_id_on_the_page(
    lines: Said, client: PortalClient, app: Flask, monkeypatch: pytest.MonkeyPatch
):
    def fail(**_arguments: Any) -> None:
        raise RuntimeError("unforeseen")

    monkeypatch.setitem(app.view_functions, "accounts.sign_in", fail)

    answer = client.get("/sign-in")

    (line,) = lines
    assert (line["status"], line["request_id"]) == (500, answer.headers["X-Request-Id"])
    assert line["request_id"] in answer.text


def test_a_call_of_a_shop_names_its_key(lines: Said, owner: Actor, client: PortalClient):
    private = a_private_key(500)
    pair = a_key(owner, private=private)

    answer = client.get(REGISTRY, headers=Shop(None, pair.api_key, private).headers())

    (line,) = lines
    assert (line["door"], line["endpoint"], line["status"]) == ("connector", "everything", 200)
    assert (line["account"], line["credential"]) == (tenant_of(owner).account_id, pair.api_key)
    assert line["request_id"] == answer.headers["X-Request-Id"]


def test_a_call_of_a_script_is_a_line_of_its_door(lines: Said, client: PortalClient):
    answer = client.open("/api/v1/keys/making", method="POST", json={"code": "none"})

    (line,) = lines
    assert (line["door"], line["endpoint"], line["status"]) == ("api", "api.making", answer.status_code)


def test_a_missing_call_of_a_script_is_of_its_door_too(lines: Said, client: PortalClient):
    client.get("/api/v1/nothing")

    (line,) = lines
    assert (line["door"], line["endpoint"], line["status"]) == ("api", "none", 404)


def test_a_line_holds_no_query_no_body_no_cookie_and_no_path(lines: Said, client: PortalClient):
    client.set_cookie("sid", "a-cookie-secret")

    client.open(
        "/sign-in?code=a-query-secret",
        method="POST",
        data={"email": "nina@example.com", "password": "a-body-secret"},
        headers={"Authorization": "Bearer a-header-secret", "User-Agent": "an-agent"},
    )
    client.get("/invitations/a-path-secret")

    assert len(lines) == 2
    assert not re.search("secret|nina|agent|/", str(lines))


def test_what_is_streamed_is_a_line_once_it_is_sent(lines: Said, app: Flask):
    def streaming(_environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Type", "text/csv")])
        yield b"one"

    answer = run_wsgi_app(Door(streaming, app.app_context, takes_ids=False), create_environ())

    before = list(lines)
    answer[0].close()
    assert (before, [line["status"] for line in lines]) == ([], [200])


def test_what_fails_behind_the_door_is_a_line_and_fails_on(lines: Said, app: Flask):
    def failing(_environ: dict[str, Any], _start_response: Any) -> list[bytes]:
        raise RuntimeError("unforeseen")

    with pytest.raises(RuntimeError):
        run_wsgi_app(Door(failing, app.app_context, takes_ids=False), create_environ())

    assert [line["status"] for line in lines] == [500]


# The id of a request


@pytest.fixture
def behind_proxy(database_store, tmp_path):
    app = create_app(settings_for(*database_store.urls, tmp_path, proxy_hops=1))
    app.test_client_class = PortalClient
    yield app
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()


def test_without_a_proxy_nobody_else_says_the_id(client: PortalClient):
    answer = client.get("/sign-in", headers={"X-Request-Id": GIVEN})

    assert uuid.UUID(answer.headers["X-Request-Id"]).hex != GIVEN


def test_behind_a_proxy_its_id_is_the_requests(behind_proxy: Flask, lines: Said):
    for path in ("/sign-in", "/merchant-registry/v1/ping", "/api/v1/nothing"):
        answer = behind_proxy.test_client().get(path, headers={"X-Request-Id": GIVEN})

        assert answer.headers["X-Request-Id"] == GIVEN
    assert {line["request_id"] for line in lines} == {GIVEN}


@pytest.mark.parametrize("given", ["", "x" * 32, GIVEN.upper(), GIVEN + "0", GIVEN[:-1], f"{GIVEN}, {GIVEN}"])
def test_what_is_no_id_is_not_taken_from_a_proxy_either(given: str, behind_proxy: Flask):
    answer = behind_proxy.test_client().get("/sign-in", headers={"X-Request-Id": given})

    assert answer.headers["X-Request-Id"] != given
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["X-Request-Id"])


def test_the_event_of_an_act_has_the_id_of_its_line(lines: Said, signed_in, owner: Actor):
    viewer = a_member(tenant_of(owner), Role.VIEWER)

    signed_in(viewer).post(f"/{tenant_of(owner).account_id}/keys/{a_key(owner).api_key}/rename", data={"name": "Mine"})

    (line,) = lines
    last = audit.page(owner, before_seq=None, limit=1)[0]
    assert line["status"] == 403
    assert (last.refused, last.request_id) == (True, line["request_id"])
