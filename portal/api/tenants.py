"""Calls about an account itself: its name and request code, what each role may do, and who looks in."""

from portal.access.actor import Actor
from portal.access.roles import (
    PERMISSION_NAMES,
    PERMISSIONS,
    ROLE_USES,
    TENANT_ROLES,
    VENDOR_ROLES,
    Permission,
    Right,
    Role,
)
from portal.api.calls import Calls
from portal.api.home import own
from portal.api.shapes import Body, Moment, Shown, ShownOnce, Text, Version
from portal.foundation.database import version_of
from portal.lookins import operations as look_ins
from portal.lookins import store as look_in_store
from portal.lookins.models import LookIn
from portal.tenants import operations, store
from portal.tenants.models import Standing, Tenant

calls = Calls("tenants", "The account and its members")


class AccountShown(Shown):
    """An account. Its `id` is what others know it by; `version` is its ETag. `factor_asked_at`: since when rights over
    keys need a second factor of the person, null where they do not."""

    id: str
    name: str
    standing: Standing
    opened_at: Moment
    request_code_made_at: Moment | None
    factor_asked_at: Moment | None
    version: int


class AccountNaming(Body):
    """Another name for the account."""

    name: Text


class RequestCodeMade(Shown):
    """A new request code; the one before works no more. `version` is the account's."""

    code: ShownOnce
    made_at: Moment | None
    version: int


class RoleShown(Shown):
    """What a role may do in its own account, and with which rights of a delegation it works for clients."""

    role: Role
    permissions: list[Permission]
    rights: list[Right]


class RolesShown(Shown):
    """The roles of this account; `own_role` is the one of the token's person."""

    own_role: Role | None
    roles: list[RoleShown]


class LookInShown(Shown):
    """Somebody of the vendor reads this account's pages until `ends_at`, or read them until `ended_at`."""

    id: str
    by: str
    reason: str
    started_at: Moment
    ends_at: Moment
    ended_at: Moment | None


@calls.reads("/<account>/settings", Permission.SEE)
def settings(actor: Actor) -> AccountShown:
    """Show the account."""
    return account_shown(store.get(own(actor).tenant_id))


@calls.writes("/<account>/settings/rename", Permission.SETTINGS_MANAGE)
def rename(actor: Actor, version: Version, body: AccountNaming) -> AccountShown:
    """Give the account another name."""
    return account_shown(operations.rename(own(actor), body.name, version))


@calls.writes("/<account>/settings/request-code", Permission.SETTINGS_MANAGE, makes=True)
def request_code(actor: Actor, version: Version) -> RequestCodeMade:
    """Make a request code, by which an integrator may ask for a delegation; the one before stops working.

    The code is shown once. Alone it gives no access: nothing happens before the request is approved.
    """
    code = operations.make_request_code(own(actor), version)
    tenant = store.get(actor.tenant_id)
    return RequestCodeMade(code=code, made_at=tenant.request_code_made_at, version=version_of(tenant))


@calls.reads("/<account>/settings/roles", Permission.SEE)
def roles(actor: Actor) -> RolesShown:
    """Show what each role may do."""
    tenant = store.get(own(actor).tenant_id)
    columns = VENDOR_ROLES if tenant.is_vendor else TENANT_ROLES
    return RolesShown(own_role=actor.role, roles=[_role_shown(role) for role in columns])


@calls.writes("/<account>/look-ins/<look_in_id>/end", Permission.SETTINGS_MANAGE)
def end_look_in(actor: Actor, look_in_id: str) -> LookInShown:
    """End a look-in of the vendor's staff into this account at once."""
    look_in = look_in_store.get(own(actor), look_in_id)
    look_ins.end(actor, look_in)
    return look_in_shown(look_in)


def account_shown(tenant: Tenant) -> AccountShown:
    """An account as the API tells it to its own members."""
    return AccountShown(
        id=tenant.account_id,
        name=tenant.name,
        standing=tenant.standing,
        opened_at=tenant.created_at,
        request_code_made_at=tenant.request_code_made_at,
        factor_asked_at=tenant.factor_asked_at,
        version=version_of(tenant),
    )


def look_in_shown(look_in: LookIn) -> LookInShown:
    """A look-in, its person loaded, as the API tells it."""
    return LookInShown(
        id=look_in.public_id,
        by=look_in.person.name,
        reason=look_in.reason,
        started_at=look_in.started_at,
        ends_at=look_in.ends_at,
        ended_at=look_in.ended_at,
    )


def _role_shown(role: Role) -> RoleShown:
    return RoleShown(
        role=role,
        permissions=[act for act in PERMISSION_NAMES if act in PERMISSIONS[role]],
        rights=[right for right in Right if right in ROLE_USES.get(role, ())],
    )
