from datetime import UTC, datetime, time, timedelta

import pytest

from portal.access.actor import system_actor
from portal.access.roles import Role
from portal.access.rows import one_or_not_found, owned_by
from portal.accounts.models import Membership
from portal.audit import store as audit
from portal.contracts import deputies, operations, store
from portal.contracts.errors import (
    ContractNotRunning,
    DeputyDatesOutOfOrder,
    DeputyDatesOver,
    DeputyIsSigner,
    DeputyNotAMember,
    DeputyOutlastsContract,
    DeputyOver,
    NobodySigns,
    NotTheSigner,
    OnlyPartnersSign,
)
from portal.foundation import clock
from portal.foundation.database import transaction
from tests.factories import a_deputy, a_licensee, a_member, a_partner, a_tenant, tenant_of

DAY = timedelta(days=1)


def midnight(days_ahead=0):
    return datetime.combine(clock.now().date() + days_ahead * DAY, time(), tzinfo=UTC)


def name(actor, member, *, first=0, last=30, contract=None):
    """Name `member` from so many days ahead until before so many days ahead."""
    contract = contract or store.all_of(actor)[0]
    membership = row_of(member)
    with transaction():
        return deputies.name_deputy(actor, contract, membership, midnight(first), midnight(last))


def row_of(member):
    """The membership, of somebody who has left as well."""
    return one_or_not_found(owned_by(member, Membership).where(Membership.id == member.membership_id))


def colleague(signer):
    return a_member(tenant_of(signer), Role.VIEWER)


def leave(actor):
    with transaction():
        row_of(actor).ended_at = clock.now()


def events_of(actor):
    return [row.event for row in audit.page(actor, before_seq=None, limit=100)]


def test_s9_the_signer_names_a_deputy_who_then_signs():
    signer = a_partner()
    member = colleague(signer)

    name(signer, member)

    assert store.powers_of(row_of(member), clock.now()).signs


def test_naming_the_same_deputy_twice_has_one_effect():
    signer = a_partner()
    member = colleague(signer)

    assert name(signer, member).id == name(signer, member).id
    assert events_of(signer).count("deputy.named") == 1


def test_an_owner_who_is_not_the_signer_is_told_who_is():
    signer = a_partner()
    owner, member = a_member(tenant_of(signer), Role.OWNER), colleague(signer)

    with pytest.raises(NotTheSigner) as refusal:
        name(owner, member)

    assert refusal.value.facts == {"signer": "Sanna Signer"}


def test_a_deputy_names_no_deputies():
    signer = a_partner()
    deputy, member = a_deputy(signer), colleague(signer)

    with pytest.raises(NotTheSigner):
        name(deputy, member)


def test_when_the_signer_has_left_nobody_names_deputies():
    signer = a_partner()
    owner, member = a_member(tenant_of(signer), Role.OWNER), colleague(signer)
    leave(signer)

    with pytest.raises(NobodySigns):
        name(owner, member)


def test_a_licence_has_no_deputies():
    licensee = a_licensee()
    member = colleague(licensee)

    with pytest.raises(OnlyPartnersSign):
        name(licensee, member)


def test_no_deputy_is_named_under_an_ended_contract():
    signer = a_partner()
    member = colleague(signer)
    with transaction():
        operations.end(system_actor("tests"), store.all_of(signer)[0])

    with pytest.raises(ContractNotRunning):
        name(signer, member)


def test_a_deputy_is_a_member_of_the_same_tenant():
    signer, stranger = a_partner(), a_member(a_tenant())

    with pytest.raises(DeputyNotAMember):
        name(signer, stranger)


def test_who_has_left_becomes_no_deputy():
    signer = a_partner()
    member = colleague(signer)
    leave(member)

    with pytest.raises(DeputyNotAMember):
        name(signer, member)


def test_the_signer_is_no_deputy():
    signer = a_partner()

    with pytest.raises(DeputyIsSigner):
        name(signer, signer)


@pytest.mark.parametrize(
    ("first", "last", "refusal"),
    [(5, 5, DeputyDatesOutOfOrder), (-9, -2, DeputyDatesOver), (0, 4000, DeputyOutlastsContract)],
)
def test_a_deputys_dates_are_in_order_not_over_and_inside_the_contract(first, last, refusal):
    signer = a_partner()
    member = colleague(signer)

    with pytest.raises(refusal):
        name(signer, member, first=first, last=last)


def test_a_deputys_last_day_may_be_the_contracts_own():
    signer = a_partner()
    contract, member = store.all_of(signer)[0], colleague(signer)
    last_day = deputies.last_day_before(contract.ends_at)

    named = name(signer, member, last=(last_day - clock.now().date()).days + 1)

    assert deputies.last_day_before(named.ends_at) == last_day


def test_withdrawing_a_deputy_twice_is_one_event():
    signer = a_partner()
    a_deputy(signer)
    named = store.all_of(signer)[0].deputies[0]

    for _time in range(2):
        with transaction():
            deputies.withdraw_deputy(signer, named)

    assert events_of(signer).count("deputy.withdrawn") == 1


def test_a_deputy_does_not_withdraw_itself():
    signer = a_partner()
    deputy = a_deputy(signer)

    with pytest.raises(NotTheSigner), transaction():
        deputies.withdraw_deputy(deputy, store.all_of(signer)[0].deputies[0])


def test_a_deputy_whose_dates_are_over_is_not_withdrawn():
    signer = a_partner()
    a_deputy(signer)
    named = store.all_of(signer)[0].deputies[0]
    with transaction():
        named.starts_at, named.ends_at = clock.now() - 2 * DAY, clock.now() - DAY

    with pytest.raises(DeputyOver), transaction():
        deputies.withdraw_deputy(signer, named)
