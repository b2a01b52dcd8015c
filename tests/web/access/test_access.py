"""The access table held against the portal: every route, every kind of caller, own things, foreign and missing ones."""

import pytest
from flask import Flask

from tests.access.snapshot import Snapshot
from tests.access.world import World
from tests.web.access.asking import ask, comparable, missing_like, new_events
from tests.web.access.routes import LINKS, OF_PEOPLE, Route, names_in_address
from tests.web.access.table import DONE, LOOKERS, ROWS, STOPPED, USED, Row

# What a refused request may write: that it was refused, that session or token was used, that a password was tried.
RECORD = {"audit_events", "audit_chains", "sessions", "attempt_counters", "personal_tokens"}
MEMBERS = ("viewer", "key_manager", "owner", "live", "signer", "partner_admin")
STRANGERS = ("viewer", "owner", "live", "paused", "signer", "partner_admin", "operator", "suspended")
# Pages whose address names what belongs to no tenant, or what its reader may look up over all tenants.
OPEN = {
    "accounts.accept_invitation": "a token is for whoever holds it; a wrong one is a page of its own",
    "accounts.stop_recovery": "a token is for whoever holds it; a wrong one is a page of its own",
    "console.recovery": "operators keep all people",
    "accounts.reset": "a token is for whoever holds it; a wrong one is a page of its own",
    "console.export": "names one of the console's lists, which are its staff's",
    "console.tenant": "the vendor's staff sees all tenants",
    "console.look_in": "the vendor's staff sees all tenants",
    **{f"console.{page}": "operators keep all people" for page in ("person", "disable_person", "enable_person")},
    **{
        f"console.{page}": "the vendor's staff keeps all tenants"
        for page in (
            "end_contract",
            "extend_contract",
            "invite_owner",
            "new_contract",
            "propose_signer",
            "renew_contract",
            "standing",
            "stop_signer_change",
        )
    },
    "console.amend": "a partner admin keeps all tenants' contracts",
    "console.decide": "a partner admin decides all tenants' requests",
    "console.decide_surplus": "a partner admin decides for all tenants",
    "console.show_request": "the vendor's staff sees all tenants",
    **{
        f"api.console.{call}": "the vendor's staff sees and keeps all tenants"
        for call in (
            "amend",
            "amend_preview",
            "contract_radius",
            "decide",
            "decide_surplus",
            "end_contract",
            "extend_contract",
            "invite_owner",
            "new_contract",
            "propose_signer",
            "renew_contract",
            "show_request",
            "standing",
            "standing_radius",
            "stop_signer_change",
            "surplus_space",
            "tenant",
        )
    },
    "demo.mail": "the demo's mailbox is everybody's",
    "static": "files",
    "watching.livez": "whether the process lives is everybody's",
    "watching.readyz": "whether it is ready is everybody's",
    "watching.metrics": "whoever asks from this machine may, and tests do; the others are in tests/watching",
    "tokens.approve_device": "the code of a command line is for whoever types it; one of nobody is a page of its own",
    "tokens.refuse_device": "the same",
    "handoffs.by_link": "a link's code is for whoever holds it",
    **{
        f"reviews.{use}": "the vendor's staff keeps all reviews, and there is one vendor"
        for use in ("abandon", "close", "evidence_csv", "evidence_json", "export", "line", "show")
    },
    **{
        f"api.reviews.{use}": "the vendor's staff keeps all reviews, and there is one vendor"
        for use in ("abandon", "close", "decide", "decide_line", "evidence", "forecast", "line", "lines", "show")
    },
}
# What an act changes although it is refused.
CHANGED_ALL_THE_SAME = {"handoffs.by_link": {"hand_offs", "outbox"}}  # from another account it freezes the hand-off

# Pages of people and of everybody; all others begin with an account id.
WITHOUT_ACCOUNT = ("accounts", "api", "demo", "static", "watching")
OF_TENANTS = [
    row for row in ROWS if row.route.room not in WITHOUT_ACCOUNT and row.route.endpoint not in LINKS + OF_PEOPLE
]

each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row.route))
each_act = pytest.mark.parametrize("row", [row for row in ROWS if row.is_act], ids=lambda row: str(row.route))


