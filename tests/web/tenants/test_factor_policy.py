"""Asking for a second factor, as people and scripts meet it: said before, on each page, refused everywhere alike."""

from datetime import timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup

from portal.access.actor import Actor
from portal.access.roles import Role, Scope
from portal.contracts import store as contracts
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.impact import factor_policy
from tests.accounts.factors import an_app
from tests.accounts.record import events_in
from tests.api.calling import facts_of, proof_of
from tests.api.scripts import a_script
from tests.factories import (
    PASSWORD,
    a_code,
    a_delegation,
    a_key,
    a_licensee,
    a_member,
    a_private_key,
    a_vendor,
    an_integrator,
    membership_of,
    tenant_of,
)
from tests.statements import counted
from tests.web.accounts.browsing import sign_in

BANNER = "section[aria-label='Second factor']"


@pytest.fixture
def owner() -> Actor:
    return a_licensee(name="Aurora")


@pytest.fixture
def call(client):
    return lambda path, **content: client.open(f"/api/v1/{path}", method="POST", json=content)


def switch_on(actor: Actor) -> None:
    with transaction():
        factor_policy.ask(actor)


def later(days: float) -> time_machine.travel:
    return time_machine.travel(clock.now() + timedelta(days=days), tick=False)


def at(actor: Actor, page: str = "") -> str:
    return f"/{tenant_of(actor).account_id}{page}"


def banner_of(answer) -> str:
    found = BeautifulSoup(answer.text, "html.parser").select_one(BANNER)
    return " ".join(found.text.split()) if found else ""


def test_the_page_says_whom_it_concerns_before_it_is_switched_on(signed_in, owner):
    a_member(tenant_of(owner), Role.KEY_MANAGER, name="Kim Keys")
    integrator = an_integrator(name="Borealis")
    a_delegation(owner, integrator)

    page = signed_in(owner).get(at(owner, "/settings/second-factor")).text

    assert "Kim Keys" in page
    assert "Borealis: 1 person" in page
    assert integrator.label not in page
    assert tenant_of(owner).factor_asked_at is None


def test_an_owner_switches_it_on_and_off(signed_in, owner):
    window = signed_in(owner)

    on = window.post(at(owner, "/settings/second-factor"))
    asked_at = tenant_of(owner).factor_asked_at
    off = window.post(at(owner, "/settings/second-factor/off"))

    assert (on.status_code, off.status_code) == (303, 303)
    assert asked_at is not None
    assert tenant_of(owner).factor_asked_at is None
    assert events_in(owner.tenant_id)[-2:] == ["tenant.factor_asked", "tenant.factor_asked_no_more"]


@pytest.mark.parametrize("page", ["/settings/second-factor", "/settings/second-factor/off"])
def test_switching_it_asks_again_who_one_is(signed_in, owner, page):
    switch_on(owner)
    before, window = tenant_of(owner).factor_asked_at, signed_in(owner)

    with time_machine.travel(clock.now() + timedelta(minutes=11), tick=False):
        plain = window.post(at(owner, page))
        wrong = window.post(at(owner, page), data={"password": "not the password at all"})
        kept = tenant_of(owner).factor_asked_at
        right = window.post(at(owner, page), data={"password": PASSWORD})

    assert (plain.status_code, wrong.status_code, right.status_code) == (422, 422, 303)
    assert kept == before


def test_the_vendors_staff_switches_it_for_itself(signed_in):
    staff = a_vendor(Role.OPERATOR)
    window = signed_in(staff)

    assert "Ask for a second factor" in window.get(at(staff, "/settings")).text
    assert window.post(at(staff, "/settings/second-factor")).status_code == 303
    assert banner_of(window.get("/", follow_redirects=True))


@pytest.mark.parametrize("where", ["/", "{account}/keys", "{account}/settings", "/profile", "/accounts"])
def test_each_page_names_the_day_and_the_way(signed_in, owner, where):
    switch_on(owner)
    window = signed_in(owner)

    answer = window.get(where.format(account=at(owner)), follow_redirects=True)

    until = tenant_of(owner).factor_asked_at + timedelta(days=8)
    assert "“Aurora” asks for a second factor, and you have none. From" in banner_of(answer)
    assert f"{until.day} {until:%b}" in banner_of(answer)
    assert 'href="/profile/security">Add a second factor' in answer.text


def test_who_has_one_sees_no_banner(signed_in, owner):
    an_app(membership_of(owner).person)
    switch_on(owner)

    assert not banner_of(signed_in(owner).get(at(owner, "/keys")))


