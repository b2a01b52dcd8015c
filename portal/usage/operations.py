"""What people decide about installations that were discovered: declare, dismiss, move, merge (rule 17)."""

import uuid
from collections.abc import Collection

from sqlalchemy.exc import IntegrityError

from portal.access.actor import Actor, require
from portal.access.roles import Permission
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.foundation import clock
from portal.foundation.database import lock
from portal.foundation.errors import Changed
from portal.foundation.marking import N_
from portal.projects import store as projects
from portal.projects import surplus
from portal.projects.errors import InstallationDetached, SpaceOccupied
from portal.projects.installations import require_side
from portal.projects.models import Claim, DataSpace, Installation
from portal.usage import recording_store
from portal.usage.errors import NoPrimary, NotAClaim, NothingToDismiss, SameSpace

CLAIM_NAMES: dict[Claim, str] = {
    Claim.PRIMARY: N_("The shop of this data space"),
    Claim.WAITING: N_("Came while the other shop was quiet"),
    Claim.COLLIDING: N_("Collides with the other shop"),
    Claim.DECLARED: N_("Declared: beside the other shop"),
    Claim.DISMISSED: N_("Dismissed"),
    Claim.MERGED: N_("Merged into the other shop"),
}


def declare(actor: Actor, installation: Installation, version: int) -> None:
    """Say that this claim is meant so: two shops share the data space for a while (blue/green).

    Declaring twice changes nothing and is no event. Raises: NotFound, NotAllowed, SideOutsideReach, NotAClaim,
    InstallationDetached, Changed.
    """
    claim = _held(actor, installation)
    if claim.claim is Claim.DECLARED and claim.detached_at is None:
        return
    _require_claim(claim)
    _require_version(claim, version, Claim.DECLARED)
    claim.claim = Claim.DECLARED
    _record(actor, Event.INSTALLATION_DECLARED, claim, claim.data_space)


def dismiss(actor: Actor, installation: Installation, version: int) -> None:
    """Say that this claim, or the alarm about this shop, has been looked at and needs nothing more.

    Dismissing twice changes nothing and is no event. Raises: NotFound, NotAllowed, SideOutsideReach,
    InstallationDetached, NothingToDismiss, Changed.
    """
    shop = _held(actor, installation)
    is_claim = shop.claim is not Claim.PRIMARY
    if not shop.alarms and (shop.claim is Claim.DISMISSED or shop.alarm_closed_at is not None) and _is_attached(shop):
        return
    _require_attached(shop)
    if not is_claim and not shop.alarms:
        raise NothingToDismiss(installation=shop.name)
    _require_version(shop, version, Claim.DISMISSED)
    if shop.alarms:
        shop.alarm_closed_at = clock.now()
    if is_claim:
        shop.claim = Claim.DISMISSED
    _record(actor, Event.INSTALLATION_DISMISSED, shop, shop.data_space)


def move(actor: Actor, installation: Installation, data_space: DataSpace, version: int) -> None:
    """Say that this claim belongs on `data_space`, whose primary installation it becomes.

    The shop's own settings are for its people to change: for a week it may go on calling the old data space without
    being a claim there again. Moving it twice changes nothing and is no event.
    Raises: NotFound, NotAllowed, SideOutsideReach, NotAClaim, SameSpace, SpaceOccupied, InstallationDetached, Changed.
    """
    require(actor, Permission.INSTALLATION_CHANGE)
    # Data spaces are locked before installations, here and when traces are looked at.
    lock(data_space)
    claim = _held(actor, installation)
    if claim.data_space_id == data_space.id:
        if claim.claim is Claim.PRIMARY and claim.detached_at is None:
            return
        raise SameSpace(installation=claim.name)
    _require_claim(claim)
    _require_version(claim, version, Claim.PRIMARY)
    present = projects.attached_to(actor, data_space)
    if present is not None:
        raise SpaceOccupied(installation=present.name)
    surplus.refuse_let_go(data_space)
    before = claim.data_space
    claim.project_id, claim.data_space_id, claim.chosen_at = data_space.project_id, data_space.id, None
    claim.claim, claim.attached_at = Claim.PRIMARY, clock.now()
    claim.alarmed_at = claim.alarm_closed_at = None
    try:
        projects.flush()
    except IntegrityError as error:
        raise SpaceOccupied(installation=claim.name) from error
    _record(actor, Event.INSTALLATION_MOVED, claim, before, space=data_space.name, before=before.name)


def merge(actor: Actor, installation: Installation, version: int) -> None:
    """Say that this claim is the data space's primary installation, only seen in another way; its traces follow.

    Merging twice changes nothing and is no event. Raises: NotFound, NotAllowed, SideOutsideReach, NotAClaim,
    NoPrimary, InstallationDetached, Changed.
    """
    require(actor, Permission.INSTALLATION_CHANGE)
    recording_store.lock_space(actor, installation.data_space_id)
    claim = _held(actor, installation)
    if claim.claim is Claim.MERGED:
        return
    _require_claim(claim)
    primary = projects.attached_to(actor, claim.data_space)
    if primary is None:
        raise NoPrimary(installation=claim.name)
    require_side(actor, primary.side)
    _require_version(claim, version, Claim.MERGED)
    _hand_over(claim, primary)
    claim.claim, claim.detached_at = Claim.MERGED, clock.now()
    _record(actor, Event.INSTALLATION_MERGED, claim, claim.data_space, primary=primary.name)


def _hand_over(claim: Installation, primary: Installation) -> None:
    recording_store.repoint(claim, primary)
    seen = {
        "first_seen_at": min(filter(None, (claim.first_seen_at, primary.first_seen_at)), default=None),
        "last_seen_at": max(filter(None, (claim.last_seen_at, primary.last_seen_at)), default=None),
        "cloud_id": primary.cloud_id or claim.cloud_id,
    }
    if claim.last_seen_at == seen["last_seen_at"]:
        seen |= {"client_edition": claim.client_edition, "client_version": claim.client_version}
    recording_store.note_seen(primary, **seen)


def _held(actor: Actor, installation: Installation) -> Installation:
    """The installation as it is now, kept from changing; with its data space and project."""
    require(actor, Permission.INSTALLATION_CHANGE)
    held = projects.lock_installation(actor, installation.id)
    require_side(actor, held.side)
    return held


def _is_attached(installation: Installation) -> bool:
    return installation.detached_at is None


def _require_attached(installation: Installation) -> None:
    if not _is_attached(installation):
        raise InstallationDetached(installation=installation.name)


def _require_claim(installation: Installation) -> None:
    _require_attached(installation)
    if installation.claim is Claim.PRIMARY:
        raise NotAClaim(installation=installation.name)


def _require_version(installation: Installation, version: int, wanted: Claim) -> None:
    if installation.version != version:
        raise Changed(versions=[(N_("What it is"), CLAIM_NAMES[wanted], CLAIM_NAMES[installation.claim])])


def _record(actor: Actor, event: Event, installation: Installation, place: DataSpace, **facts: str) -> None:
    """One event; both sides of each delegation that reaches the data space where the claim was see it."""
    others: Collection[uuid.UUID | None] = {actor.home_id, *recording_store.integrators_at(place, clock.now())}
    parties = [one for one in others if one is not None]
    audit.record(actor, event, installation, also_seen_by=parties, **({"space": place.name} | facts))  # type: ignore[arg-type]
