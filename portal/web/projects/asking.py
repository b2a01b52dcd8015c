"""Asking for more projects or data spaces than the contract includes, and taking such a request back."""

from collections.abc import Sequence

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.access.actor import Actor
from portal.access.roles import Permission
from portal.contracts import store as contracts
from portal.contracts.models import Contract
from portal.entitlements import asking
from portal.entitlements import store as entitlements
from portal.entitlements.errors import NotReopened
from portal.entitlements.models import WISH_NAMES, ContractRequest, Wish
from portal.foundation.database import transaction
from portal.projects import allotments, store
from portal.projects.models import Project
from portal.web.guards import current_actor, requires
from portal.web.pages import answer
from portal.web.projects.blueprint import pages, to_project
from portal.web.projects.forms import ReopenForm, RequestMoreForm

SPACE_WISHES = (Wish.TESTING_SPACE, Wish.PRODUCTION_SPACE)


@pages.route("/<account>/contracts/<contract_id>/more-projects", methods=["GET", "POST"])
@requires(Permission.PROJECT_CHANGE)
def request_projects(account: str, contract_id: str) -> ResponseReturnValue:
    actor = current_actor()
    allotments.require_all_projects(actor)
    contract = contracts.get(actor, contract_id)
    return _ask(contract, None, (Wish.PROJECT,)) or redirect(url_for(".index", account=account), code=303)


@pages.route("/<account>/projects/<project_id>/more", methods=["GET", "POST"])
@requires(Permission.PROJECT_CHANGE)
def request_more(account: str, project_id: str) -> ResponseReturnValue:
    actor = current_actor()
    project = store.get(actor, project_id)
    wishes = [wish for wish in SPACE_WISHES if asking.may_wish(actor, wish)]
    return _ask(project.contract, project, wishes) or to_project(account, project_id)


def _ask(contract: Contract, project: Project | None, wishes: Sequence[Wish]) -> ResponseReturnValue | None:
    """The form's page, or None once the request is stored."""
    actor, form = current_actor(), RequestMoreForm()
    form.offer(wishes)
    if form.validate_on_submit():
        with transaction():
            asking.request_more(actor, contract, *form.content, project_id=project.id if project else None)
        flash(_("Your request is stored. It is shown here until the vendor's partner admin has decided."), "success")
        return None
    return answer("projects/request_more.html", form=form, contract=contract, project=project)


@pages.get("/<account>/requests/<request_id>")
@requires(Permission.SEE)
def show_request(account: str, request_id: str) -> ResponseReturnValue:
    """Where a mail leads to: the page on which the request is listed."""
    actor = current_actor()
    return redirect(f"{_where_shown(account, actor, entitlements.get_request(actor, request_id))}#requests")


@pages.route("/<account>/requests/<request_id>/withdraw", methods=["POST"])
@requires(Permission.PROJECT_CHANGE)
def withdraw_request(account: str, request_id: str) -> ResponseReturnValue:
    actor = current_actor()
    with transaction():
        row = entitlements.get_request(actor, request_id)
        asking.withdraw(actor, row)
        here = _where_shown(account, actor, row)
    flash(_("Your request is withdrawn."), "success")
    return redirect(here, code=303)


@pages.route("/<account>/requests/<request_id>/reopen", methods=["GET", "POST"])
@requires(Permission.PROJECT_CHANGE)
def reopen_request(account: str, request_id: str) -> ResponseReturnValue:
    """Ask again for what was refused, or for the rest, with an answer to the refusal."""
    actor, form = current_actor(), ReopenForm()
    row = entitlements.get_request(actor, request_id)
    asking.require_reopen(actor, row)
    here = _where_shown(account, actor, row)
    if form.validate_on_submit():
        with transaction():
            asking.reopen(actor, entitlements.get_request(actor, request_id), form.reason.data or "")
        flash(_("You have asked again. The partner admin sees what was said before."), "success")
        return redirect(here, code=303)
    if not asking.is_open_to_more(row):
        raise NotReopened()
    return answer("projects/reopen.html", form=form, asked=row, wishes=WISH_NAMES, back=here)


def _where_shown(account: str, actor: Actor, row: ContractRequest) -> str:
    """The page on which this request is listed."""
    if not row.is_counted:
        return url_for("contracts.index", account=account)
    project = store.find_by_id(actor, row.project_id)
    return url_for(".index", account=account) if project is None else _of(account, project)


def _of(account: str, project: Project) -> str:
    return url_for(".show", account=account, project_id=project.public_id)
