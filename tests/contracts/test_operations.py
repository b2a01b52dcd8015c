from datetime import timedelta

import pytest

from portal.access.actor import system_actor
from portal.access.errors import NotAllowed
from portal.access.roles import Role
from portal.accounts import store as accounts
from portal.audit import store as audit
from portal.contracts import operations, store
from portal.contracts.errors import OnlyPartnersSign, SignerNotAMember, TermOutOfOrder
from portal.foundation import clock
from portal.foundation.database import transaction
from tests.factories import a_licensee, a_member, a_tenant, a_vendor, tenant_of

YEAR = timedelta(days=365)


def made(tenant, edition="solution-partner", *, actor=None, ends_in=YEAR, signer=None):
    now = clock.now()
    with transaction():
        return operations.make(
            actor or system_actor("tests"), tenant, store.edition(edition), now, now + ends_in, signer
        )


def events_of(actor):
    return [row.event for row in audit.page(actor, before_seq=None, limit=100)]


def test_making_a_contract_is_one_event_in_the_chain_of_its_tenant():
    owner = a_member(a_tenant())
    before = events_of(owner)

    made(tenant_of(owner))

    assert events_of(owner) == ["contract.made", *before]


def test_a_contract_is_of_the_kind_of_its_edition():
    contract = made(a_tenant(), "integrator")

    assert contract.kind == store.edition("integrator").kind


def test_a_contract_ends_after_it_starts():
    tenant = a_tenant()

    with pytest.raises(TermOutOfOrder):
        made(tenant, ends_in=timedelta(0))


def test_a_partner_admin_makes_contracts():
    assert made(a_tenant(), actor=a_vendor()).public_id


def test_an_operator_makes_no_contracts():
    operator = a_vendor(Role.OPERATOR)
    tenant = a_tenant()

    with pytest.raises(NotAllowed):
        made(tenant, actor=operator)


def test_an_owner_makes_no_contract_of_its_own():
    owner = a_member(a_tenant())

    with pytest.raises(NotAllowed):
        made(tenant_of(owner), actor=owner)


def test_only_a_partner_contract_has_a_signer():
    owner = a_member(a_tenant())
    signer = accounts.get_membership(owner, owner.membership_id)

    with pytest.raises(OnlyPartnersSign):
        made(tenant_of(owner), "adobe-commerce", signer=signer)


def test_a_signer_belongs_to_the_tenant_of_the_contract():
    stranger = a_member(a_tenant())
    tenant, signer = a_tenant(), accounts.get_membership(stranger, stranger.membership_id)

    with pytest.raises(SignerNotAMember):
        made(tenant, signer=signer)


def test_who_has_left_signs_nothing():
    owner = a_member(a_tenant())
    signer = accounts.get_membership(owner, owner.membership_id)
    with transaction():
        signer.ended_at = clock.now()

    with pytest.raises(SignerNotAMember):
        made(tenant_of(owner), signer=signer)


def test_ending_a_contract_twice_is_one_event():
    licensee = a_licensee()
    contract = store.all_of(licensee)[0]

    for _time in range(2):
        with transaction():
            operations.end(system_actor("tests"), contract)

    assert events_of(licensee).count("contract.ended") == 1
    assert not contract.is_running(clock.now())


def test_an_owner_does_not_end_a_contract():
    licensee = a_licensee()

    with pytest.raises(NotAllowed), transaction():
        operations.end(licensee, store.all_of(licensee)[0])
