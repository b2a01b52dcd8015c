"""Renewal without a seam: at every moment the keys are live, and what hangs on a contract hangs on the next one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

import pytest
import time_machine
from sqlalchemy import select

from portal.access.actor import Actor, system_actor
from portal.access.errors import NotAllowed
from portal.access.roles import Role
from portal.audit import store as audit
from portal.contracts import operations, signers, store
from portal.contracts.errors import (
    ContractEndedEarly,
    ContractOverlaps,
    NotAnExtension,
    RenewalLeavesGap,
    RenewalOfAnotherKind,
    RenewedAlready,
)
from portal.contracts.models import Contract, Deputy, SignerChange
from portal.entitlements import asking
from portal.entitlements import operations as entitlements
from portal.entitlements import store as entitlement_store
from portal.entitlements.models import Entitlement, Wish
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.foundation.errors import Changed
from portal.impact import renewal
from portal.impact.opening import Term
from portal.keys import store as keys
from portal.keys.models import KeyIntent, KeyPair
from portal.keys.status import LIVE, status_of
from portal.projects import operations as projects
from portal.projects import store as project_store
from portal.projects.models import Surplus
from tests.factories import (
    a_contract,
    a_delegation,
    a_deputy,
    a_key,
    a_licensee,
    a_member,
    a_partner,
    a_vendor,
    acting,
    an_integrator,
    an_intent,
    for_client,
    membership_of,
    tenant_of,
)
from tests.parallel import at_once
from tests.verifier.records import verifies

DAY, HOUR, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)
VENDOR = system_actor("tests")


@dataclass
class Shop:
    """An owner with a contract that ends in ten days, with keys and a project under it."""

    owner: Actor
    contract: Contract
    pairs: list[str]

    @property
    def ends_at(self) -> datetime:
        return datetime.combine(clock.now().date() + 10 * DAY, time(), tzinfo=UTC)


def granted_by(contract: Contract) -> Sequence[Entitlement]:
    return entitlement_store.under(system_actor("tests", contract.tenant_id), contract.id)


@pytest.fixture
def shop() -> Shop:
    owner, integrator = a_licensee(), an_integrator()
    (contract,) = store.all_of(owner)
    with transaction():
        contract.ends_at = datetime.combine(clock.now().date() + 10 * DAY, time(), tzinfo=UTC)
        for row in granted_by(contract):
            row.ends_at = contract.ends_at
    with transaction():
        projects.create(owner, "Europe", contract)
    at_client = for_client(integrator, a_delegation(owner, integrator))
    pairs = [a_key(owner).api_key, a_key(at_client).api_key]
    return Shop(owner, store.get_by_id(owner, contract.id), pairs)


def renew(shop, begins, edition="adobe-commerce", *, actor=VENDOR, days=365, **others) -> Contract:
    with transaction():
        return renewal.renew(actor, shop.contract, Term(edition, begins, begins + days * DAY), **others)


def run(at) -> int:
    with time_machine.travel(at, tick=False):
        total = 0
        while True:
            with transaction():
                done = renewal.run_due(at)
            total += done
            if not done:
                return total


def live(shop, at) -> list[bool]:
    db.session.rollback()
    return [status_of(keys.get(shop.owner, api_key), at) in LIVE for api_key in shop.pairs]


def contracts_of(shop, model) -> set:
    db.session.rollback()
    rows = select(model.contract_id).where(model.tenant_id == shop.owner.tenant_id)
    return set(db.session.scalars(rows, execution_options={"scope": shop.owner.tenant_id}))


def spaces(shop) -> list[str]:
    rows = project_store.page(shop.owner, place=None).rows
    return sorted(space.public_id for row in rows for space in row.data_spaces)


def events_of(actor) -> list[str]:
    return [row.event for row in audit.page(actor, before_seq=None, limit=100)]


@pytest.mark.parametrize("late", [timedelta(), SECOND, HOUR, DAY, 6 * DAY])
def test_the_keys_are_live_at_every_moment_however_late_the_worker_is(shop, late):
    seam, ends_at = shop.ends_at, shop.ends_at + late
    around = [seam + shift for shift in (-DAY, -SECOND, timedelta(), SECOND, late / 2, late)]
    renew(shop, seam)
    before = [live(shop, moment) for moment in around if moment <= ends_at]

    run(ends_at)

    after = [live(shop, moment) for moment in (ends_at, ends_at + SECOND, seam + 60 * DAY)]
    assert before == [[True, True]] * len(before)
    assert after == [[True, True]] * 3


def test_what_the_verifier_holds_has_no_gap(shop):
    renew(shop, shop.ends_at)
    before = verifies(keys.get(shop.owner, shop.pairs[0]), shop.ends_at)

    run(shop.ends_at)

    db.session.rollback()
    assert before
    assert verifies(keys.get(shop.owner, shop.pairs[0]), shop.ends_at)


def test_everything_hangs_on_the_next_contract(shop):
    an_intent(shop.owner)
    with transaction():
        asking.request_more(shop.owner, shop.contract, Wish.PROJECT, 1, "More.")
    before = spaces(shop)

    successor = renew(shop, shop.ends_at).id
    run(shop.ends_at)

    assert [contracts_of(shop, model) for model in renewal.HANGS if model is not Deputy] == [{successor}] * 4
    assert spaces(shop) == before


def test_until_it_has_begun_nothing_moves(shop):
    renew(shop, shop.ends_at)

    done = run(shop.ends_at - SECOND)

    assert (done, contracts_of(shop, KeyPair)) == (0, {shop.contract.id})


def test_one_that_begins_today_takes_over_at_once(shop):
    today = datetime.combine(clock.now().date(), time(), tzinfo=UTC)

    successor = renew(shop, today)

    assert contracts_of(shop, KeyPair) == contracts_of(shop, KeyIntent) == {successor.id}
    assert live(shop, clock.now()) == [True, True]
    assert not store.get_by_id(shop.owner, shop.contract.id).is_running(clock.now())


def test_the_old_contract_ends_in_the_moment_of_the_handing_over(shop):
    renew(shop, shop.ends_at)

    run(shop.ends_at + HOUR)

    old = store.get_by_id(shop.owner, shop.contract.id)
    assert old.ended_at == shop.ends_at + HOUR
    assert old.agreed_last_day == (shop.ends_at - DAY).date()


def test_the_next_contract_may_be_for_another_edition(shop):
    successor = renew(shop, shop.ends_at, "magento-open-source")

    run(shop.ends_at)

    with time_machine.travel(shop.ends_at + DAY):
        running = store.running(shop.owner, clock.now())
    assert [row.id for row in running] == [successor.id]
    assert len(spaces(shop)) == 3


def test_a_service_that_was_approved_beyond_the_edition_goes_along():
    owner = a_licensee("magento-open-source")
    (contract,) = store.all_of(owner)
    with transaction():
        entitlement_store.add_all([_extra(contract, "live-search")])
    shop, begins = Shop(owner, contract, []), clock.now() + DAY
    successor = renew(shop, begins, "magento-open-source", days=500)

    run(begins)

    under = {row.service_code: row.ends_at for row in granted_by(successor)}
    assert under == {"live-search": successor.ends_at, "payment-services": successor.ends_at}


def _extra(contract, code) -> Entitlement:
    terms = {"starts_at": contract.starts_at, "ends_at": contract.ends_at}
    return Entitlement(tenant_id=contract.tenant_id, contract_id=contract.id, service_code=code, **terms)


def test_what_was_ended_stays_ended_and_is_the_very_same_entitlement(shop):
    ended, narrowed = granted_by(shop.contract)[:2]
    earlier = clock.now().replace(microsecond=0) + 5 * DAY
    with transaction():
        entitlements.end(VENDOR, ended)
        entitlements.narrow(VENDOR, narrowed, earlier)
    successor = renew(shop, shop.ends_at)

    run(shop.ends_at)

    rows = {row.id: row for row in granted_by(successor)}
    assert rows[ended.id].ended_at is not None
    assert rows[narrowed.id].ends_at == earlier
    assert len(rows) == 4


def test_another_edition_has_its_own_allotment_from_the_handing_over_on(shop):
    renew(shop, shop.ends_at, "magento-open-source")

    run(shop.ends_at)

    db.session.rollback()
    (project,) = project_store.page(shop.owner, place=None).rows
    marks = {space.name: space.surplus for space in project.data_spaces}
    assert marks == {"Production": None, "Testing 1": Surplus.OPEN, "Testing 2": Surplus.OPEN}


def test_a_next_contract_that_is_over_before_this_one_is_refused(shop):
    with pytest.raises(NotAnExtension):
        renew(shop, clock.now(), days=5)


def test_the_margin_is_in_nobodys_way(shop):
    renew(shop, shop.ends_at, "magento-open-source")

    with transaction():
        made = entitlements.conclude(
            VENDOR, tenant_of(shop.owner), store.edition("adobe-commerce"), shop.ends_at, shop.ends_at + 90 * DAY
        )

    assert made.starts_at == shop.ends_at


def test_a_service_of_the_old_edition_alone_does_not_go_along(shop):
    successor = renew(shop, shop.ends_at, "magento-open-source")

    run(shop.ends_at)

    assert [row.service_code for row in granted_by(successor)] == ["payment-services"]


def test_what_was_suspended_stays_suspended(shop):
    with transaction():
        granted_by(shop.contract)[0].suspended_at = clock.now()
    successor = renew(shop, shop.ends_at)

    run(shop.ends_at)

    assert len([row for row in granted_by(successor) if row.suspended_at]) == 1


def test_signer_deputies_and_a_waiting_change_go_along():
    signer = a_partner()
    deputy, other = a_deputy(signer), a_member(tenant_of(signer), Role.OWNER)
    (contract,) = store.all_of(signer)
    with transaction():
        signers.propose(VENDOR, contract, membership_of(other), "She left.")
    shop, begins = Shop(signer, contract, []), clock.now() + DAY
    successor = renew(shop, begins, "solution-partner", days=700)

    run(begins)

    with time_machine.travel(begins + SECOND):
        assert [acting(membership_of(one)).signs for one in (signer, deputy)] == [frozenset({successor.id})] * 2
    assert contracts_of(shop, SignerChange) == contracts_of(shop, Deputy) == {successor.id}


def test_a_signer_who_changed_meanwhile_signs_the_next_contract():
    signer = a_partner()
    other = a_member(tenant_of(signer))
    (contract,) = store.all_of(signer)
    shop, begins = Shop(signer, contract, []), clock.now() + DAY
    successor = renew(shop, begins, "solution-partner", days=700).id
    with transaction():
        operations.record_signer(VENDOR, contract, membership_of(other))

    run(begins)

    assert store.get_by_id(signer, successor).signer_id == other.membership_id


def test_it_is_one_event_when_recorded_and_one_when_handed_over(shop):
    renew(shop, shop.ends_at)
    run(shop.ends_at)
    run(shop.ends_at + HOUR)

    assert events_of(shop.owner)[:3] == ["contract.handed_over", "contract.renewed", "contract.made"]


def test_the_same_renewal_again_is_the_same_contract(shop):
    first, second = renew(shop, shop.ends_at).id, renew(shop, shop.ends_at).id

    assert first == second
    assert events_of(shop.owner).count("contract.renewed") == 1


def test_a_contract_is_renewed_once(shop):
    renew(shop, shop.ends_at)

    with pytest.raises(RenewedAlready):
        renew(shop, shop.ends_at, days=100)


def test_a_renewed_contract_is_not_extended(shop):
    renew(shop, shop.ends_at)

    with pytest.raises(RenewedAlready), transaction():
        entitlements.extend(VENDOR, shop.contract, shop.ends_at + 20 * DAY)


@pytest.mark.parametrize("shift", [DAY, -400 * DAY])
def test_a_renewal_with_a_gap_or_before_its_contract_is_refused(shop, shift):
    with pytest.raises(RenewalLeavesGap):
        renew(shop, shop.ends_at + shift)


def test_a_licence_is_not_renewed_by_a_partner_contract(shop):
    with pytest.raises(RenewalOfAnotherKind):
        renew(shop, shop.ends_at, "solution-partner")


def test_a_renewal_does_not_overlap_a_third_contract(shop):
    a_contract(tenant_of(shop.owner), starts_at=shop.ends_at, ends_at=shop.ends_at + 10 * DAY)

    with pytest.raises(ContractOverlaps):
        renew(shop, shop.ends_at)


def test_what_was_ended_early_is_not_renewed(shop):
    with transaction():
        operations.end(VENDOR, shop.contract)

    with pytest.raises(ContractEndedEarly):
        renew(shop, shop.ends_at)


def test_a_form_of_before_a_change_is_refused(shop):
    version = shop.contract.version

    with pytest.raises(Changed):
        renew(shop, shop.ends_at, version=version + 1)


@pytest.mark.parametrize("who", ["owner", "operator"])
def test_only_partner_admins_renew(who, shop):
    actor = shop.owner if who == "owner" else a_vendor(Role.OPERATOR)

    with pytest.raises(NotAllowed):
        renew(shop, shop.ends_at, actor=actor)


def test_a_successor_that_is_ended_before_it_takes_over_calls_the_renewal_off(shop):
    agreed = shop.contract.ends_at
    successor = renew(shop, shop.ends_at)
    with transaction():
        operations.end(VENDOR, successor)

    run(clock.now() + HOUR)

    old = store.get_by_id(shop.owner, shop.contract.id)
    assert (old.ends_at, old.renewal) == (agreed, None)
    assert {row.ends_at for row in granted_by(old)} == {agreed}


def test_two_renewals_that_both_are_due_are_handed_over_in_their_order(shop):
    second = renew(shop, shop.ends_at, days=30)
    third = renew(Shop(shop.owner, second, []), shop.ends_at + 30 * DAY)

    run(shop.ends_at + 40 * DAY)

    assert contracts_of(shop, KeyPair) == {third.id}
    assert live(shop, shop.ends_at + 41 * DAY) == [True, True]


def test_several_workers_hand_over_once(shop):
    renew(shop, shop.ends_at)
    at = shop.ends_at

    def work(_number: int) -> None:
        with transaction():
            renewal.run_due(at)

    outcomes = at_once(work, 6)

    assert outcomes == {"done": 6}
    assert events_of(shop.owner).count("contract.handed_over") == 1
