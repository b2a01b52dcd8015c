"""Delegations through the API: what is special about these calls beside their pages."""

from datetime import timedelta

import pytest
from flask import Flask

from portal.access.actor import Actor
from portal.access.roles import Environment, Right, Scope
from portal.delegations import operations, pace
from portal.foundation import clock
from portal.foundation.database import transaction
from tests.api.scripts import Script, a_script
from tests.delegations.scenes import NOBODY, a_project, account_of
from tests.factories import a_delegation, a_key, a_licensee, a_request, a_ticket, an_integrator, for_client


@pytest.fixture
def owner() -> Actor:
    return a_licensee(name="Aurora")


@pytest.fixture
def integrator() -> Actor:
    return an_integrator(name="Nimbus")


@pytest.fixture
def owners(app: Flask, owner: Actor) -> Script:
    return a_script(app, owner)


@pytest.fixture
def integrators(app: Flask, integrator: Actor) -> Script:
    return a_script(app, integrator)


def terms(**more: object) -> dict[str, object]:
    """Terms that can be given, as calls bring them."""
    last_day = (clock.now() + timedelta(days=60)).date().isoformat()
    return {"environments": ["sandbox"], "rights": ["keys"], "projects": None, "last_day": last_day} | more


def test_an_offer_is_accepted_by_the_other_sides_script(owners: Script, integrators: Script):
    offered = owners.post("integrators/offer", terms(account_id=integrators.account, message="For the relaunch."))

    accepted = integrators.post(f"clients/{offered.json['id']}/accept")

    assert (offered.status_code, offered.json["state"]) == (201, "offered")
    assert (accepted.status_code, accepted.json["state"]) == (200, "active")
    assert accepted.json["rights"] == ["view", "keys"]
    assert accepted.json["message"] == "For the relaunch."


def test_an_offer_to_nobody_is_answered_like_any_other(owners: Script, integrators: Script):
    somebody = owners.post("integrators/offer", terms(account_id=integrators.account)).json
    nobody = owners.post("integrators/offer", terms(account_id=NOBODY)).json

    assert somebody["party_name"] == integrators.account
    own = ("id", "party", "party_name", "created_at", "lapses_at")
    assert {name: nobody[name] for name in nobody if name not in own} == {
        name: somebody[name] for name in somebody if name not in own
    }


@pytest.mark.parametrize("account", ["{integrators}", NOBODY, "not an account id"])
def test_an_offer_takes_the_same_time_whoever_it_is_for(
    account: str, owners: Script, integrators: Script, monkeypatch: pytest.MonkeyPatch
):
    waited: list[float] = []
    monkeypatch.setattr(pace, "wait_since", waited.append)

    owners.post("integrators/offer", terms(account_id=account.format(integrators=integrators.account)))
    owners.get("integrators")

    assert len(waited) == 1


def test_an_end_reads_as_the_last_second_of_its_day(owners: Script):
    wanted = terms(account_id=NOBODY)

    offered = owners.post("integrators/offer", wanted).json

    assert offered["ends_at"] == f"{wanted['last_day']}T23:59:59Z"


def test_the_owner_reads_the_projects_ids_and_who_is_only_asked_their_names(
    owner: Actor, integrator: Actor, owners: Script, integrators: Script
):
    only = frozenset({a_project(owner, "Shops")})
    given = a_delegation(owner, integrator, project_ids=only, accepted=False)

    to_owner = owners.get(f"integrators/{given.public_id}").json["projects"]
    to_integrator = integrators.get(f"clients/{given.public_id}").json["projects"]

    assert to_owner[0]["id"]
    assert to_integrator == [{"id": None, "name": "Shops"}]


def test_a_project_of_another_account_cannot_be_given(owners: Script):
    answer = owners.post("integrators/offer", terms(account_id=NOBODY, projects=["not-ours"]))

    assert (answer.status_code, answer.json["code"]) == (422, "project_unknown")


def test_a_delegation_is_narrowed_in_the_version_that_was_seen(owner: Actor, integrator: Actor, owners: Script):
    given = a_delegation(owner, integrator, environments=list(Environment), rights=[Right.KEYS])
    seen = owners.get(f"integrators/{given.public_id}")
    last_day = seen.json["ends_at"][:10]

    done = owners.post(f"integrators/{given.public_id}/narrow", terms(last_day=last_day), version=seen.json["version"])
    late = owners.post(
        f"integrators/{given.public_id}/narrow", terms(last_day=last_day, rights=[]), version=seen.json["version"]
    )

    assert seen.headers["ETag"] == f'"{seen.json["version"]}"'
    assert done.json["environments"] == ["sandbox"]
    assert done.json["ends_at"] == seen.json["ends_at"]
    assert (late.status_code, late.json["code"]) == (412, "changed_meanwhile")
    assert late.json["versions"]


def test_narrowing_without_a_version_is_refused(owner: Actor, integrator: Actor, owners: Script):
    given = a_delegation(owner, integrator)

    assert owners.post(f"integrators/{given.public_id}/narrow", terms()).status_code == 428


