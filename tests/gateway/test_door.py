"""The door itself: its addresses and methods, what it counts, and what may be asked of it in JSON."""

import io
import json

import pytest

from portal.access.actor import Actor
from portal.config import Questions
from portal.gateway.bodies import LARGEST
from portal.gateway.decisions import MOST_CALLS
from tests.connector.shop import Shop, a_token
from tests.factories import a_private_key, tenant_of
from tests.gateway.asking import SERVICE, Gateway
from tests.gateway.conftest import MakeGateway

PATHS = {
    "/gateway/check": ("GET", "HEAD"),
    f"/gateway/check/{SERVICE}": ("GET", "HEAD"),
    "/gateway/decisions": ("POST",),
    "/gateway/ready": ("GET", "HEAD"),
    "/gateway/metrics": ("GET", "HEAD"),
}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")


def as_json(shop: Shop, **others: object) -> dict[str, object]:
    """The shop's call as a service asks about it."""
    token = shop.headers()["x-gw-signature"]
    return {"api_key": shop.api_key, "token": token, "service": SERVICE} | others


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", METHODS)
def test_each_address_takes_its_methods_only(gateway: Gateway, path: str, method: str):
    told = gateway.ask(method, path)

    if method in PATHS[path]:
        assert told.status != 405
    else:
        assert (told.status, told.headers["allow"]) == (405, ", ".join(PATHS[path]))


@pytest.mark.parametrize(
    "path", ["/gateway/", "/gateway/checks", "/gateway/check/a/b", "/gateway/decisions/", "/gateway/../keys", "/", "/x"]
)
def test_what_is_not_there_is_not_found(gateway: Gateway, path: str):
    assert gateway.ask("GET", path).status in (400, 404)


def test_an_answer_to_head_has_no_body(gateway: Gateway):
    assert gateway.ask("GET", "/gateway/ready").body != b""
    assert gateway.ask("HEAD", "/gateway/ready").body == b""


def test_every_answer_names_the_worker_and_is_not_kept(gateway: Gateway, shop: Shop):
    for told in (gateway.check(shop), gateway.check(), gateway.ask("GET", "/gateway/x"), gateway.decide({})):
        assert told.headers["x-portal-worker"] == gateway.door.worker
        assert told.headers["cache-control"] == "no-store"


def test_the_pages_are_behind_the_door(app, shop: Shop):
    told = Gateway(app.wsgi_app).ask("GET", "/sign-in", {"Host": "localhost"})

    assert told.status == 200
    assert b"<form" in told.body


def test_the_connectors_own_check_is_the_connectors(app):
    told = Gateway(app.wsgi_app).ask("GET", "/gateway/apikeycheck", {"Host": "localhost"})

    assert (told.status, told.json["error"]["code"]) == (403, "signature_needed")


# In JSON


def test_a_decision_in_json_says_what_the_check_says(gateway: Gateway, owner: Actor, shop: Shop):
    told = gateway.look().decide(as_json(shop))

    account = tenant_of(owner)
    assert told.status == 200
    assert told.json == {
        "allowed": True,
        "status": 204,
        "reason": None,
        "sentence": None,
        "mend": None,
        "account": account.account_id,
        "tenant": account.name,
        "environment": "sandbox",
        "holder": account.account_id,
        "delegation": None,
        "data_space": None,
        "flags": [],
    }


def test_a_refusal_in_json_has_a_sentence_and_who_can_mend_it(gateway: Gateway, shop: Shop):
    told = gateway.look().decide(as_json(shop, service="no-such")).json

    assert (told["allowed"], told["status"], told["reason"]) == (False, 403, "service_unknown")
    assert told["sentence"] == "There is no service with this code."
    assert told["mend"] == "whoever runs the gateway"


def test_a_stranger_in_json_hears_no_more(gateway: Gateway, shop: Shop):
    told = gateway.look().decide(as_json(shop, token=a_token(a_private_key(509)))).json

    assert {name: value for name, value in told.items() if value is not None and value != []} == {
        "allowed": False,
        "status": 401,
        "reason": "not_proven",
        "sentence": "The call does not prove that it holds a key known here.",
    }


def test_many_calls_are_answered_in_their_order(gateway: Gateway, shop: Shop):
    calls = [as_json(shop, service=service) for service in (SERVICE, "no-such", "payment-services")]

    told = gateway.look().decide({"calls": calls})

    assert [each["reason"] for each in told.json["decisions"]] == [None, "service_unknown", None]


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"\xff", b"[]", b"null", b'"x"', b"1", b"{}", b"[" * 100_000,
        {"calls": []}, {"calls": {}}, {"calls": [1]}, {"calls": [{}] * (MOST_CALLS + 1)},
        {"calls": [{}], "api_key": ""},
        {"api_key": 1}, {"service": ["x"]}, {"api_key": "x", "more": 1}, {"service": SERVICE, "client": 1},
        {"service": SERVICE, "client": {"more": 1}}, {"service": SERVICE, "client": {"address": 1}},
        {"service": "A B"}, {"service": None},
    ],
)  # fmt: skip
def test_a_question_that_is_none_is_refused_in_json(gateway: Gateway, content: object):
    told = gateway.decide(content)

    assert told.status == 400
    assert told.json["code"] in ("not_understood", "service_not_named")
    assert told.json["message"]


