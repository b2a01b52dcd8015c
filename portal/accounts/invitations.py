"""Invitations: a mail with a link that is good for one person, one role, and seven days."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.exc import IntegrityError

from portal.access.actor import Actor, require
from portal.access.roles import ROLE_NAMES, Permission, Role
from portal.access.rows import columns_of, insert_many
from portal.accounts import members, people, store
from portal.accounts.emails import clean_email
from portal.accounts.errors import (
    AlreadyInvited,
    AlreadyMember,
    InvitationForSomebodyElse,
    InvitationGone,
    SignInToAccept,
    StaffStaysOut,
)
from portal.accounts.models import Invitation, Language, Membership, Person
from portal.accounts.passwords import ChosenPassword
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.foundation import clock, ids
from portal.foundation.database import lock
from portal.foundation.sealing import new_token, token_hash
from portal.outbox import operations as outbox
from portal.outbox.operations import Letter
from portal.tenants import store as tenants

GOOD_FOR = timedelta(days=7)
SENT_JUST_NOW = timedelta(minutes=1)


def invite(actor: Actor, email: str, role: Role, *, language: Language = Language.EN) -> Invitation:
    """An invitation into the actor's tenant; its mail leaves with the transaction.

    Raises: NotAllowed, RoleNotYours, EmailInvalid, AlreadyMember, AlreadyInvited.
    """
    require(actor, Permission.MEMBERS_MANAGE)
    members.require_may_give(actor, role)
    address = clean_email(email)
    tenant = tenants.get(actor.tenant_id)
    lock(tenant)  # two at once for one address: the second finds the first
    _refuse_second(actor, tenant.id, address)

    invitation = send_new(actor, tenant.id, address, role, language)
    audit.record(actor, Event.MEMBER_INVITED, invitation, role=ROLE_NAMES[role])
    return invitation


def send_new(actor: Actor, tenant_id: uuid.UUID, address: str, role: Role, language: Language) -> Invitation:
    """A new invitation, with its mail. No event and no question who may: that is for the act that needs it."""
    invitation = Invitation(
        tenant_id=tenant_id,
        email=address,
        email_key=store.email_key(address),
        role=role,
        language=language,
        invited_by_id=actor.person_id,
    )
    _send(actor, invitation)
    return store.add(invitation)


@dataclass(frozen=True)
class FirstOwner:
    """Somebody to be invited as an owner into an account that nobody else can be invited into meanwhile.

    email: as `clean_email` gives it.
    """

    tenant_id: uuid.UUID
    tenant_name: str
    email: str
    language: Language


def invite_owners(actor: Actor, wanted: Sequence[FirstOwner]) -> list[Invitation]:
    """As `invite`, for accounts that were opened in this transaction, or are locked by it and have nobody yet.

    actor: may open accounts, and is looked at once; each event and mail stands in the account that it concerns.
    Raises: NotAllowed.
    """
    require(actor, Permission.TENANT_OPEN)
    invitations = [_of_owner(actor, one) for one in wanted]
    letters = [_letter(actor, row, one.tenant_name) for row, one in zip(invitations, wanted, strict=True)]
    outbox.post_many(letters)
    insert_many(Invitation, [columns_of(row) for row in invitations])
    for row in invitations:
        audit.record(actor, Event.MEMBER_INVITED, row, tenant_id=row.tenant_id, role=ROLE_NAMES[Role.OWNER])
    return invitations


def _of_owner(actor: Actor, one: FirstOwner) -> Invitation:
    return Invitation(
        id=ids.uuid7(),
        tenant_id=one.tenant_id,
        email=one.email,
        email_key=store.email_key(one.email),
        role=Role.OWNER,
        language=one.language,
        invited_by_id=actor.person_id,
    )


def resend(actor: Actor, invitation: Invitation) -> bool:
    """Send it again with a new link, good for seven days from now; the link before stops working.

    False, and nothing is sent, when the last mail left less than a minute ago: a button clicked twice is one mail.
    Raises: NotAllowed, RoleNotYours, InvitationGone.
    """
    require(actor, Permission.MEMBERS_MANAGE)
    members.require_may_give(actor, invitation.role)
    _lock_open(invitation)
    if left_just_now(invitation):
        return False
    _send(actor, invitation)
    audit.record(actor, Event.MEMBER_INVITED, invitation, role=ROLE_NAMES[invitation.role], again=True)
    return True


def left_just_now(invitation: Invitation) -> bool:
    """Whether the last mail of this invitation left less than a minute ago."""
    sent_at = invitation.expires_at - GOOD_FOR
    return clock.now() - sent_at < SENT_JUST_NOW


def withdraw(actor: Actor, invitation: Invitation) -> None:
    """The link stops working. Raises: NotAllowed, InvitationGone."""
    require(actor, Permission.MEMBERS_MANAGE)
    _lock_open(invitation)
    invitation.withdrawn_at = clock.now()
    audit.record(actor, Event.INVITATION_WITHDRAWN, invitation)


def is_invited(actor: Actor, email: str) -> bool:
    """Whether an invitation of this address into the actor's tenant can be accepted now."""
    found = store.find_open_invitation(actor, email)
    return found is not None and _can_be_accepted(found)


