"""The overview of an account: what is ready, where its shops are, and what needs somebody."""

from portal.access.actor import Actor
from portal.access.roles import Environment, Permission
from portal.api.attention import Need, needs
from portal.api.calls import Calls
from portal.api.shapes import Moment, Shown
from portal.api.tenants import LookInShown, look_in_shown
from portal.foundation import clock
from portal.impact import overview as impact
from portal.impact.overview import Overview
from portal.lookins import store as look_ins
from portal.projects.models import DataSpace, DataSpaceType, Project

calls = Calls("dashboards", "Overview")


class Readiness(Shown):
    """How many of the environments that a shop needs have a live key pair; `live` has how many, counted to 100."""

    done: int
    needed: int
    live: dict[Environment, int]


class SpaceInUse(Shown):
    """A data space, and the installation that uses it as far as there is one.

    `api_key` is the key pair of its last call, or null when that is one that the caller may not see.
    """

    id: str
    name: str
    type: DataSpaceType
    installation: str | None
    installation_name: str | None
    side: Environment | None
    last_seen_at: Moment | None
    api_key: str | None


class ProjectInUse(Shown):
    """A project with its data spaces."""

    id: str
    name: str
    data_spaces: list[SpaceInUse]


class OverviewShown(Shown):
    """An account at a moment. `projects` are the first ten; `attention` has what is most urgent first.

    `is_set_up` says whether a shop can work: a key pair in each environment, a project, an installation.
    """

    at: Moment
    is_set_up: bool
    ready: Readiness
    services: list[str]
    projects: list[ProjectInUse]
    more_projects: bool
    attention: list[Need]
    look_ins: list[LookInShown]


@calls.reads("/<account>/overview", Permission.SEE)
def overview(actor: Actor) -> OverviewShown:
    """Show what is ready, which shops use which data space, and what needs somebody."""
    found = impact.of_tenant(actor, Environment.PRODUCTION, clock.now())
    # Only members are told who looks in.
    looking = [] if actor.acts_for_client else look_ins.running(actor, found.at)
    return OverviewShown(
        at=found.at,
        is_set_up=found.configured,
        ready=Readiness(done=found.ready.done, needed=found.ready.needed, live=found.ready.live),
        services=[service.code for service in found.services],
        projects=[_project_shown(row, found) for row in found.projects],
        more_projects=found.more_projects,
        attention=needs(actor, found),
        look_ins=[look_in_shown(row) for row in looking],
    )


def _project_shown(project: Project, found: Overview) -> ProjectInUse:
    spaces = [_space_shown(space, found) for space in project.data_spaces]
    return ProjectInUse(id=project.public_id, name=project.name, data_spaces=spaces)


def _space_shown(space: DataSpace, found: Overview) -> SpaceInUse:
    here, seen = space.installation, found.in_use.get(space.id)
    pair = seen.pair if here and seen and seen.is_current else None
    return SpaceInUse(
        id=space.public_id,
        name=space.name,
        type=space.type,
        installation=here.public_id if here else None,
        installation_name=here.name if here else None,
        side=here.side if here else None,
        last_seen_at=here.last_seen_at if here else None,
        api_key=pair.api_key if pair else None,
    )
