"""Installations through the API: attached, changed and detached by a script, and decided about when one was seen."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from portal.access.actor import Actor
from portal.access.roles import Environment, Scope
from portal.contracts import store as contracts
from portal.keys.models import KeyPair
from portal.projects import store as projects
from portal.usage import traces, writing
from portal.usage.buffer import buffer
from tests.api.scripts import Script, a_script
from tests.factories import a_call, a_delegation, a_key, a_licensee, an_integrator, tenant_of

Told = dict[str, Any]
SHOP = {"name": "Shop", "address": "https://shop.example.com", "side": "sandbox"}


@pytest.fixture(autouse=True)
def nothing_gathered() -> Iterator[None]:
    buffer.begin_anew()
    writing.writer.begin_anew()
    yield
    buffer.begin_anew()
    writing.writer.begin_anew()


@pytest.fixture
def owner() -> Actor:
    return a_licensee(name="Aurora")


@pytest.fixture
def pair(owner: Actor) -> KeyPair:
    return a_key(owner, name="Storefront")


@pytest.fixture
def script(app: Flask, owner: Actor) -> Script:
    return a_script(app, owner)


@pytest.fixture
def spaces(script: Script, owner: Actor) -> list[Told]:
    """The data spaces of a new project: production, then two for testing."""
    (contract,) = contracts.all_of(owner)
    made: list[Told] = script.post("projects", {"name": "Shops", "contract": contract.public_id}).json["data_spaces"]
    return made


@pytest.fixture
def claim(script: Script, owner: Actor, pair: KeyPair, spaces: list[Told]) -> Told:
    """A shop that was seen on the first testing space, where another one is."""
    space = projects.get_data_space(owner, spaces[1]["id"])
    for edition in ("Community", "Enterprise"):
        a_call(pair, space, edition=edition)
        traces.flush()
    (seen,) = script.get("installations", claim="colliding").json["items"]
    told: Told = seen
    return told


def attach(script: Script, space: Told, **other: str) -> Told:
    answer: Told = script.post(f"data-spaces/{space['id']}/attach", SHOP | other).json
    return answer


def test_a_shop_is_attached_and_told_with_its_place(script: Script, spaces: list[Told]):
    answer = script.post(f"data-spaces/{spaces[1]['id']}/attach", SHOP)

    assert answer.status_code == 201
    assert answer.json["data_space"] == spaces[1]["id"]
    assert (answer.json["name"], answer.json["side"], answer.json["claim"]) == ("Shop", "sandbox", "primary")
    assert script.get(f"installations/{answer.json['id']}").json == answer.json


def test_a_second_shop_finds_the_space_occupied(script: Script, spaces: list[Told]):
    attach(script, spaces[1])

    answer = script.post(f"data-spaces/{spaces[1]['id']}/attach", SHOP | {"name": "Other"})

    assert (answer.status_code, answer.json["code"]) == (409, "data_space_occupied")


def test_a_shop_is_changed_in_the_version_that_was_seen(script: Script, spaces: list[Told]):
    shop = attach(script, spaces[1])
    place = f"installations/{shop['id']}/change"

    done = script.post(place, SHOP | {"name": "Renamed"}, version=shop["version"])
    late = script.post(place, SHOP | {"name": "Once more"}, version=shop["version"])

    assert (done.status_code, done.json["name"]) == (200, "Renamed")
    assert late.status_code == 412
    assert [one["what"] for one in late.json["versions"]] == ["Name", "Address", "Side in use"]


def test_detaching_asks_for_the_name_of_the_shop(script: Script, spaces: list[Told]):
    shop = attach(script, spaces[1])
    place = f"installations/{shop['id']}/detach"

    wrong = script.post(place, {"typed_name": "Another shop"}, version=shop["version"])
    right = script.post(place, {"typed_name": "Shop"}, version=shop["version"])

    assert wrong.status_code == 422
    assert right.status_code == 200
    assert right.json["detached_at"]
    assert script.get("installations").json["items"] == []


def test_a_token_for_projects_attaches_nothing(app: Flask, owner: Actor, spaces: list[Told]):
    answer = a_script(app, owner, Scope.PROJECTS).post(f"data-spaces/{spaces[1]['id']}/attach", SHOP)

    assert (answer.status_code, answer.json["code"]) == (403, "scope_missing")


def test_installations_are_listed_with_the_key_they_use(script: Script, pair: KeyPair, claim: Told):
    listed = script.get("installations").json

    assert [one["claim"] for one in listed["items"]] == ["primary", "colliding"]
    assert claim["is_wrong"]
    assert claim["key_in_use"] == pair.api_key
    assert listed["next"] is None


def test_installations_of_one_project_are_listed_alone(script: Script, owner: Actor, claim: Told):
    (contract,) = contracts.all_of(owner)
    other = script.post("projects", {"name": "Others", "contract": contract.public_id}).json

    assert script.get("installations", project=other["id"]).json["items"] == []
    assert len(script.get("installations", project=claim["project"]).json["items"]) == 2


def test_an_integrator_lists_the_installations_that_it_reaches(
    app: Flask, owner: Actor, script: Script, spaces: list[Told]
):
    integrator = an_integrator(name="Nimbus")
    a_delegation(owner, integrator, environments=[Environment.SANDBOX])
    attach(script, spaces[0], side="production")
    attach(script, spaces[1])

    theirs = a_script(app, integrator, account=tenant_of(owner).account_id)

    assert [one["data_space"] for one in theirs.get("installations").json["items"]] == [spaces[1]["id"]]


@pytest.mark.parametrize(("act", "becomes"), [("declare", "declared"), ("dismiss", "dismissed"), ("merge", "merged")])
def test_a_claim_is_decided(act: str, becomes: str, script: Script, claim: Told):
    answer = script.post(f"installations/{claim['id']}/{act}", version=claim["version"])

    assert (answer.status_code, answer.json["claim"]) == (200, becomes)


def test_a_claim_is_moved_to_a_data_space_that_is_free(script: Script, claim: Told, spaces: list[Told]):
    free = [one["id"] for one in script.get("free-data-spaces").json["items"]]

    moved = script.post(f"installations/{claim['id']}/move", {"data_space": spaces[2]["id"]}, version=claim["version"])

    assert free == [spaces[0]["id"], spaces[2]["id"]]
    assert (moved.json["claim"], moved.json["data_space"]) == ("primary", spaces[2]["id"])


def test_a_claim_is_not_decided_without_the_version_that_was_seen(script: Script, claim: Told):
    assert script.post(f"installations/{claim['id']}/declare").status_code == 428


def test_what_goes_into_a_shops_settings_is_told(script: Script, pair: KeyPair, claim: Told, spaces: list[Told]):
    answer = script.get(f"data-spaces/{spaces[1]['id']}/connect").json

    assert (answer["project"], answer["data_space"]) == (claim["project"], spaces[1]["id"])
    assert answer["keys"] == [
        {"environment": "sandbox", "api_keys": [pair.api_key]},
        {"environment": "production", "api_keys": []},
    ]
    assert answer["installation"]
    assert answer["chosen_at"]