def open_one(token: str) -> Invitation:
    """The invitation that this link's token opens, with its tenant. Looking changes nothing. Raises: InvitationGone."""
    invitation = store.find_invitation(token_hash(token))
    if invitation is None or not _can_be_accepted(invitation):
        raise InvitationGone()
    return invitation


def accept_as_new(token: str, name: str, chosen: ChosenPassword, language: Language) -> Membership:
    """The membership of a person who had no sign-in before. Raises: InvitationGone, SignInToAccept."""
    invitation = _lock_by(token)
    if store.person_by_email(invitation.email) is not None:
        raise SignInToAccept()
    try:
        person = people.new_person(invitation.email, name, chosen, language)
    except IntegrityError as error:  # the same address accepted another tenant's invitation at this very moment
        raise SignInToAccept() from error
    return _join(invitation, person)


def accept(token: str, person: Person) -> Membership:
    """The membership of the person who is signed in.

    Raises: InvitationGone, InvitationForSomebodyElse, StaffStaysOut, AlreadyMember.
    """
    invitation = _lock_by(token)
    if person.email_key != invitation.email_key:
        raise InvitationForSomebodyElse()
    return _join(invitation, person)


def _refuse_second(actor: Actor, tenant_id: uuid.UUID, email: str) -> None:
    person = store.person_by_email(email)
    if person is not None and store.find_live_membership(tenant_id, person.id) is not None:
        raise AlreadyMember(email=email)
    earlier = store.find_open_invitation(actor, email)
    if earlier is None:
        return
    if _can_be_accepted(earlier):
        raise AlreadyInvited(email=email)
    earlier.withdrawn_at = clock.now()  # it ran out: the new one takes its place
    store.flush()


def _send(actor: Actor, invitation: Invitation) -> None:
    letter = _letter(actor, invitation, tenants.get(invitation.tenant_id).name)
    outbox.post(letter.template, letter.to, letter.language, letter.facts, letter.tenant_id)


def _letter(actor: Actor, invitation: Invitation, tenant_name: str) -> Letter:
    """The mail with a new link, whose hash the invitation keeps."""
    token = new_token()
    invitation.token_hash, invitation.expires_at = token_hash(token), clock.now() + GOOD_FOR
    facts: dict[str, outbox.Fact] = {
        "token": token,
        "tenant": tenant_name,
        "inviter": actor.label if actor.person_id is not None else None,
        "role": ROLE_NAMES[invitation.role],
        "days": GOOD_FOR.days,
    }
    return Letter("invitation", invitation.email, invitation.language.value, facts, invitation.tenant_id)


def _lock_open(invitation: Invitation) -> None:
    lock(invitation)
    if invitation.accepted_at is not None or invitation.withdrawn_at is not None:
        raise InvitationGone()


def _lock_by(token: str) -> Invitation:
    invitation = open_one(token)
    lock(invitation)
    if not _can_be_accepted(invitation) or invitation.token_hash != token_hash(token):
        raise InvitationGone()
    return invitation


def _can_be_accepted(invitation: Invitation) -> bool:
    is_open = invitation.accepted_at is None and invitation.withdrawn_at is None
    return is_open and clock.now() < invitation.expires_at


def refuse_staff(tenant_id: uuid.UUID, person: Person) -> None:
    """Nothing, unless the person belongs to the vendor and the tenant is another one. Raises: StaffStaysOut."""
    vendor = tenants.find_vendor()
    if vendor is None or vendor.id == tenant_id:
        return
    if store.find_live_membership(vendor.id, person.id) is not None:
        raise StaffStaysOut()


def _join(invitation: Invitation, person: Person) -> Membership:
    refuse_staff(invitation.tenant_id, person)
    membership = members.join(invitation.tenant_id, person, invitation.role)
    invitation.accepted_at = clock.now()
    newcomer = _as_new_member(person, invitation.tenant_id)
    audit.record(newcomer, Event.MEMBER_JOINED, membership, role=ROLE_NAMES[invitation.role])
    return membership


def _as_new_member(person: Person, tenant_id: uuid.UUID) -> Actor:
    return Actor(tenant_id=tenant_id, home_id=tenant_id, label=person.name, person_id=person.id)