def test_an_integrator_sees_it_at_the_client_and_on_its_own_pages(signed_in, owner):
    integrator = an_integrator()
    a_delegation(owner, integrator)
    switch_on(owner)
    window = signed_in(integrator)

    assert "Aurora" in banner_of(window.get(at(owner, "/keys")))
    assert "Aurora" in banner_of(window.get("/profile"))
    assert not banner_of(window.get(at(integrator, "/settings")))


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["page", "fragment"])
def test_an_act_is_refused_with_the_way_to_mend_it_and_reading_goes_on(signed_in, owner, headers):
    pair = a_key(owner)
    switch_on(owner)
    with later(9):
        window = signed_in(owner)
        refused = window.post(at(owner, f"/keys/{pair.api_key}/revoke"), headers=headers)
        read = window.get(at(owner, f"/keys/{pair.api_key}"), headers=headers)

    assert (refused.status_code, read.status_code) == (403, 200)
    assert "second_factor_needed" in refused.text
    assert "You can mend it yourself" in refused.text
    assert 'href="/profile/security">Add a second factor' in refused.text
    assert "Since" in banner_of(read)
    assert events_in(owner.tenant_id)[-1] == "refused"


def test_the_same_act_works_as_soon_as_there_is_a_factor(signed_in, owner):
    pair = a_key(owner)
    switch_on(owner)
    with later(9):
        window = signed_in(owner)
        assert window.post(at(owner, f"/keys/{pair.api_key}/revoke")).status_code == 403

        an_app(membership_of(owner).person)
        answer = signed_in(owner).get(at(owner, f"/keys/{pair.api_key}/revoke"))

    assert answer.status_code == 200


def test_a_script_is_refused_alike_and_reads(app, owner):
    pair = a_key(owner)
    script = a_script(app, owner, Scope.KEYS)
    switch_on(owner)
    with later(9):
        refused = script.post(f"keys/{pair.api_key}/revoke", {}, version=pair.version)
        read = script.get(f"keys/{pair.api_key}")

    assert (refused.status_code, refused.json["code"]) == (403, "second_factor_needed")
    assert "mend it yourself" in refused.json["mend"]
    assert read.status_code == 200


def test_a_script_at_a_client_is_held_to_the_clients_policy(app, owner):
    integrator = an_integrator()
    a_delegation(owner, integrator)
    script = a_script(app, integrator, Scope.KEYS, account=tenant_of(owner).account_id)
    contract = contracts.all_of(owner)[0].public_id
    switch_on(owner)
    with later(9):
        refused = script.post("keys/batch", {"names": ["Shop"], "environment": "sandbox", "contract": contract})

    assert (refused.status_code, refused.json["code"]) == (403, "second_factor_needed")


def test_a_command_with_a_code_is_refused_alike(call, owner):
    switch_on(owner)
    private = a_private_key(77)
    with later(7.99):
        code = a_code(owner)
        proof = proof_of(facts_of(call, code), code, private)
    with later(8.001):
        refused = call("keys/making/proof", **proof)

    assert (refused.status_code, refused.json["code"]) == (403, "second_factor_needed")


def test_removing_the_last_factor_says_before_what_is_lost(signed_in, owner):
    app_of = an_app(membership_of(owner).person)
    integrator_page = f"/profile/security/apps/{app_of.factor.id}/remove"
    switch_on(owner)

    within = signed_in(owner).get(integrator_page).text
    with later(9):
        after = signed_in(owner).get(integrator_page).text

    assert "You then do nothing any more that needs rights over keys" in within
    assert "Aurora: from" in within
    assert "Aurora: at once" in after


def test_removing_one_of_two_loses_nothing(signed_in, owner):
    first = an_app(membership_of(owner).person)
    an_app(first.person, "Tablet", first.session)
    switch_on(owner)

    page = signed_in(owner).get(f"/profile/security/apps/{first.factor.id}/remove").text

    assert "You then do nothing any more" not in page


def test_who_falls_short_is_told_so_at_the_switch(signed_in, owner):
    switch_on(owner)
    with later(9):
        window = signed_in(owner)
        page = window.get(at(owner, "/settings"))
        refused = window.post(at(owner, "/settings/second-factor/off"))

    assert page.status_code == 200
    assert "You can mend it yourself" in page.text
    assert (refused.status_code, tenant_of(owner).factor_asked_at is not None) == (403, True)


def test_a_page_of_an_account_asks_no_more_statements_for_the_policy(signed_in, owner):
    window = signed_in(owner)
    window.get(at(owner, "/keys"))
    with counted() as without:
        window.get(at(owner, "/keys"))
    switch_on(owner)
    with counted() as asked:
        window.get(at(owner, "/keys"))
    with later(9):
        window = signed_in(owner)
        window.get(at(owner, "/keys"))
        with counted() as enforced:
            window.get(at(owner, "/keys"))

    assert len(asked) == len(without)
    assert len(enforced) <= len(without)


def test_a_call_of_a_script_asks_no_more_statements_for_the_policy(app, owner):
    script = a_script(app, owner, Scope.READ)
    script.get("keys")
    with counted() as without:
        script.get("keys")
    switch_on(owner)
    with counted() as asked:
        script.get("keys")

    assert len(asked) == len(without)


def test_signing_in_anew_changes_nothing_about_it(client, owner):
    switch_on(owner)
    with later(9):
        sign_in(client, membership_of(owner).person)

        assert "Since" in banner_of(client.get(at(owner, "/keys")))
