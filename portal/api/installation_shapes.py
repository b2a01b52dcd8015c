"""Installations as calls tell them."""

import uuid
from typing import Annotated

from pydantic import Field

from portal.access.actor import Actor
from portal.access.roles import Environment
from portal.api.shapes import Moment, Shown
from portal.foundation.database import version_of
from portal.projects import store
from portal.projects.models import Claim, Installation
from portal.usage import store as usage
from portal.usage.store import Seen


class InstallationShown(Shown):
    """A shop that uses a data space, or was seen there. `version` is its ETag.

    `is_wrong` says that it wants somebody: it collides with another shop, or it is a testing shop that reached a
    production data space (`alarmed_at`).
    """

    id: str
    name: str
    address: Annotated[str | None, Field(description="Null: the shop was discovered by its calls.")]
    side: Annotated[Environment, Field(description="With which keys it is known to call.")]
    claim: Annotated[Claim, Field(description="By what right it uses the data space: one is `primary`.")]
    project: str
    data_space: str
    attached_at: Moment
    detached_at: Moment | None
    chosen_at: Annotated[Moment | None, Field(description="When the shop was seen or said to have chosen its space.")]
    last_seen_at: Moment | None
    client_edition: str | None
    client_version: str | None
    key_in_use: Annotated[str | None, Field(description="The API key of its last call, where you may see that pair.")]
    alarmed_at: Annotated[Moment | None, Field(description="While the alarm is not dismissed.")]
    is_wrong: bool
    version: int


def changed(actor: Actor, installation_id: uuid.UUID) -> InstallationShown:
    """The installation with this inner id after an act: read again, with what was just changed in it."""
    return seen(actor, store.lock_installation(actor, installation_id))


def seen(actor: Actor, row: Installation) -> InstallationShown:
    """`row`, its data space and project loaded, with the key that it used last."""
    (one,) = usage.installations(actor, Installation.id == row.id) or [Seen(row, None, None)]
    return told(row, one)


def told(row: Installation, one: Seen) -> InstallationShown:
    """As `seen`, where it is known already which key it used last."""
    return InstallationShown(
        id=row.public_id,
        name=row.name,
        address=row.address,
        side=row.side,
        claim=row.claim,
        project=row.data_space.project.public_id,
        data_space=row.data_space.public_id,
        attached_at=row.attached_at,
        detached_at=row.detached_at,
        chosen_at=row.chosen_at,
        last_seen_at=row.last_seen_at,
        client_edition=row.client_edition,
        client_version=row.client_version,
        key_in_use=one.pair.api_key if one.pair is not None and one.is_current else None,
        alarmed_at=row.alarmed_at if row.alarms else None,
        is_wrong=row.needs_somebody,
        version=version_of(row),
    )
