"""Who a script is, and where it may work. What else is a person's own is for people: see the reasons at the twins."""

from datetime import datetime

from portal.access.actor import Actor
from portal.access.roles import Environment, Permission, Right, Role, Scope, given_by, through_delegation
from portal.api.calls import Calls
from portal.api.shapes import Moment, Paged, Shown
from portal.delegations import store as delegations
from portal.delegations.models import Delegation, DelegationState
from portal.foundation import clock
from portal.tenants.models import Standing
from portal.tokens import store as tokens
from portal.tokens.models import PersonalToken

calls = Calls("accounts", "The token and its person")


class TokenPerson(Shown):
    """Whose token it is."""

    name: str
    email: str


class TokenInUse(Shown):
    """The token that the call was made with; it is good until `ends_at`."""

    id: str
    name: str
    scopes: list[Scope]
    ends_at: Moment


class WorkPlace(Shown):
    """An account that the token may work in: `id` is what stands in the addresses of the calls about it.

    The members from `delegation` on are null in the own account, `projects` also where a delegation reaches all of
    them. `permissions` are what the scopes leave of the person's. `is_open` is false while the delegation is paused or
    an account suspended: calls are refused there until that is over.
    """

    id: str
    name: str
    is_own: bool
    is_open: bool
    role: Role
    permissions: list[Permission]
    environments: list[Environment]
    delegation: str | None
    rights: list[Right] | None
    projects: list[str] | None
    ends_at: Moment | None


class Me(Shown):
    """Who calls. `accounts` begins with the own account, then come at most 100 clients'; `next` as in every list."""

    person: TokenPerson
    token: TokenInUse
    accounts: list[WorkPlace]
    next: str | None


@calls.reads("/me", Permission.SEE)
def me(actor: Actor, query: Paged) -> Me:
    """Show whose token this is, what it may be used for and until when, and the accounts that it may work in."""
    token, now = tokens.get(actor, actor.credential, everybodys=False), clock.now()
    clients = delegations.worked_under(actor, now, query.after)
    own = [] if query.after else [_own_place(actor, token)]
    return Me(
        person=TokenPerson(name=token.membership.person.name, email=token.membership.person.email),
        token=TokenInUse(id=token.public_id, name=token.name, scopes=_ordered(token), ends_at=token.expires_at),
        accounts=[*own, *(_clients_place(row, token, now) for row in clients.rows)],
        next=clients.next_place,
    )


def _ordered(token: PersonalToken) -> list[Scope]:
    return [scope for scope in Scope if scope in token.scopes]


def _own_place(actor: Actor, token: PersonalToken) -> WorkPlace:
    tenant = token.membership.tenant
    return WorkPlace(
        id=tenant.account_id,
        name=tenant.name,
        is_own=True,
        is_open=True,
        role=token.membership.role,
        permissions=_in_order(actor.permissions),
        environments=list(Environment),
        delegation=None,
        rights=None,
        projects=None,
        ends_at=None,
    )


def _clients_place(row: Delegation, token: PersonalToken, at: datetime) -> WorkPlace:
    may = through_delegation(token.membership.role, row.rights) & given_by(token.scopes)
    return WorkPlace(
        id=row.owner.account_id,
        name=row.owner.name,
        is_own=False,
        is_open=row.state is DelegationState.ACTIVE and row.owner.standing is not Standing.SUSPENDED,
        role=token.membership.role,
        permissions=_in_order(may),
        environments=[side for side in Environment if side in row.environments],
        delegation=row.public_id,
        rights=[right for right in Right if right in row.rights],
        projects=None if row.all_projects else [one.project.public_id for one in row.projects],
        ends_at=row.ends_at,
    )


def _in_order(permissions: frozenset[Permission]) -> list[Permission]:
    return [permission for permission in Permission if permission in permissions]
