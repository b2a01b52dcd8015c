"""Who is acting: made by a door, passed to every operation."""

import uuid
from dataclasses import dataclass, field, replace
from datetime import datetime

from portal.access.errors import NotAllowed, NotDelegated, OnlyInPerson, ScopeMissing, SecondFactorNeeded
from portal.access.roles import (
    KEY_RIGHTS,
    PERMISSION_NAMES,
    SCOPE_GIVES,
    SIGNER_PERMISSIONS,
    Environment,
    Permission,
    Role,
    Scope,
    given_by,
)


@dataclass(frozen=True)
class Reach:
    """Which of a tenant's rows an actor finds. None means all of them; a member of the tenant itself reaches all."""

    environments: frozenset[Environment] = frozenset(Environment)
    project_ids: frozenset[uuid.UUID] | None = None
    holder_id: uuid.UUID | None = None


@dataclass(frozen=True)
class FactorDue:
    """An account asks for a second factor, which the person has not: whose rights over keys rest from `at` on.

    tenant: the name of the account that asks.
    """

    tenant: str
    at: datetime


@dataclass(frozen=True)
class Actor:
    """A person (or the system) acting in one tenant, with its permissions and its reach there.

    `tenant_id` is whose rows it works on; `home_id` is the tenant it belongs to, the holder of any key it makes.
    They differ exactly when an integrator acts for a client; then `delegation_id` says under what.
    `signs` holds the partner contracts this person may make keys under, as signer or as deputy inside the dates.
    `credential` is the public id of what proved an actor that did not sign in, such as a shop's API key or a token.
    `scopes` are those of a person's token, None where there is none; `withheld` is what the person may do and the token
    may not. `factor_due` is there while the person lacks a second factor that is asked for; `held_back` is what they
    may not do because of that.
    """

    tenant_id: uuid.UUID | None
    home_id: uuid.UUID | None
    label: str
    home_name: str = ""
    person_id: uuid.UUID | None = None
    membership_id: uuid.UUID | None = None
    role: Role | None = None
    permissions: frozenset[Permission] = frozenset()
    reach: Reach = field(default_factory=Reach)
    delegation_id: uuid.UUID | None = None
    signs: frozenset[uuid.UUID] = frozenset()
    credential: str = ""
    scopes: frozenset[Scope] | None = None
    withheld: frozenset[Permission] = frozenset()
    factor_due: FactorDue | None = None
    held_back: frozenset[Permission] = frozenset()

    @property
    def acts_for_client(self) -> bool:
        return self.delegation_id is not None

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions

    def is_cut(self, permission: Permission) -> bool:
        """Whether the person's role may, and yet this actor may not: for want of a scope, or of a second factor."""
        return permission in self.withheld or permission in self.held_back


def system_actor(label: str, tenant_id: uuid.UUID | None = None) -> Actor:
    """The portal itself, acting at `label` (such as `worker`), in one tenant or in none. It has every permission."""
    return Actor(tenant_id=tenant_id, home_id=tenant_id, label=label, permissions=frozenset(Permission))


def held_to(actor: Actor, due: FactorDue, now: datetime) -> Actor:
    """`actor` as it is while its person lacks a second factor: as before until then, afterwards without key rights."""
    if now < due.at:
        return replace(actor, factor_due=due)
    return replace(
        actor,
        permissions=actor.permissions - KEY_RIGHTS,
        held_back=actor.permissions & KEY_RIGHTS,
        signs=frozenset(),
        factor_due=due,
    )


def through_token(actor: Actor, scopes: frozenset[Scope], credential: str) -> Actor:
    """`actor` as its token with these scopes makes it: what they do not give is withheld. It reads in any case.

    credential: the token's public id.
    """
    given = actor.permissions & given_by(scopes)
    return replace(
        actor,
        permissions=given,
        withheld=actor.permissions - given,
        signs=actor.signs if given & SIGNER_PERMISSIONS else frozenset(),
        scopes=scopes | {Scope.READ},
        credential=credential,
    )


def require(actor: Actor, permission: Permission) -> None:
    """Nothing, when the actor may. Raises: NotAllowed, or NotDelegated when it acts for a client."""
    if not actor.may(permission):
        raise refusal_of(actor, permission)


def require_scope(actor: Actor, scope: Scope) -> None:
    """Nothing, when the actor's token has this scope, or when there is no token. Raises: ScopeMissing."""
    if actor.scopes is not None and scope not in actor.scopes:
        raise ScopeMissing(scope=scope.value)


def refusal_of(actor: Actor, permission: Permission) -> NotAllowed:
    """The refusal that names what is missing, and who can give it: another token, the own owner, or the client; of
    a second factor, they themselves."""
    if permission in actor.held_back and actor.factor_due is not None:
        return SecondFactorNeeded(tenant=actor.factor_due.tenant, act=PERMISSION_NAMES[permission])
    if permission in actor.withheld:
        return _refusal_of_token(permission)
    missing = NotDelegated if actor.acts_for_client else NotAllowed
    return missing(act=PERMISSION_NAMES[permission])


def _refusal_of_token(permission: Permission) -> NotAllowed:
    scope = next((scope for scope in Scope if permission in SCOPE_GIVES[scope]), None)
    return OnlyInPerson(act=PERMISSION_NAMES[permission]) if scope is None else ScopeMissing(scope=scope.value)
