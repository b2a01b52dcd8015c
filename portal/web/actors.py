"""Makes the Actor: from the person, its memberships and the delegations of its tenants, anew on each request."""

from flask import g
from flask_login import current_user

from portal.access.actor import Actor, Reach
from portal.access.roles import PERMISSIONS, SIGNER_PERMISSIONS, through_delegation
from portal.accounts import store as accounts
from portal.accounts.models import Membership
from portal.contracts import store as contracts
from portal.delegations import store as delegations
from portal.delegations.errors import DelegationPaused
from portal.delegations.models import Delegation, DelegationState
from portal.foundation import clock
from portal.foundation.errors import NotFound
from portal.tenants.errors import AccountSuspended
from portal.tenants.models import Standing, Tenant


def in_tenant(account_id: str) -> Actor:
    """The signed-in person as an actor in the tenant with this account id.

    Raises: NotFound when it is none of theirs, AccountSuspended, DelegationPaused.
    """
    memberships = accounts.memberships_of(current_user.id)
    own = next((row for row in memberships if row.tenant.account_id == account_id), None)
    if own is not None:
        g.tenant, g.home = own.tenant, own.tenant
        return as_member(own)
    found = delegations.running_for(account_id, [row.tenant_id for row in memberships])
    if not found:
        raise NotFound()
    by_tenant = {row.tenant_id: row for row in memberships}
    # Somebody who belongs to two integrators of one client acts for the one they last worked in.
    delegation = min(found, key=lambda row: row.integrator_id != g.session_row.home_id)
    membership = by_tenant[delegation.integrator_id]  # type: ignore[index]
    g.tenant, g.home, g.delegation = delegation.owner, membership.tenant, delegation
    return as_integrator(membership, delegation)


def as_member(membership: Membership) -> Actor:
    """A member in its own tenant. Raises: AccountSuspended."""
    _refuse_suspended(membership.tenant)
    powers = contracts.powers_of(membership, clock.now())
    g.contract_kinds = powers.kinds
    return Actor(
        tenant_id=membership.tenant_id,
        home_id=membership.tenant_id,
        home_name=membership.tenant.name,
        label=membership.person.name,
        person_id=membership.person_id,
        membership_id=membership.id,
        role=membership.role,
        permissions=PERMISSIONS[membership.role] | (SIGNER_PERMISSIONS if powers.signs else frozenset()),
        signs=powers.signs,
    )


def as_integrator(membership: Membership, delegation: Delegation) -> Actor:
    """A member of the integrator in its client's tenant. Raises: AccountSuspended, DelegationPaused."""
    _refuse_suspended(delegation.owner)
    _refuse_suspended(membership.tenant)
    if delegation.state is DelegationState.PAUSED:
        raise DelegationPaused(client=delegation.owner.name)
    return Actor(
        tenant_id=delegation.tenant_id,
        home_id=membership.tenant_id,
        home_name=membership.tenant.name,
        label=membership.person.name,
        person_id=membership.person_id,
        membership_id=membership.id,
        role=membership.role,
        permissions=through_delegation(membership.role, delegation.rights),
        reach=Reach(delegation.environments, delegation.project_ids, holder_id=membership.tenant_id),
        delegation_id=delegation.id,
    )


def _refuse_suspended(tenant: Tenant) -> None:
    if tenant.standing is Standing.SUSPENDED:
        raise AccountSuspended(tenant=tenant.name)
