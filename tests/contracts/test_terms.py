"""Terms of contracts: whole days, no overlap within one edition, and forms that know what they were about."""

from datetime import UTC, datetime, timedelta

import pytest

from portal.access.actor import system_actor
from portal.access.errors import NotAllowed
from portal.access.roles import Role
from portal.audit import store as audit
from portal.contracts import operations, store
from portal.contracts.errors import ContractOver, ContractOverlaps, TermOutOfOrder, TermTooLong
from portal.entitlements import operations as entitlements
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.foundation.errors import Changed
from portal.tenants import store as tenants
from tests.factories import a_contract, a_licensee, a_tenant, a_vendor
from tests.parallel import at_once

VENDOR = system_actor("tests")
JANUARY, JULY = datetime(2028, 1, 1, tzinfo=UTC), datetime(2028, 7, 1, tzinfo=UTC)
NEXT = datetime(2029, 1, 1, tzinfo=UTC)


def conclude(tenant, starts_at=JANUARY, ends_at=NEXT, edition="adobe-commerce", actor=VENDOR):
    with transaction():
        return entitlements.conclude(actor, tenant, store.edition(edition), starts_at, ends_at)


def extend(contract, ends_at, **others) -> None:
    with transaction():
        entitlements.extend(VENDOR, contract, ends_at, **others)


def events_of(tenant) -> list[str]:
    return [row.event for row in audit.page(system_actor("tests", tenant.id), before_seq=None, limit=100)]


def test_the_last_day_is_the_one_before_its_end():
    assert conclude(a_tenant()).last_day.isoformat() == "2028-12-31"


def test_two_contracts_of_one_edition_do_not_overlap():
    tenant = a_tenant()
    first = conclude(tenant).public_id

    with pytest.raises(ContractOverlaps) as refused:
        conclude(tenant, JULY, NEXT + timedelta(days=90))

    assert refused.value.facts["contract"] == first
    assert (refused.value.facts["first_day"], refused.value.facts["last_day"]) == ("2028-01-01", "2028-12-31")


def test_one_may_follow_on_the_other_without_a_gap():
    tenant = a_tenant()
    conclude(tenant, JANUARY, JULY)

    assert conclude(tenant, JULY, NEXT).starts_at == JULY


def test_contracts_of_several_editions_run_beside_each_other():
    tenant = a_tenant()
    conclude(tenant)

    assert conclude(tenant, edition="integrator").public_id


def test_what_was_ended_early_is_not_in_the_way():
    tenant = a_tenant()
    contract = conclude(tenant)
    with transaction():
        operations.end(VENDOR, contract)

    assert conclude(tenant, JULY, NEXT).public_id != contract.public_id


def test_the_same_term_again_is_the_same_contract():
    tenant = a_tenant()

    first, second = conclude(tenant).id, conclude(tenant).id

    assert first == second
    assert events_of(tenant).count("contract.made") == 1


def test_a_contract_ends_after_it_begins():
    tenant = a_tenant()

    with pytest.raises(TermOutOfOrder):
        conclude(tenant, JULY, JANUARY)


def test_a_term_of_centuries_was_mistyped():
    tenant = a_tenant()

    with pytest.raises(TermTooLong):
        conclude(tenant, JANUARY, JANUARY.replace(year=2280))


def test_a_year_beyond_any_plan_was_mistyped():
    tenant = a_tenant()

    with pytest.raises(TermTooLong):
        conclude(tenant, JANUARY.replace(year=9990), JANUARY.replace(year=9999))


def test_an_operator_concludes_nothing():
    operator, tenant = a_vendor(Role.OPERATOR), a_tenant()

    with pytest.raises(NotAllowed):
        conclude(tenant, actor=operator)


def test_a_contract_is_not_extended_into_the_next_one():
    tenant = a_tenant()
    first = conclude(tenant, JANUARY, JULY)
    conclude(tenant, JULY, NEXT)

    with pytest.raises(ContractOverlaps):
        extend(first, JULY + timedelta(days=1))


def test_a_contract_is_not_extended_over_centuries():
    contract = conclude(a_tenant())

    with pytest.raises(TermTooLong):
        extend(contract, NEXT.replace(year=2280))


def test_an_extension_from_a_form_of_before_a_change_is_refused_with_both_days():
    contract = conclude(a_tenant())
    version = contract.version
    extend(contract, NEXT + timedelta(days=31), version=version)

    with pytest.raises(Changed) as refused:
        extend(contract, NEXT + timedelta(days=59), version=version)

    assert refused.value.versions == [("Last day", "2029-02-28", "2029-01-31")]


def test_an_extension_sent_twice_is_one():
    tenant = a_tenant()
    contract = conclude(tenant)
    version = contract.version

    for _time in range(2):
        extend(contract, NEXT + timedelta(days=31), version=version)

    assert events_of(tenant).count("contract.extended") == 1


def test_ending_from_a_form_of_before_a_change_is_refused():
    contract = conclude(a_tenant())
    version = contract.version
    extend(contract, NEXT + timedelta(days=31), version=version)

    with pytest.raises(Changed), transaction():
        operations.end(VENDOR, contract, version=version)


def test_why_it_was_ended_stands_in_the_record():
    owner = a_licensee()
    contract = store.all_of(owner)[0]

    with transaction():
        operations.end(VENDOR, contract, reason="The shop is closed.")

    newest = audit.page(owner, before_seq=None, limit=1)[0]
    assert (newest.event, newest.facts["reason"]) == ("contract.ended", "The shop is closed.")


def test_what_was_ended_is_over():
    contract = a_contract(a_tenant())
    with transaction():
        operations.end(VENDOR, contract)

    with pytest.raises(ContractOver):
        operations.require_open(contract)


def test_what_is_past_its_last_day_is_over():
    contract = a_contract(a_tenant(), ends_at=clock.now() - timedelta(days=1))

    with pytest.raises(ContractOver):
        operations.require_open(contract)


def test_many_at_once_are_one_contract():
    tenant_id = a_tenant().id

    outcomes = at_once(lambda _number: conclude(tenants.get(tenant_id)), 8)

    assert outcomes == {"done": 8}
    assert events_of(tenants.get(tenant_id)).count("contract.made") == 1
