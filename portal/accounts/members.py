"""Members of a tenant: who they are there, and that an account is never left without somebody to manage it."""

import uuid

from portal.access.actor import Actor, require
from portal.access.roles import (
    MAY_GIVE,
    PERMISSIONS,
    ROLE_NAMES,
    ROLES_WITH_KEY_RIGHTS,
    TENANT_ROLES,
    VENDOR_ROLES,
    Permission,
    Role,
)
from portal.accounts import store
from portal.accounts.errors import AlreadyMember, LastOwner, OwnRoleRaised, RoleNotYours
from portal.accounts.models import Membership, Person
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.foundation import clock
from portal.foundation.database import lock
from portal.foundation.errors import Changed
from portal.foundation.marking import N_
from portal.tenants import store as tenants


def may_give(actor: Actor) -> frozenset[Role]:
    """The roles this actor may give and take in its tenant. The portal itself: all that exist there."""
    if actor.role is not None:
        return MAY_GIVE.get(actor.role, frozenset())
    return frozenset(VENDOR_ROLES if tenants.get(actor.tenant_id).is_vendor else TENANT_ROLES)


def require_may_give(actor: Actor, role: Role) -> None:
    """Nothing, when the actor may give this role. Raises: RoleNotYours."""
    if role not in may_give(actor):
        raise RoleNotYours(role=ROLE_NAMES[role])


def add(actor: Actor, person: Person, role: Role) -> Membership:
    """A person made a member without an invitation; for the portal itself, such as the demo world.

    Raises: NotAllowed, RoleNotYours, AlreadyMember.
    """
    require(actor, Permission.MEMBERS_MANAGE)
    require_may_give(actor, role)
    membership = join(actor.tenant_id, person, role)
    audit.record(actor, Event.MEMBER_JOINED, membership, role=ROLE_NAMES[role])
    return membership


def join(tenant_id: uuid.UUID | None, person: Person, role: Role) -> Membership:
    """The new membership. No event: the act that needs it records one. Raises: AlreadyMember."""
    tenant = tenants.get(tenant_id)
    lock(tenant)
    if store.find_live_membership(tenant.id, person.id) is not None:
        raise AlreadyMember(email=person.email)
    membership = Membership(tenant_id=tenant.id, person_id=person.id, role=role)
    membership.person = person
    return store.add(membership)


def change_role(actor: Actor, membership: Membership, role: Role, version: int) -> None:
    """Give a member another role. All their sessions end: rights are never what they were when a page was loaded.

    Raises: NotAllowed, NotFound, Changed, RoleNotYours, OwnRoleRaised, LastOwner. The role they have already changes
    nothing.
    """
    _prepare(actor, membership)
    if role is membership.role:
        return
    if membership.version != version:
        raise Changed(versions=[(N_("Role"), ROLE_NAMES[role], ROLE_NAMES[membership.role])])
    require_may_give(actor, role)
    if membership.person_id == actor.person_id and not PERMISSIONS[role] <= PERMISSIONS[membership.role]:
        raise OwnRoleRaised()
    if Permission.MEMBERS_MANAGE not in PERMISSIONS[role]:
        _require_another_manager(membership)

    before, membership.role = membership.role, role
    if before not in ROLES_WITH_KEY_RIGHTS:
        membership.rights_since = clock.now()
    store.end_sessions(membership.person_id, clock.now())
    audit.record(actor, Event.MEMBER_ROLE_CHANGED, membership, before=ROLE_NAMES[before], after=ROLE_NAMES[role])


def remove(actor: Actor, membership: Membership) -> None:
    """End a membership, and with it the person's sessions here and the tokens. It takes effect with the next request.

    Keys, projects and contracts stay as they are (rule 1). What hangs on it in rooms above: `impact/leaving.py`.

    Raises: NotAllowed, NotFound, RoleNotYours, LastOwner.
    """
    _prepare(actor, membership)
    _require_another_manager(membership)
    membership.ended_at = clock.now()
    store.flush()
    store.end_sessions_in(membership.tenant_id, membership.person_id, membership.ended_at)
    audit.record(actor, Event.MEMBER_REMOVED, membership, role=ROLE_NAMES[membership.role])


def _prepare(actor: Actor, membership: Membership) -> None:
    require(actor, Permission.MEMBERS_MANAGE)
    # The tenant's row first: two owners who remove each other at once must not both succeed.
    lock(tenants.get(actor.tenant_id))
    store.lock_membership(actor, membership.id)
    require_may_give(actor, membership.role)


def _require_another_manager(membership: Membership) -> None:
    if Permission.MEMBERS_MANAGE in PERMISSIONS[membership.role] and not store.has_other_manager(membership):
        raise LastOwner()
