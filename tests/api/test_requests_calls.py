"""Requests for more through the API, and what the contract includes."""

import pytest
from flask import Flask

from portal.access.actor import Actor, system_actor
from portal.access.roles import Right
from portal.contracts import store as contracts
from portal.entitlements import asking, deciding
from portal.entitlements.models import Wish
from portal.foundation.database import transaction
from tests.api.scripts import Script, a_script
from tests.delegations.scenes import a_project
from tests.factories import a_delegation, a_licensee, an_integrator, tenant_of


@pytest.fixture
def owner() -> Actor:
    return a_licensee(name="Aurora")


@pytest.fixture
def script(app: Flask, owner: Actor) -> Script:
    return a_script(app, owner)


@pytest.fixture
def contract(owner: Actor) -> str:
    (row,) = contracts.all_of(owner)
    return row.public_id


def test_an_allotment_says_what_is_left(script: Script, contract: str):
    before = script.get("allotments").json["items"][0]
    script.post("projects", {"name": "Shops", "contract": contract})

    after = script.get("allotments").json["items"][0]

    assert after["contract"] == contract
    assert (after["used"], after["left"]) == (before["used"] + 1, before["left"] - 1)


def test_more_projects_are_asked_for_and_the_request_is_withdrawn(script: Script, contract: str):
    asked = script.post(f"contracts/{contract}/more-projects", {"amount": 2, "reason": "A second shop."})
    withdrawn = script.post(f"requests/{asked.json['id']}/withdraw")

    assert (asked.status_code, asked.json["state"], asked.json["amount"]) == (201, "waiting", 2)
    assert asked.json["can_be_withdrawn"]
    assert (withdrawn.status_code, withdrawn.json["state"]) == (200, "withdrawn")
    assert not withdrawn.json["can_be_withdrawn"]


def test_a_number_out_of_range_is_refused(script: Script, contract: str):
    answer = script.post(f"contracts/{contract}/more-projects", {"amount": 10**40, "reason": "Shops."})

    assert answer.status_code == 422


def test_a_project_asks_for_no_projects(script: Script, owner: Actor):
    a_project(owner, "Shops")
    (project,) = script.get("projects").json["items"]

    answer = script.post(f"projects/{project['id']}/more", {"wish": "project", "reason": "Shops."})

    assert (answer.status_code, answer.json["code"]) == (422, "not_as_described")


def test_requests_are_listed_with_the_project_they_are_for(script: Script, owner: Actor, contract: str):
    a_project(owner, "Shops")
    (project,) = script.get("projects").json["items"]
    script.post(f"contracts/{contract}/more-projects", {"reason": "A second shop."})
    asked = script.post(f"projects/{project['id']}/more", {"wish": "testing_space", "reason": "A fair."}).json

    listed = script.get("requests").json["items"]

    assert [one["project"] for one in listed] == [project["id"], None]
    assert script.get("requests", project=project["id"]).json["items"] == [asked]
    assert script.get(f"requests/{asked['id']}").json == asked


def test_what_was_refused_is_asked_again_with_an_answer(script: Script, owner: Actor):
    with transaction():
        row = asking.request_more(owner, contracts.all_of(owner)[0], Wish.PROJECT, 3, "For three fairs.")
        deciding.refuse(system_actor("tests"), row, "Not this year.")
        refused = row.public_id

    before = script.get(f"requests/{refused}").json
    again = script.post(f"requests/{refused}/reopen", {"reason": "The fair was moved up."})

    assert before["can_be_reopened"]
    assert before["answer"] == "Not this year."
    assert (again.status_code, again.json["state"], again.json["amount"]) == (201, "waiting", 3)
    assert not script.get(f"requests/{refused}").json["can_be_reopened"]


def test_an_integrator_of_certain_projects_reads_neither_allotments_nor_others_requests(
    app: Flask, owner: Actor, script: Script, contract: str
):
    integrator = an_integrator(name="Nimbus")
    a_delegation(owner, integrator, rights=[Right.VIEW], project_ids=frozenset({a_project(owner, "Shops")}))
    script.post(f"contracts/{contract}/more-projects", {"reason": "A second shop."})

    theirs = a_script(app, integrator, account=tenant_of(owner).account_id)

    assert theirs.get("allotments").json["items"] == []
    assert theirs.get("requests").json["items"] == []


def test_requests_come_a_hundred_at_a_time(
    script: Script, owner: Actor, contract: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("portal.foundation.paging.PAGE_ROWS", 1)
    script.post(f"contracts/{contract}/more-projects", {"reason": "A second shop."})
    with transaction():
        edition = contracts.edition("magento-open-source")
        asking.request_edition(owner, contracts.all_of(owner)[0], edition, "For small shops.")

    first = script.get("requests").json
    second = script.get("requests", after=first["next"]).json

    assert [one["wish"] for one in first["items"] + second["items"]] == ["edition", "project"]
    assert second["next"] is None