def about_things(row: Row, app: Flask) -> dict[str, str]:
    """The arguments of the row's address that name a thing, beside the account, with the thing's name."""
    names = names_in_address(app, row.route)
    return {} if row.route.endpoint in OPEN else {key: name for key, name in names.items() if key != "account"}


@each_row
def test_each_caller_is_answered_as_the_table_says(row: Row, app: Flask, world: World, snapshot: Snapshot):
    """Those who are refused an act are asked for below."""
    asked = row.not_refused if row.is_act else list(world.callers)
    answers = {}
    for name in asked:
        answers[name] = ask(app, world.callers[name], row.route).status_code
        looks = not row.is_act and name in LOOKERS and row.answers[name] in (200, 302)
        assert not (looks and snapshot.written - USED), f"looking as {name} changes something"
        snapshot.put_back()

    assert answers == {name: row.answers[name] for name in asked}


@each_act
def test_a_refused_act_changes_nothing_and_is_on_record(row: Row, app: Flask, world: World, snapshot: Snapshot):
    """Each caller whom the table refuses asks; of those whom it forbids, each is an event."""
    before, allowed = snapshot.events(), RECORD | CHANGED_ALL_THE_SAME.get(row.route.endpoint, set())
    forbidden = [name for name in row.callers(403) if name not in STOPPED]
    others = [name for name in row.refused if name not in forbidden]

    answers = {name: ask(app, world.callers[name], row.route).status_code for name in forbidden}
    refusals = new_events(snapshot, before)
    answers |= {name: ask(app, world.callers[name], row.route).status_code for name in others}

    assert answers == {name: row.answers[name] for name in row.refused}
    assert [event.refused for event in refusals] == [True] * len(forbidden) or row.route.endpoint in LINKS
    assert snapshot.written <= allowed
    assert {table for table, rows in snapshot.rows().items() if rows != snapshot.built[table]} <= allowed


@each_row
def test_what_lies_outside_of_a_delegation_does_not_exist(row: Row, app: Flask, world: World):
    live = world.callers["live"]
    named = set(about_things(row, app).values())
    outside = [things for things in live.elsewhere if named & things.keys()]

    answers = {ask(app, live, row.route, things).status_code for things in outside}

    assert answers == ({row.outside} if row.outside else set())


@each_row
def test_a_foreign_thing_looks_like_a_missing_one(row: Row, app: Flask, world: World):
    for argument, name in about_things(row, app).items():
        foreign = world.foreign[name]
        missing = missing_like(foreign)
        for who in MEMBERS:
            answers = [ask(app, world.callers[who], row.route, **{argument: value}) for value in (foreign, missing)]

            assert comparable(answers[0], foreign) == comparable(answers[1], missing), who
            assert answers[0].status_code in ((404,) if row.answers[who] in DONE else (403, 404)), who


@pytest.mark.parametrize("row", OF_TENANTS, ids=lambda row: str(row.route))
def test_a_foreign_account_looks_like_a_missing_one(row: Row, app: Flask, world: World):
    foreign, missing = world.foreign["account"], missing_like(world.foreign["account"])

    for who in STRANGERS:
        answers = [ask(app, world.callers[who], row.route, world.foreign, account=one) for one in (foreign, missing)]

        assert comparable(answers[0], foreign) == comparable(answers[1], missing), who
        assert answers[0].status_code == 404, who


@pytest.mark.parametrize("use", ["keys.rename", "keys.revoke"])
def test_a_signature_gives_no_power_over_the_keys_of_a_licence(use: str, app: Flask, world: World):
    """Design 2.1: on a partner contract the signature counts whatever the role; elsewhere the role alone does."""
    assert ask(app, world.others["client's signer"], Route("POST", use)).status_code == 403


@pytest.mark.parametrize(("use", "status"), [("keys.new", 403), ("keys.index", 200)])
def test_an_integrator_gets_nothing_of_the_other_environment(use: str, status: int, app: Flask, world: World):
    live = world.callers["live"]

    answer = ask(app, live, Route("GET", use), environment="production")

    assert answer.status_code == status
    assert live.things["api_key_production"] not in answer.text
    assert world.client["api_key_production"] not in answer.text
