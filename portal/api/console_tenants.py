"""Keeping tenants: opening an account, inviting its first owner, its standing."""

from typing import Annotated

from pydantic import Field

from portal.access.actor import Actor
from portal.access.roles import Permission
from portal.accounts import operations as accounts
from portal.accounts.models import Language
from portal.api.console import (
    FirstDay,
    LastDay,
    Party,
    Reason,
    begins,
    calls,
    checked_reason,
    ends,
    party,
    read_anew,
    require_typed,
)
from portal.api.console_shapes import ConsoleTenant, tenant_shown
from portal.api.shapes import Body, Shown, Text, Version
from portal.foundation import clock
from portal.foundation.database import version_of
from portal.impact.opening import Opening, Term, open_account
from portal.impact.standing import hanging_on
from portal.tenants import operations, store
from portal.tenants.errors import VendorStays
from portal.tenants.models import Standing

Email = Annotated[Text, Field(description="Of the first owner, who is invited by mail.")]


class FirstContract(Body):
    """An edition, by its code, from which day to which."""

    edition: Text
    first_day: FirstDay
    last_day: LastDay


class NewTenant(Body):
    """A name, the first owner and, where it is agreed already, the first contract."""

    name: Text
    email: Email
    language: Annotated[Language, Field(description="Of the mail.")] = Language.EN
    contract: FirstContract | None = None
    another: Annotated[bool, Field(description="There may be one of the same name already.")] = False


class FirstOwner(Body):
    """Whom to invite."""

    email: Email
    language: Annotated[Language, Field(description="Of the mail.")] = Language.EN


class OwnerInvited(Shown):
    """Who was invited as the first owner of which tenant."""

    email: str
    tenant: Party


class NewStanding(Body):
    """A standing, and why; to suspend, the account id typed once more."""

    standing: Standing
    reason: Reason
    typed_account: Annotated[Text, Field(description="The tenant's account id once more; needed to suspend.")] = ""


class StandingRadius(Shown):
    """What works now and stops when the tenant is suspended, in counts: its live key pairs, whoever holds them; those
    it holds for clients; installations; running delegations that it gives and takes; members, the sessions in which
    they work there, and their tokens; sealed private keys that wait on either side.

    `version` is the tenant's ETag.
    """

    standing: Standing
    own_key_pairs: int
    key_pairs_for_clients: int
    installations: int
    integrators: int
    clients: int
    members: int
    sessions: int
    tokens: int
    hand_offs: int
    version: int


@calls.writes("/<account>/console/tenants", Permission.TENANT_OPEN, makes=True)
def open_tenant(actor: Actor, body: NewTenant) -> ConsoleTenant:
    """Open an account and invite its first owner. A first contract needs the right to keep contracts, too."""
    first = body.contract
    term = Term(first.edition, begins(first.first_day), ends(first.last_day)) if first else None
    tenant, _contract = open_account(actor, Opening(body.name, body.email, body.language, term, body.another))
    return tenant_shown(tenant)


@calls.writes("/<account>/console/tenants/<owner_id>/owner", Permission.TENANT_OPEN)
def invite_owner(actor: Actor, owner_id: str, body: FirstOwner) -> OwnerInvited:
    """Invite the first owner of a tenant, or another one in the place of who did not answer."""
    owner = store.get_by_account_id(owner_id)
    invitation = accounts.invite_first_owner(actor, owner, body.email, language=body.language)
    return OwnerInvited(email=invitation.email, tenant=party(owner))


@calls.reads("/<account>/console/tenants/<owner_id>/standing/blast-radius", Permission.STANDING_CHANGE)
def standing_radius(owner_id: str) -> StandingRadius:
    """Count what stops when a tenant is suspended."""
    owner = store.get_by_account_id(owner_id)
    if owner.is_vendor:
        raise VendorStays()
    found = hanging_on(owner, clock.now())
    return StandingRadius(
        standing=owner.standing,
        own_key_pairs=found.own_pairs,
        key_pairs_for_clients=found.pairs_for_clients,
        installations=found.installations,
        integrators=found.integrators,
        clients=found.clients,
        members=found.members,
        sessions=found.sessions,
        tokens=found.tokens,
        hand_offs=found.hand_offs,
        version=version_of(owner),
    )


@calls.writes("/<account>/console/tenants/<owner_id>/standing", Permission.STANDING_CHANGE)
def standing(actor: Actor, owner_id: str, version: Version, body: NewStanding) -> ConsoleTenant:
    """Change the standing of a tenant. Suspended, nothing of it verifies, and its members see only why."""
    owner = store.get_by_account_id(owner_id)
    if owner.is_vendor:
        raise VendorStays()
    if body.standing is Standing.SUSPENDED and owner.standing is not Standing.SUSPENDED:
        require_typed(body.typed_account, owner)
    operations.set_standing(actor, owner, body.standing, reason=checked_reason(body.reason), version=version)
    read_anew()
    return tenant_shown(store.get_by_account_id(owner_id))
