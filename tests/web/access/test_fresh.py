"""Weighty acts ask again who one is, ten minutes after it was proved last (security.md, sign-in, and test 9).

Each act of the pages asks, or stands here with the reason why it does not; each twin of one that asks needs its scope.
"""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update
from werkzeug.test import TestResponse

from portal.access.roles import Scope
from portal.access.rows import Reader
from portal.accounts.models import UserSession
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.tokens.models import PersonalToken
from tests.access.browsing import browser_of
from tests.access.snapshot import Snapshot
from tests.access.world import Caller, World
from tests.api.test_twins import ONLY_IN_PERSON, TWINS
from tests.conftest import PortalClient
from tests.factories import PASSWORD
from tests.web.access.asking import ask, new_events
from tests.web.access.routes import LINKS, address
from tests.web.access.table import CALLS, DONE, PAGES, Row
from tests.web.access.test_acts import who_may

ONES_OWN = "of one's own browser or looks"
PROVES = "asks for the password, a code or a link's secret by itself, however fresh the session is"
NOTHING_RUNS = "nothing that runs begins or stops by it"
GOES_ON = "goes on with what was asked for at its beginning, minutes ago, and proves a key or nothing"
LESS = "takes back what was not taken up, or forgets it"
NO_KEYS = "no key, right or person is concerned: names, notes and where shops stand"
ASKS_NOTHING_MORE = {
    "accounts.accept_invitation": PROVES,
    "accounts.choose": ONES_OWN,
    "accounts.confirm_passkey": GOES_ON,
    "accounts.disconnect_provider": "one's own sign-in stays; it closes a way in",
    "accounts.end_all_sessions": ONES_OWN,
    "accounts.end_other_sessions": ONES_OWN,
    "accounts.end_session": ONES_OWN,
    "accounts.find_provider": "leads to the page of a provider, and changes nothing",
    "accounts.forgotten": "asks for a mail, which goes to the person alone",
    "accounts.lost_factors": "asks for help, of others; the password was given minutes ago",
    "accounts.password": PROVES,
    "accounts.preferences": ONES_OWN,
    "accounts.profile": ONES_OWN,
    "accounts.remove_app": PROVES,
    "accounts.remove_passkey": PROVES,
    "accounts.rename_app": ONES_OWN,
    "accounts.rename_passkey": ONES_OWN,
    "accounts.reset": PROVES,
    "accounts.sign_in": PROVES,
    "accounts.sign_in_code": PROVES,
    "accounts.sign_out": ONES_OWN,
    "accounts.stop_recovery": LESS,
    "console.disable_person": PROVES,
    "console.enable_person": PROVES,
    "console.end_look_in": LESS,
    "console.recovery": PROVES,
    "console.import_check": NOTHING_RUNS,
    "console.import_discard": LESS,
    "console.import_new": NOTHING_RUNS,
    "contracts.ask": NOTHING_RUNS,
    "contracts.withdraw_signer_change": LESS,
    "delegations.client_decline": LESS,
    "delegations.client_decline:ticket": LESS,
    "delegations.client_withdraw": LESS,
    "delegations.client_withdraw_widening": LESS,
    "delegations.decline": LESS,
    "delegations.request": NOTHING_RUNS,
    "delegations.withdraw": LESS,
    "delegations.withdraw:ticket": LESS,
    "delegations.withdraw_widening": LESS,
    "handoffs.prove": GOES_ON,
    "handoffs.seal": GOES_ON,
    "handoffs.withdraw": LESS,
    "keys.discard": LESS,
    "keys.make": GOES_ON,
    "keys.make:browser": GOES_ON,
    "keys.make:command": GOES_ON,
    "keys.make:upload": GOES_ON,
    "keys.rename": NO_KEYS,
    "keys.saved": GOES_ON,
    "projects.attach": NO_KEYS,
    "projects.change_installation": NO_KEYS,
    "projects.confirm": NO_KEYS,
    "projects.detach": "a typed name; the data stays where it is",
    "projects.new": NO_KEYS,
    "projects.rename": NO_KEYS,
    "projects.rename_space": NO_KEYS,
    "projects.reopen_request": NOTHING_RUNS,
    "projects.request_more": NOTHING_RUNS,
    "projects.request_projects": NOTHING_RUNS,
    "projects.withdraw_request": LESS,
    "reviews.abandon": "nothing of what was decided is carried out",
    "reviews.answer_question": NOTHING_RUNS,
    "reviews.count": NOTHING_RUNS,
    "reviews.line": "nothing is carried out before the review is closed, which asks",
    "reviews.new": NOTHING_RUNS,
    "reviews.show": "as a line of it",
    "tenants.domains": NOTHING_RUNS,
    "tenants.end_look_in": LESS,
    "tenants.recovery": PROVES,
    "tenants.look_at_domain": "what stands in the domain's DNS is the proof",
    "tenants.remove_domain": LESS,
    "tenants.rename": NO_KEYS,
    "tenants.request_code": "the code alone gives nothing before the owner approves, which asks",
    "tenants.resend": "the same role for the same address, which was asked for when it was invited",
    "tenants.withdraw": LESS,
    "tokens.device": "leads to what is asked for on the next page",
    "tokens.end": LESS,
    "tokens.refuse_device": LESS,
    "usage.declare": NO_KEYS,
    "usage.dismiss": NO_KEYS,
    "usage.merge": NO_KEYS,
    "usage.move": NO_KEYS,
    "webhooks.again": "sends again what was sent",
    "webhooks.pause": LESS,
    "webhooks.remove": LESS,
    "webhooks.resend": "sends again what was sent",
    "webhooks.resume": "to the address that was confirmed",
    "webhooks.test": "sends nothing of the account",
}
ACTS = [row for row in PAGES if row.is_act and row.route.endpoint not in LINKS]
ASKING = [row for row in ACTS if row.route.use not in ASKS_NOTHING_MORE]
TWINS_OF_ASKING = {
    twin
    for row in ASKING
    if row.route.use not in ONLY_IN_PERSON
    for twin in TWINS.get(row.route.use, (f"api.{row.route.use}",))
}
CALLS_OF_ASKING = [row for row in CALLS if row.route.use in TWINS_OF_ASKING and row.route.method == "POST"]
each_asking = pytest.mark.parametrize("row", ASKING, ids=lambda row: str(row.route))


