"""Every act that stops a call or lets it pass again reaches the door by itself, and never by loading all anew."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from threading import Event, Thread
from typing import Any

import pytest
import time_machine
from flask import Flask

from portal.access.actor import Actor, system_actor
from portal.access.roles import Environment, Right
from portal.contracts import operations as contract_operations
from portal.contracts import store as contracts
from portal.credentials import operations as credentials
from portal.credentials import store as credential_store
from portal.delegations import operations as delegations
from portal.delegations import store as delegation_store
from portal.delegations.models import Delegation, DelegationProject
from portal.entitlements import operations as entitlements
from portal.entitlements import store as entitlement_store
from portal.entitlements.models import Entitlement
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.impact import leaks, renewal
from portal.impact.opening import Term
from portal.keys import operations as keys
from portal.keys import store as key_store
from portal.keys.models import KeyEnding, KeyPair
from portal.keys.rotation import Plan, roll_back
from portal.projects import amending
from portal.projects import operations as projects
from portal.projects import store as project_store
from portal.tenants import operations as tenants
from portal.tenants.models import Standing
from portal.verifier.decision import Call, decide
from portal.verifier.records import ContractRow, TenantRow
from portal.verifier.tables import Delta
from tests.connector.conftest import MakeShop
from tests.connector.shop import Shop
from tests.factories import a_delegation, a_licensee, a_successor, an_integrator, for_client, tenant_of
from tests.gateway.asking import SERVICE, Gateway, a_credential
from tests.gateway.conftest import MakeGateway

VENDOR = system_actor("tests")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass
class World:
    """An owner's shop and an integrator's for that owner, each in a data space, and the door that they come through."""

    owner: Actor
    integrator: Actor
    given: str
    own: Shop
    delegated: Shop
    spaces: dict[str, str]
    gateway: Gateway

    @property
    def delegation(self) -> Delegation:
        return delegation_store.get_given(self.owner, self.given)

    @property
    def pair(self) -> KeyPair:
        return key_store.get(self.owner, self.own.api_key)

    @property
    def entitlement(self) -> Entitlement:
        contract = contracts.all_of(self.owner)[0]
        there = system_actor("tests", self.owner.tenant_id)
        return next(row for row in entitlement_store.under(there, contract.id) if row.service_code == SERVICE)

    def reasons(self) -> tuple[str | None, str | None]:
        """Why the owner's shop and the integrator's do not pass, after the door's next look; None where they do."""
        db.session.rollback()
        known = self.gateway.door.follower.tables
        self.gateway.look()
        assert self.gateway.door.follower.tables is known, "all was loaded anew"
        return tuple(
            self.gateway.check(shop, space=self.spaces["testing"]).reason for shop in (self.own, self.delegated)
        )


@pytest.fixture
def world(gateway: Gateway, owner: Actor, shop: Shop, a_shop: MakeShop) -> World:
    with transaction():
        made = projects.create(owner, "Storefront", contracts.all_of(owner)[0]).public_id
    project = project_store.get(owner, made)
    spaces = {space.type.value: space.public_id for space in project.data_spaces}
    integrator = an_integrator()
    given = a_delegation(owner, integrator, project_ids=frozenset({project.id}))
    delegated = a_shop(for_client(integrator, given))
    gateway.look()
    return World(owner, integrator, given.public_id, shop, delegated, spaces, gateway)


def narrow(world: World, **others: Any) -> None:
    given = world.delegation
    as_it_is = {
        "environments": given.environments,
        "rights": given.rights,
        "project_ids": given.project_ids,
        "ends_at": given.ends_at,
        "version": given.version,
    }
    delegations.narrow(world.owner, given, **(as_it_is | others))


def contract_of(world: World) -> Any:
    return contracts.all_of(world.owner)[0]


OWN_AND_DELEGATED: dict[str, tuple[Callable[[World], object], str | None, str | None]] = {
    "nothing": (lambda _world: None, None, None),
    "revoke": (lambda world: keys.revoke(world.owner, world.pair), "key_revoked", None),
    "leak": (lambda world: leaks.stop(world.owner, world.pair), "key_compromised", None),
    "suspend the owner": (
        lambda world: tenants.set_standing(VENDOR, tenant_of(world.owner), Standing.SUSPENDED),
        "owner_suspended",
        "owner_suspended",
    ),
    "suspend the holder": (
        lambda world: tenants.set_standing(VENDOR, tenant_of(world.integrator), Standing.SUSPENDED),
        None,
        "holder_suspended",
    ),
    "let the owner be past due": (
        lambda world: tenants.set_standing(VENDOR, tenant_of(world.owner), Standing.PAST_DUE),
        None,
        None,
    ),
    "pause": (lambda world: delegations.pause(world.owner, world.delegation), None, "delegation_paused"),
    "end the delegation": (lambda world: delegations.end(world.owner, world.delegation), None, "delegation_ended"),
    "narrow to the other side": (
        lambda world: narrow(world, environments=frozenset({Environment.PRODUCTION})),
        None,
        "delegation_narrowed",
    ),
    "take the right to keys": (
        lambda world: narrow(world, rights=world.delegation.rights - {Right.KEYS}),
        None,
        "delegation_narrowed",
    ),
    "end the contract": (
        lambda world: contract_operations.end(VENDOR, contract_of(world)),
        "contract_ended",
        "contract_ended",
    ),
    "suspend the service": (
        lambda world: entitlements.suspend(VENDOR, world.entitlement),
        "service_suspended",
        "service_suspended",
    ),
    "end the service": (lambda world: entitlements.end(VENDOR, world.entitlement), "service_ended", "service_ended"),
    "rename the owner": (
        lambda world: tenants.rename(world.owner, "Other", tenant_of(world.owner).version),
        None,
        None,
    ),
}


