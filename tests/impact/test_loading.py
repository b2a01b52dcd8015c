"""What doors hold: all that decides, read at one moment; and whoever follows the log has the same in the end."""

import gc
import random
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import delete, update

from portal.access.actor import Actor, system_actor
from portal.access.roles import Environment, Right
from portal.access.rows import Reader, across_tenants, scoped_to
from portal.contracts import many as many_contracts
from portal.contracts import operations as contract_operations
from portal.contracts import store as contracts
from portal.contracts.models import Service
from portal.delegations import operations as delegations
from portal.delegations import store as delegation_store
from portal.delegations.models import Delegation
from portal.entitlements import many as many_entitlements
from portal.entitlements import operations as entitlements
from portal.entitlements import store as entitlement_store
from portal.entitlements.models import Entitlement
from portal.foundation import changes, clock
from portal.foundation.changes import CALLS, Gap, version_of
from portal.foundation.database import db, transaction
from portal.foundation.errors import PortalError
from portal.impact import loading, reading, renewal, snapshot
from portal.impact.loading import Followed
from portal.impact.opening import Term
from portal.keys import making
from portal.keys import operations as keys
from portal.keys import store as key_store
from portal.keys.models import KeyIntent, KeyPair
from portal.projects import operations as projects
from portal.tenants import operations as tenants
from portal.tenants import store as tenant_store
from portal.tenants.models import Standing, Tenant
from portal.verifier.decision import Policy
from portal.verifier.tables import Tables
from tests.factories import (
    a_contract,
    a_delegation,
    a_key,
    a_licensee,
    a_private_key,
    a_successor,
    a_vendor,
    an_integrator,
    an_intent,
    for_client,
    public_of,
    tenant_of,
)
from tests.statements import counted

VENDOR = system_actor("tests")
DAY = timedelta(days=1)
HELD = ("tenants", "contracts", "delegations", "keys", "spaces", "services", "version")


def held(tables: Tables) -> dict[str, Any]:
    return {name: getattr(tables, name) for name in HELD}


def loaded() -> Tables:
    db.session.rollback()
    return loading.load().tables


class Follower:
    """Tables that were loaded once and are kept by the log from then on."""

    def __init__(self) -> None:
        db.session.rollback()
        first = loading.load()
        self.tables, self.version = first.tables, first.version

    def follow(self) -> Tables:
        db.session.rollback()
        found = loading.delta(self.tables, self.version)
        assert isinstance(found, Followed)
        self.tables.apply(found.delta, loading.number(found.version))
        self.version = found.version
        return self.tables


@pytest.fixture
def owner() -> Actor:
    return a_licensee()


def test_a_key_is_loaded_as_the_connector_reads_it(owner):
    integrator = an_integrator()
    given = a_delegation(owner, integrator)
    own, delegated = a_key(owner), a_key(for_client(integrator, given))

    tables = loaded()

    for pair in (own, delegated):
        key, read = tables.keys[pair.api_key], snapshot.find(pair.api_key)
        assert read is not None
        key.owner.grants, key.holder.grants = {}, {}  # which the connector does not ask for
        assert key == read.key


def test_a_tenant_comes_with_what_it_is_entitled_to(owner):
    tables = loaded()

    grants = tables.tenants[owner.tenant_id].grants
    assert grants.keys() == {row.service_code for row in _granted(owner)}
    assert all(grant.contract.ends_at == grant.ends_at for grants in grants.values() for grant in grants)


def test_a_delegation_for_some_projects_comes_with_them(owner):
    with transaction():
        project_id = projects.create(owner, "Storefront", contracts.all_of(owner)[0]).id
    given = a_delegation(owner, an_integrator(), project_ids=frozenset({project_id}))

    assert loaded().delegations[given.id].project_ids == {project_id}


def test_all_comes_in_portions_and_whole(owner, monkeypatch: pytest.MonkeyPatch):
    for number in range(3):
        a_key(owner)
        with transaction():
            projects.create(owner, f"Storefront {number}", contracts.all_of(owner)[0])
    whole = held(loaded())

    for rows in (1, 2, 3):
        monkeypatch.setattr(reading, "PORTION", rows)
        monkeypatch.setattr(loading, "PORTION", rows)
        assert held(loaded()) == whole


