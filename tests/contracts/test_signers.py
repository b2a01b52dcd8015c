"""Recording who signed a partner contract, when that became known after the contract was made."""

import pytest

from portal.access.actor import system_actor
from portal.access.errors import NotAllowed
from portal.access.roles import Role
from portal.accounts import store as accounts
from portal.audit import store as audit
from portal.contracts import operations, store
from portal.contracts.errors import OnlyPartnersSign, SignerNotAMember
from portal.foundation import clock
from portal.foundation.database import transaction
from tests.factories import a_contract, a_licensee, a_member, a_partner, a_tenant, a_vendor, membership_of, tenant_of


def record(contract, signer, actor=None) -> None:
    with transaction():
        member = accounts.get_membership(signer, signer.membership_id)
        operations.record_signer(actor or system_actor("tests"), contract, member)


def powers_of(member) -> frozenset:
    return store.powers_of(membership_of(member), clock.now()).signs


@pytest.fixture
def unsigned():
    """A partner contract without a signer, and a member of its tenant."""
    tenant = a_tenant()
    return a_contract(tenant, "solution-partner"), a_member(tenant, Role.VIEWER)


def test_the_signer_may_act_under_the_contract_from_now_on(unsigned):
    contract, member = unsigned

    record(contract, member)

    assert powers_of(member) == {contract.id}


def test_whoever_signed_before_signs_no_more():
    before = a_partner()
    (contract,) = store.all_of(before)
    after = a_member(tenant_of(before))

    record(contract, after)

    assert (powers_of(before), powers_of(after)) == (frozenset(), {contract.id})


def test_recording_the_same_signer_again_is_no_event(unsigned):
    contract, member = unsigned

    record(contract, member)
    record(contract, member)

    events = [row.event for row in audit.page(member, before_seq=None, limit=100)]
    assert events.count("contract.signer_recorded") == 1


def test_a_stranger_signs_nothing(unsigned):
    contract, _member = unsigned

    with pytest.raises(SignerNotAMember):
        record(contract, a_member(a_tenant()))


def test_who_has_left_signs_nothing(unsigned):
    contract, member = unsigned
    membership = membership_of(member)
    with transaction():
        membership.ended_at = clock.now()

    with pytest.raises(SignerNotAMember), transaction():
        operations.record_signer(system_actor("tests"), contract, membership)


def test_only_a_partner_contract_has_a_signer():
    owner = a_licensee()

    with pytest.raises(OnlyPartnersSign):
        record(store.all_of(owner)[0], owner)


@pytest.mark.parametrize("who", ["owner", "operator"])
def test_neither_an_owner_nor_an_operator_records_a_signer(who, unsigned):
    contract, member = unsigned
    actor = a_vendor(Role.OPERATOR) if who == "operator" else a_member(tenant_of(member))

    with pytest.raises(NotAllowed):
        record(contract, member, actor)