@pytest.mark.parametrize(
    ("scope", "of_delegation", "of_ticket"), [(Scope.DELEGATIONS, 200, 403), (Scope.HAND_OFFS, 403, 200)]
)
def test_a_delegation_takes_one_scope_and_a_ticket_another(
    scope: Scope, of_delegation: int, of_ticket: int, app: Flask, integrator: Actor
):
    offered = a_delegation(a_licensee(name="Borealis"), integrator, accepted=False)
    ticket = a_ticket(a_licensee(name="Corona"), integrator, redeemed=False)
    script = a_script(app, integrator, Scope.READ, scope)

    answers = [script.post(f"clients/{row.public_id}/accept").status_code for row in (offered, ticket)]

    assert answers == [of_delegation, of_ticket]


def test_a_token_that_only_reads_is_told_which_scope_is_missing(app: Flask, integrator: Actor):
    offered = a_delegation(a_licensee(name="Borealis"), integrator, accepted=False)

    answer = a_script(app, integrator, Scope.READ).post(f"clients/{offered.public_id}/accept")

    assert (answer.status_code, answer.json["code"]) == (403, "scope_missing")


def test_redeeming_a_ticket_twice_is_answered_alike(integrator: Actor, integrators: Script):
    ticket = a_ticket(a_licensee(name="Borealis"), integrator, redeemed=False)

    first, again = (integrators.post(f"clients/{ticket.public_id}/accept") for _time in range(2))

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json == again.json
    assert first.json["is_ticket"]


def test_the_owner_chooses_the_projects_of_a_request_that_leaves_it_to_him(
    owner: Actor, integrator: Actor, owners: Script
):
    project_id = a_project(owner, "Shops")
    asked = a_request(integrator, owner, all_projects=False)
    (project,) = owners.get("projects").json["items"]

    approved = owners.post(f"integrators/{asked.public_id}/approve", {"projects": [project["id"]]})

    assert project_id
    assert approved.json["state"] == "active"
    assert approved.json["projects"] == [{"id": project["id"], "name": "Shops"}]


def test_the_projects_of_a_request_that_names_all_are_not_the_owners_choice(
    owner: Actor, integrator: Actor, owners: Script
):
    asked = a_request(integrator, owner)

    answer = owners.post(f"integrators/{asked.public_id}/approve", {"projects": []})

    assert (answer.status_code, answer.json["code"]) == (422, "not_as_described")
    assert owners.get(f"integrators/{asked.public_id}").json["state"] == "requested"


def test_a_widening_is_proposed_by_one_side_and_agreed_to_by_the_other(
    owner: Actor, integrator: Actor, owners: Script, integrators: Script
):
    given = a_delegation(owner, integrator, rights=[Right.VIEW])
    wider = {
        "environments": ["sandbox", "production"],
        "rights": ["keys"],
        "projects": "as_now",
        "last_day": given.ends_at.date().isoformat(),
    }

    proposed = integrators.post(f"clients/{given.public_id}/widen", wider).json
    listed = owners.get("integrators").json["items"][0]
    place = f"integrators/{given.public_id}/widening/{listed['proposal']['id']}"
    agreed = owners.post(place, {"answer": "accept"}).json

    assert proposed["proposal"]["proposed_by"] == "integrator"
    assert "withdraw_widening" in proposed["acts"]
    assert "accept_widening" in listed["acts"]
    assert agreed["rights"] == ["view", "keys"]
    assert agreed["proposal"] is None


def test_what_ending_would_stop_is_told_before(owner: Actor, integrator: Actor, owners: Script, integrators: Script):
    given = a_delegation(owner, integrator)
    pair = a_key(for_client(integrator, given))

    to_owner = owners.get(f"integrators/{given.public_id}/blast-radius").json
    to_integrator = integrators.get(f"clients/{given.public_id}/blast-radius").json

    assert [one["api_key"] for one in to_owner["key_pairs"]] == [pair.api_key]
    assert [one["api_key"] for one in to_integrator["key_pairs"]] == [pair.api_key]
    assert to_integrator["possible"] == []
    assert (to_owner["hand_offs"], to_integrator["hand_offs"]) == ([], [])


def test_what_is_over_is_listed_apart(owner: Actor, integrator: Actor, owners: Script):
    given = a_delegation(owner, integrator)
    with transaction():
        operations.end(owner, given)

    assert owners.get("integrators").json["items"] == []
    assert [one["state"] for one in owners.get("integrators", show="past").json["items"]] == ["ended"]


def test_in_a_clients_account_nobody_does_anything_with_delegations(app: Flask, owner: Actor, integrator: Actor):
    given = a_delegation(owner, integrator)
    script = a_script(app, integrator, account=account_of(owner))

    shown = script.get(f"integrators/{given.public_id}")

    assert shown.json["acts"] == []
    assert script.post(f"integrators/{given.public_id}/end").status_code == 403