def a_while_later(app: Flask, caller: Caller) -> PortalClient:
    """The caller's browser, eleven minutes after they proved who they are."""
    with app.app_context(), transaction():
        db.session.execute(update(UserSession).values(reauthenticated_at=clock.now() - timedelta(minutes=11)))
    return browser_of(app, caller)


def send(window: PortalClient, row: Row, caller: Caller, headers: dict[str, str], **others: str) -> TestResponse:
    where = address(window.application, row.route, caller.things)
    return window.post(where, data=row.route.form(caller.things) | others, headers=headers, buffered=True)


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["page", "fragment"])
@each_asking
def test_a_weighty_act_is_refused_without_a_fresh_proof(
    row: Row, headers: dict[str, str], app: Flask, world: World, snapshot: Snapshot
):
    caller, before = who_may(row, world), snapshot.events()

    answer = send(a_while_later(app, caller), row, caller, headers)

    assert answer.status_code == 422
    assert 'name="password"' in answer.text
    assert not new_events(snapshot, before)


@each_asking
def test_it_is_refused_with_a_wrong_proof_and_done_with_the_right_one(
    row: Row, app: Flask, world: World, snapshot: Snapshot
):
    caller, before = who_may(row, world), snapshot.events()
    window = a_while_later(app, caller)

    wrong = send(window, row, caller, {}, password="not the password at all")
    happened = [one for one in new_events(snapshot, before) if one.event != "person.sign_in_failed"]
    right = send(window, row, caller, {}, password=PASSWORD)

    assert (wrong.status_code, happened) == (422, [])
    has_two_steps = 'name="code"' in wrong.text
    assert right.status_code == 422 if has_two_steps else right.status_code in DONE


@pytest.mark.parametrize("row", CALLS_OF_ASKING, ids=lambda row: str(row.route))
def test_its_twin_is_refused_without_the_scope(row: Row, app: Flask, world: World, snapshot: Snapshot):
    caller, before = who_may(row, world), snapshot.events()
    with app.app_context(), transaction():
        rows = update(PersonalToken).execution_options(scope=Reader.UPKEEP).values(scopes=frozenset({Scope.READ}))
        db.session.execute(rows)

    answer = ask(app, caller, row.route)

    assert (answer.status_code, answer.json["code"]) == (403, "scope_missing")
    assert [one.refused for one in new_events(snapshot, before)] == [True]


def test_what_asks_nothing_more_is_an_act_of_the_pages():
    assert ASKS_NOTHING_MORE.keys() <= {row.route.use for row in ACTS}
