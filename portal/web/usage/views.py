"""Deciding about a claim to a data space: declare, dismiss, merge, move."""

from collections.abc import Callable

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.access.actor import Actor
from portal.access.roles import Permission
from portal.foundation.database import transaction
from portal.projects import store as projects
from portal.projects.installations import require_side
from portal.projects.models import Installation
from portal.usage import operations, store
from portal.web.guards import current_actor, requires
from portal.web.pages import answer
from portal.web.usage import shown  # noqa: F401 - its filters belong to this blueprint
from portal.web.usage.blueprint import pages
from portal.web.usage.forms import DecideForm, MoveForm

Decide = Callable[[Actor, Installation, int], None]


@pages.route("/<account>/installations/<installation_id>/declare", methods=["GET", "POST"])
@requires(Permission.INSTALLATION_CHANGE)
def declare(account: str, installation_id: str) -> ResponseReturnValue:
    done = _("“%(name)s” is declared: it uses the data space beside the other shop.")
    return _decide(account, installation_id, "declare", operations.declare, done)


@pages.route("/<account>/installations/<installation_id>/dismiss", methods=["GET", "POST"])
@requires(Permission.INSTALLATION_CHANGE)
def dismiss(account: str, installation_id: str) -> ResponseReturnValue:
    done = _("The notice about “%(name)s” is dismissed.")
    return _decide(account, installation_id, "dismiss", operations.dismiss, done)


@pages.route("/<account>/installations/<installation_id>/merge", methods=["GET", "POST"])
@requires(Permission.INSTALLATION_CHANGE)
def merge(account: str, installation_id: str) -> ResponseReturnValue:
    done = _("“%(name)s” is merged. Its calls count as those of the other shop from now on.")
    return _decide(account, installation_id, "merge", operations.merge, done)


def _decide(account: str, installation_id: str, act: str, decide: Decide, done: str) -> ResponseReturnValue:
    actor = current_actor()
    installation = _of(actor, installation_id)
    form, name = DecideForm.about(installation), installation.name
    if form.validate_on_submit():
        with transaction():
            decide(actor, installation, form.version.data)
        flash(done % {"name": name}, "success")
        return _to_project(account, actor, installation_id)
    return _page("usage/decide.html", actor, installation_id, form, act)


@pages.route("/<account>/installations/<installation_id>/move", methods=["GET", "POST"])
@requires(Permission.INSTALLATION_CHANGE)
def move(account: str, installation_id: str) -> ResponseReturnValue:
    actor = current_actor()
    installation = _of(actor, installation_id)
    form, name = MoveForm(obj=None, data={"version": installation.version}), installation.name
    here = installation.data_space
    # Where it is now is among them only so that a repeated submit finds what the first one did.
    form.offer([*store.free_spaces(actor), *([here] if form.is_submitted() else [])])
    if form.validate_on_submit():
        target = projects.get_data_space(actor, form.data_space.data)
        with transaction():
            operations.move(actor, installation, target, form.version.data)
        flash(_("“%(name)s” is moved. Change the data space in the shop's own settings as well.", name=name), "success")
        return _to_project(account, actor, installation_id)
    return _page("usage/move.html", actor, installation_id, form, "move")


def _of(actor: Actor, installation_id: str) -> Installation:
    installation = projects.get_installation(actor, installation_id)
    require_side(actor, installation.side)
    return installation


def _page(template: str, actor: Actor, installation_id: str, form: DecideForm, act: str) -> ResponseReturnValue:
    installation = projects.get_installation(actor, installation_id)
    primary = projects.attached_to(actor, installation.data_space)
    other = primary if primary is not None and primary.id != installation.id else None
    return answer(template, form=form, installation=installation, other=other, act=act)


def _to_project(account: str, actor: Actor, installation_id: str) -> ResponseReturnValue:
    project = projects.get_installation(actor, installation_id).data_space.project
    return redirect(url_for("projects.show", account=account, project_id=project.public_id), code=303)