@pytest.mark.parametrize("act", OWN_AND_DELEGATED)
def test_what_stops_a_call_stops_it_after_the_next_look(world: World, act: str):
    do, own, delegated = OWN_AND_DELEGATED[act]

    with transaction():
        do(world)

    assert world.reasons() == (own, delegated)


BACK: dict[str, tuple[Callable[[World], object], Callable[[World], object]]] = {
    "the account": (
        lambda world: tenants.set_standing(VENDOR, tenant_of(world.owner), Standing.SUSPENDED),
        lambda world: tenants.set_standing(VENDOR, tenant_of(world.owner), Standing.GOOD),
    ),
    "the delegation": (
        lambda world: delegations.pause(world.owner, world.delegation),
        lambda world: delegations.resume(world.owner, world.delegation),
    ),
    "the service": (
        lambda world: entitlements.suspend(VENDOR, world.entitlement),
        lambda world: entitlements.resume(VENDOR, world.entitlement),
    ),
}


@pytest.mark.parametrize("what", BACK)
def test_what_is_resumed_passes_after_the_next_look(world: World, what: str):
    stop, resume = BACK[what]
    with transaction():
        stop(world)
    stopped = world.reasons()

    with transaction():
        resume(world)

    assert stopped[1] is not None
    assert world.reasons() == (None, None)


def test_a_project_that_the_delegation_loses_does_not_exist_for_its_keys(world: World):
    with transaction():
        other = projects.create(world.owner, "Other", contracts.all_of(world.owner)[0]).id
    with transaction():
        given = world.delegation
        db.session.add(DelegationProject(tenant_id=given.tenant_id, delegation_id=given.id, project_id=other))
    both = world.reasons()

    with transaction():
        narrow(world, project_ids=frozenset({other}))

    assert both == (None, None)
    assert world.reasons() == (None, "data_space_unknown")


@pytest.mark.parametrize(("ending", "reason"), [(KeyEnding.HARD, "key_retired"), (KeyEnding.LEAK, "key_compromised")])
def test_a_rotated_key_passes_until_its_hard_end_and_is_told_on_the_second(
    world: World, ending: KeyEnding, reason: str
):
    a_successor(world.owner, world.pair, Plan(HOUR, ending))
    meanwhile, until = world.reasons()[0], clock.now() + HOUR

    with time_machine.travel(until + timedelta(seconds=5), tick=False):
        told = world.gateway.check(world.own).reason

    assert (meanwhile, told) == (None, reason)


def test_a_key_that_is_held_open_passes_beyond_its_date(world: World):
    a_successor(world.owner, world.pair, Plan(HOUR, KeyEnding.HELD))
    assert world.reasons()[0] is None

    with time_machine.travel(clock.now() + 2 * HOUR, tick=False):
        assert world.gateway.check(world.own).status == 204


def test_a_rotation_that_is_rolled_back_keeps_the_old_key(world: World):
    a_successor(world.owner, world.pair, Plan(HOUR, KeyEnding.HARD))
    assert world.reasons()[0] is None
    with transaction():
        roll_back(world.owner, world.pair, version=world.pair.version)
    assert world.reasons()[0] is None

    with time_machine.travel(clock.now() + 2 * HOUR, tick=False):
        assert world.gateway.check(world.own).status == 204


def test_a_contract_that_is_extended_lets_calls_pass_for_longer(world: World):
    ends_at = contracts.all_of(world.owner)[0].ends_at
    with time_machine.travel(ends_at + HOUR, tick=False):
        before = world.gateway.check(world.own).reason

    with transaction():
        entitlements.extend(VENDOR, contract_of(world), ends_at + 30 * DAY)
    now = world.reasons()[0]

    with time_machine.travel(ends_at + HOUR, tick=False):
        after = world.gateway.check(world.own).reason
    assert (before, now, after) == ("contract_ended", None, None)


