"""Random lives of licensees and integrators: every act that decides over calls, refusals among them."""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import time_machine
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from portal.access.actor import Actor, system_actor
from portal.access.roles import Environment, Right
from portal.access.rows import Reader, across_tenants
from portal.contracts import operations as contract_operations
from portal.contracts import store as contracts
from portal.contracts.models import Contract
from portal.delegations import operations as delegations
from portal.delegations import store as delegation_store
from portal.delegations.models import Delegation, DelegationState
from portal.entitlements import operations as entitlements
from portal.entitlements import store as entitlement_store
from portal.entitlements.models import Entitlement
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.foundation.errors import PortalError
from portal.impact import leaks, retiring
from portal.keys import intent_store, making, rotation
from portal.keys import operations as keys
from portal.keys import store as key_store
from portal.keys.models import KeyEnding, KeyIntent, KeyOrigin, KeyPair, KeyState
from portal.keys.rotation import Plan
from portal.projects import operations as projects
from portal.tenants import operations as tenants
from portal.tenants import store as tenant_store
from portal.tenants.models import Standing
from portal.verifier.decision import Policy
from tests.factories import (
    a_contract,
    a_delegation,
    a_key,
    a_licensee,
    an_integrator,
    an_intent,
    for_client,
    message_of,
    public_of,
    sign,
    tenant_of,
)
from tests.many_keys import many_keys

VENDOR, WORKER = system_actor("tests"), system_actor("worker")
KEYS = many_keys()
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
STEPS = (MINUTE, 31 * MINUTE, 120 * MINUTE, DAY, DAY, 3 * DAY, 15 * DAY)
OVERLAPS = (timedelta(), 60 * MINUTE, 14 * DAY)
ENDINGS = (KeyEnding.HELD, KeyEnding.HELD, KeyEnding.HARD, KeyEnding.HARD, KeyEnding.LEAK)
EDITIONS = ("adobe-commerce", "magento-open-source")


