"""Each act sent many times at the same moment: an impatient person's clicks, a script's retries. One effect."""

import os
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from threading import Barrier

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.access.snapshot import Snapshot
from tests.access.world import Caller, World
from tests.web.access.asking import ask, new_events
from tests.web.access.routes import Route
from tests.web.access.table import DONE, Row
from tests.web.access.test_acts import ACTS, ASIDE, EACH_TIME, MAKES_TOO, NO_EVENT, who_may

# Section 3 of the specification asks for 50; the figures of such a run stand in docs/figures.md.
TIMES = int(os.environ.get("PORTAL_TEST_SUBMITS", "4"))
# A code, a challenge, a password that was right until just now: who comes second has spent an attempt.
ATTEMPTS = {"person.code_refused", "person.passkey_refused", "person.sign_in_failed"}
# Each refusal is an event, too, and each attempt is counted.
RECORDED = ASIDE | {"audit_events", "audit_chains"}
ONE_EACH = [row for row in ACTS if row.route.use not in EACH_TIME]


@pytest.fixture(autouse=True)
def both_walls_agree() -> None:
    """Between two readings somebody else writes, here: `test_access` and `test_acts` compare the walls."""


@pytest.mark.parametrize("row", ONE_EACH, ids=lambda row: str(row.route))
def test_an_act_that_is_sent_many_times_at_once_has_one_effect(row: Row, app: Flask, world: World, snapshot: Snapshot):
    caller = who_may(row, world)
    ask(app, caller, row.route)
    once = _grown(snapshot)
    snapshot.put_back()
    before = snapshot.events()

    answers = [answer.status_code for answer in _at_once(app, caller, row.route)]

    assert max(answers) < 500, answers
    assert set(answers) & set(DONE), answers
    assert _grown(snapshot) == once
    others = MAKES_TOO.get(row.route.use, set()) | ATTEMPTS
    done = [event.event for event in new_events(snapshot, before) if not event.refused and event.event not in others]
    assert len(done) == (0 if row.route.use in NO_EVENT else 1), done


def _at_once(app: Flask, caller: Caller, route: Route) -> list[TestResponse]:
    start = Barrier(TIMES)

    def send() -> TestResponse:
        start.wait()
        return ask(app, caller, route)

    with ThreadPoolExecutor(TIMES) as threads:
        # With the test's moment: a thread begins without it.
        sent = [threads.submit(copy_context().run, send) for _ in range(TIMES)]
        return [one.result() for one in sent]


def _grown(snapshot: Snapshot) -> dict[str, int]:
    """By how many rows each table grew."""
    rows = snapshot.rows()
    return {
        table: more
        for table, there in rows.items()
        if table not in RECORDED and (more := len(there) - len(snapshot.built[table]))
    }
