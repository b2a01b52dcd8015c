"""Inviting the first owner of an account: the one invitation that comes from outside of it, from the vendor's staff."""

from portal.access.actor import Actor, require, system_actor
from portal.access.roles import ROLE_NAMES, Permission, Role
from portal.accounts import invitations, store
from portal.accounts.emails import clean_email
from portal.accounts.errors import AlreadyMember, OwnerThere, VendorHasNoOwner
from portal.accounts.models import Invitation, Language
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.foundation import clock
from portal.foundation.database import lock
from portal.tenants.models import Tenant


def invite_first_owner(actor: Actor, tenant: Tenant, email: str, *, language: Language = Language.EN) -> Invitation:
    """The invitation of the first owner of `tenant`; its mail leaves with the transaction.

    For the vendor's staff, as long as nobody owns the account. Another address takes the place of the one before, whose
    link stops working. The same address gets a new link, but for one whose mail left less than a minute ago: that
    invitation comes back as it is, so a button clicked twice is one mail.
    Raises: NotAllowed, EmailInvalid, OwnerThere, VendorHasNoOwner, AlreadyMember, StaffStaysOut.
    """
    require(actor, Permission.TENANT_OPEN)
    address = clean_email(email)
    lock(tenant)  # two at once: the second finds the first
    require_nobody_owns(tenant)
    _refuse_member(tenant, address)

    same = store.find_open_invitation(system_actor("console", tenant.id), address)
    if same is not None and same.role is Role.OWNER and invitations.left_just_now(same):
        return same
    replaced = [row for row in open_to_owners(tenant) if row is not same] + ([same] if same else [])
    for row in replaced:
        row.withdrawn_at = clock.now()
    store.flush()
    invitation = invitations.send_new(actor, tenant.id, address, Role.OWNER, language)
    before = [row.email for row in replaced]
    audit.record(
        actor, Event.MEMBER_INVITED, invitation, tenant_id=tenant.id, role=ROLE_NAMES[Role.OWNER], replaces=before
    )
    return invitation


def open_to_owners(tenant: Tenant) -> list[Invitation]:
    """The invitations of owners into `tenant` that were neither accepted nor withdrawn, the newest first."""
    rows = store.open_invitations(system_actor("console", tenant.id))
    return [row for row in rows if row.role is Role.OWNER]


def require_nobody_owns(tenant: Tenant) -> None:
    """Nothing, while nobody can act as an owner of `tenant`. Raises: OwnerThere, VendorHasNoOwner."""
    if tenant.is_vendor:
        raise VendorHasNoOwner()
    if store.people_with(tenant.id, Role.OWNER):
        raise OwnerThere(tenant=tenant.name)


def _refuse_member(tenant: Tenant, email: str) -> None:
    person = store.person_by_email(email)
    if person is None:
        return
    if store.find_live_membership(tenant.id, person.id) is not None:
        raise AlreadyMember(email=email)
    invitations.refuse_staff(tenant.id, person)
