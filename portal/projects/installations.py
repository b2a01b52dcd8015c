"""Installations: which shop uses a data space, and with the keys of which side. One a data space (rule 17)."""

import unicodedata

from sqlalchemy.exc import IntegrityError

from portal.access.actor import Actor, require
from portal.access.roles import ENVIRONMENT_NAMES, Environment, Permission
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.foundation import clock
from portal.foundation.database import lock
from portal.foundation.errors import Changed
from portal.foundation.marking import N_
from portal.foundation.words import clean_name
from portal.projects import store, surplus
from portal.projects.addresses import clean_address
from portal.projects.errors import InstallationDetached, SideOutsideReach, SpaceOccupied, TypedNameDiffers
from portal.projects.models import DataSpace, Installation

Content = tuple[str, str | None, Environment]


def attach(actor: Actor, data_space: DataSpace, name: str, address: str, side: Environment) -> Installation:
    """The installation at `address`, from now on the one that uses `data_space`, with the keys of `side`.

    Attaching what is attached already gives it back as it is.
    Raises: NotAllowed, SideOutsideReach, SpaceOccupied, SpaceLetGo, and the refusals of a name and of an address.
    """
    require(actor, Permission.INSTALLATION_CHANGE)
    require_side(actor, side)
    content = (clean_name(name), clean_address(address), side)
    lock(data_space)
    present = store.attached_to(actor, data_space)
    if present is not None:
        return _same(present, content)
    surplus.refuse_let_go(data_space)

    installation = _add(data_space, content)
    audit.record(actor, Event.INSTALLATION_ATTACHED, installation, also_seen_by=actor.home_id, space=data_space.name)
    return installation


def _same(present: Installation, content: Content) -> Installation:
    if _content(present) != content:
        raise SpaceOccupied(installation=present.name)
    return present


def _content(installation: Installation) -> Content:
    return installation.name, installation.address, installation.side


def _add(data_space: DataSpace, content: Content) -> Installation:
    name, address, side = content
    installation = Installation(
        tenant_id=data_space.tenant_id,
        project_id=data_space.project_id,
        data_space_id=data_space.id,
        name=name,
        address=address,
        side=side,
    )
    try:
        return store.add(installation)
    except IntegrityError as error:
        raise SpaceOccupied(installation=name) from error


def change_installation(
    actor: Actor, installation: Installation, name: str, address: str, side: Environment, version: int
) -> None:
    """Correct an installation's name, address or side. Setting what is set changes nothing and is no event.

    One that was discovered may stay without an address.
    Raises: NotAllowed, SideOutsideReach, InstallationDetached, Changed, and the refusals of a name and of an address.
    """
    require(actor, Permission.INSTALLATION_CHANGE)
    lock(installation)
    content = (clean_name(name), _address(installation, address), side)
    require_side(actor, installation.side)
    require_side(actor, side)
    if installation.detached_at is not None:
        raise InstallationDetached(installation=installation.name)
    if _content(installation) == content:
        return
    if installation.version != version:
        raise Changed(versions=_versions(content, installation))
    if installation.alarms and side is not installation.side:
        installation.alarm_closed_at = clock.now()
    installation.name, installation.address, installation.side = content
    audit.record(actor, Event.INSTALLATION_CHANGED, installation, also_seen_by=actor.home_id)


def _address(installation: Installation, text: str) -> str | None:
    if installation.address is None and not text.strip():
        return None
    return clean_address(text)


def _versions(content: Content, installation: Installation) -> list[tuple[str, str, str]]:
    name, address, side = content
    return [
        (N_("Name"), name, installation.name),
        (N_("Address"), address or "", installation.address or ""),
        (N_("Side in use"), ENVIRONMENT_NAMES[side], ENVIRONMENT_NAMES[installation.side]),
    ]


def confirm(actor: Actor, installation: Installation) -> None:
    """Say that the shop has chosen its data space, for shops that choose it without a call (connector-protocol.md, 2).

    Confirming twice changes nothing and is no event. Raises: NotFound, NotAllowed, SideOutsideReach,
    InstallationDetached.
    """
    require(actor, Permission.INSTALLATION_CHANGE)
    installation = store.lock_installation(actor, installation.id)
    require_side(actor, installation.side)
    if installation.detached_at is not None:
        raise InstallationDetached(installation=installation.name)
    if installation.chosen_at is None:
        installation.chosen_at = clock.now()
        space = installation.data_space.name
        audit.record(actor, Event.INSTALLATION_CONFIRMED, installation, also_seen_by=actor.home_id, space=space)


def detach(actor: Actor, installation: Installation, typed_name: str, version: int) -> None:
    """Take the installation off its data space, which stays with all its data and its id (rule 18).

    Detaching twice changes nothing and is no event.
    Raises: NotFound, NotAllowed, SideOutsideReach, TypedNameDiffers, Changed.
    """
    require(actor, Permission.INSTALLATION_CHANGE)
    installation = store.lock_installation(actor, installation.id)
    require_side(actor, installation.side)
    if installation.detached_at is not None:
        return
    if unicodedata.normalize("NFC", typed_name).strip() != installation.name:
        raise TypedNameDiffers(name=installation.name)
    if installation.version != version:
        raise Changed(versions=[(N_("Name"), typed_name, installation.name)])
    installation.detached_at = clock.now()
    space = installation.data_space.name
    audit.record(actor, Event.INSTALLATION_DETACHED, installation, also_seen_by=actor.home_id, space=space)


def require_side(actor: Actor, side: Environment) -> None:
    """Nothing, when the actor's reach has `side`: an integrator for one side does not touch the other's shop."""
    if side not in actor.reach.environments:
        raise SideOutsideReach(side=ENVIRONMENT_NAMES[side])
