"""Rights over keys need a second factor where an account says so: from when on, for whom.

Nothing of it is stored with a person: it follows from the account, the membership and the factors, with each request.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from portal.access.actor import FactorDue
from portal.access.roles import ROLES_WITH_KEY_RIGHTS
from portal.accounts.models import Membership, Person
from portal.tenants.models import Tenant

GRACE = timedelta(days=8)


@dataclass(frozen=True)
class Asked:
    """An account, and since when the person has had rights over its keys."""

    tenant: Tenant
    since: datetime

    @property
    def due_at(self) -> datetime | None:
        """When the days of grace are over: eight after the switch, or after the rights began. None: it asks nothing."""
        asked_at = self.tenant.factor_asked_at
        return None if asked_at is None else max(asked_at, self.since) + GRACE


def since(membership: Membership, signs_since: datetime | None = None) -> datetime:
    """Since when a member has rights over keys: by the role, or since it signs a contract, if that was earlier."""
    by_role = membership.rights_since or membership.created_at
    if signs_since is None:
        return by_role
    earliest = min(by_role, signs_since) if membership.role in ROLES_WITH_KEY_RIGHTS else signs_since
    return max(earliest, membership.created_at)


def at_home(membership: Membership, signs_since: datetime | None = None) -> Asked:
    """What the member's own account asks."""
    return Asked(membership.tenant, since(membership, signs_since))


def at_client(client: Tenant, begun_at: datetime, membership: Membership) -> Asked:
    """What a client asks of its integrator's member, whose delegation began then."""
    return Asked(client, max(begun_at, since(membership)))


def due(person: Person, asked: Iterable[Asked]) -> FactorDue | None:
    """What is due first; None when nobody asks, or the person has a second factor, of which no other is asked then."""
    found = first(asked)
    if found is None or person.has_second_factor:
        return None
    # Who lost a second factor has had their days of grace: its removal by others gives nobody a day without one.
    return found if person.recovered_at is None else replace(found, at=min(found.at, person.recovered_at))


def first(asked: Iterable[Asked]) -> FactorDue | None:
    """What would be due first if the person had no second factor; None when nobody asks."""
    dues = [FactorDue(one.tenant.name, at) for one in asked if (at := one.due_at) is not None]
    return min(dues, key=lambda one: one.at, default=None)