def test_a_contract_that_is_renewed_lets_calls_pass_through_the_seam(world: World):
    ends_at = contracts.all_of(world.owner)[0].ends_at
    with transaction():
        renewal.renew(VENDOR, contract_of(world), Term("adobe-commerce", ends_at, ends_at + 365 * DAY))
    assert world.reasons() == (None, None)

    with time_machine.travel(ends_at, tick=False):
        while True:
            with transaction():
                if not renewal.run_due(clock.now()):
                    break
        assert world.reasons()[0] is None


def test_a_service_that_the_new_edition_lacks_is_refused(world: World, admin: Actor):
    with transaction():
        contract = contract_of(world)
        amending.amend(admin, contract, contracts.edition("magento-open-source"), contract.version)

    assert world.reasons() == ("service_ended", "service_ended")


def test_a_new_key_and_a_new_data_space_are_known(world: World, a_shop: MakeShop):
    new = a_shop(world.owner)
    with transaction():
        made = projects.create(world.owner, "Another", contracts.all_of(world.owner)[0]).public_id
    space = next(space for space in project_store.get(world.owner, made).data_spaces if space.type.value == "testing")
    world.reasons()

    assert world.gateway.check(new, space=space.public_id).status == 204
    assert world.gateway.check(world.delegated, space=space.public_id).reason == "data_space_unknown"


def test_a_service_credential_that_is_revoked_asks_no_more(world: World, admin: Actor):
    with transaction():
        issued = credentials.issue(admin, "Another", None)
        public_id, world.gateway.credential = issued.credential.public_id, issued.token
    assert world.reasons() == (None, None)

    with transaction():
        credentials.revoke(admin, credential_store.get(admin, public_id), "It leaked")

    assert world.reasons() == ("asker_unknown", "asker_unknown")


def test_a_service_credential_that_was_rotated_asks_until_its_overlap_is_over(world: World, admin: Actor):
    with transaction():
        issued = credentials.issue(admin, "Another", None)
        public_id, world.gateway.credential = issued.credential.public_id, issued.token
    assert world.reasons()[0] is None
    with transaction():
        successor = credentials.rotate(admin, credential_store.get(admin, public_id), HOUR).token
    overlapping = world.reasons()[0]

    with time_machine.travel(clock.now() + HOUR + timedelta(seconds=1), tick=False):
        old = world.gateway.check(world.own).reason
        world.gateway.credential = successor
        assert (overlapping, old, world.gateway.check(world.own).status) == (None, "asker_unknown", 204)


def test_a_credential_that_expires_asks_no_more_without_any_look(a_gateway: MakeGateway, admin: Actor, shop: Shop):
    with transaction():
        token = a_credential(
            admin, expires_at=clock.now().replace(hour=0, minute=0, second=0, microsecond=0) + 30 * DAY
        )
    gateway = a_gateway(credential=token)
    assert gateway.check(shop).status == 204

    with time_machine.travel(clock.now() + 31 * DAY, tick=False):
        assert gateway.check(shop).reason == "asker_unknown"


# Many at once


def test_eight_that_ask_while_changes_are_applied_never_see_half_of_one(
    a_gateway: MakeGateway, admin: Actor, a_shop: MakeShop, app: Flask
):
    """Owner and contract change together: suspended without a contract that runs, or neither."""
    owner = a_licensee()
    shop = a_shop(owner)
    with transaction():
        credential = a_credential(admin)
    gateway = a_gateway(credential=credential)
    tables, door = gateway.door.follower.tables, gateway.door
    key = tables.keys[shop.api_key]
    seen: set[tuple[str, bool]] = set()
    wrong: list[Any] = []
    stop = Event()

    def ask() -> None:
        environ = gateway.environ("GET", f"/gateway/check/{SERVICE}", shop.headers())
        while not stop.is_set():
            seen.add(tables.read(lambda: (key.owner.standing, key.contract.ended_at is None)))
            answer = door.answer(environ, environ["PATH_INFO"])
            reason = dict(answer.headers).get("X-Portal-Reason")
            if reason not in (None, "owner_suspended"):
                wrong.append((answer.status, reason))

    threads = [Thread(target=ask) for _each in range(8)]
    for thread in threads:
        thread.start()
    try:
        for number in range(400):
            _flip(tables, key, suspended=number % 2 == 0, version=number + 100)
    finally:
        stop.set()
        for thread in threads:
            thread.join()

    assert seen <= {("suspended", False), ("good", True)}
    assert wrong == []
    assert decide(tables, _call(shop), clock.unix_now(), door.prove).is_allowed


def _flip(tables: Any, key: Any, *, suspended: bool, version: int) -> None:
    owner, contract = key.owner, key.contract
    ended_at = contract.starts_at if suspended else None
    delta = Delta(
        tenants=[TenantRow(owner.id, owner.account_id, owner.name, "suspended" if suspended else "good")],
        contracts=[ContractRow(contract.id, contract.starts_at, contract.ends_at, ended_at)],
    )
    tables.apply(delta, version)


def _call(shop: Shop) -> Any:
    return Call(shop.api_key, shop.headers()["x-gw-signature"], SERVICE, None)
