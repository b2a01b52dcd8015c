"""Carrying a decision out, by the same operations as the pages: what ends an entitlement, a delegation, a key pair."""

from datetime import timedelta

from portal.access.actor import Actor, system_actor
from portal.delegations import operations as delegations
from portal.delegations import store as delegation_store
from portal.delegations.models import Delegation
from portal.delegations.terms import SHORTEST
from portal.entitlements import operations as entitlements
from portal.entitlements import store as entitlement_store
from portal.entitlements.models import Entitlement
from portal.foundation import clock
from portal.foundation.errors import PortalError
from portal.keys import operations as keys
from portal.reviews import narrowing
from portal.reviews.models import Campaign, Decision, Line, Outcome
from portal.reviews.narrowing import NarrowTo
from portal.reviews.subjects import Thing

# A delegation may end a day from now at the soonest, and it is a moment until that is looked at.
SOONEST = SHORTEST + timedelta(minutes=1)


def actor_for(campaign: Campaign, line: Line) -> Actor:
    """The review itself, acting in the tenant that the line's thing belongs to; the record names it."""
    return system_actor(f"review “{campaign.name}”", line.owner_id)


def carry_out(campaign: Campaign, line: Line, thing: Thing, decision: Decision) -> tuple[Outcome, str | None]:
    """What became of the line's thing, and the code of the refusal where there was one.

    A narrowing that leaves nothing by now, as its last day is over, is an end.
    """
    actor = actor_for(campaign, line)
    try:
        if decision is Decision.NARROW and _narrow(actor, thing, line.narrow_to or {}):
            return Outcome.NARROWED, None
        _end(actor, thing)
        return Outcome.ENDED, None
    except PortalError as refusal:
        return Outcome.NOT_APPLIED, refusal.code


def _end(actor: Actor, thing: Thing) -> None:
    if isinstance(thing.row, Entitlement):
        entitlements.end(actor, thing.row)
    elif isinstance(thing.row, Delegation):
        delegations.end(actor, thing.row)
    else:
        keys.revoke(actor, thing.row)


def _narrow(actor: Actor, thing: Thing, narrow_to: NarrowTo) -> bool:
    """Whether something is left of it. What was taken away since the decision, or is over by now, stays away."""
    if isinstance(thing.row, Entitlement):
        return _narrow_entitlement(actor, thing.row, narrow_to)
    return isinstance(thing.row, Delegation) and _narrow_delegation(actor, thing.row, narrow_to)


def _narrow_entitlement(actor: Actor, row: Entitlement, narrow_to: NarrowTo) -> bool:
    entitlement_store.hold(row)
    ends_at = narrowing.end_of(narrow_to, min(row.ends_at, row.contract.ends_at))
    if ends_at <= max(clock.now(), row.starts_at):
        return False
    entitlements.narrow(actor, row, ends_at)
    return True


def _narrow_delegation(actor: Actor, row: Delegation, narrow_to: NarrowTo) -> bool:
    delegation_store.hold(row)
    now, ends_at = clock.now(), narrowing.end_of(narrow_to, row.ends_at)
    environments = narrowing.environments_of(narrow_to, row)
    if ends_at <= now or not environments:
        return False
    delegations.narrow(
        actor,
        row,
        environments=environments,
        rights=narrowing.rights_of(narrow_to, row),
        project_ids=row.project_ids,
        # Within its last day no earlier end can be set than a day from now: better that than none.
        ends_at=min(max(ends_at, now + SOONEST), row.ends_at),
        version=row.version,
    )
    return True
