"""Carrying a decision out, by the same operations as the pages: what ends an entitlement, a delegation, a key pair."""

from portal.access.actor import Actor, system_actor
from portal.delegations import operations as delegations
from portal.delegations.models import Delegation
from portal.entitlements import operations as entitlements
from portal.entitlements.models import Entitlement
from portal.foundation.errors import PortalError
from portal.keys import operations as keys
from portal.reviews import narrowing
from portal.reviews.models import Campaign, Decision, Line, Outcome
from portal.reviews.narrowing import NarrowTo
from portal.reviews.subjects import Thing


def actor_for(campaign: Campaign, line: Line) -> Actor:
    """The review itself, acting in the tenant that the line's thing belongs to; the record names it."""
    return system_actor(f"review “{campaign.name}”", line.owner_id)


def carry_out(campaign: Campaign, line: Line, thing: Thing, decision: Decision) -> tuple[Outcome, str | None]:
    """What became of the line's thing, and the code of the refusal where there was one."""
    actor = actor_for(campaign, line)
    try:
        if decision is Decision.END:
            _end(actor, thing)
            return Outcome.ENDED, None
        _narrow(actor, thing, line.narrow_to or {})
        return Outcome.NARROWED, None
    except PortalError as refusal:
        return Outcome.NOT_APPLIED, refusal.code


def _end(actor: Actor, thing: Thing) -> None:
    if isinstance(thing.row, Entitlement):
        entitlements.end(actor, thing.row)
    elif isinstance(thing.row, Delegation):
        delegations.end(actor, thing.row)
    else:
        keys.revoke(actor, thing.row)


def _narrow(actor: Actor, thing: Thing, narrow_to: NarrowTo) -> None:
    ends_at = narrowing.end_of(narrow_to)
    if isinstance(thing.row, Entitlement) and ends_at is not None:
        entitlements.narrow(actor, thing.row, ends_at)
    elif isinstance(thing.row, Delegation):
        delegations.narrow(
            actor,
            thing.row,
            environments=narrowing.environments_of(narrow_to, thing.row),
            rights=narrowing.rights_of(narrow_to, thing.row),
            project_ids=thing.row.project_ids,
            ends_at=ends_at or thing.row.ends_at,
            version=thing.row.version,
        )
