"""Data spaces beyond their project's allotment: marked when the edition changes, never removed, decided one by one.

What an edition means for a project's data spaces is a plan, which the preview shows and the amendment carries out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.access.actor import Actor, require
from portal.access.roles import Permission
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.contracts.models import Edition
from portal.foundation.database import lock
from portal.foundation.errors import Changed
from portal.foundation.marking import N_
from portal.projects.errors import SpaceLetGo, SpaceNotSurplus
from portal.projects.models import DataSpace, DataSpaceType, Project, Surplus

SURPLUS_NAMES: dict[Surplus, str] = {
    Surplus.OPEN: N_("Beyond the allotment, to be decided"),
    Surplus.KEPT: N_("Kept as an exception"),
    Surplus.LET_GO: N_("Let go"),
}
EVENTS = {Surplus.KEPT: Event.DATA_SPACE_KEPT, Surplus.LET_GO: Event.DATA_SPACE_LET_GO}


@dataclass(frozen=True)
class Plan:
    """What an allotment means for one project: which data spaces lie beyond it now, which lie within it again, and how
    many are missing. `beyond` are those that are to be marked; marked ones stay so."""

    project: Project
    beyond: Sequence[DataSpace]
    within: Sequence[DataSpace]
    missing: Mapping[DataSpaceType, int]

    @property
    def is_empty(self) -> bool:
        return not (self.beyond or self.within or any(self.missing.values()))


def allotted(edition: Edition, kind: DataSpaceType) -> int:
    """How many data spaces of this type the edition gives each project."""
    return edition.production_spaces if kind is DataSpaceType.PRODUCTION else edition.testing_spaces


def plan(project: Project, allowed: Mapping[DataSpaceType, int]) -> Plan:
    """What `allowed` data spaces of each type mean for `project` (data spaces and installations loaded).

    Kept and let go ones are decided: they come back into the allotment only where there is room for all others. Which
    ones lie beyond: those that no shop uses first, then the youngest.
    """
    beyond: list[DataSpace] = []
    within: list[DataSpace] = []
    missing: dict[DataSpaceType, int] = {}
    for kind in DataSpaceType:
        spaces = [space for space in project.data_spaces if space.type is kind]
        ordinary = _in_order(space for space in spaces if space.surplus in (None, Surplus.OPEN))
        decided = sorted((space for space in spaces if space not in ordinary), key=_decided_order)
        room = max(0, allowed[kind] - len(ordinary))
        within += [space for space in ordinary[: allowed[kind]] if space.surplus] + decided[:room]
        beyond += [space for space in ordinary[allowed[kind] :] if space.surplus is None]
        missing[kind] = max(0, room - len(decided))
    return Plan(project, beyond, within, missing)


def _in_order(spaces: Iterable[DataSpace]) -> list[DataSpace]:
    return sorted(spaces, key=lambda space: (space.installation is None, space.position))


def _decided_order(space: DataSpace) -> tuple[bool, int]:
    return space.surplus is Surplus.LET_GO, space.position


def mark(found: Plan, at: datetime) -> None:
    """Mark the data spaces that lie beyond the allotment, and no longer those that lie within it."""
    for space in found.beyond:
        space.surplus, space.surplus_since = Surplus.OPEN, at
    for space in found.within:
        space.surplus = space.surplus_since = None


def take_back(project: Project, kind: DataSpaceType, count: int) -> int:
    """How many data spaces of this type, `count` at most, lay beyond the allotment undecided and lie within it again.

    `project` is locked, its data spaces and installations loaded. No event of its own.
    """
    spaces = (space for space in project.data_spaces if space.type is kind and space.surplus is Surplus.OPEN)
    taken = _in_order(spaces)[:count]
    for space in taken:
        space.surplus = space.surplus_since = None
    return len(taken)


def decide(actor: Actor, data_space: DataSpace, wanted: Surplus, version: int) -> None:
    """Keep a surplus data space as an exception, or let it go; a decision can be changed to the other one.

    Deciding the same twice changes nothing and is no event. Raises: NotAllowed, SpaceNotSurplus, Changed.
    """
    require(actor, Permission.CONTRACT_CHANGE)
    lock(data_space)
    if data_space.surplus is wanted:
        return
    if data_space.surplus is None:
        raise SpaceNotSurplus(space=data_space.name)
    if data_space.version != version:
        raise Changed(versions=[(N_("Decision"), SURPLUS_NAMES[wanted], SURPLUS_NAMES[data_space.surplus])])
    data_space.surplus = wanted
    audit.record(actor, EVENTS[wanted], data_space, tenant_id=data_space.tenant_id)


def refuse_let_go(data_space: DataSpace) -> None:
    """Nothing, unless the data space was let go: then no further shop starts to use it. Raises: SpaceLetGo."""
    if data_space.surplus is Surplus.LET_GO:
        raise SpaceLetGo(space=data_space.name)
