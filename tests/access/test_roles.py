"""The table of roles holds what it promises about those who invite."""

import pytest

from portal.access.roles import (
    MAY_GIVE,
    PERMISSIONS,
    TENANT_ROLES,
    VENDOR_ROLES,
    Permission,
    Right,
    through_delegation,
)

pytestmark = pytest.mark.no_database


@pytest.mark.parametrize("giver", list(MAY_GIVE))
def test_nobody_gives_a_role_that_may_more_than_their_own(giver):
    for given in MAY_GIVE[giver]:
        assert PERMISSIONS[given] <= PERMISSIONS[giver]


OF_TENANTS = {
    permission
    for permission in Permission
    if permission.value.startswith(("key.", "delegation.", "project.", "installation."))
} | {Permission.HAND_OFF, Permission.SETTINGS_MANAGE}


@pytest.mark.parametrize("role", VENDOR_ROLES)
def test_the_vendors_staff_may_do_none_of_the_tenants_own_acts(role):
    assert not PERMISSIONS[role] & OF_TENANTS


@pytest.mark.parametrize("role", VENDOR_ROLES)
def test_the_vendors_staff_has_no_use_for_a_delegation(role):
    assert through_delegation(role, frozenset(Right)) == frozenset()


@pytest.mark.parametrize("role", TENANT_ROLES)
def test_nobody_of_a_tenant_looks_into_another_one(role):
    assert Permission.LOOK_IN not in PERMISSIONS[role]
