"""Random sequences of everything that can be done about key pairs: whatever happens, these things hold.

No working key under an ended, paused or uncovering delegation, an ended contract or a suspended account; no move that
is not in the table; no two live pairs of one name, no two live successors, no two live hand-offs of one pair; no copy
without its record, no ciphertext longer than it may be opened; no data space that changed.
"""

from collections import Counter
from datetime import timedelta

import time_machine
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from portal.access.roles import Environment, Right
from portal.access.rows import Reader, across_tenants
from portal.audit import operations as audit
from portal.delegations import operations as delegations
from portal.delegations.models import DelegationState
from portal.delegations.states import DELEGATION, is_live
from portal.foundation import clock
from portal.foundation.database import db
from portal.handoffs import giving, opening
from portal.handoffs.models import LIVE_STATES as LIVE_HAND_OFFS
from portal.handoffs.models import HandOffState, KeyCopy
from portal.handoffs.states import HAND_OFF
from portal.impact import leaks as impact
from portal.keys import operations, rotation, store
from portal.keys.models import KeyEnding, KeyPair, KeyState
from portal.keys.rotation import Plan
from portal.keys.states import KEY_PAIR
from portal.keys.status import LIVE, status_of
from portal.tenants.models import Standing
from tests.keys.scene import STEPS, Scene, done
from tests.verifier.records import verifies

sides = st.booleans()
numbers = st.integers(0, 5)
names = st.sampled_from(["Storefront", "Outlet"])
environments = st.sampled_from(Environment)
# What stops everything is done seldom, or nothing else would come about.
rarely = st.sampled_from([1, 1, 0])
standings = st.sampled_from([Standing.GOOD, Standing.PAST_DUE, Standing.GOOD, Standing.SUSPENDED])
overlaps = st.sampled_from([timedelta(), timedelta(hours=1), timedelta(days=14)])