def test_it_tells_how_far_it_is(owner):
    a_key(owner)
    db.session.rollback()
    told: list[tuple[int, int]] = []

    loading.load(Policy.MATCHED, tell=lambda *figures: told.append(figures))

    assert [done for done, _of in told] == sorted({done for done, _of in told})
    assert told[-1][0] == told[-1][1]
    assert len({of for _done, of in told}) == 1


def test_nothing_is_loaded_of_an_empty_database_but_the_catalogue():
    tables = loaded()

    assert len(tables.services) == 4
    assert not any((tables.tenants, tables.keys, tables.spaces))


def test_what_lapsed_is_not_loaded_and_goes(owner):
    intent = an_intent(owner)
    follower = Follower()
    with transaction():
        api_key = making.issue(owner, intent, public_of(a_private_key(1))).api_key
    assert api_key in follower.follow().keys

    with time_machine.travel(clock.now() + timedelta(hours=1), tick=True), transaction():
        keys.lapse_due(VENDOR)

    assert api_key not in follower.follow().keys
    assert held(follower.tables) == held(loaded())


def test_what_ended_long_ago_is_not_loaded(owner):
    ended, live = a_key(owner), a_key(owner)
    with transaction():
        keys.revoke(owner, key_store.get(owner, ended.api_key))
    db.session.rollback()

    with time_machine.travel(clock.now() + 399 * DAY, tick=True):
        before = set(loaded().keys)
    with time_machine.travel(clock.now() + 401 * DAY, tick=True):
        after = set(loaded().keys)

    assert before == {ended.api_key, live.api_key}
    assert after == {live.api_key}


def test_what_was_loaded_is_of_one_moment(owner):
    """Between two portions somebody changes everything: the version says what was read."""
    a_key(owner)
    before = held(loaded())
    changed = []

    def change(_done: int, _of: int) -> None:
        if not changed:
            changed.append(a_key(owner))
            with transaction():
                tenants.set_standing(VENDOR, tenant_store.get(owner.tenant_id), Standing.SUSPENDED)

    db.session.rollback()
    found = loading.load(tell=change)

    assert held(found.tables) == before
    assert found.version != version_of(CALLS)


def test_whoever_is_up_to_date_reads_little(owner):
    follower = Follower()
    follower.follow()

    with counted() as statements:
        follower.follow()

    assert len(statements) == 1


def test_a_gap_in_the_log_is_said(owner):
    follower = Follower()
    a_key(owner)
    with transaction():
        changes.prune(clock.now())

    db.session.rollback()
    assert isinstance(loading.delta(follower.tables, follower.version), Gap)


def test_a_change_of_all_tenants_is_a_gap(owner):
    follower = Follower()
    with transaction():
        db.session.execute(update(Tenant).values(standing=Standing.GOOD))

    db.session.rollback()
    assert isinstance(loading.delta(follower.tables, follower.version), Gap)


def _delete_keys(owner: Actor, act: Callable[[], object]) -> None:
    with transaction():
        intents = delete(KeyIntent).where(KeyIntent.tenant_id == owner.tenant_id)
        db.session.execute(intents, execution_options=scoped_to(owner.tenant_id))
        act()


def test_rows_that_a_statement_took_away_go(owner):
    api_key = a_key(owner).api_key
    follower = Follower()

    gone = delete(KeyPair).where(KeyPair.tenant_id == owner.tenant_id)
    _delete_keys(owner, lambda: db.session.execute(gone, execution_options=scoped_to(owner.tenant_id)))

    assert api_key not in follower.follow().keys


def test_a_row_that_is_gone_is_a_gap(owner):
    """No operation deletes a key pair, so nobody knows what to forget."""
    pair = a_key(owner)
    follower = Follower()

    _delete_keys(owner, lambda: db.session.delete(key_store.get(owner, pair.api_key)))

    db.session.rollback()
    assert isinstance(loading.delta(follower.tables, follower.version), Gap)


def test_a_new_service_comes_with_the_next_change(owner):
    follower = Follower()
    with transaction():
        db.session.add(Service(code="new-service", name="New", position=9))
        tenant_store.get(owner.tenant_id).name = "Other"

    try:
        assert "new-service" in follower.follow().services
    finally:
        with transaction():
            db.session.execute(delete(Service).where(Service.code == "new-service"))


