from datetime import timedelta

import pytest

from portal.access.actor import system_actor
from portal.access.errors import NotAllowed
from portal.audit import store as audit
from portal.contracts import operations as contracts
from portal.contracts import store as contract_store
from portal.entitlements import operations, store
from portal.entitlements.errors import EntitlementOver, NotAnEarlierEnd
from portal.entitlements.models import EntitlementState
from portal.foundation import clock
from portal.foundation.database import transaction
from tests.factories import a_contract, a_licensee, a_member, a_tenant, an_integrator, tenant_of

DAY = timedelta(days=1)


def states(actor, at=None):
    return {row.state(at or clock.now()) for row in store.all_of(actor)}


def test_s7_a_contract_entitles_to_each_service_of_its_edition():
    licensee = a_licensee("adobe-commerce")

    assert [row.service.name for row in store.all_of(licensee)] == [
        "Payment Services",
        "Product Recommendations",
        "Live Search",
        "Catalog Service",
    ]


def test_s7_an_edition_entitles_to_no_more_than_it_includes():
    licensee = a_licensee("magento-open-source")

    assert [row.service.code for row in store.all_of(licensee)] == ["payment-services"]


def test_an_integrator_agreement_entitles_to_nothing():
    assert not store.all_of(an_integrator())


def test_entitlements_are_part_of_the_contracts_one_event():
    owner = a_member(a_tenant())
    before = len(audit.page(owner, before_seq=None, limit=100))

    a_contract(tenant_of(owner))

    assert len(audit.page(owner, before_seq=None, limit=100)) == before + 1


def test_an_entitlement_has_the_term_of_its_contract():
    licensee = a_licensee()
    contract = contract_store.all_of(licensee)[0]

    assert {(row.starts_at, row.ends_at) for row in store.all_of(licensee)} == {(contract.starts_at, contract.ends_at)}


def test_granting_twice_adds_nothing():
    licensee = a_licensee()

    with transaction():
        operations.grant_for(system_actor("tests"), contract_store.all_of(licensee)[0])

    assert len(store.all_of(licensee)) == 4


def test_an_owner_grants_nothing():
    licensee = a_licensee()

    with pytest.raises(NotAllowed), transaction():
        operations.grant_for(licensee, contract_store.all_of(licensee)[0])


def test_an_entitlement_is_active_in_its_term_only():
    licensee = a_licensee()
    contract = contract_store.all_of(licensee)[0]

    assert states(licensee) == {EntitlementState.ACTIVE}
    assert states(licensee, contract.starts_at - DAY) == {EntitlementState.COMING}
    assert states(licensee, contract.ends_at) == {EntitlementState.ENDED}


def test_an_entitlement_ends_with_its_contract():
    licensee = a_licensee()

    with transaction():
        contracts.end(system_actor("tests"), contract_store.all_of(licensee)[0])

    assert states(licensee) == {EntitlementState.ENDED}


def test_a_suspended_entitlement_says_so():
    licensee = a_licensee()

    with transaction():
        for row in store.all_of(licensee):
            row.suspended_at = clock.now()

    assert states(licensee) == {EntitlementState.SUSPENDED}


def test_services_are_listed_once_however_many_contracts_include_them():
    licensee = a_licensee("magento-open-source")
    a_contract(tenant_of(licensee), "adobe-commerce")

    assert [service.code for service in store.services_of(licensee, clock.now())] == [
        "payment-services",
        "product-recommendations",
        "live-search",
        "catalog-service",
    ]


@pytest.mark.parametrize("what", ["suspended", "ended", "contract ended"])
def test_services_that_may_not_be_used_are_not_listed(what):
    licensee = a_licensee("magento-open-source")

    with transaction():
        (row,) = store.all_of(licensee)
        if what == "suspended":
            row.suspended_at = clock.now()
        elif what == "ended":
            row.ended_at = clock.now()
        else:
            contracts.end(system_actor("tests"), contract_store.all_of(licensee)[0])

    assert not store.services_of(licensee, clock.now())