def test_a_question_that_is_too_large_is_refused(gateway: Gateway):
    told = gateway.decide(b" " * (LARGEST + 1))

    assert (told.status, told.json["code"]) == (413, "too_large")


class Unread:
    """A body that nobody may wait for."""

    def read(self, _length: int) -> bytes:
        raise AssertionError("it was read")


@pytest.mark.parametrize(
    ("credential", "length", "code"),
    [("", "100", "asker_unknown"), ("psc_x", "100", "asker_unknown"), (None, str(LARGEST + 1), "too_large"),
     (None, "9" * 5000, "too_large")],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/gateway/decisions", "/gateway/uses"])
def test_a_body_is_not_waited_for_in_vain(gateway: Gateway, path: str, credential: str | None, length: str, code: str):
    """Who sends slowly holds a thread; a stranger holds none."""
    gateway.credential = gateway.credential if credential is None else credential
    environ = gateway.environ("POST", path, {"Content-Type": "application/json"})
    environ |= {"wsgi.input": Unread(), "CONTENT_LENGTH": length}

    answer = gateway.door.answer(environ, path)

    assert dict(answer.headers)["X-Portal-Reason"] == code


@pytest.mark.parametrize("length", [None, "", "-1", "５", "1e3", "+5"])
def test_a_body_that_says_nothing_of_its_length_is_read_as_far_as_allowed(gateway: Gateway, length: str | None):
    environ = gateway.environ("POST", "/gateway/decisions", {"Content-Type": "application/json"})
    environ |= {"wsgi.input": io.BytesIO(b" " * (LARGEST + 9)), "CONTENT_LENGTH": length}

    answer = gateway.door.answer(environ, "/gateway/decisions")

    assert dict(answer.headers)["X-Portal-Reason"] == "too_large"
    assert len(environ["wsgi.input"].read()) == 8


def test_an_empty_data_space_is_not_none(gateway: Gateway, shop: Shop):
    """A server may make an empty header of one that it cannot read, while the service behind reads it."""
    told = gateway.look().decide(as_json(shop, data_space=""))

    assert told.json["reason"] == "data_space_unknown"


def test_a_question_in_another_form_is_refused(gateway: Gateway, shop: Shop):
    told = gateway.decide(json.dumps(as_json(shop)).encode(), Content_Type="text/plain")

    assert (told.status, told.json["code"]) == (400, "not_understood")


def test_a_credential_may_come_as_a_bearer_token(a_gateway: MakeGateway, gateway: Gateway, shop: Shop):
    bare = a_gateway()

    assert bare.decide(as_json(shop), Authorization=f"Bearer {gateway.credential}").json["allowed"]
    assert bare.decide(as_json(shop), Authorization="Basic abc").status == 403


def test_a_worker_for_checks_answers_nothing_that_could_hold_one_back(
    a_gateway: MakeGateway, gateway: Gateway, shop: Shop
):
    worker = a_gateway(credential=gateway.credential, questions=Questions.CHECKS)

    assert worker.check(shop).status == 204
    assert [worker.ask("GET", f"/gateway/{name}").status for name in ("ready", "metrics")] == [200, 200]
    for method, name in (("POST", "decisions"), ("GET", "bundle"), ("POST", "uses"), ("GET", "jwks/sandbox.json")):
        told = worker.ask(method, f"/gateway/{name}")
        assert (told.status, told.json["code"]) == (404, "no_such_address")
        assert "answers checks only" in told.json["message"]


# What it counts


def test_decisions_and_refusals_are_counted_by_their_reasons(gateway: Gateway, shop: Shop):
    gateway.look().check(shop)
    gateway.check(shop, "no-such")
    gateway.check(shop, "A B")

    text = gateway.ask("GET", "/gateway/metrics").body.decode()

    worker = gateway.door.worker
    assert f'portal_decisions_total{{reason="allowed",worker="{worker}"}} 1.0' in text
    assert f'portal_decisions_total{{reason="service_unknown",worker="{worker}"}} 1.0' in text
    assert f'portal_refusals_total{{code="service_not_named",worker="{worker}"}} 1.0' in text
    assert f'portal_keys{{worker="{worker}"}} 1.0' in text
    assert f'portal_ready{{worker="{worker}"}} 1.0' in text


def test_lags_are_told_as_the_status_page_tells_them(gateway: Gateway):
    gateway.door.follower.lags.extend([0.4, 0.1, 0.2, 0.3])

    text = gateway.ask("GET", "/gateway/metrics").body.decode()

    for quantile, seconds in ((0.5, 0.2), (0.99, 0.4), (1.0, 0.4)):
        assert f'portal_change_lag_seconds{{quantile="{quantile}",worker="{gateway.door.worker}"}} {seconds}' in text


def test_metrics_are_for_who_has_a_credential(a_gateway: MakeGateway):
    assert a_gateway().ask("GET", "/gateway/metrics").status == 403
