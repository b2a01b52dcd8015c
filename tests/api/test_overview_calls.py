"""Calls that say how things stand: who calls and where it may work, what needs somebody, what happened."""

from flask import Flask

from portal.access.actor import Actor
from portal.access.roles import Environment, Right, Role, Scope
from portal.delegations import operations as delegations
from portal.delegations import store
from portal.foundation.database import transaction
from tests.api.scripts import Script, a_script
from tests.factories import a_delegation, a_key, a_licensee, a_member, a_request, an_integrator, tenant_of


def me(script: Script, **query: str) -> dict:
    """Who the script is told that it is: at an address that names no account."""
    return Script(script.app, script.bearer, "me").get("", **query).json


def test_a_script_is_told_whose_token_it_has_and_what_for(app: Flask, owner: Actor):
    found = me(a_script(app, owner, Scope.READ, Scope.KEYS))

    assert found["person"]["name"] == owner.label
    assert found["token"]["scopes"] == ["read", "keys"]
    (own,) = found["accounts"]
    assert (own["id"], own["is_own"], own["role"]) == (tenant_of(owner).account_id, True, "owner")
    assert own["permissions"] == ["see", "key.make", "key.rotate", "key.rename", "key.revoke"]


def test_a_script_is_told_every_client_that_it_may_work_for(app: Flask, owner: Actor):
    integrator = an_integrator(role=Role.DEVELOPER)
    boss = a_member(tenant_of(integrator))
    other = a_licensee(name="Borealis")
    a_delegation(owner, boss, environments=[Environment.SANDBOX], rights=[Right.VIEW, Right.KEYS, Right.PROJECTS])
    a_delegation(other, boss)

    _own, second, first = me(a_script(app, integrator))["accounts"]

    assert [first["name"], second["name"]] == ["Aurora", "Borealis"]
    assert (first["environments"], first["projects"], first["is_open"]) == (["sandbox"], None, True)
    assert first["permissions"] == ["see", "project.change"]


def test_a_client_that_paused_is_listed_as_closed(app: Flask, owner: Actor):
    integrator = an_integrator()
    delegation = a_delegation(owner, integrator)
    with transaction():
        delegations.pause(owner, store.get_given(owner, delegation.public_id))

    _own, client = me(a_script(app, integrator))["accounts"]

    assert not client["is_open"]


def test_the_overview_counts_the_environments_that_are_ready(app: Flask, owner: Actor):
    a_key(owner)

    found = a_script(app, owner).get("overview").json

    assert (found["ready"]["done"], found["ready"]["needed"], found["is_set_up"]) == (1, 2, False)


def test_the_overview_says_who_waits_for_an_answer(app: Flask, owner: Actor):
    integrator = an_integrator(name="Nimbus")
    asked = a_request(integrator, owner)

    (need,) = a_script(app, owner).get("overview").json["attention"]

    assert (need["urgency"], need["code"], need["party"]) == ("warn", "delegation_requested", "Nimbus")
    assert need["subject"] == asked.public_id


def test_activity_is_filtered_and_comes_in_pages(app: Flask, owner: Actor):
    script = a_script(app, owner)
    for number in range(100):
        script.post("settings/members/invite", {"email": f"n{number}@example.com", "role": "viewer"})

    first = script.get("activity", kind="member").json
    rest = script.get("activity", kind="member", after=first["next"]).json

    assert (len(first["items"]), first["items"][0]["event"]) == (100, "member.invited")
    assert [one["event"] for one in rest["items"]] == ["member.joined"]
    assert rest["next"] is None


def test_a_refused_act_is_told_with_its_code(app: Flask, owner: Actor):
    a_script(app, owner, Scope.READ).post("settings/members/invite", {"email": "n@example.com", "role": "viewer"})

    (refused,) = a_script(app, owner).get("activity", kind="refused").json["items"]

    assert (refused["refused"], refused["subject_id"]) == ("scope_missing", "POST api.tenants.invite")


def test_a_place_that_is_no_number_is_none_of_the_list(app: Flask, owner: Actor):
    answer = a_script(app, owner).get("activity", after="x")

    assert (answer.status_code, answer.json["code"]) == (422, "bad_place_in_list")
