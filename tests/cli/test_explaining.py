"""`flask gateway explain`: an operator's look at a captured call, in any state of any tenant."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from click.testing import Result
from flask import Flask

from portal.access.actor import Actor
from portal.access.roles import Environment
from portal.contracts import store as contracts
from portal.delegations import operations as delegations
from portal.entitlements import store as entitlements
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.keys import operations as keys
from portal.keys.models import KeyPair
from portal.projects import operations as projects
from portal.projects import store as project_store
from tests.connector.shop import a_token
from tests.factories import a_delegation, a_key, a_licensee, a_private_key, an_integrator, for_client, tenant_of
from tests.statements import counted

Explain = Callable[..., Result]
PRIVATE = a_private_key(510)


@pytest.fixture
def owner() -> Actor:
    return a_licensee(name="Aurora")


@pytest.fixture
def key(owner: Actor) -> KeyPair:
    return a_key(owner, private=PRIVATE)


@pytest.fixture
def explain(app: Flask, tmp_path: Path) -> Explain:
    """Runs the command over a request with this key and these other headers."""

    def run(pair: KeyPair, *options: str, service: str = "search", token: str | None = None, **headers: str) -> Result:
        said = {"x-api-key": pair.api_key, "x-gw-signature": token or a_token(PRIVATE)}
        said |= {name.replace("_", "-"): value for name, value in headers.items()}
        file = tmp_path / "request.txt"
        lines = [f"GET /gateway/check/{service} HTTP/1.1", *(f"{name}: {value}" for name, value in said.items())]
        file.write_text("\n".join(lines))
        return app.test_cli_runner().invoke(args=["gateway", "explain", str(file), *options])

    return run


def a_service_of(actor: Actor) -> str:
    return entitlements.all_of(actor)[0].service_code


def a_space_of(actor: Actor) -> str:
    """A data space of a new project."""
    with transaction():
        project = projects.create(actor, "Shops", contracts.all_of(actor)[0])
    return project_store.under_contract(actor, project.contract_id)[0].data_spaces[0].public_id


def test_a_call_that_may_pass_ends_with_0(owner: Actor, key: KeyPair, explain: Explain):
    answer = explain(key, service=a_service_of(owner))

    assert (answer.exit_code, answer.output.splitlines()[-1]) == (0, "Allowed.")
    assert f"{tenant_of(owner).account_id} Aurora: good" in answer.output


def test_a_call_that_may_not_pass_ends_with_1(owner: Actor, key: KeyPair, explain: Explain):
    with transaction():
        keys.revoke(owner, key)

    answer = explain(key)

    assert answer.exit_code == 1
    assert "FAILED              Does the key pair work by itself?: sandbox, revoked" in answer.output


def test_a_key_that_no_door_remembers_is_still_explained(owner: Actor, key: KeyPair, explain: Explain):
    with transaction():
        keys.revoke(owner, key)

    with time_machine.travel(clock.now() + timedelta(days=1000)):
        assert "key_revoked" in explain(key).output


def test_a_delegated_call_shows_both_sides_and_what_the_delegation_covers(owner: Actor, explain: Explain):
    integrator = an_integrator(name="Brückner")
    space = a_space_of(owner)
    delegation = a_delegation(owner, integrator, environments=[Environment.SANDBOX])
    pair = a_key(for_client(integrator, delegation), private=PRIVATE)

    answer = explain(pair, x_saas_id=space)

    assert "Brückner: good" in answer.output
    assert f"{delegation.public_id}: active" in answer.output
    assert "data_space_unknown" in answer.output
    assert "the delegation covers all projects, for sandbox" in answer.output


def test_a_paused_delegation_is_named(owner: Actor, explain: Explain):
    integrator = an_integrator()
    delegation = a_delegation(owner, integrator)
    pair = a_key(for_client(integrator, delegation), private=PRIVATE)
    with transaction():
        delegations.pause(owner, delegation)

    assert "delegation_paused" in explain(pair).output


def test_another_accounts_data_space_is_said_to_be_one(owner: Actor, key: KeyPair, explain: Explain):
    other = a_licensee()
    space = a_space_of(other)

    answer = explain(key, x_saas_id=space)

    assert f"it is one of {tenant_of(other).account_id}, not of the key's owner" in answer.output


def test_a_past_moment_is_looked_at(owner: Actor, key: KeyPair, explain: Explain):
    token = a_token(PRIVATE, clock.now().timestamp() - 3600)
    past = (clock.now() - timedelta(hours=1, minutes=2)).isoformat()

    assert explain(key, token=token).exit_code == 1
    assert explain(key, "--at", past, service=a_service_of(owner), token=token).exit_code == 0


@pytest.mark.parametrize("name", ["none", "\u4e2d", "x" * 5000])
def test_a_data_space_that_no_database_takes_is_unknown(name: str, key: KeyPair, explain: Explain):
    assert "no data space of this id is known here" in explain(key, x_saas_id=name).output


def test_a_zero_byte_in_json_is_a_strangers(app: Flask):
    asked = '{"api_key": "\\u0000", "token": "\\ud800", "service": "search", "data_space": "\\u0000"}'

    answer = app.test_cli_runner().invoke(args=["gateway", "explain", "-"], input=asked)

    assert (answer.exit_code, "not_proven" in answer.output) == (1, True)


@pytest.mark.parametrize(
    ("request_text", "said"), [("", "There is nothing in it."), ("good morning", "neither a request line")]
)
def test_what_is_no_request_ends_with_2(app: Flask, request_text: str, said: str):
    answer = app.test_cli_runner().invoke(args=["gateway", "explain", "-"], input=request_text)

    assert answer.exit_code == 2
    assert said in answer.output


def test_a_file_that_is_not_there_ends_with_2(app: Flask, tmp_path: Path):
    answer = app.test_cli_runner().invoke(args=["gateway", "explain", str(tmp_path / "none")])

    assert answer.exit_code == 2
    assert "cannot be read" in answer.output


def test_only_what_the_call_names_is_read(owner: Actor, key: KeyPair, explain: Explain):
    for _other in range(3):
        a_key(a_licensee())

    with counted() as statements:
        explain(key)

    assert len(statements) <= 10
    assert all(statement.startswith("SELECT") for statement in statements)
