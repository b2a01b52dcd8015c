"""Makes the Actor of a person: a member in its own tenant, or an integrator's in that of its client."""

import uuid
from datetime import datetime

from portal.access.actor import Actor, Reach, held_to
from portal.access.roles import KEY_RIGHTS, PERMISSIONS, SIGNER_PERMISSIONS, through_delegation
from portal.accounts import factor_policy
from portal.accounts import store as accounts
from portal.accounts.factor_policy import Asked
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
    """A member in its own tenant, with what it signs; without rights over keys while it lacks the second factor that
    the tenant asks for, once the days of grace are over. Raises: AccountSuspended.
    """
    refuse_suspended(membership.tenant)
    actor = Actor(
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
    return _held_to_policy(actor, membership, [factor_policy.at_home(membership, _signs_since(membership, powers))])


def as_integrator(membership: Membership, delegation: Delegation) -> Actor:
    """A member of the integrator in its client's tenant, held to the policies of both. Raises: AccountSuspended,
    DelegationPaused.
    """
    refuse_suspended(delegation.owner)
    refuse_suspended(membership.tenant)
    if delegation.state is DelegationState.PAUSED:
        raise DelegationPaused(client=delegation.owner.name)
    actor = Actor(
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
    at_client = factor_policy.at_client(delegation.owner, delegation.begun_at, membership)
    return _held_to_policy(actor, membership, [at_client, factor_policy.at_home(membership)])


def _held_to_policy(actor: Actor, membership: Membership, asked: list[Asked]) -> Actor:
    if not actor.permissions & KEY_RIGHTS:
        return actor
    due = factor_policy.due(membership.person, asked)
    return actor if due is None else held_to(actor, due, clock.now())


def _signs_since(membership: Membership, powers: Powers) -> datetime | None:
    if not powers.signs or membership.tenant.factor_asked_at is None:
        return None
    return contracts.signs_since(membership, powers.signs)


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