def test_s7_services_of_another_tenant_are_not_ones_own():
    a_licensee("adobe-commerce")

    assert not store.services_of(an_integrator(), clock.now())


def an_entitlement(actor):
    return store.all_of(actor)[0]


def told(actor, name):
    return [event for event in audit.page(actor, before_seq=None, limit=100) if event.event == name]


def test_ending_an_entitlement_ends_no_other_and_not_the_contract():
    licensee = a_licensee()
    row = an_entitlement(licensee)

    with transaction():
        operations.end(system_actor("vendor"), row)

    assert row.service_code not in {service.code for service in store.services_of(licensee, clock.now())}
    assert len(store.services_of(licensee, clock.now())) == 3
    assert contract_store.all_of(licensee)[0].is_running(clock.now())


def test_ending_an_entitlement_is_one_event_that_names_service_and_contract():
    licensee = a_licensee()
    row = an_entitlement(licensee)

    for _time in range(2):
        with transaction():
            operations.end(system_actor("vendor"), row)

    (event,) = told(licensee, "entitlement.ended")
    contract = contract_store.all_of(licensee)[0].public_id
    assert (event.subject_label, event.facts["contract"]) == ("Payment Services", contract)
    assert event.subject_id == f"{contract}/payment-services"


def test_narrowing_gives_an_entitlement_an_earlier_end():
    licensee = a_licensee()
    row, ends_at = an_entitlement(licensee), clock.now().replace(microsecond=0) + 20 * DAY

    with transaction():
        operations.narrow(system_actor("vendor"), row, ends_at)

    assert an_entitlement(licensee).ends_at == ends_at
    assert told(licensee, "entitlement.narrowed")[0].facts["until"] == operations.last_day_of(ends_at)


def test_the_end_that_it_has_is_no_event():
    licensee = a_licensee()
    row = an_entitlement(licensee)

    with transaction():
        operations.narrow(system_actor("vendor"), row, row.ends_at)

    assert told(licensee, "entitlement.narrowed") == []


@pytest.mark.parametrize("days", [-1, 0, 366])
def test_narrowing_to_a_day_that_is_over_or_later_is_refused(days):
    row = an_entitlement(a_licensee())

    with transaction(), pytest.raises(NotAnEarlierEnd):
        operations.narrow(system_actor("vendor"), row, clock.now() + days * DAY)


def test_narrowing_to_before_its_beginning_is_refused():
    tenant = a_tenant()
    a_contract(tenant, starts_at=clock.now() + 10 * DAY)
    row = an_entitlement(a_member(tenant))

    with transaction(), pytest.raises(NotAnEarlierEnd):
        operations.narrow(system_actor("vendor"), row, clock.now() + 5 * DAY)


@pytest.mark.parametrize("act", ["narrow", "suspend", "resume"])
def test_what_has_ended_is_neither_narrowed_nor_suspended(act):
    row = an_entitlement(a_licensee())
    with transaction():
        operations.end(system_actor("vendor"), row)
    more = (clock.now() + DAY,) if act == "narrow" else ()

    with transaction(), pytest.raises(EntitlementOver):
        getattr(operations, act)(system_actor("vendor"), row, *more)


def test_a_suspended_entitlement_opens_nothing_until_it_is_resumed():
    licensee = a_licensee()
    row = an_entitlement(licensee)

    with transaction():
        operations.suspend(system_actor("vendor"), row)
    suspended = row.service_code in {service.code for service in store.services_of(licensee, clock.now())}
    with transaction():
        operations.resume(system_actor("vendor"), row)

    assert not suspended
    assert row.service_code in {service.code for service in store.services_of(licensee, clock.now())}
    assert len(told(licensee, "entitlement.suspended")) == len(told(licensee, "entitlement.resumed")) == 1


@pytest.mark.parametrize("act", [operations.end, operations.suspend, operations.resume])
def test_a_tenant_changes_no_entitlement_of_its_own(act):
    licensee = a_licensee()
    row = an_entitlement(licensee)

    with transaction(), pytest.raises(NotAllowed):
        act(licensee, row)
