"""Calls about asking for more than the contract includes. They belong to the room of projects."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from portal.access.actor import Actor
from portal.access.roles import Permission
from portal.api.project_calls import calls
from portal.api.request_shapes import RequestShown, request_shown, requests_shown
from portal.api.shapes import Body, Listed, Paged, Shown, Text, all_of
from portal.contracts import store as contracts
from portal.entitlements import asking
from portal.entitlements import store as entitlements
from portal.entitlements.models import Wish
from portal.projects import allotments, store
from portal.projects.allotments import Allotment

Amount = Annotated[int, Field(description="How many more, 1 to 100.")]
Reason = Annotated[Text, Field(description="What it is needed for: the partner admin decides by it.")]


class RequestsWanted(Paged):
    """Which requests."""

    project: Annotated[Text | None, Field(description="Those in the project with this id.")] = None


class SpaceWish(StrEnum):
    """What more a project can have."""

    TESTING_SPACE = "testing_space"
    PRODUCTION_SPACE = "production_space"


class MoreProjects(Body):
    """So many more projects, and why."""

    amount: Amount = 1
    reason: Reason


class MoreSpaces(Body):
    """So many more data spaces, and why."""

    wish: SpaceWish
    amount: Amount = 1
    reason: Reason


class AskedAgain(Body):
    """An answer to what the partner admin said."""

    reason: Annotated[Text, Field(description="What has changed, or what the partner admin could not know.")]


class AllotmentShown(Shown):
    """How many projects a contract includes, and how many are in use; what a new one gets."""

    contract: str
    edition: str
    granted: int
    used: int
    left: int
    production_spaces: int
    testing_spaces: int


@calls.reads("/<account>/allotments", Permission.SEE)
def show_allotments(actor: Actor) -> Listed[AllotmentShown]:
    """List how many projects each running contract includes, and how many of them are in use."""
    # A delegation for certain projects does not count the client's others.
    rows = allotments.of(actor) if actor.reach.project_ids is None else []
    return Listed[AllotmentShown](**all_of(rows, _allotment_shown))


def _allotment_shown(row: Allotment) -> AllotmentShown:
    edition = row.contract.edition
    return AllotmentShown(
        contract=row.contract.public_id,
        edition=edition.code,
        granted=row.granted,
        used=row.used,
        left=row.left,
        production_spaces=edition.production_spaces,
        testing_spaces=edition.testing_spaces,
    )


@calls.reads("/<account>/requests", Permission.SEE)
def requests_index(actor: Actor, query: RequestsWanted) -> Listed[RequestShown]:
    """List what was asked of the vendor, newest first: projects, data spaces, editions, services."""
    project_id = None if query.project is None else store.get(actor, query.project).id
    page = entitlements.requests_page(actor, place=query.after, project_id=project_id)
    return Listed[RequestShown](items=requests_shown(actor, page.rows), next=page.next_place)


@calls.reads("/<account>/requests/<request_id>", Permission.SEE)
def show_request(actor: Actor, request_id: str) -> RequestShown:
    """Show a request and its answer."""
    return request_shown(actor, entitlements.get_request(actor, request_id))


@calls.writes("/<account>/contracts/<contract_id>/more-projects", Permission.PROJECT_CHANGE, makes=True)
def request_projects(actor: Actor, contract_id: str, body: MoreProjects) -> RequestShown:
    """Ask for more projects than the contract includes."""
    allotments.require_all_projects(actor)
    contract = contracts.get(actor, contract_id)
    return request_shown(actor, asking.request_more(actor, contract, Wish.PROJECT, body.amount, body.reason))


@calls.writes("/<account>/projects/<project_id>/more", Permission.PROJECT_CHANGE, makes=True)
def request_more(actor: Actor, project_id: str, body: MoreSpaces) -> RequestShown:
    """Ask for more data spaces in a project."""
    project = store.get(actor, project_id)
    wish = Wish(body.wish.value)
    row = asking.request_more(actor, project.contract, wish, body.amount, body.reason, project_id=project.id)
    return request_shown(actor, row)


@calls.writes("/<account>/requests/<request_id>/withdraw", Permission.PROJECT_CHANGE)
def withdraw_request(actor: Actor, request_id: str) -> RequestShown:
    """Take back a request that waits."""
    row = entitlements.get_request(actor, request_id)
    asking.withdraw(actor, row)
    return request_shown(actor, row)


@calls.writes("/<account>/requests/<request_id>/reopen", Permission.PROJECT_CHANGE, makes=True)
def reopen_request(actor: Actor, request_id: str, body: AskedAgain) -> RequestShown:
    """Ask again for what was refused, or for the rest, with an answer to the refusal."""
    row = entitlements.get_request(actor, request_id)
    asking.require_reopen(actor, row)
    return request_shown(actor, asking.reopen(actor, row, body.reason))
