"""Calls about an account's members and those who are invited; they stand in the room of the account."""

import uuid
from typing import Annotated

from pydantic import Field

from portal.access.actor import Actor
from portal.access.roles import Permission, Role
from portal.accounts import operations, store
from portal.accounts.models import Invitation, Language, Membership
from portal.api.home import inner_id, own
from portal.api.shapes import Body, Listed, Moment, Paged, Shown, Text, Version, all_of, listed
from portal.api.tenants import calls
from portal.contracts import store as contracts
from portal.contracts.models import ContractKind
from portal.foundation import clock
from portal.foundation.database import version_of
from portal.foundation.paging import Page
from portal.impact.leaving import remove_member

Signed = dict[uuid.UUID, list[str]]


class MemberShown(Shown):
    """A member. `signs` has the running partner contracts that they signed; `version` is the membership's ETag."""

    id: str
    name: str
    email: str
    role: Role
    since: Moment
    ended_at: Moment | None
    signs: list[str]
    is_token_owner: bool
    version: int


class InvitationShown(Shown):
    """An invitation. The link in its mail is good until `expires_at`."""

    id: str
    email: str
    role: Role
    language: Language
    expires_at: Moment
    withdrawn_at: Moment | None


class InvitationResent(Shown):
    """`sent` is false when the last mail left less than a minute ago: nothing was sent then."""

    sent: bool
    invitation: InvitationShown


class RoleGiving(Body):
    """Another role."""

    role: Role


class Inviting(Body):
    """Whom to invite, as what, in which language to write to them."""

    email: Annotated[Text, Field(max_length=320)]
    role: Role
    language: Language = Language.EN


@calls.reads("/<account>/settings/members", Permission.SEE)
def members(actor: Actor, query: Paged) -> Listed[MemberShown]:
    """List the members, those who joined first first."""
    page: Page[Membership] = store.members(own(actor), query.after)
    signed = _signed(actor)
    return Listed[MemberShown](**listed(page, lambda row: member_shown(actor, row, signed)))


@calls.reads("/<account>/settings/invitations", Permission.SEE)
def invitations(actor: Actor) -> Listed[InvitationShown]:
    """List the invitations that nobody has answered, the newest first; at most 100."""
    return Listed[InvitationShown](**all_of(store.open_invitations(own(actor)), invitation_shown))


@calls.writes("/<account>/settings/members/<membership_id>/role", Permission.MEMBERS_MANAGE)
def change_role(actor: Actor, membership_id: str, version: Version, body: RoleGiving) -> MemberShown:
    """Give a member another role.

    All their sessions end; their tokens give no more than the new role has, from the next call on.
    """
    membership = store.get_membership(own(actor), inner_id(membership_id))
    operations.change_role(actor, membership, body.role, version)
    return member_shown(actor, membership, _signed(actor))


@calls.writes("/<account>/settings/members/<membership_id>/remove", Permission.MEMBERS_MANAGE)
def remove(actor: Actor, membership_id: str) -> MemberShown:
    """End a membership, and what `…/blast-radius` tells beforehand. Keys, projects and contracts stay as they are."""
    membership = store.get_membership(own(actor), inner_id(membership_id))
    remove_member(actor, membership)
    return member_shown(actor, membership, _signed(actor))


@calls.writes("/<account>/settings/members/invite", Permission.MEMBERS_MANAGE, makes=True)
def invite(actor: Actor, body: Inviting) -> InvitationShown:
    """Invite somebody by mail; the link in it is good for seven days."""
    return invitation_shown(operations.invite(own(actor), body.email, body.role, language=body.language))


@calls.writes("/<account>/settings/invitations/<invitation_id>/resend", Permission.MEMBERS_MANAGE)
def resend(actor: Actor, invitation_id: str) -> InvitationResent:
    """Send an invitation again with a new link; the one before stops working."""
    invitation = store.get_invitation(own(actor), inner_id(invitation_id))
    sent = operations.resend(actor, invitation)
    return InvitationResent(sent=sent, invitation=invitation_shown(invitation))


@calls.writes("/<account>/settings/invitations/<invitation_id>/withdraw", Permission.MEMBERS_MANAGE)
def withdraw(actor: Actor, invitation_id: str) -> InvitationShown:
    """Withdraw an invitation: its link stops working."""
    invitation = store.get_invitation(own(actor), inner_id(invitation_id))
    operations.withdraw(actor, invitation)
    return invitation_shown(invitation)


def member_shown(actor: Actor, membership: Membership, signed: Signed) -> MemberShown:
    """A member, the person loaded, as the API tells it."""
    return MemberShown(
        id=str(membership.id),
        name=membership.person.name,
        email=membership.person.email,
        role=membership.role,
        since=membership.created_at,
        ended_at=membership.ended_at,
        signs=signed.get(membership.id, []),
        is_token_owner=membership.person_id == actor.person_id,
        version=version_of(membership),
    )


def invitation_shown(invitation: Invitation) -> InvitationShown:
    """An invitation as the API tells it: the link is in its mail only."""
    return InvitationShown(
        id=str(invitation.id),
        email=invitation.email,
        role=invitation.role,
        language=invitation.language,
        expires_at=invitation.expires_at,
        withdrawn_at=invitation.withdrawn_at,
    )


def _signed(actor: Actor) -> Signed:
    """The running partner contracts by the membership that signed them."""
    found: Signed = {}
    for contract in contracts.running(actor, clock.now(), {ContractKind.PARTNER}):
        if contract.signer_id is not None:
            found.setdefault(contract.signer_id, []).append(contract.public_id)
    return found