class History:
    """A small world, and one act after the other, each in a transaction of its own, under a clock that it moves."""

    def __init__(self, seed: int, clock_of_all: time_machine.Traveller) -> None:
        self.random = random.Random(seed)  # noqa: S311 - no secret
        self.clock = clock_of_all
        self.owners = [a_licensee(EDITIONS[number % 2]) for number in range(3)]
        self.integrators = [an_integrator() for _each in range(2)]
        self.by_account_id = {tenant_of(each).account_id: each for each in self.integrators}
        self.private: dict[str, RSAPrivateKey] = {}
        self.waiting: list[tuple[Actor, KeyIntent]] = []
        self.policy, self.number = Policy.REPORT, 0
        for owner in self.owners:
            with transaction():
                projects.create(owner, self._name(), contracts.all_of(owner)[0])
            self._made(a_key(owner, private=(private := next(KEYS))), private)

    def _act(self) -> Callable[[], object]:
        """What stops much comes about seldom enough for something to go on."""
        usual = [
            self.make_key, self.make_key, self.make_delegated_key, self.make_delegated_key, self.begin_key,
            self.confirm, self.rotate, self.rotate, self.change_end, self.roll_back, self.end_early, self.rename_key,
            self.offer, self.offer, self.accept, self.narrow, self.narrow, self.pause, self.resume, self.widen,
            self.go_on, self.suspend_service, self.resume_service, self.narrow_service, self.conclude, self.extend,
            self.create_project, self.rename_tenant, self.change_policy, self.wait, self.sweep,
        ]  # fmt: skip
        seldom = [
            self.revoke, self.leak, self.end_delegation, self.end_contract, self.end_service, self.set_standing,
        ]  # fmt: skip
        chance = self.random.random()
        if chance < 0.004:
            return self.wait_long
        return self.random.choice(seldom if chance < 0.12 else usual)

    def step(self) -> str:
        """Do one of them. What came of it."""
        act = self._act()
        try:
            act()
        except (PortalError, IndexError) as refusal:  # nothing there to choose from
            db.session.rollback()
            return f"{act.__name__}: {type(refusal).__name__}"
        db.session.rollback()
        return f"{act.__name__}: done"

    # Choosing

    def _owner(self) -> Actor:
        return self.random.choice(self.owners)

    def _owner_of(self, row: Any) -> Actor:
        return next(each for each in self.owners if each.tenant_id == row.tenant_id)

    def _all(self, model: Any) -> list[Any]:
        return list(db.session.scalars(across_tenants(model, reason=Reader.UPKEEP).order_by(model.id)))

    def _of(self, model: Any) -> Any:
        return self.random.choice(self._all(model))

    def _name(self) -> str:
        self.number += 1
        return f"Thing {self.number}"

    def _side(self) -> Environment:
        return self.random.choice(list(Environment))

    def _in_transaction(self, act: Callable[[], object]) -> None:
        with transaction():
            act()

    def _made(self, pair: KeyPair, private: RSAPrivateKey) -> None:
        self.private[pair.api_key] = private

    # Key pairs

    def make_key(self) -> None:
        private = next(KEYS)
        self._made(a_key(self._owner(), environment=self._side(), private=private), private)

    def _holder(self) -> tuple[Actor, Delegation]:
        running = [row for row in self._all(Delegation) if row.state is DelegationState.ACTIVE]
        given = self._given(self.random.choice(running))
        return for_client(self._integrator(given), given), given

    def make_delegated_key(self) -> None:
        (holder, given), private = self._holder(), next(KEYS)
        side = self.random.choice(sorted(given.environments))
        self._made(a_key(holder, environment=side, private=private), private)

    def begin_key(self) -> None:
        """A pair that the portal made waits to be confirmed."""
        owner, private = self._owner(), next(KEYS)
        intent = an_intent(owner, environment=self._side())
        with transaction():
            self._made(making.issue(owner, intent, public_of(private)), private)
        self.waiting.append((owner, intent))

    def confirm(self) -> None:
        owner, intent = chosen = self.random.choice(self.waiting)
        self.waiting.remove(chosen)
        self._in_transaction(lambda: making.confirm(owner, intent_store.get(owner, intent.public_id)))

    def _pair(self, *states: KeyState) -> tuple[Actor, KeyPair]:
        rows = [row for row in self._all(KeyPair) if not states or row.state in states]
        pair = self.random.choice(rows)
        owner = self._owner_of(pair)
        if pair.delegation_id is not None and self.random.random() < 0.7:
            given = next(row for row in self._all(Delegation) if row.id == pair.delegation_id)
            owner = for_client(self._integrator(given), self._given(given))
        return owner, key_store.get(owner, pair.api_key)

    def _with_pair(self, act: Callable[[Actor, KeyPair], object], *states: KeyState) -> None:
        self._in_transaction(lambda: act(*self._pair(*states)))

    def rotate(self) -> None:
        private, plan = next(KEYS), Plan(self.random.choice(OVERLAPS), self.random.choice(ENDINGS))
        actor, pair = self._pair(KeyState.ACTIVE)
        with transaction():
            intent = rotation.begin(actor, pair, plan, origin=KeyOrigin.UPLOAD, public=public_of(private), forced=True)
        message = message_of(actor, intent, private)
        with transaction():
            successor = making.prove(actor, intent, signed=message, signature=sign(private, message))
        self._made(successor, private)

    def change_end(self) -> None:
        plan = Plan(self.random.choice(OVERLAPS), self.random.choice(ENDINGS))
        self._with_pair(
            lambda actor, pair: rotation.change_end(actor, pair, plan, version=pair.version), KeyState.RETIRING
        )

    def roll_back(self) -> None:
        self._with_pair(lambda actor, pair: rotation.roll_back(actor, pair, version=pair.version), KeyState.RETIRING)

    def end_early(self) -> None:
        self._with_pair(lambda actor, pair: rotation.end_early(actor, pair, version=pair.version), KeyState.RETIRING)

    def rename_key(self) -> None:
        self._with_pair(lambda actor, pair: keys.rename(actor, pair, name=self._name(), version=pair.version))

    def revoke(self) -> None:
        self._with_pair(keys.revoke, KeyState.ACTIVE, KeyState.RETIRING)

    def leak(self) -> None:
        self._with_pair(leaks.stop, KeyState.ACTIVE, KeyState.RETIRING)

    # Delegations

    def offer(self) -> None:
        owner = self._owner()
        own = [row.id for row in delegation_store.projects_of(owner)]
        some = frozenset(self.random.sample(own, min(len(own), 2))) if self.random.random() < 0.5 and own else None
        accepted, days = self.random.random() < 0.8, self.random.choice([2, 30, 90])
        sides = self.random.choice([list(Environment), [self._side()]])
        integrator = self.random.choice(self.integrators)
        a_delegation(owner, integrator, environments=sides, project_ids=some, days=days, accepted=accepted)

    def accept(self) -> None:
        def act() -> None:
            row = self.random.choice([row for row in self._all(Delegation) if row.state is DelegationState.OFFERED])
            integrator = self._integrator(row)
            delegations.accept(integrator, delegation_store.get_taken(integrator, row.public_id))

        self._in_transaction(act)

    def _integrator(self, row: Delegation) -> Actor:
        return self.by_account_id[row.integrator_account_id]

    def _given(self, row: Delegation) -> Delegation:
        return delegation_store.get_given(self._owner_of(row), row.public_id)

    def _with_delegation(self, act: Callable[[Actor, Delegation], object]) -> None:
        def do() -> None:
            rows = self._all(Delegation)
            going_on = [row for row in rows if row.state in (DelegationState.ACTIVE, DelegationState.PAUSED)]
            row = self.random.choice(going_on or rows)
            if self.random.random() < 0.3:
                integrator = self._integrator(row)
                act(integrator, delegation_store.get_taken(integrator, row.public_id))
            else:
                act(self._owner_of(row), self._given(row))

        self._in_transaction(do)

    def narrow(self) -> None:
        def act(owner: Actor, given: Delegation) -> None:
            project_ids = given.project_ids or frozenset(row.id for row in delegation_store.projects_of(owner))
            fewer = self.random.sample(sorted(project_ids), max(1, len(project_ids) - 1)) if project_ids else ()
            sides = given.environments if self.random.random() < 0.7 else frozenset({self._side()})
            rights = given.rights - ({Right.KEYS} if self.random.random() < 0.3 else {Right.INSTALLATIONS})
            ends_at = given.ends_at - (DAY if self.random.random() < 0.3 else timedelta())
            delegations.narrow(
                owner, given, environments=sides, rights=rights, project_ids=frozenset(fewer), ends_at=ends_at,
                version=given.version,
            )  # fmt: skip

        self._with_delegation(act)

    def widen(self) -> None:
        """The owner proposes everything, and the integrator agrees."""
        with transaction():
            row = self.random.choice([row for row in self._all(Delegation) if row.state is DelegationState.ACTIVE])
            everything = {"environments": frozenset(Environment), "rights": frozenset(Right), "project_ids": None}
            ends_at = max(row.ends_at, clock.now()) + DAY
            proposal_id = delegations.propose_widening(
                self._owner_of(row), self._given(row), **everything, ends_at=ends_at
            ).public_id
        integrator = self._integrator(row)
        with transaction():
            delegations.accept_widening(integrator, delegation_store.get_taken(integrator, row.public_id), proposal_id)

    def pause(self) -> None:
        self._with_delegation(delegations.pause)

    def resume(self) -> None:
        self._with_delegation(delegations.resume)

    def end_delegation(self) -> None:
        self._with_delegation(delegations.end)

    # Accounts, contracts, services

    def _any_tenant(self) -> Any:
        return self.random.choice([*self.owners, *self.integrators]).tenant_id

    def set_standing(self) -> None:
        standing = self.random.choice([Standing.SUSPENDED, Standing.SUSPENDED, Standing.PAST_DUE])
        tenant_id = self._any_tenant()
        self._in_transaction(lambda: tenants.set_standing(VENDOR, tenant_store.get(tenant_id), standing))

    def go_on(self) -> None:
        """Who was suspended is so no more."""
        for actor in (*self.owners, *self.integrators):
            if tenant_of(actor).standing is not Standing.GOOD and self.random.random() < 0.5:
                with transaction():
                    tenants.set_standing(VENDOR, tenant_of(actor), Standing.GOOD)

    def rename_tenant(self) -> None:
        owner = self._owner()
        self._in_transaction(lambda: tenants.rename(owner, self._name(), tenant_of(owner).version))

    def _contract(self) -> Contract:
        return self.random.choice(contracts.all_of(self._owner()))

    def conclude(self) -> None:
        """A contract of either edition; it may begin later."""
        begins = clock.now() + self.random.choice([timedelta(), timedelta(), DAY, 20 * DAY])
        edition = self.random.choice(EDITIONS)
        a_contract(tenant_of(self._owner()), edition, starts_at=begins, ends_at=begins + 200 * DAY)

    def extend(self) -> None:
        contract = self._contract()
        ends_at = max(contract.ends_at, clock.now()) + 30 * DAY
        owner = self._owner_of(contract)
        self._in_transaction(lambda: entitlements.extend(VENDOR, contracts.get(owner, contract.public_id), ends_at))

    def end_contract(self) -> None:
        contract = self._contract()
        owner = self._owner_of(contract)
        self._in_transaction(lambda: contract_operations.end(VENDOR, contracts.get(owner, contract.public_id)))

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

    def narrow_service(self) -> None:
        ends_at = clock.now() + self.random.choice([DAY, 20 * DAY])
        self._with_service(lambda actor, row: entitlements.narrow(actor, row, ends_at))

    def end_service(self) -> None:
        self._with_service(entitlements.end)

    def create_project(self) -> None:
        contract = self._contract()
        owner = self._owner_of(contract)
        self._in_transaction(lambda: projects.create(owner, self._name(), contracts.get(owner, contract.public_id)))

    # The deployment, and time

    def change_policy(self) -> None:
        self.policy = self.random.choice(list(Policy))

    def wait(self) -> None:
        self.clock.shift(self.random.choice(STEPS))

    def wait_long(self) -> None:
        self.clock.shift(400 * DAY)

    def sweep(self) -> None:
        """What the worker does."""
        retiring.run(WORKER)
        self._in_transaction(lambda: keys.lapse_due(WORKER))
        self._in_transaction(lambda: delegations.lapse_due(WORKER))
