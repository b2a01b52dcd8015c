from datetime import timedelta

import pytest

from portal.access.actor import system_actor
from portal.access.roles import Role
from portal.accounts import store as accounts
from portal.contracts import deputies, operations, store
from portal.contracts.models import ContractKind
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.foundation.errors import NotFound
from tests.factories import (
    a_contract,
    a_deputy,
    a_licensee,
    a_member,
    a_partner,
    a_tenant,
    an_integrator,
    membership_of,
    tenant_of,
)
from tests.statements import counted

DAY = timedelta(days=1)


def signs(actor, at=None):
    return store.powers_of(membership_of(actor), at or clock.now()).signs


def test_the_signer_of_a_running_partner_contract_signs_it():
    signer = a_partner()

    assert signs(signer) == {store.all_of(signer)[0].id}


def test_a_member_who_is_neither_signer_nor_deputy_signs_nothing():
    signer = a_partner()
    owner = a_member(tenant_of(signer), Role.OWNER)

    assert signs(owner) == frozenset()


def test_a_deputy_signs_inside_the_dates_only():
    deputy = a_deputy(a_partner(), starts_at=clock.now() + DAY, ends_at=clock.now() + 3 * DAY)

    assert not signs(deputy)
    assert signs(deputy, clock.now() + 2 * DAY)
    assert not signs(deputy, clock.now() + 3 * DAY)


def test_a_withdrawn_deputy_signs_nothing():
    signer = a_partner()
    deputy = a_deputy(signer)
    named = store.all_of(signer)[0].deputies[0]

    with transaction():
        deputies.withdraw_deputy(signer, named)

    assert not signs(deputy)


def test_nobody_signs_an_ended_contract():
    signer = a_partner()
    with transaction():
        operations.end(system_actor("tests"), store.all_of(signer)[0])

    assert not signs(signer)


def test_nobody_signs_a_contract_outside_its_term():
    tenant = a_tenant()
    signer = a_member(tenant)
    a_contract(tenant, "solution-partner", starts_at=clock.now() + DAY, ends_at=clock.now() + 3 * DAY, signer=signer)

    assert not signs(signer)
    assert signs(signer, clock.now() + 2 * DAY)


def test_the_signer_of_one_partner_signs_nothing_of_another():
    signer, _other = a_partner(), a_partner()

    assert len(signs(signer)) == 1


def test_running_contracts_come_with_their_edition():
    licensee = a_licensee()

    (contract,) = store.running(licensee, clock.now())

    assert contract.edition.name == "Adobe Commerce"


def test_running_contracts_of_a_tenant_are_found_by_its_id_too():
    licensee = a_licensee()

    assert [row.tenant_id for row in store.running(licensee.tenant_id, clock.now())] == [licensee.tenant_id]


def test_running_contracts_can_be_of_chosen_kinds():
    licensee = a_licensee()
    a_contract(tenant_of(licensee), "integrator")

    found = store.running(licensee, clock.now(), kinds=[ContractKind.INTEGRATOR])

    assert [contract.kind for contract in found] == [ContractKind.INTEGRATOR]


def test_a_contract_does_not_run_at_its_end():
    licensee = a_licensee()
    (contract,) = store.running(licensee, clock.now())

    assert not store.running(licensee, contract.ends_at)


def test_an_integrator_is_one_while_its_agreement_runs():
    integrator, licensee = an_integrator(), a_licensee()
    agreement = store.all_of(integrator)[0]

    assert store.is_integrator(integrator.tenant_id, clock.now())
    assert not store.is_integrator(integrator.tenant_id, agreement.ends_at)
    assert not store.is_integrator(licensee.tenant_id, clock.now())


def test_another_tenants_contract_does_not_exist():
    licensee, other = a_licensee(), a_licensee()
    foreign = store.all_of(other)[0].public_id

    with pytest.raises(NotFound):
        store.get(licensee, foreign)


def test_live_members_leaves_out_who_has_left():
    licensee = a_licensee()
    gone = a_member(tenant_of(licensee), Role.VIEWER)
    with transaction():
        accounts.get_membership(licensee, gone.membership_id).ended_at = clock.now()

    assert [row.id for row in store.live_members(licensee)] == [licensee.membership_id]


def test_all_contracts_of_a_tenant_are_read_in_three_statements():
    signer = a_partner()
    a_deputy(signer)
    a_contract(tenant_of(signer), "adobe-commerce")
    db.session.rollback()

    with counted() as statements:
        for contract in store.all_of(signer):
            assert contract.edition.services

    assert len(statements) == 3
