"""Calls about which shop uses a data space: attach, change, confirm, detach. They belong to the room of projects."""

from typing import Annotated

from pydantic import Field

from portal.access.actor import Actor
from portal.access.roles import Environment, Permission
from portal.api.installation_shapes import InstallationShown, changed, seen, told
from portal.api.project_calls import calls
from portal.api.shapes import Body, Listed, Paged, Text, Version, listed
from portal.foundation.paging import Page
from portal.projects import installations, store
from portal.projects.errors import InstallationDetached
from portal.projects.models import Claim, Installation
from portal.usage import store as usage
from portal.usage.store import Seen


class InstallationsWanted(Paged):
    """Which installations."""

    project: Annotated[Text | None, Field(description="Those of the project with this id.")] = None
    claim: Annotated[Claim | None, Field(description="Those that use their data space by this right.")] = None


class Shop(Body):
    """What is known of a shop."""

    name: Annotated[Text, Field(description="How your team calls it.")]
    address: Annotated[Text, Field(description="Where it is found, such as https://shop.example.com.")]
    side: Annotated[Environment, Field(description="With which keys it calls now.")]


class ShopChanged(Body):
    """What is known of a shop that is there."""

    name: Text
    address: Annotated[Text | None, Field(description="Null for a shop that was discovered, until it has one.")]
    side: Environment


class Detaching(Body):
    """The installation's name, typed out: a script can be wrong, too."""

    typed_name: Text


@calls.reads("/<account>/installations", Permission.SEE)
def installations_index(actor: Actor, query: InstallationsWanted) -> Listed[InstallationShown]:
    """List the attached installations, those that were only seen too, in the order in which they came."""
    project_id = None if query.project is None else store.get(actor, query.project).id
    claims = tuple(Claim) if query.claim is None else (query.claim,)
    page: Page[Installation] = store.installations_page(actor, place=query.after, project_id=project_id, claims=claims)
    return _with_keys(actor, page)


def _with_keys(actor: Actor, page: Page[Installation]) -> Listed[InstallationShown]:
    ids = [row.id for row in page.rows]
    keys = {one.installation.id: one for one in usage.installations(actor, Installation.id.in_(ids))}
    return Listed[InstallationShown](**listed(page, lambda row: told(row, keys.get(row.id) or Seen(row, None, None))))


@calls.reads("/<account>/installations/<installation_id>", Permission.SEE)
def show_installation(actor: Actor, installation_id: str) -> InstallationShown:
    """Show an installation, attached or detached."""
    return seen(actor, store.get_installation(actor, installation_id))


@calls.writes("/<account>/data-spaces/<data_space_id>/attach", Permission.INSTALLATION_CHANGE, makes=True)
def attach(actor: Actor, data_space_id: str, body: Shop) -> InstallationShown:
    """Attach a shop to a data space: from now on it uses it, and no other shop can."""
    data_space = store.get_data_space(actor, data_space_id)
    installation = installations.attach(actor, data_space, body.name, body.address, body.side)
    return changed(actor, installation.id)


@calls.writes("/<account>/installations/<installation_id>/change", Permission.INSTALLATION_CHANGE)
def change_installation(actor: Actor, installation_id: str, version: Version, body: ShopChanged) -> InstallationShown:
    """Correct an installation's name, address or side."""
    installation = store.get_installation(actor, installation_id)
    if installation.detached_at is not None:
        raise InstallationDetached(installation=installation.name)
    installations.require_side(actor, installation.side)
    installations.change_installation(actor, installation, body.name, body.address or "", body.side, version)
    return changed(actor, installation.id)


@calls.writes("/<account>/installations/<installation_id>/confirm", Permission.INSTALLATION_CHANGE)
def confirm(actor: Actor, installation_id: str) -> InstallationShown:
    """Say that the shop has chosen its data space, for shops that choose it without a call."""
    installation = store.get_installation(actor, installation_id)
    installations.confirm(actor, installation)
    return changed(actor, installation.id)


@calls.writes("/<account>/installations/<installation_id>/detach", Permission.INSTALLATION_CHANGE)
def detach(actor: Actor, installation_id: str, version: Version, body: Detaching) -> InstallationShown:
    """Detach an installation from its data space, which stays with all its data and its id."""
    installation = store.get_installation(actor, installation_id)
    installations.require_side(actor, installation.side)
    installations.detach(actor, installation, body.typed_name, version)
    return changed(actor, installation.id)