def _granted(owner: Actor) -> list[Entitlement]:
    rows = across_tenants(Entitlement, reason=Reader.UPKEEP).where(Entitlement.tenant_id == owner.tenant_id)
    return list(db.session.scalars(rows))


class History:
    """Random acts of everybody on a small world, each in a transaction of its own, refusals among them."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - no secret
        self.owners = [a_licensee() for _each in range(3)]
        self.integrators = [an_integrator() for _each in range(2)]
        self.vendor, self.number = a_vendor(), 0

    @property
    def acts(self) -> list[Callable[[], object]]:
        return [
            self.make_key, self.make_delegated_key, self.rotate, self.revoke, self.rename_key, self.set_standing,
            self.rename_tenant, self.end_contract, self.conclude, self.extend, self.extend_together, self.offer,
            self.narrow, self.pause, self.resume, self.end_delegation, self.suspend_service, self.resume_service,
            self.end_service, self.create_project, self.rename_project,
        ]  # fmt: skip

    def step(self) -> str:
        """Do one of them. What came of it."""
        act = self.random.choice(self.acts)
        try:
            act()
        except (PortalError, IndexError) as refusal:  # nothing there to choose from
            db.session.rollback()
            return f"{act.__name__}: {type(refusal).__name__}"
        return f"{act.__name__}: done"

    def _owner(self) -> Actor:
        return self.random.choice(self.owners)

    def _of(self, model: Any) -> Any:
        rows = across_tenants(model, reason=Reader.UPKEEP).order_by(model.id)
        return self.random.choice(list(db.session.scalars(rows)))

    def _name(self) -> str:
        self.number += 1
        return f"Thing {self.number}"

    def _in_transaction(self, act: Callable[[], object]) -> None:
        with transaction():
            act()

    def make_key(self) -> None:
        a_key(self._owner(), environment=self.random.choice(list(Environment)))

    def make_delegated_key(self) -> None:
        given = self._delegation()
        holder = next(each for each in self.integrators if each.tenant_id == given.integrator_id)
        a_key(for_client(holder, given), environment=self.random.choice(sorted(given.environments)))

    def _pair(self) -> tuple[Actor, KeyPair]:
        pair = self._of(KeyPair)
        owner = next(each for each in self.owners if each.tenant_id == pair.tenant_id)
        return owner, key_store.get(owner, pair.api_key)

    def rotate(self) -> None:
        a_successor(*self._pair())

    def revoke(self) -> None:
        self._in_transaction(lambda: keys.revoke(*self._pair()))

    def rename_key(self) -> None:
        def rename() -> None:
            owner, pair = self._pair()
            keys.rename(owner, pair, name=self._name(), version=pair.version)

        self._in_transaction(rename)

    def set_standing(self) -> None:
        tenant_id, standing = self._owner().tenant_id, self.random.choice(list(Standing))
        self._in_transaction(lambda: tenants.set_standing(VENDOR, tenant_store.get(tenant_id), standing))

    def rename_tenant(self) -> None:
        owner = self._owner()
        self._in_transaction(lambda: tenants.rename(owner, self._name(), tenant_of(owner).version))

    def end_contract(self) -> None:
        owner = self._owner()
        running = [each for each in contracts.all_of(owner) if each.ended_at is None]
        if len(running) > 1:
            public_id = self.random.choice(running).public_id
            self._in_transaction(lambda: contract_operations.end(VENDOR, contracts.get(owner, public_id)))

    def conclude(self) -> None:
        a_contract(tenant_of(self._owner()), self.random.choice(["adobe-commerce", "magento-open-source"]))

    def extend(self) -> None:
        owner = self._owner()
        contract = self.random.choice(contracts.all_of(owner))
        ends_at = contract.ends_at + DAY
        self._in_transaction(lambda: entitlements.extend(VENDOR, contracts.get(owner, contract.public_id), ends_at))

    def extend_together(self) -> None:
        wanted = [contracts.all_of(each)[0] for each in self.owners]
        places = [(each.tenant_id, each.id) for each in wanted]

        def extend() -> None:
            found = many_contracts.lock_many(places)
            many_entitlements.extend_many(self.vendor, {each: each.ends_at + DAY for each in found.values()})

        self._in_transaction(extend)

    def offer(self) -> None:
        some = [row.id for row in projects_of(self._owner())]
        owner = self._owner()
        own = [row.id for row in projects_of(owner)]
        limited = frozenset(own[:2]) if own and some else None
        a_delegation(owner, self.random.choice(self.integrators), project_ids=limited)

    def _delegation(self) -> Delegation:
        row = self._of(Delegation)
        owner = next(each for each in self.owners if each.tenant_id == row.tenant_id)
        return delegation_store.get_given(owner, row.public_id)

    def _with_delegation(self, act: Callable[[Actor, Delegation], object]) -> None:
        def do() -> None:
            given = self._delegation()
            act(next(each for each in self.owners if each.tenant_id == given.tenant_id), given)

        self._in_transaction(do)

    def narrow(self) -> None:
        def act(owner: Actor, given: Delegation) -> None:
            project_ids = given.project_ids
            delegations.narrow(
                owner,
                given,
                environments=frozenset({self.random.choice(sorted(given.environments))}),
                rights=given.rights - {self.random.choice(sorted(Right))},
                project_ids=frozenset(sorted(project_ids)[:1]) if project_ids else project_ids,
                ends_at=given.ends_at,
                version=given.version,
            )

        self._with_delegation(act)

    def pause(self) -> None:
        self._with_delegation(delegations.pause)

    def resume(self) -> None:
        self._with_delegation(delegations.resume)

    def end_delegation(self) -> None:
        self._with_delegation(delegations.end)

    def _with_service(self, act: Callable[[Actor, Entitlement], object]) -> None:
        def do() -> None:
            row = self._of(Entitlement)
            there = system_actor("tests", row.tenant_id)
            under = entitlement_store.under(there, row.contract_id)
            act(there, next(each for each in under if each.id == row.id))

        self._in_transaction(do)

    def suspend_service(self) -> None:
        self._with_service(entitlements.suspend)

    def resume_service(self) -> None:
        self._with_service(entitlements.resume)

    def end_service(self) -> None:
        self._with_service(entitlements.end)

    def create_project(self) -> None:
        owner = self._owner()
        contract = contracts.all_of(owner)[0]
        self._in_transaction(lambda: projects.create(owner, self._name(), contract))

    def rename_project(self) -> None:
        owner = self._owner()
        project = self.random.choice(projects_of(owner))
        self._in_transaction(lambda: projects.rename_project(owner, project, self._name()))


def projects_of(owner: Actor) -> list[Any]:
    return list(delegation_store.projects_of(owner))


@pytest.mark.parametrize("seed", range(4))
def test_whoever_follows_has_what_somebody_loads(seed: int):
    history = History(seed)
    follower = Follower()
    came = []

    for number in range(120):
        came.append(history.step())
        if history.random.random() < 0.5:
            follower.follow()
        if number % 20 == 19:
            assert held(follower.follow()) == held(loaded()), came[-20:]

    done = {each.split(":")[0] for each in came if each.endswith("done")}
    assert len(done) >= 12, came


@pytest.mark.parametrize("fails", [False, True])
def test_garbage_is_collected_again_afterwards(owner, fails: bool):
    db.session.rollback()

    def tell(_done: int, _of: int) -> None:
        assert not gc.isenabled()
        if fails:
            raise KeyError

    with suppress(KeyError):
        loading.load(tell=tell)

    assert gc.isenabled()


def test_keys_that_were_handed_to_the_next_contract_follow_it(owner):
    api_key, contract = a_key(owner).api_key, contracts.all_of(owner)[0]
    ends_at = contract.ends_at
    vendor = a_vendor()
    with transaction():
        old = contracts.get(owner, contract.public_id)
        successor_id = renewal.renew(vendor, old, Term(old.edition_code, old.ends_at, old.ends_at + 365 * DAY)).id
    follower = Follower()
    assert follower.tables.keys[api_key].contract.id != successor_id

    with time_machine.travel(ends_at + DAY, tick=True):
        with transaction():
            renewal.run_due(clock.now())
        followed, anew = held(follower.follow()), held(loaded())

    assert follower.tables.keys[api_key].contract.id == successor_id
    assert followed == anew
