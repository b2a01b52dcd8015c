"""Calls that decide about a shop that was seen beside another one, or where it should not be."""

from collections.abc import Callable
from typing import Annotated

from pydantic import Field

from portal.access.actor import Actor
from portal.access.roles import Environment, Permission
from portal.api.calls import Calls
from portal.api.installation_shapes import InstallationShown, changed
from portal.api.shapes import Body, Listed, Shown, Text, Version, all_of
from portal.projects import store as projects
from portal.projects.installations import require_side
from portal.projects.models import DataSpace, DataSpaceType, Installation
from portal.usage import operations, store

calls = Calls("usage", "Shops that were seen")

Decide = Callable[[Actor, Installation, int], None]


class FreeSpaceShown(Shown):
    """A data space that no shop uses."""

    id: str
    name: str
    type: DataSpaceType
    environment: Environment
    project: str


class Moving(Body):
    """Where the shop belongs."""

    data_space: Annotated[Text, Field(description="The data space's id; one that no shop uses.")]


@calls.reads("/<account>/free-data-spaces", Permission.SEE)
def free_spaces(actor: Actor) -> Listed[FreeSpaceShown]:
    """List the data spaces that no shop uses: where one can be attached, or moved to; at most 200."""
    return Listed[FreeSpaceShown](**all_of(store.free_spaces(actor), _space_shown))


def _space_shown(row: DataSpace) -> FreeSpaceShown:
    return FreeSpaceShown(
        id=row.public_id, name=row.name, type=row.type, environment=row.environment, project=row.project.public_id
    )


@calls.writes("/<account>/installations/<installation_id>/declare", Permission.INSTALLATION_CHANGE)
def declare(actor: Actor, installation_id: str, version: Version) -> InstallationShown:
    """Say that a shop is meant to use the data space beside the other one, for a while."""
    return _decided(actor, installation_id, version, operations.declare)


@calls.writes("/<account>/installations/<installation_id>/dismiss", Permission.INSTALLATION_CHANGE)
def dismiss(actor: Actor, installation_id: str, version: Version) -> InstallationShown:
    """Say that a claim, or an alarm about a shop, has been looked at and needs nothing more."""
    return _decided(actor, installation_id, version, operations.dismiss)


@calls.writes("/<account>/installations/<installation_id>/merge", Permission.INSTALLATION_CHANGE)
def merge(actor: Actor, installation_id: str, version: Version) -> InstallationShown:
    """Say that a shop is the data space's own one, only seen in another way."""
    return _decided(actor, installation_id, version, operations.merge)


@calls.writes("/<account>/installations/<installation_id>/move", Permission.INSTALLATION_CHANGE)
def move(actor: Actor, installation_id: str, version: Version, body: Moving) -> InstallationShown:
    """Say that a shop belongs on another data space, which no shop uses.

    Its own settings are for its people to change.
    """
    installation = _of(actor, installation_id)
    target = projects.get_data_space(actor, body.data_space)
    operations.move(actor, installation, target, version)
    return changed(actor, installation.id)


def _decided(actor: Actor, installation_id: str, version: int, decide: Decide) -> InstallationShown:
    installation = _of(actor, installation_id)
    decide(actor, installation, version)
    return changed(actor, installation.id)


def _of(actor: Actor, installation_id: str) -> Installation:
    installation = projects.get_installation(actor, installation_id)
    require_side(actor, installation.side)
    return installation
