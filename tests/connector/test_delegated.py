"""Keys of integrators: they see and do what their delegation allows, and stop with it (rules 14 and 15)."""

from collections.abc import Callable

import pytest

from portal.access.actor import Actor
from portal.access.roles import Environment, Right
from portal.access.rows import Reader, across_tenants
from portal.audit.models import AuditEvent
from portal.delegations import operations as delegations
from portal.delegations import store as delegation_store
from portal.foundation.database import db, transaction
from portal.projects import store as projects
from tests.connector.asking import CLIENT_ID_INVALID, NOT_FOUND, asked
from tests.connector.conftest import MakeShop
from tests.connector.shop import KeysNotValid, Refused, Shop
from tests.factories import a_delegation, an_integrator, for_client


@pytest.fixture
def delegated(a_shop: MakeShop, owner: Actor) -> Callable[..., tuple[Shop, str]]:
    """Makes a shop of an integrator under a delegation with these terms; and gives the delegation's id."""

    def make(*rights: Right, environments=tuple(Environment), projects: list[str] | None = None) -> tuple[Shop, str]:
        integrator = an_integrator(name="Agency")
        ids = None if projects is None else frozenset(_inner_id(owner, one) for one in projects)
        delegation = a_delegation(
            owner, integrator, rights=[*rights, Right.KEYS], environments=environments, project_ids=ids
        )
        return a_shop(for_client(integrator, delegation)), delegation.public_id

    return make


def _inner_id(owner: Actor, name: str):
    found = projects.find_by_name(owner, name)
    assert found is not None
    return found.id


def test_a_delegated_key_sees_the_rows_of_its_projects(shop: Shop, delegated):
    shop.create("Storefront")
    other = shop.create("Other")[0]

    integrators, _id = delegated(projects=["Storefront"])

    assert {row["projectName"] for row in integrators.rows()} == {"Storefront"}
    with pytest.raises(Refused) as refusal:
        integrators.row(other["environmentId"])
    assert refusal.value.body == NOT_FOUND


def test_a_delegated_key_sees_the_rows_of_its_sides(shop: Shop, delegated):
    production = shop.create("Storefront")[0]

    integrators, _id = delegated(environments=[Environment.SANDBOX])

    assert {row["environmentType"] for row in integrators.rows()} == {"Testing"}
    with pytest.raises(Refused) as refusal:
        integrators.row(production["environmentId"])
    assert refusal.value.body == NOT_FOUND


def test_a_delegated_key_creates_and_renames_with_that_right(shop: Shop, delegated):
    integrators, _id = delegated(Right.PROJECTS)

    space = integrators.create("Storefront")[0]
    integrators.rename_project(space["projectId"], "New")
    integrators.rename_data_space(space["environmentId"], "Live")

    assert (shop.rows()[0]["projectName"], shop.rows()[0]["environmentName"]) == ("New", "Live")


def test_a_delegated_key_without_that_right_creates_and_renames_nothing(shop: Shop, delegated):
    space = shop.create("Storefront")[0]
    integrators, _id = delegated(Right.INSTALLATIONS)

    for act in (
        lambda: integrators.create("Another"),
        lambda: integrators.rename_project(space["projectId"], "New"),
        lambda: integrators.rename_data_space(space["environmentId"], "Live"),
        lambda: integrators.clean_up(space["environmentId"], "Live"),
    ):
        with pytest.raises(Refused, match="You may not do this here") as refusal:
            act()
        assert (refusal.value.body["status"], refusal.value.body["error"]["code"]) == (403, "not_delegated")
    assert shop.rows()[0] == space


def test_a_delegated_key_says_who_uses_its_data_space(shop: Shop, delegated):
    space = shop.create("Storefront")[0]
    integrators, _id = delegated()

    integrators.say_cloud(space["environmentId"], "cloud-1")

    assert integrators.switch_on(space["environmentId"], "CATALOG_SERVICE")["featureSet"] == ["Catalog Service"]


def test_a_delegated_key_for_certain_projects_creates_no_other(shop: Shop, delegated):
    shop.create("Storefront")
    integrators, _id = delegated(Right.PROJECTS, projects=["Storefront"])

    with pytest.raises(Refused, match="Your delegation is for certain projects") as refusal:
        integrators.create("Another")

    assert refusal.value.body["error"]["code"] == "delegation_not_for_all_projects"


def test_what_a_delegated_key_does_is_on_both_records(shop: Shop, owner: Actor, delegated):
    integrators, _id = delegated(Right.PROJECTS)
    integrators.create("Storefront")

    rows = across_tenants(AuditEvent, reason=Reader.UPKEEP).where(AuditEvent.event == "project.created")
    original, copy = sorted(db.session.scalars(rows), key=lambda event: event.copy_of is not None)
    assert (original.tenant_id, original.actor_home_name) == (owner.tenant_id, "Agency")
    assert copy.tenant_id != owner.tenant_id


def test_a_delegated_key_stops_with_its_delegation_and_the_owners_goes_on(shop: Shop, owner: Actor, delegated):
    integrators, delegation_id = delegated()
    integrators.rows()

    with transaction():
        delegations.end(owner, delegation_store.get_given(owner, delegation_id))

    assert asked(integrators) == (403, CLIENT_ID_INVALID)
    shop.rows()


def test_a_delegated_key_waits_while_its_delegation_is_paused(owner: Actor, delegated):
    integrators, delegation_id = delegated()
    with transaction():
        delegations.pause(owner, delegation_store.get_given(owner, delegation_id))
    with pytest.raises(KeysNotValid):
        integrators.ping()

    with transaction():
        delegations.resume(owner, delegation_store.get_given(owner, delegation_id))

    integrators.ping()


def test_narrowing_a_delegation_narrows_its_keys_at_once(shop: Shop, owner: Actor, delegated):
    shop.create("Storefront"), shop.create("Other")
    integrators, delegation_id = delegated(Right.PROJECTS)
    assert len(integrators.rows()) == 6

    with transaction():
        delegation = delegation_store.get_given(owner, delegation_id)
        delegations.narrow(
            owner,
            delegation,
            environments=delegation.environments,
            rights=frozenset({Right.VIEW, Right.KEYS}),
            project_ids=frozenset({_inner_id(owner, "Other")}),
            ends_at=delegation.ends_at,
            version=delegation.version,
        )

    assert {row["projectName"] for row in integrators.rows()} == {"Other"}
    with pytest.raises(Refused, match="You may not do this here"):
        integrators.create("Another")
