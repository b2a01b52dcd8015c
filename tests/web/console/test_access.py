"""Who may enter the console: the vendor's staff; and they may do no tenant's own acts."""

import pytest

from portal.access.roles import PERMISSIONS, TENANT_ROLES, VENDOR_ROLES, Permission, Role
from tests.factories import (
    a_delegation,
    a_key,
    a_licensee,
    a_partner,
    a_vendor,
    an_integrator,
    for_client,
    tenant_of,
)

PAGES = (
    "overview", "tenants", "contracts", "entitlements", "access", "delegations", "installations", "requests", "search",
    "tenants/MAG000000000",
)  # fmt: skip
# What only the people of a tenant do (design 2.1). Members are managed everywhere, by each account for itself.
OWN_ACTS = frozenset().union(*(PERMISSIONS[role] for role in TENANT_ROLES)) - {
    Permission.SEE,
    Permission.MEMBERS_MANAGE,
    Permission.POLICY_CHANGE,  # of its own account
}


@pytest.mark.parametrize("role", VENDOR_ROLES)
@pytest.mark.parametrize("where", PAGES[:-1])
def test_vendor_staff_enter(where, role, signed_in):
    staff = a_vendor(role)

    assert signed_in(staff).get(f"/{tenant_of(staff).account_id}/console/{where}").status_code == 200


@pytest.mark.parametrize("where", PAGES)
def test_nobody_finds_it_at_another_account(where, signed_in):
    licensee = a_licensee()
    vendor = tenant_of(a_vendor())

    assert signed_in(licensee).get(f"/{vendor.account_id}/console/{where}").status_code == 404


@pytest.mark.parametrize("where", PAGES)
@pytest.mark.parametrize("who", [a_licensee, a_partner, an_integrator])
def test_an_account_that_is_not_the_vendors_has_none(who, where, signed_in):
    member = who()

    assert signed_in(member).get(f"/{tenant_of(member).account_id}/console/{where}").status_code == 403


def test_an_integrator_has_none_at_its_client(signed_in):
    owner, integrator = a_licensee(), an_integrator()
    for_client(integrator, a_delegation(owner, integrator))

    assert signed_in(integrator).get(f"/{tenant_of(owner).account_id}/console/overview").status_code == 403


def test_a_visitor_is_sent_to_sign_in(client):
    assert client.get(f"/{tenant_of(a_vendor()).account_id}/console/overview").status_code == 302


@pytest.mark.parametrize("role", VENDOR_ROLES)
def test_vendor_staff_have_no_permission_for_a_tenants_own_acts(role):
    assert not PERMISSIONS[role] & OWN_ACTS


@pytest.mark.parametrize("role", VENDOR_ROLES)
@pytest.mark.parametrize(
    "where", ["", "/keys", "/keys/new", "/projects", "/projects/new", "/integrators", "/activity", "/settings"]
)
def test_a_tenants_own_pages_do_not_exist_for_vendor_staff(where, role, signed_in):
    owner = a_licensee()
    staff = a_vendor(role)

    assert signed_in(staff).get(f"/{tenant_of(owner).account_id}{where}").status_code == 404


@pytest.mark.parametrize("role", VENDOR_ROLES)
def test_vendor_staff_do_not_revoke_a_tenants_key(role, signed_in):
    owner = a_licensee()
    pair = a_key(owner)
    staff = a_vendor(role)

    answer = signed_in(staff).post(f"/{tenant_of(owner).account_id}/keys/{pair.api_key}/revoke")

    assert answer.status_code == 404


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
@pytest.mark.parametrize("where", PAGES)
def test_the_console_changes_nothing(where, method, signed_in):
    staff = a_vendor()

    answer = getattr(signed_in(staff), method)(f"/{tenant_of(staff).account_id}/console/{where}")

    assert answer.status_code in {400, 405}


def test_no_role_of_a_tenant_opens_the_console():
    assert {role for role in Role if Permission.CONSOLE_SEE in PERMISSIONS[role]} == set(VENDOR_ROLES)
