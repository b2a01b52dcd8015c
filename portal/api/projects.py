"""Calls about projects and data spaces."""

from typing import Annotated

from pydantic import Field

from portal.access.actor import Actor
from portal.access.roles import Environment, Permission
from portal.api import connecting, installations, requests_for_more  # noqa: F401 - their calls join the room
from portal.api.project_calls import calls
from portal.api.shapes import Body, Listed, Moment, Paged, Shown, Text, Version, listed
from portal.contracts import store as contracts
from portal.foundation.database import version_of
from portal.foundation.paging import Page
from portal.projects import operations, store
from portal.projects.models import DataSpace, DataSpaceType, Project, Surplus

__all__ = ["calls"]


class DataSpaceShown(Shown):
    """A data space. Its `id` is what the connector calls the environment id."""

    id: str
    name: str
    type: DataSpaceType
    environment: Environment
    surplus: Surplus | None
    version: int


class ProjectShown(Shown):
    """A project. Its `id` is what the connector calls the project id; `version` is its ETag."""

    id: str
    name: str
    contract: str
    edition: str
    created_at: Moment
    data_spaces: list[DataSpaceShown]
    version: int


class Wanted(Paged):
    """Which projects."""

    q: Annotated[Text, Field(description="The beginning of a project's name, or a whole id.", max_length=255)] = ""


class NewProject(Body):
    """A project to be created: its data spaces follow from the contract's edition."""

    name: Text
    contract: Annotated[Text, Field(description="The contract's id, `ctr_…`.")]


class Renaming(Body):
    """Another name."""

    name: Text


@calls.reads("/<account>/projects", Permission.SEE)
def index(actor: Actor, query: Wanted) -> Listed[ProjectShown]:
    """List projects, by name."""
    page: Page[Project] = store.page(actor, place=query.after, wanted=query.q)
    return Listed[ProjectShown](**listed(page, project_shown))


@calls.reads("/<account>/projects/<project_id>", Permission.SEE)
def show(actor: Actor, project_id: str) -> ProjectShown:
    """Show a project with its data spaces."""
    return project_shown(store.get(actor, project_id))


@calls.writes("/<account>/projects", Permission.PROJECT_CHANGE, makes=True)
def new(actor: Actor, body: NewProject) -> ProjectShown:
    """Create a project, with the data spaces that its contract's edition includes."""
    project = operations.create(actor, body.name, contracts.get(actor, body.contract))
    return project_shown(store.get(actor, project.public_id))


@calls.writes("/<account>/projects/<project_id>/rename", Permission.PROJECT_CHANGE)
def rename(actor: Actor, project_id: str, version: Version, body: Renaming) -> ProjectShown:
    """Give a project another name."""
    project = store.get(actor, project_id)
    operations.rename_project(actor, project, body.name, version)
    return project_shown(project)


@calls.writes("/<account>/data-spaces/<data_space_id>/rename", Permission.PROJECT_CHANGE)
def rename_space(actor: Actor, data_space_id: str, version: Version, body: Renaming) -> DataSpaceShown:
    """Give a data space another name."""
    data_space = store.get_data_space(actor, data_space_id)
    operations.rename_data_space(actor, data_space, body.name, version)
    return space_shown(data_space)


def project_shown(project: Project) -> ProjectShown:
    """A project, its contract and data spaces loaded, as the API tells it."""
    return ProjectShown(
        id=project.public_id,
        name=project.name,
        contract=project.contract.public_id,
        edition=project.contract.edition.code,
        created_at=project.created_at,
        data_spaces=[space_shown(one) for one in project.data_spaces],
        version=version_of(project),
    )


def space_shown(data_space: DataSpace) -> DataSpaceShown:
    """A data space as the API tells it."""
    return DataSpaceShown(
        id=data_space.public_id,
        name=data_space.name,
        type=data_space.type,
        environment=data_space.environment,
        surplus=data_space.surplus,
        version=version_of(data_space),
    )
