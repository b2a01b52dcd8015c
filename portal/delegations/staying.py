"""Whether somebody may still act as they began to: asked again at the end of each act, before it is written."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Row, Select

from portal.access.actor import Actor
from portal.access.errors import RightsChanged
from portal.access.rows import Reader, across_tenants
from portal.accounts.models import Membership, Person
from portal.delegations.models import Delegation, DelegationState
from portal.foundation.database import db
from portal.tenants.models import Standing, Tenant

MEMBER = "member"


def require_still_there(actor: Actor, subjects: Collection[tuple[str, str]]) -> None:
    """Nothing, while the member that `actor` was made of is there in the same role, enabled and not suspended, and the
    delegation under which it acts is active.

    subjects: type and public id of what the act is about. Whoever leaves, or takes a lower role, does so by an act of
    their own, which is no reason to refuse it. Raises: RightsChanged.
    """
    if (MEMBER, str(actor.membership_id)) not in subjects:
        _require_member(actor)
    if actor.delegation_id is not None:
        _require_delegation(actor)


def _require_member(actor: Actor) -> None:
    rows = (
        across_tenants(Membership.ended_at, Membership.role, Person.disabled_at, Tenant.standing, reason=Reader.SIGN_IN)
        .join(Membership.person)
        .join(Membership.tenant)
        .where(Membership.tenant_id == actor.home_id, Membership.id == actor.membership_id)
    )
    found = _as_stored(rows)
    if found is None or found.ended_at is not None or found.disabled_at is not None:
        raise RightsChanged()
    if found.standing is Standing.SUSPENDED or found.role is not actor.role:
        raise RightsChanged()


def _require_delegation(actor: Actor) -> None:
    rows = across_tenants(Delegation.state, Tenant.standing, reason=Reader.SIGN_IN).join(Delegation.owner)
    found = _as_stored(rows.where(Delegation.tenant_id == actor.tenant_id, Delegation.id == actor.delegation_id))
    if found is None or found.state is not DelegationState.ACTIVE or found.standing is Standing.SUSPENDED:
        raise RightsChanged()


def _as_stored(rows: Select[Any]) -> Row[Any] | None:
    return db.session.execute(rows).one_or_none()
