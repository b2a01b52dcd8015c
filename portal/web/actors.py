"""Makes the Actor: from the person, its memberships and the delegations of its tenants, anew on each request."""

from flask import g
from flask_login import current_user

from portal.access.actor import Actor
from portal.accounts import store as accounts
from portal.accounts.models import Membership
from portal.contracts import store as contracts
from portal.delegations import people
from portal.delegations import store as delegations
from portal.delegations.people import as_integrator
from portal.foundation import clock
from portal.web import visits


def in_tenant(account_id: str) -> Actor:
    """The signed-in person as an actor in the tenant with this account id.

    Vendor staff with a running look-in is a reader there (`portal.web.visits`). Raises: NotFound when it is none of
    theirs, AccountSuspended, DelegationPaused, LookInReadsOnly, ClosedToLookIns.
    """
    memberships = accounts.memberships_of(current_user.id)
    own = next((row for row in memberships if row.tenant.account_id == account_id), None)
    if own is not None:
        g.tenant, g.home = own.tenant, own.tenant
        return as_member(own)
    found = delegations.running_for(account_id, [row.tenant_id for row in memberships])
    if not found:
        return visits.as_reader(account_id, memberships)
    by_tenant = {row.tenant_id: row for row in memberships}
    # Somebody who belongs to two integrators of one client acts for the one they last worked in.
    delegation = min(found, key=lambda row: row.integrator_id != g.session_row.home_id)
    membership = by_tenant[delegation.integrator_id]  # type: ignore[index]
    g.tenant, g.home, g.delegation = delegation.owner, membership.tenant, delegation
    return as_integrator(membership, delegation)


def as_member(membership: Membership) -> Actor:
    """A member in its own tenant. Raises: AccountSuspended."""
    people.refuse_suspended(membership.tenant)
    powers = contracts.powers_of(membership, clock.now())
    g.contract_kinds, g.is_looked_into = powers.kinds, powers.is_looked_into
    return people.as_member(membership, powers)
