"""Disabling a person: nobody signs in as them any more, whatever the account. Enabling gives the sign-in back.

Memberships rest meanwhile: they give nothing, for every right is computed from a person who is enabled. What hangs on
them in rooms above ends for good: `impact/disabling.py`.
"""

from collections.abc import Collection, Sequence

from portal.access.actor import Actor, require, system_actor
from portal.access.roles import PERMISSIONS, ROLE_NAMES, Permission, Role
from portal.accounts import factor_store, mailed_store, recoveries, store
from portal.accounts.errors import DisablesOneself, LastOwner, NotOneOfThem, OwnerWanted
from portal.accounts.first_owner import invite_first_owner
from portal.accounts.models import MailPurpose, Membership, Person
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.foundation import clock
from portal.foundation.database import lock
from portal.outbox import operations as outbox
from portal.tenants.models import Tenant


def require_may_keep(actor: Actor, person: Person) -> None:
    """Nothing, when the actor may disable and enable this person. Raises: NotAllowed, DisablesOneself."""
    require(actor, Permission.PERSON_KEEP)
    if person.id == actor.person_id:
        raise DisablesOneself()


def hold(person: Person) -> list[Membership]:
    """The person's live memberships, each with its tenant. Tenants and person are kept from changing from now on.

    The tenants first, in one order: of the last two owners, disabled at once, the second one is found to be the last.
    """
    for membership in sorted(store.memberships_of(person.id), key=lambda row: row.tenant_id):
        lock(membership.tenant)
    lock(person)
    held = sorted((row.tenant_id, row.id) for row in store.memberships_of(person.id))
    return [store.lock_membership(system_actor("console", tenant_id), one) for tenant_id, one in held]


def last_of(memberships: Collection[Membership]) -> list[Membership]:
    """Those of a person's memberships without which nobody could manage the account."""
    return [
        row
        for row in memberships
        if Permission.MEMBERS_MANAGE in PERMISSIONS[row.role] and not store.has_other_manager(row)
    ]


def disable(
    actor: Actor,
    person: Person,
    memberships: Sequence[Membership],
    *,
    why: str,
    successors: Collection[Membership] = (),
    first_owner: str = "",
) -> None:
    """End all sessions of a person who is enabled, and the sign-in. The person and the accounts' managers are told.

    memberships: as `hold` gave them. Whoever was the last to manage an account is followed by `successors`, who belong
    to it and become its owners. Where nobody else belongs to it, `first_owner` (an address) is invited.
    Raises: NotAllowed, DisablesOneself, OwnerWanted, NotOneOfThem, LastOwner for the vendor's own account, and as
    `invite_first_owner`.
    """
    require_may_keep(actor, person)
    last = last_of(memberships)
    alone = _without_successor(last, successors, first_owner)

    person.disabled_at = clock.now()
    store.flush()
    store.end_sessions(person.id, person.disabled_at)
    factor_store.drop_pending_sign_ins(person.id)
    mailed_store.drop_token(person.id, MailPurpose.RESET)
    recoveries.close_of(actor, person)
    for membership in successors:
        _make_owner(actor, membership, next(row.tenant for row in last if row.tenant_id == membership.tenant_id))
    for tenant in alone:
        invite_first_owner(actor, tenant, first_owner, language=person.language)
    concerned = [row.tenant_id for row in memberships]
    audit.record(actor, Event.PERSON_DISABLED, person, also_seen_by=concerned, why=why)
    _tell("person_disabled", person, memberships, why)


def enable(actor: Actor, person: Person, *, why: str) -> None:
    """The person may sign in again; nothing that ended comes back. Enabled already, nothing changes.

    Raises: NotAllowed, DisablesOneself.
    """
    require_may_keep(actor, person)
    memberships = hold(person)
    if person.disabled_at is None:
        return
    person.disabled_at = None
    concerned = [row.tenant_id for row in memberships]
    audit.record(actor, Event.PERSON_ENABLED, person, also_seen_by=concerned, why=why)
    _tell("person_enabled", person, memberships, why)


def _without_successor(
    last: Sequence[Membership], successors: Collection[Membership], first_owner: str
) -> list[Tenant]:
    """The tenants for which somebody has to be invited, since nobody else belongs to them."""
    able = {row.tenant_id: {other.id for other in store.other_members(row)} for row in last}
    if any(row.id not in able.get(row.tenant_id, ()) for row in successors):
        raise NotOneOfThem()
    followed = {row.tenant_id for row in successors}
    open_ = [row for row in last if row.tenant_id not in followed]
    if any(row.tenant.is_vendor for row in open_):
        raise LastOwner()
    missing = [row.tenant.name for row in open_ if able[row.tenant_id] or not first_owner]
    if missing:
        raise OwnerWanted(tenants=missing)
    return [row.tenant for row in open_]


def _make_owner(actor: Actor, found: Membership, tenant: Tenant) -> None:
    """Another owner of an account whose last one is disabled. Their sessions end: rights are never what they were."""
    membership = store.lock_membership(system_actor("console", tenant.id), found.id)
    if tenant.is_vendor:
        raise LastOwner()
    before, membership.role = membership.role, Role.OWNER
    store.end_sessions(membership.person_id, clock.now())
    was, is_now = ROLE_NAMES[before], ROLE_NAMES[Role.OWNER]
    audit.record(actor, Event.MEMBER_ROLE_CHANGED, membership, tenant_id=tenant.id, before=was, after=is_now)
    person = membership.person
    facts: dict[str, outbox.Fact] = {"name": person.name, "tenant": tenant.name, "account": tenant.account_id}
    outbox.post("made_owner", person.email, person.language.value, facts, tenant.id)


def _tell(template: str, person: Person, memberships: Sequence[Membership], why: str) -> None:
    facts: dict[str, outbox.Fact] = {"name": person.name, "why": why}
    outbox.post(template, person.email, person.language.value, facts)
    for membership in memberships:
        tenant = membership.tenant
        about: dict[str, outbox.Fact] = {
            "who": person.name,
            "tenant": tenant.name,
            "why": why,
            "account": tenant.account_id,
        }
        for one in store.people_with(tenant.id, Permission.MEMBERS_MANAGE):
            if one.id != person.id:
                outbox.post(f"{template}_told", one.email, one.language.value, about | {"name": one.name}, tenant.id)
