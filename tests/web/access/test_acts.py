"""What an act leaves behind: one event, or nothing at all. Looking leaves nothing."""

from typing import Any

import pytest
from flask import Flask

from portal.audit import operations as audit
from tests.access.snapshot import Snapshot
from tests.access.world import Caller, World
from tests.web.access.asking import ask, new_events
from tests.web.access.routes import LINKS, Route
from tests.web.access.table import DONE, LOOKERS, ROWS, STOPPED, USED, Row

# A visitor's act where it is one, else the owner's, else whoever may.
ACTORS = ("owner", "signer", "partner_admin", "operator", "anonymous", "other_owner")
# Acts that change nothing of any tenant or person, each with the reason.
NO_EVENT = {
    "accounts.choose": "in which of one's accounts one works is the session's, like an open tab",
    "accounts.find_provider": "leads to the page of a provider, and changes nothing",
    "accounts.forgotten": "alike for all addresses; the worker, who writes the mail, records that",
    "tokens.device": "leads to what waits with a code",
    "activity.export": "asks for the password before a download",
    "reviews.count": "counts, and makes nothing",
    "api.reviews.count": "counts, and makes nothing",
    "tenants.stop_asking_factor": "nobody asks there: its event is in tests/impact/test_factor_policy.py",
    "reviews.export": "asks for the password before a download",
}
# Acts of which each repetition is one more.
EACH_TIME = {
    "api.webhooks.new": "who means one endpoint sends an Idempotency-Key",
    "api.webhooks.rotate": "the same",
    "api.handoffs.fetch": "each fetching of the envelope is on record, and told to both sides",
    "api.keys.batch": "other codes each time, for the same intents",
    "api.console.issue_credential": "who means one credential sends an Idempotency-Key",
    "console.export": "each download is on record",
    "handoffs.open": "each fetching of the envelope is on record, and told to both sides",
    "keys.make:command": "another code each time, which makes the one before void",
    "keys.batch": "other codes each time, for the same intents",
    "accounts.sign_in": "a browser of its own each time",
    "accounts.end_other_sessions": "says so each time",
}
# What an act makes besides its own: each is a thing with an event of its own.
MAKES_TOO = {
    "api.console.open_tenant": {"member.invited"},
    "api.console.renew_contract": {"contract.made"},
    "console.open_tenant": {"member.invited", "contract.made"},
    "console.renew_contract": {"contract.made"},
}
# What an attempt uses up by itself, whatever becomes of the act: a code works once (security.md, sign-in), and the
# DNS is not asked at every click.
USES_UP = {
    "accounts.confirm_app": {"second_factors"},
    "accounts.confirm_passkey": {"spent_challenges"},
    "accounts.remove_passkey": {"recovery_codes"},
    "accounts.remove_app": {"recovery_codes"},
    "accounts.sign_in_code": {"recovery_codes"},
    "accounts.reset": {"recovery_codes"},
    "tenants.look_at_domain": {"mail_domains"},
}
# What a request writes besides its act.
ASIDE = {"sessions", "attempt_counters", "personal_tokens"}

# What a link does from another account has tests of its own (tests/web/handoffs).
ACTS = [row for row in ROWS if row.route.method == "POST" and row.route.endpoint not in LINKS]
each_act = pytest.mark.parametrize("row", ACTS, ids=lambda row: str(row.route))


def who_may(row: Row, world: World) -> Caller:
    """Somebody whose act is carried out."""
    return world.callers[next(name for name in ACTORS if row.answers[name] in DONE)]


@each_act
def test_an_act_writes_exactly_one_event(row: Row, app: Flask, world: World, snapshot: Snapshot):
    before = snapshot.events()

    answer = ask(app, who_may(row, world), row.route)

    assert answer.status_code in DONE
    events = [one for one in new_events(snapshot, before) if one.event not in MAKES_TOO.get(row.route.use, ())]
    assert len(events) == (0 if row.route.use in NO_EVENT else 1), [event.event for event in events]
    assert not any(event.refused for event in events)


@each_act
def test_an_act_whose_event_cannot_be_written_does_not_happen(
    row: Row, app: Flask, world: World, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
):
    if row.route.use in NO_EVENT:
        pytest.skip(NO_EVENT[row.route.use])

    def broken(*_arguments: Any, **_named: Any) -> None:
        raise RuntimeError("the record cannot be written")

    monkeypatch.setattr(audit, "_append", broken)
    answer = ask(app, who_may(row, world), row.route)

    assert answer.status_code == 500
    after = snapshot.rows()
    changed = {table for table in after if after[table] != snapshot.built[table]}
    assert changed <= ASIDE | USES_UP.get(row.route.use, set())


@each_act
def test_an_act_that_is_repeated_has_one_effect(row: Row, app: Flask, world: World, snapshot: Snapshot):
    """Rule 23: a double click, a retry, a second tab. The repetition is answered, and changes nothing."""
    if row.route.use in EACH_TIME:
        pytest.skip(EACH_TIME[row.route.use])
    before, caller = snapshot.events(), who_may(row, world)
    ask(app, caller, row.route)
    once = snapshot.rows()

    again = ask(app, caller, row.route)

    assert again.status_code in (200, 201, 302, 303, 400, 403, 404, 409, 412, 422)
    twice = snapshot.rows()
    assert {table for table in twice if twice[table] != once[table]} <= ASIDE | {"audit_events", "audit_chains"}
    others = MAKES_TOO.get(row.route.use, set())
    assert len([one for one in new_events(snapshot, before) if not one.refused and one.event not in others]) <= 1


@pytest.mark.parametrize("name", STOPPED)
def test_an_act_of_who_is_stopped_altogether_is_an_event_too(name: str, app: Flask, world: World, snapshot: Snapshot):
    """Rule 21: a refused act of somebody signed in is an event, whatever it was refused for."""
    before = snapshot.events()

    answer = ask(app, world.callers[name], Route("POST", "keys.revoke"))

    assert answer.status_code == 403
    assert [event.refused for event in new_events(snapshot, before)] == [True]


# That GET changes nothing either is held where everybody asks: test_access.
@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
@pytest.mark.parametrize("row", [row for row in ROWS if row.route.method == "GET"], ids=lambda row: row.route.use)
def test_looking_changes_nothing(row: Row, method: str, app: Flask, world: World, snapshot: Snapshot):
    lookers = row.callers(200, 302)
    for name in [name for name in LOOKERS if name in lookers]:
        answer = ask(app, world.callers[name], Route(method, row.route.use))

        assert answer.status_code in (200, 302) or row.route.use == "static", name
        assert snapshot.written <= USED, name


@pytest.mark.parametrize(
    "row",
    [row for row in ACTS if not any(other.route == Route("GET", row.route.use) for other in ROWS)],
    ids=lambda row: row.route.use,
)
def test_an_act_without_a_page_is_not_carried_out_by_looking(row: Row, app: Flask, world: World, snapshot: Snapshot):
    for method in ("GET", "HEAD", "OPTIONS"):
        ask(app, who_may(row, world), Route(method, row.route.use))

        assert snapshot.written <= USED, method
