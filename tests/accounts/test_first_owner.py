"""The first owner of an account is invited by the vendor's staff, who invite nobody there once it has one."""

from datetime import timedelta

import pytest
import time_machine

from portal.access.actor import system_actor
from portal.access.errors import NotAllowed
from portal.access.roles import Role
from portal.accounts import operations as accounts
from portal.accounts import store
from portal.accounts.errors import AlreadyMember, EmailInvalid, OwnerThere, StaffStaysOut, VendorHasNoOwner
from portal.audit import store as audit
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.outbox import operations as outbox
from tests.factories import a_licensee, a_member, a_person, a_tenant, a_vendor, tenant_of

STAFF = system_actor("tests")


def invite(tenant, email="ann@example.com", actor=STAFF):
    with transaction():
        return accounts.invite_first_owner(actor, tenant, email)


def waiting(tenant) -> list[str]:
    return [row.email for row in store.open_invitations(system_actor("tests", tenant.id))]


def events_of(tenant) -> list[str]:
    return [row.event for row in audit.page(system_actor("tests", tenant.id), before_seq=None, limit=100)]


@pytest.mark.parametrize("role", [Role.PARTNER_ADMIN, Role.OPERATOR])
def test_staff_invite_the_first_owner(role):
    staff, tenant = a_vendor(role), a_tenant()

    invitation = invite(tenant, actor=staff)

    assert (invitation.role, invitation.invited_by_id) == (Role.OWNER, staff.person_id)


def test_who_accepts_owns_the_account():
    tenant = a_tenant()
    person = a_person(email="ann@example.com")
    invite(tenant)
    token = next(mail.facts["token"] for mail in outbox.read_all(10) if mail.to == "ann@example.com")

    with transaction():
        membership = accounts.accept(str(token), person)

    assert (membership.tenant_id, membership.role) == (tenant.id, Role.OWNER)


@pytest.mark.parametrize("role", [Role.PARTNER_ADMIN, Role.OPERATOR])
def test_the_vendors_staff_owns_no_account(role):
    staff, tenant = a_vendor(role), a_tenant()
    address = store.get_person(staff.person_id).email

    with pytest.raises(StaffStaysOut):
        invite(tenant, address, actor=staff)


def test_who_came_to_the_vendor_meanwhile_joins_no_other_account():
    tenant = a_tenant()
    person = a_person(email="ann@example.com")
    invite(tenant)
    token = next(mail.facts["token"] for mail in outbox.read_all(10) if mail.to == "ann@example.com")
    a_member(tenant_of(a_vendor()), Role.PARTNER_ADMIN, person=person)

    with pytest.raises(StaffStaysOut), transaction():
        accounts.accept(token, person)


def test_an_account_with_an_owner_gets_none_from_the_vendor():
    owner = a_licensee()

    with pytest.raises(OwnerThere):
        invite(tenant_of(owner))


def test_an_owner_whose_sign_in_is_disabled_is_none():
    owner = a_licensee()
    with transaction():
        store.get_person(owner.person_id).disabled_at = clock.now()

    assert invite(tenant_of(owner)).role is Role.OWNER


def test_the_vendors_account_has_no_owner():
    vendor = tenant_of(a_vendor())

    with pytest.raises(VendorHasNoOwner):
        invite(vendor)


def test_members_of_the_account_do_not_do_it():
    tenant = a_tenant()
    viewer = a_member(tenant, Role.VIEWER)

    with pytest.raises(NotAllowed):
        invite(tenant, actor=viewer)


def test_a_member_is_no_first_owner():
    tenant = a_tenant()
    a_member(tenant, Role.VIEWER, person=a_person(email="ann@example.com"))

    with pytest.raises(AlreadyMember):
        invite(tenant)


def test_an_address_that_is_none_is_refused():
    tenant = a_tenant()

    with pytest.raises(EmailInvalid):
        invite(tenant, "nonsense")


def test_twice_within_a_minute_is_one_mail_and_one_event():
    tenant = a_tenant()

    first, second = invite(tenant).id, invite(tenant).id

    assert first == second
    assert [mail.to for mail in outbox.read_all(10)] == ["ann@example.com"]
    assert events_of(tenant).count("member.invited") == 1


def test_later_the_same_address_gets_a_new_link():
    tenant = a_tenant()
    before = invite(tenant).token_hash

    with time_machine.travel(clock.now() + timedelta(minutes=2)):
        after = invite(tenant).token_hash

    assert after != before
    assert waiting(tenant) == ["ann@example.com"]


def test_another_address_takes_the_place_of_the_one_before():
    tenant = a_tenant()
    invite(tenant)

    invite(tenant, "bea@example.com")

    assert waiting(tenant) == ["bea@example.com"]
    assert "invitation.withdrawn" not in events_of(tenant)


def test_who_was_invited_as_something_else_may_become_the_owner():
    tenant = a_tenant()
    with transaction():
        accounts.invite(system_actor("tests", tenant.id), "ann@example.com", Role.VIEWER)

    invite(tenant)

    (row,) = store.open_invitations(system_actor("tests", tenant.id))
    assert row.role is Role.OWNER
