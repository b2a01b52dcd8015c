"""The call about what goes into the settings of the shop that is to use a data space. It belongs to the projects."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from portal.access.actor import Actor
from portal.access.roles import Environment, Permission
from portal.api.project_calls import calls
from portal.api.shapes import Moment, Shown
from portal.foundation import clock
from portal.keys import store as keys
from portal.keys.models import KeyPair
from portal.projects import store
from portal.projects.models import DataSpace
from portal.usage import store as usage


class HalfShown(Shown):
    """One side of the shop's settings: the API keys that can stand there."""

    environment: Environment
    api_keys: Annotated[list[str], Field(description="Empty also where you do not reach this side.")]


class ConnectionShown(Shown):
    """What the shop's settings need, and how far it has come. The private keys are not here: only you have them."""

    project: Annotated[str, Field(description="What the shop's settings call project id.")]
    data_space: Annotated[str, Field(description="What the shop's settings call environment id.")]
    keys: list[HalfShown]
    installation: Annotated[str | None, Field(description="The shop that uses the data space.")]
    first_called_at: Annotated[Moment | None, Field(description="When a shop first called with one of these keys.")]
    chosen_at: Annotated[Moment | None, Field(description="When a shop chose this data space.")]


@calls.reads("/<account>/data-spaces/<data_space_id>/connect", Permission.SEE)
def connect(actor: Actor, data_space_id: str) -> ConnectionShown:
    """Show what goes into the settings of the shop that is to use a data space."""
    data_space = store.get_data_space(actor, data_space_id)
    pairs = {side: _pairs(actor, data_space, side) for side in Environment}
    arrived = usage.arrivals(actor, [pair for side in pairs.values() for pair in side])
    shop = data_space.installation
    return ConnectionShown(
        project=data_space.project.public_id,
        data_space=data_space.public_id,
        keys=[HalfShown(environment=side, api_keys=[pair.api_key for pair in found]) for side, found in pairs.items()],
        installation=shop.public_id if shop else None,
        first_called_at=min((one.called_at for one in arrived.values()), default=None),
        chosen_at=shop.chosen_at if shop and shop.chosen_at else usage.chosen_at(actor, data_space),
    )


def _pairs(actor: Actor, data_space: DataSpace, side: Environment) -> Sequence[KeyPair]:
    if side not in actor.reach.environments:
        return []
    return keys.live_for_project(actor, clock.now(), side, data_space.project_id)
