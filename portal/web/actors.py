"""Makes the Actor: from the person, its memberships and the delegations of its tenants, anew on each request."""

from collections.abc import Sequence

from flask import g
from flask_login import current_user

from portal.access.actor import Actor
from portal.accounts import store as accounts
from portal.accounts.models import Membership
from portal.accounts.sessions import acts_in, knows_of
from portal.contracts import store as contracts
from portal.delegations import people
from portal.delegations import store as delegations
from portal.delegations.people import as_integrator
from portal.foundation import clock
from portal.providers.errors import ProviderNeeded
from portal.web import visits


def in_tenant(account_id: str) -> Actor:
    """The signed-in person as an actor in the tenant with this account id.

    Vendor staff with a running look-in is a reader there (`portal.web.visits`). Raises: NotFound when it is none of
    theirs, ProviderNeeded, AccountSuspended, DelegationPaused, LookInReadsOnly, ClosedToLookIns.
    """
    memberships = known_memberships()
    own = next((row for row in memberships if row.tenant.account_id == account_id), None)
    if own is not None:
        require_acts_in(own)
        g.tenant, g.home = own.tenant, own.tenant
        return as_member(own)
    by_tenant = {row.tenant_id: row for row in memberships}
    found = delegations.running_for(account_id, [row.tenant_id for row in memberships])
    usable = [row for row in found if acts_in(g.session_row, by_tenant[row.integrator_id])]  # type: ignore[index]
    if found and not usable:
        require_acts_in(by_tenant[found[0].integrator_id])  # type: ignore[index]
    if not usable:
        return visits.as_reader(account_id, memberships)
    # Somebody who belongs to two integrators of one client acts for the one they last worked in.
    delegation = min(usable, key=lambda row: row.integrator_id != g.session_row.home_id)
    membership = by_tenant[delegation.integrator_id]  # type: ignore[index]
    g.tenant, g.home, g.delegation = delegation.owner, membership.tenant, delegation
    return as_integrator(membership, delegation)


def known_memberships() -> Sequence[Membership]:
    """The signed-in person's live memberships that this session may know of, each with its tenant and its person."""
    return [row for row in accounts.memberships_of(current_user.id) if knows_of(g.session_row, row)]


def require_acts_in(membership: Membership) -> None:
    """Nothing, when this session may act by this membership. Raises: ProviderNeeded."""
    if not acts_in(g.session_row, membership):
        raise ProviderNeeded(account=membership.tenant.account_id)


def as_member(membership: Membership) -> Actor:
    """A member in its own tenant. Raises: AccountSuspended."""
    people.refuse_suspended(membership.tenant)
    powers = contracts.powers_of(membership, clock.now())
    g.contract_kinds, g.is_looked_into = powers.kinds, powers.is_looked_into
    return people.as_member(membership, powers)
