"""The list of projects, one project, a new one, and the names of projects and data spaces."""

import uuid
from collections.abc import Sequence

from flask import flash, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.access.actor import Actor
from portal.access.roles import Permission
from portal.entitlements import store as entitlements
from portal.entitlements.asking import may_withdraw
from portal.entitlements.models import WISH_NAMES
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.foundation.paging import BadPlace, Page
from portal.projects import allotments, operations, store
from portal.projects.errors import DataSpaceNameTaken, ProjectNameTaken
from portal.projects.models import Claim, Installation, Project
from portal.projects.surplus import SURPLUS_NAMES
from portal.usage import store as usage
from portal.usage.store import Seen
from portal.web import arguments
from portal.web.guards import current_actor, requires
from portal.web.pages import add_refusal, answer
from portal.web.projects import asking, connecting, installations  # noqa: F401 - their pages belong to this blueprint
from portal.web.projects.blueprint import pages, to_project
from portal.web.projects.forms import NewProjectForm, RenameForm
from portal.web.reopening import reopenable
from portal.web.say import why


@pages.route("/<account>/projects")
@requires(Permission.SEE)
def index(account: str) -> ResponseReturnValue:
    actor, wanted = current_actor(), arguments.text("q")
    page = _page(actor, wanted)
    # A delegation for certain projects neither counts the client's others nor reads its requests.
    rows = allotments.of(actor) if actor.reach.project_ids is None else []
    requests = entitlements.requests_for_projects(actor)
    return render_template(
        "projects/index.html",
        page=page,
        wanted=wanted,
        allotments=rows,
        requests=requests,
        withdrawable={row for row in requests if may_withdraw(actor, row)},
        reopenable=reopenable(actor, requests),
        refusal=why(allotments.why_not_create(actor, rows)),
        wishes=WISH_NAMES,
    ), 422 if page is None else 200


def _page(actor: Actor, wanted: str) -> Page[Project] | None:
    """The page of the list that the address asks for, or None when it names no place in the list."""
    try:
        return store.page(actor, place=arguments.text("after"), wanted=wanted)
    except BadPlace:
        return None


@pages.route("/<account>/projects/<project_id>")
@requires(Permission.SEE)
def show(account: str, project_id: str) -> ResponseReturnValue:
    actor = current_actor()
    project = store.get(actor, project_id)
    requests = entitlements.requests_for_spaces(actor, project.id)
    return render_template(
        "projects/show.html",
        project=project,
        seen=_by_space(usage.installations(actor, Installation.project_id == project.id)),
        now=clock.now(),
        requests=requests,
        withdrawable={row for row in requests if may_withdraw(actor, row)},
        reopenable=reopenable(actor, requests),
        surplus_names=SURPLUS_NAMES,
        sides=actor.reach.environments,
        wishes=WISH_NAMES,
    )


def _by_space(seen: Sequence[Seen]) -> dict[uuid.UUID, list[Seen]]:
    """By data space, the primary installation first."""
    found: dict[uuid.UUID, list[Seen]] = {}
    for one in sorted(seen, key=lambda one: one.installation.claim is not Claim.PRIMARY):
        found.setdefault(one.installation.data_space_id, []).append(one)
    return found


@pages.route("/<account>/projects/new", methods=["GET", "POST"])
@requires(Permission.PROJECT_CHANGE)
def new(account: str) -> ResponseReturnValue:
    actor = current_actor()
    rows, form = allotments.of(actor), NewProjectForm()
    refusal = allotments.why_not_create(actor, rows)
    # A submit that is repeated may have taken the last place itself, so the operation answers it.
    if refusal is not None and not (form.is_submitted() and rows):
        raise refusal
    form.offer(rows)
    if form.validate_on_submit():
        try:
            with transaction():
                project = operations.create(actor, form.name.data or "", form.chosen(rows))
        except ProjectNameTaken as taken:
            add_refusal(form.name, taken)
        else:
            flash(_("The project “%(name)s” is there, with its data spaces.", name=project.name), "success")
            return to_project(account, project.public_id)
    return answer("projects/new.html", form=form)


@pages.route("/<account>/projects/<project_id>/rename", methods=["GET", "POST"])
@requires(Permission.PROJECT_CHANGE)
def rename(account: str, project_id: str) -> ResponseReturnValue:
    actor = current_actor()
    project = store.get(actor, project_id)
    form = RenameForm(obj=project)
    if form.validate_on_submit():
        try:
            with transaction():
                operations.rename_project(actor, project, form.name.data or "", form.version.data)
        except ProjectNameTaken as refusal:
            add_refusal(form.name, refusal)
        else:
            flash(_("The project is now called “%(name)s”.", name=form.name.data), "success")
            return to_project(account, project_id)
    return answer("projects/rename.html", form=form, project=store.get(actor, project_id))


@pages.route("/<account>/data-spaces/<data_space_id>/rename", methods=["GET", "POST"])
@requires(Permission.PROJECT_CHANGE)
def rename_space(account: str, data_space_id: str) -> ResponseReturnValue:
    actor = current_actor()
    data_space = store.get_data_space(actor, data_space_id)
    project_id, form = data_space.project.public_id, RenameForm(obj=data_space)
    if form.validate_on_submit():
        try:
            with transaction():
                operations.rename_data_space(actor, data_space, form.name.data or "", form.version.data)
        except DataSpaceNameTaken as refusal:
            add_refusal(form.name, refusal)
        else:
            flash(_("The data space is now called “%(name)s”.", name=form.name.data), "success")
            return to_project(account, project_id)
    return answer("projects/rename_space.html", form=form, data_space=store.get_data_space(actor, data_space_id))
