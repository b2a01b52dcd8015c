"""Makes the Actor of a person: a member in its own tenant, or an integrator's in that of its client."""

import uuid

from portal.access.actor import Actor, Reach
from portal.access.roles import PERMISSIONS, SIGNER_PERMISSIONS, through_delegation
from portal.accounts import store as accounts
from portal.accounts.models import Membership
from portal.contracts import store as contracts
from portal.contracts.store import Powers
from portal.delegations import store
from portal.delegations.errors import DelegationPaused
from portal.delegations.models import Delegation, DelegationState
from portal.foundation import clock
from portal.foundation.errors import NotFound
from portal.tenants import store as tenants
from portal.tenants.errors import AccountSuspended
from portal.tenants.models import Standing, Tenant


def as_member(membership: Membership, powers: Powers) -> Actor:
    """A member in its own tenant, with what it signs. Raises: AccountSuspended."""
    refuse_suspended(membership.tenant)
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
    refuse_suspended(delegation.owner)
    refuse_suspended(membership.tenant)
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


def as_of_now(person_id: uuid.UUID, *, home_id: uuid.UUID, tenant_id: uuid.UUID, under: uuid.UUID | None) -> Actor:
    """A person who is not here, as the actor that it would be now: of `home_id`, in `tenant_id`, by that delegation.

    For what a person began and something else proves. Raises: NotFound when the person, its membership or the
    delegation is no more; AccountSuspended, DelegationPaused.
    """
    memberships = accounts.memberships_of(person_id)
    membership = next((row for row in memberships if row.tenant_id == home_id), None)
    if membership is None or not membership.person.is_active:
        raise NotFound()
    if under is None:
        return as_member(membership, contracts.powers_of(membership, clock.now()))
    running = store.running_for(tenants.get(tenant_id).account_id, [home_id])
    delegation = next((row for row in running if row.id == under), None)
    if delegation is None:
        raise NotFound()
    return as_integrator(membership, delegation)


def refuse_suspended(tenant: Tenant) -> None:
    """Nothing, unless the account is suspended. Raises: AccountSuspended."""
    if tenant.standing is Standing.SUSPENDED:
        raise AccountSuspended(tenant=tenant.name)