class Keys(RuleBasedStateMachine):
    """Every act, by owner and integrator, in any order."""

    travels: time_machine.travel

    @initialize()
    def begin(self) -> None:
        self.travels = time_machine.travel(clock.now())
        self.clock = self.travels.start()
        self.scene = Scene()
        self.identities = self.scene.identities()
        self.delegations: dict[object, DelegationState] = {}
        self.hand_offs: dict[object, HandOffState] = {}
        for by_owner in (False, True):
            furnished = (
                self.scene.prove(by_owner, Environment.SANDBOX, "Storefront"),
                self.scene.rotate(by_owner, -1, KeyEnding.HELD, timedelta(days=1)),
                self.scene.confirm(-1),
                self.scene.prove(by_owner, Environment.PRODUCTION, "Storefront"),
            )
            assert [done(act) for act in furnished] == ["done"] * len(furnished)
        # A copy of the owner's newest pair is opened, one of its retiring pair is offered.
        copies = self.scene.hand_over(5), self.scene.with_copy(False, 0, opening.fetch), self.scene.hand_over(3)
        assert [done(act) for act in copies] == ["done"] * len(copies)
        self.states = {pair.id: pair.state for pair in self.scene.pairs()}

    def teardown(self) -> None:
        db.session.rollback()
        if hasattr(self, "travels"):
            self.travels.stop()

    # Making

    @rule(by_owner=sides, environment=environments, name=names)
    def make(self, by_owner: bool, environment: Environment, name: str) -> None:
        done(self.scene.begin(by_owner, environment, name))

    @rule(by_owner=sides, environment=environments, name=names)
    def prove(self, by_owner: bool, environment: Environment, name: str) -> None:
        done(self.scene.prove(by_owner, environment, name))

    @precondition(lambda self: self.scene.intents)
    @rule(back=st.integers(0, 2))
    def confirm(self, back: int) -> None:
        done(self.scene.confirm(-1 - back))

    @precondition(lambda self: self.scene.intents)
    @rule(number=numbers)
    def discard(self, number: int) -> None:
        done(self.scene.discard(number))

    # Rotation, leaks, the end

    @rule(by_owner=sides, number=numbers, ending=st.sampled_from(KeyEnding), overlap=overlaps, at_once=st.booleans())
    def rotate(self, by_owner: bool, number: int, ending: KeyEnding, overlap: timedelta, at_once: bool) -> None:
        if done(self.scene.rotate(by_owner, number, ending, overlap)) == "done" and at_once:
            done(self.scene.confirm(-1))

    @rule(by_owner=sides, number=numbers)
    def stop_leaked(self, by_owner: bool, number: int) -> None:
        done(self.scene.about(by_owner, number, lambda actor, pair, _seen: impact.stop(actor, pair)))

    @rule(by_owner=sides, number=numbers)
    def replace_stopped(self, by_owner: bool, number: int) -> None:
        if done(self.scene.replace_stopped(by_owner, number)) == "done":
            done(self.scene.confirm(-1))

    @rule(by_owner=sides, number=numbers)
    def revoke(self, by_owner: bool, number: int) -> None:
        done(self.scene.about(by_owner, number, lambda actor, pair, _seen: operations.revoke(actor, pair)))

    @rule(by_owner=sides, number=numbers, name=names)
    def rename(self, by_owner: bool, number: int, name: str) -> None:
        done(
            self.scene.about(
                by_owner,
                number,
                lambda actor, pair, seen: operations.rename(actor, pair, name=name, version=seen),
            )
        )

    @rule(by_owner=sides, number=numbers)
    def roll_back(self, by_owner: bool, number: int) -> None:
        done(
            self.scene.about(by_owner, number, lambda actor, pair, seen: rotation.roll_back(actor, pair, version=seen))
        )

    @rule(by_owner=sides, number=numbers)
    def end_early(self, by_owner: bool, number: int) -> None:
        done(
            self.scene.about(by_owner, number, lambda actor, pair, seen: rotation.end_early(actor, pair, version=seen))
        )

    @rule(by_owner=sides, number=numbers, ending=st.sampled_from(KeyEnding), overlap=overlaps)
    def change_end(self, by_owner: bool, number: int, ending: KeyEnding, overlap: timedelta) -> None:
        plan = Plan(overlap, ending)
        done(
            self.scene.about(
                by_owner, number, lambda actor, pair, seen: rotation.change_end(actor, pair, plan, version=seen)
            )
        )

    # Copies

    @rule(number=numbers)
    def hand_over(self, number: int) -> None:
        done(self.scene.hand_over(number))

    @rule(number=numbers)
    def open_copy(self, number: int) -> None:
        if done(self.scene.with_copy(False, number, opening.fetch)) == "done":
            found = self.scene.hand_offs()
            opened, now = found[number % len(found)], clock.now()
            pair = next(pair for pair in self.scene.pairs() if pair.id == opened.key_pair_id)
            assert status_of(pair, now) in LIVE
            assert not store.is_leaked(pair)
            assert is_live(opened.delegation, now)
            assert opened.environment in opened.delegation.environments

    @rule(number=numbers)
    def prove_opened(self, number: int) -> None:
        done(self.scene.with_copy(False, number, self.scene.prove_opened))

    @rule(number=numbers)
    def withdraw(self, number: int) -> None:
        done(self.scene.with_copy(True, number, giving.withdraw))

    # What pairs hang on

    @rule(accepted=st.booleans())
    def offer(self, accepted: bool) -> None:
        if done(self.scene.offer()) == "done" and accepted:
            done(self.scene.answer(False, delegations.accept))

    @rule(by_owner=sides, act=st.sampled_from([delegations.pause, delegations.resume, delegations.accept]))
    def answer(self, by_owner: bool, act) -> None:
        done(self.scene.answer(by_owner, act))

    @rule(by_owner=sides, often=rarely)
    def end_delegation(self, by_owner: bool, often: int) -> None:
        if not often:
            done(self.scene.answer(by_owner, delegations.end))

    @rule(choice=numbers)
    def narrow(self, choice: int) -> None:
        done(self.scene.narrow(choice))

    @rule(often=rarely)
    def end_contract(self, often: int) -> None:
        if not often:
            done(self.scene.end_contract())

    @rule()
    def renew_contract(self) -> None:
        done(self.scene.renew())

    @rule(the_owner=sides, standing=standings)
    def put(self, the_owner: bool, standing: Standing) -> None:
        done(self.scene.put(the_owner, standing))

    @rule(step=st.sampled_from(STEPS))
    def wait(self, step: timedelta) -> None:
        self.clock.shift(step)

    @rule()
    def sweep(self) -> None:
        done(self.scene.sweep())
        now, pairs = clock.now(), {pair.id: pair for pair in self.scene.pairs()}
        for copy in self._copies():
            if pairs[copy.key_pair_id].state is KeyState.ACTIVE and copy.rotation_due_at is None:
                assert self._is_covered(pairs[copy.key_pair_id], now), "nobody asks for the rotation of a copied pair"

    def _copies(self) -> list[KeyCopy]:
        rows = across_tenants(KeyCopy, reason=Reader.UPKEEP).where(KeyCopy.tenant_id == self.scene.owner.tenant_id)
        return list(db.session.scalars(rows))

    def _is_covered(self, pair: KeyPair, now) -> bool:
        row = self.scene.delegation()
        runs = row is not None and row.state in (DelegationState.ACTIVE, DelegationState.PAUSED) and now < row.ends_at
        return runs and pair.environment in row.environments

    # What always holds

    @invariant()
    def everything_holds(self) -> None:
        if not hasattr(self, "scene"):
            return
        db.session.rollback()
        now, pairs = clock.now(), self.scene.pairs()
        self._agree_on_what_is_live(now, pairs)
        self._moved_by_the_tables(pairs)
        assert not _repeated(name_of(pair) for pair in pairs if pair.state is KeyState.ACTIVE)
        live = [pair for pair in pairs if status_of(pair, now) in LIVE]
        assert not _repeated(pair.replaces_id for pair in live if pair.replaces_id is not None)
        assert self.scene.identities() == self.identities
        self._passed_by_the_table()

    def _passed_by_the_table(self) -> None:
        rows, copied = self.scene.hand_offs(), {copy.key_pair_id for copy in self._copies()}
        for row in rows:
            HAND_OFF.require_move(self.hand_offs.get(row.id, HandOffState.OFFERED), row.state)
            self.hand_offs[row.id] = row.state
            assert (row.envelope is not None) == (row.state in LIVE_HAND_OFFS)
            assert row.opened_at is None or row.key_pair_id in copied
        assert not _repeated(row.key_pair_id for row in rows if row.state in LIVE_HAND_OFFS)

    def _agree_on_what_is_live(self, now, pairs) -> None:
        listed = {row.id for side in Environment for row in store.live(self.scene.owner, now, side)}
        for pair in pairs:
            is_live = status_of(pair, now) in LIVE
            assert is_live == verifies(pair, now)
            assert is_live == (pair.id in listed)
            assert not is_live or stands(pair, now), "a working key under what does not stand"

    def _moved_by_the_tables(self, pairs) -> None:
        for pair in pairs:
            if pair.id not in self.states:
                KEY_PAIR.require_beginning(KeyState.PENDING if pair.replaces_id else pair.state)
            else:
                KEY_PAIR.require_move(self.states[pair.id], pair.state)
            self.states[pair.id] = pair.state
            assert pair.state is not KeyState.COMPROMISED or store.is_leaked(pair)
        delegation = self.scene.delegation()
        if delegation is not None:
            before = self.delegations.get(delegation.id, delegation.state)
            DELEGATION.require_move(before, delegation.state)
            self.delegations[delegation.id] = delegation.state


def stands(pair: KeyPair, now) -> bool:
    """Whether all that the pair hangs on lets it work: said once more, without `status_of`."""
    if Standing.SUSPENDED in (pair.owner.standing, pair.holder.standing):
        return False
    contract, delegation = pair.contract, pair.delegation
    if not contract.starts_at <= now < contract.ends_at or (contract.ended_at and contract.ended_at <= now):
        return False
    if delegation is None:
        return pair.holder_id == pair.tenant_id
    covers = pair.environment in delegation.environments and Right.KEYS in delegation.rights
    return covers and delegation.state is DelegationState.ACTIVE and now < delegation.ends_at


def name_of(pair: KeyPair) -> tuple[object, ...]:
    return pair.holder_id, pair.environment, pair.name_key


def _repeated(things) -> list[object]:
    return [thing for thing, times in Counter(things).items() if times > 1]


def test_whatever_is_done_in_whatever_order_no_key_works_that_should_not():
    quick = settings(
        max_examples=15,
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.reuse, Phase.generate],  # to make a failure shorter takes minutes; its steps can be read
    )

    run_state_machine_as_test(Keys, settings=quick)

    assert list(audit.verify()) == []
