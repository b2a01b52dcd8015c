"""Calls about contracts: what a tenant reads of them, asks for, and who may make keys under them."""

from datetime import timedelta

from flask import Flask

from portal.access.actor import Actor
from portal.access.roles import Role, Scope
from portal.foundation import clock
from tests.api.scripts import Script, a_script
from tests.factories import a_member, a_partner, tenant_of


def the_contract(script: Script) -> dict:
    (found,) = script.get("contracts").json["items"]
    return found


def test_a_contract_says_what_it_entitles_to_and_how_many_projects_are_in_use(app: Flask, owner: Actor):
    found = the_contract(a_script(app, owner))

    assert (found["kind"], found["edition"], found["is_running"]) == ("licence", "adobe-commerce", True)
    assert found["projects"]["used"] == 0
    assert "live-search" in {one["service"]: one["state"] for one in found["services"]}


def test_asking_is_for_one_thing_an_edition_or_a_service(app: Flask, owner: Actor):
    script = a_script(app, owner)
    address = f"contracts/{the_contract(script)['id']}/ask"

    both = script.post(address, {"edition": "magento-open-source", "service": "live-search", "reason": "We need both."})
    none = script.post(address, {"reason": "We need something."})

    assert [both.status_code, none.status_code] == [422, 422]
    assert both.json["code"] == "not_as_described"


def test_what_was_asked_waits_in_the_list(app: Flask, owner: Actor):
    script = a_script(app, owner)
    script.post(
        f"contracts/{the_contract(script)['id']}/ask", {"edition": "magento-open-source", "reason": "We need less."}
    )

    (asked,) = script.get("contract-requests").json["items"]

    assert (asked["wish"], asked["state"], asked["reason"]) == ("edition", "waiting", "We need less.")


def test_an_edition_that_the_catalogue_lacks_is_not_there(app: Flask, owner: Actor):
    script = a_script(app, owner)

    answer = script.post(f"contracts/{the_contract(script)['id']}/ask", {"edition": "none", "reason": "We need it."})

    assert answer.status_code == 404


def test_the_signer_names_a_deputy_and_withdraws_it(app: Flask):
    signer = a_partner()
    member = a_member(tenant_of(signer), Role.DEVELOPER)
    script = a_script(app, signer)
    today = clock.now().date()
    days = {"first_day": today.isoformat(), "last_day": (today + timedelta(days=3)).isoformat()}
    address = f"contracts/{the_contract(script)['id']}/deputies/new"

    named = script.post(address, {"member": str(member.membership_id), **days})

    assert (named.status_code, named.json["may_make_keys"]) == (201, True)

    withdrawn = script.post(f"deputies/{named.json['id']}/withdraw")

    assert not withdrawn.json["may_make_keys"]


def test_the_end_of_the_calendar_is_no_last_day(app: Flask):
    signer = a_partner()
    script = a_script(app, signer)
    address = f"contracts/{the_contract(script)['id']}/deputies/new"

    answer = script.post(address, {"member": "x", "first_day": "2031-01-01", "last_day": "9999-12-31"})

    assert (answer.status_code, answer.json["problems"][0]["at"]) == (422, "/last_day")


def test_another_signer_is_proposed_with_the_scope_of_settings_and_a_reason(app: Flask):
    signer = a_partner()
    owner = a_member(tenant_of(signer), Role.OWNER)
    proposal = {"member": str(owner.membership_id), "reason": "  "}
    address = f"contracts/{the_contract(a_script(app, owner))['id']}/signer"

    without = a_script(app, owner, Scope.READ, Scope.MEMBERS).post(address, proposal)
    empty = a_script(app, owner, Scope.READ, Scope.SETTINGS).post(address, proposal)

    assert (without.status_code, without.json["code"]) == (403, "scope_missing")
    assert (empty.status_code, empty.json["problems"][0]["at"]) == (422, "/reason")
