"""More data spaces in a project that is there, named on like the present ones."""

from collections.abc import Collection

from sqlalchemy.exc import IntegrityError

from portal.foundation.words import same_name
from portal.projects import store
from portal.projects.errors import DataSpaceNameTaken
from portal.projects.models import DataSpace, DataSpaceType, Project


def default_name(kind: DataSpaceType, number: int) -> str:
    """How the portal calls the data space of this type with this number."""
    # Not translated: shops show these names, and the stock connector knows them so.
    if kind is DataSpaceType.TESTING:
        return f"Testing {number}"
    return "Production" if number == 1 else f"Production {number}"


def add(project: Project, kind: DataSpaceType, count: int) -> list[DataSpace]:
    """`count` new data spaces of this type in `project` (locked, its data spaces loaded). No event of its own.

    Raises: DataSpaceNameTaken when somebody takes the name at this very moment.
    """
    added: list[DataSpace] = []
    for _number in range(count):
        present = [*project.data_spaces, *added]
        added.append(_next(kind, present))
    try:
        store.add_spaces(project, added)
    except IntegrityError as error:
        raise DataSpaceNameTaken(name=added[-1].name) from error
    return added


def _next(kind: DataSpaceType, present: Collection[DataSpace]) -> DataSpace:
    name = _free_name(kind, present)
    return DataSpace(
        type=kind,
        environment=kind.environment,
        # Where a licensee's sandbox has no testing space to go to, it uses what is there (design 4).
        serves_both_sides=kind is DataSpaceType.PRODUCTION and any(space.serves_both_sides for space in present),
        name=name,
        name_key=same_name(name),
        position=max((space.position for space in present), default=-1) + 1,
    )


def _free_name(kind: DataSpaceType, present: Collection[DataSpace]) -> str:
    """The next number after those of this type; one further where somebody gave another data space that name."""
    taken = {space.name_key for space in present}
    number = len([space for space in present if space.type is kind]) + 1
    while same_name(default_name(kind, number)) in taken:
        number += 1
    return default_name(kind, number)
