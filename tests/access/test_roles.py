"""The table of roles holds what it promises about those who invite."""

import pytest

from portal.access.roles import MAY_GIVE, PERMISSIONS

pytestmark = pytest.mark.no_database


@pytest.mark.parametrize("giver", list(MAY_GIVE))
def test_nobody_gives_a_role_that_may_more_than_their_own(giver):
    for given in MAY_GIVE[giver]:
        assert PERMISSIONS[given] <= PERMISSIONS[giver]
