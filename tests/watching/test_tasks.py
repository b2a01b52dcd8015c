"""The worker's tasks, counted, and where they can be read."""

import http.client
import os
import socket
from collections.abc import Iterator

import pytest
from flask import Flask

from portal.foundation import metrics
from portal.watching import tasks
from tests.watching.conftest import figure


def failing() -> int:
    raise ConnectionError("the mail server is away")


def test_a_run_is_counted_with_what_it_dealt_with():
    before = metrics.text().decode()

    tasks.noticed("mail", lambda: 3)

    after = metrics.text().decode()
    for name, labels, more in (
        ("portal_worker_tasks_total", {"outcome": "done"}, 1),
        ("portal_worker_done_total", {}, 3),
        ("portal_worker_task_seconds_count", {}, 1),
    ):
        assert figure(after, name, task="mail", **labels) == figure(before, name, task="mail", **labels) + more
    assert figure(after, "portal_worker_task_worked_at_seconds", task="mail") > 1_700_000_000


def test_a_run_that_fails_is_counted_as_failed():
    before = metrics.text().decode()

    with pytest.raises(ConnectionError):
        tasks.noticed("mail", failing)

    after, labels = metrics.text().decode(), {"task": "mail", "outcome": "failed"}
    name = "portal_worker_tasks_total"
    assert figure(after, name, **labels) == figure(before, name, **labels) + 1


@pytest.fixture
def port(app: Flask) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    server = tasks.serve(port, app.app_context)
    yield port
    server.shutdown()
    server.server_close()


def ask(port: int, path: str, **headers: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_the_worker_says_its_figures_on_this_machine(port: int):
    tasks.noticed("mail", lambda: 1)

    status, text = ask(port, "/metrics")

    assert status == 200
    assert 'portal_worker_tasks_total{outcome="done",task="mail"' in text
    assert "portal_outbox_waiting" in text


def test_it_says_nothing_else(port: int):
    assert ask(port, "/") == (404, "")


def test_a_page_in_a_browser_that_got_at_the_port_by_a_name_of_its_own_reads_nothing(port: int):
    assert ask(port, "/metrics", Host="rebound.example.com") == (404, "")


def test_a_process_that_was_forked_has_a_name_of_its_own():
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        os.write(writing, metrics.worker.name.encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    with os.fdopen(reading) as said:
        name = said.read()

    assert len(name) == len(metrics.worker.name)
    assert name != metrics.worker.name
