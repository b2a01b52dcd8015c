"""Traces, as a collector on this machine decodes them."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import create_environ, run_wsgi_app
from werkzeug.wrappers import Response

from portal.access.actor import Actor
from portal.foundation import tracing
from portal.foundation.database import db
from portal.outbox.models import OutboxMessage
from portal.watching import tasks
from portal.watching.door import Door
from tests.conftest import PortalClient
from tests.factories import tenant_of
from tests.watching.collector import Collector, listening

OF_SERVER, OF_CLIENT = 2, 3  # kinds of spans in OTLP
TRACE, ABOVE = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
ROOT = Path(__file__).resolve().parents[2]


EMPTY = Response("")


def said_by(traceparent: str) -> dict[str, Any]:
    """A request that came with this header."""
    return create_environ(headers={"traceparent": traceparent})


class Traced:
    """Tracing that has begun, and where it goes."""

    def __init__(self, collector: Collector) -> None:
        self.collector = collector

    def end(self) -> Collector:
        """What came, once everything was sent."""
        tracing.end()
        return self.collector


@pytest.fixture
def traced() -> Iterator[Traced]:
    with listening() as (address, collector):
        tracing.begin(address, "0123abcd")
        try:
            yield Traced(collector)
        finally:
            tracing.end()


def test_a_request_is_a_span_with_its_id(traced: Traced, client: PortalClient):
    answer = client.get("/sign-in?next=/somewhere")

    collector = traced.end()
    span = collector.named("GET accounts.sign_in")
    assert span.kind == OF_SERVER
    assert span.facts == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "portal.door": "web",
        "portal.endpoint": "accounts.sign_in",
        "portal.request_id": answer.headers["X-Request-Id"],
    }
    assert set(collector.paths) == {"/v1/traces"}
    assert {"service.name": "portal", "service.instance.id": "0123abcd"}.items() <= collector.resource.items()


def test_the_statements_of_a_request_are_spans_below_it(traced: Traced, signed_in, owner: Actor):
    account = tenant_of(owner).account_id
    signed_in(owner).get(f"/{account}/keys")

    collector = traced.end()
    request = collector.named("GET keys.index")
    below = collector.below(request)
    assert request.facts["portal.account"] == account
    assert "SELECT sessions" in {span.name for span in below}
    assert {span.kind for span in below} == {OF_CLIENT}
    for span in below:
        assert span.facts.keys() == {"db.system.name", "db.operation.name", "db.collection.name"}


def test_a_call_of_a_shop_is_a_span(traced: Traced, client: PortalClient):
    client.get("/merchant-registry/v1/ping")

    assert traced.end().named("GET ping").facts["portal.door"] == "connector"


def test_a_trace_that_a_proxy_began_goes_on(traced: Traced):
    run_wsgi_app(Door(EMPTY, nullcontext, takes_ids=True), said_by(f"00-{TRACE}-{ABOVE}-01"))

    span = traced.end().named("GET none")
    assert (span.trace_id, span.parent_id, span.links) == (TRACE, ABOVE, ())


def test_a_proxy_cannot_ask_not_to_trace(traced: Traced):
    run_wsgi_app(Door(EMPTY, nullcontext, takes_ids=True), said_by(f"00-{TRACE}-{ABOVE}-00"))

    assert traced.end().named("GET none").trace_id == TRACE


@pytest.mark.parametrize("flags", ["01", "00"], ids=["sampled", "unsampled"])
def test_a_trace_that_anybody_names_is_only_linked_to(flags: str, traced: Traced, client: PortalClient):
    client.get("/sign-in", headers={"traceparent": f"00-{TRACE}-{ABOVE}-{flags}"})

    span = traced.end().named("GET accounts.sign_in")
    assert span.trace_id != TRACE
    assert (span.parent_id, span.links) == ("", ((TRACE, ABOVE),))


@pytest.mark.parametrize("header", ["", "00-abc", f"00-{TRACE}", "00-" + "0" * 32 + f"-{ABOVE}-01", "é" * 500])
def test_what_is_no_trace_begins_a_new_one(header: str, traced: Traced, client: PortalClient):
    sent = header.encode().decode("latin-1")

    client.get("/sign-in", environ_overrides={"HTTP_TRACEPARENT": sent})

    span = traced.end().named("GET accounts.sign_in")
    assert (span.parent_id, len(span.trace_id), span.links) == ("", 32, ())


def test_a_call_to_somebody_else_carries_the_trace(traced: Traced):
    with tracing.span("calling"):
        headers = tracing.headers()

    span = traced.end().named("calling")
    assert headers.keys() == {"traceparent"}
    assert re.fullmatch(f"00-{span.trace_id}-{span.id}-0[13]", headers["traceparent"])


def test_outside_of_a_span_there_is_nothing_to_carry(traced: Traced):
    assert tracing.headers() == {}


def test_a_failed_request_is_marked_and_says_nothing_of_the_reason(
    traced: Traced, client: PortalClient, app: Flask, monkeypatch: pytest.MonkeyPatch
):
    def fail(**_arguments: object) -> None:
        raise RuntimeError("a secret in an error")

    monkeypatch.setitem(app.view_functions, "accounts.sign_in", fail)

    client.get("/sign-in")

    collector = traced.end()
    assert collector.named("GET accounts.sign_in").is_failed
    assert b"a secret" not in b"".join(collector.octets)


def test_a_failed_statement_is_marked_by_its_class(traced: Traced):
    with tracing.span("looking"), pytest.raises(Exception, match="no_such_table"):
        db.session.connection().exec_driver_sql("SELECT 'a literal secret' FROM no_such_table")
    db.session.rollback()

    collector = traced.end()
    span = collector.named("SELECT no_such_table")
    assert span.is_failed
    assert "error.type" in span.facts
    assert b"literal" not in b"".join(collector.octets)


def test_a_task_of_the_worker_is_a_span_with_its_statements(traced: Traced):
    def look() -> int:
        db.session.execute(select(OutboxMessage.id))
        return 2

    assert tasks.noticed("mail", look) == 2

    collector = traced.end()
    task = collector.named("worker mail")
    assert task.facts == {"portal.task": "mail"}
    assert collector.below(task)[-1].name == "SELECT outbox"


def test_a_task_that_fails_is_marked_by_the_class_of_its_error(traced: Traced):
    def fail() -> int:
        raise ConnectionError("a secret in an error")

    with pytest.raises(ConnectionError):
        tasks.noticed("mail", fail)

    collector = traced.end()
    span = collector.named("worker mail")
    assert (span.is_failed, span.facts["error.type"]) == (True, "ConnectionError")
    assert b"a secret" not in b"".join(collector.octets)


def test_a_statement_by_itself_is_no_trace(traced: Traced):
    db.session.execute(select(OutboxMessage.id))

    assert traced.end().spans == []


def test_nothing_secret_is_sent(traced: Traced, client: PortalClient):
    client.set_cookie("sid", "a-cookie-secret")

    client.open(
        "/sign-in?code=a-query-secret",
        method="POST",
        data={"email": "nina-secret@example.com", "password": "a-body-secret"},
        headers={"Authorization": "Bearer a-header-secret"},
    )
    client.get("/invitations/a-path-secret")

    collector = traced.end()
    assert len(collector.spans) > 2
    assert b"secret" not in b"".join(collector.octets)


def test_a_collector_that_is_away_harms_no_request_and_holds_up_no_end(client: PortalClient, free_port: int):
    tracing.begin(f"http://127.0.0.1:{free_port}", "0123abcd")
    try:
        assert client.get("/sign-in").status_code == 200
    finally:
        began = time.monotonic()
        tracing.end()
    assert time.monotonic() - began < 10


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.no_database
@pytest.mark.parametrize(
    ("endpoint", "address"),
    [
        ("http://collector:4318", "http://collector:4318/v1/traces"),
        ("http://collector:4318/", "http://collector:4318/v1/traces"),
        ("https://collector/otlp", "https://collector/otlp/v1/traces"),
        ("https://collector/otlp/v1/traces", "https://collector/otlp/v1/traces"),
    ],
)
def test_spans_go_to_the_address_that_otlp_has_for_them(endpoint: str, address: str):
    assert tracing.address_of(endpoint) == address


@pytest.mark.no_database
@pytest.mark.parametrize(
    ("statement", "summary"),
    [
        ("SELECT a, b FROM key_pairs WHERE a = 1", ("SELECT", "key_pairs")),
        ('insert into "outbox" (id) VALUES (1)', ("INSERT", "outbox")),
        ("UPDATE sessions SET a = 'x'", ("UPDATE", "sessions")),
        ("DELETE FROM outbox", ("DELETE", "outbox")),
        ("BEGIN IMMEDIATE", ("BEGIN", "")),
        ("", ("", "")),
    ],
)
def test_a_statement_is_told_by_what_it_does_and_to_which_table(statement: str, summary: tuple[str, str]):
    assert tracing.summary_of(statement) == summary


@pytest.mark.no_database
def test_without_the_setting_nothing_of_it_is_loaded():
    program = "import sys, portal.app; print([name for name in sys.modules if name.startswith('opentelemetry')])"

    said = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=os.environ, capture_output=True, text=True)

    assert said.stdout.strip() == "[]", said.stderr
