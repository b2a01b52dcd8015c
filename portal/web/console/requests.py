"""The queue of what tenants ask for, and the page on which one of them is decided."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from portal.access.roles import Permission
from portal.contracts import signer_store
from portal.entitlements import deciding
from portal.entitlements.errors import AnswerMissing, PartOutOfRange
from portal.entitlements.models import ContractRequest, RequestState, Wish
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.impact import requests
from portal.impact.requests import QueueWanted
from portal.projects import granting
from portal.web import arguments
from portal.web.console import labels
from portal.web.console.blueprint import pages
from portal.web.console.request_forms import DecideForm
from portal.web.guards import current_actor, requires
from portal.web.pages import add_refusal, answer

# The choices of the filter by age, in days.
AGES = ("1", "7", "30")
FILTERS = ("state", "wish", "older")


@pages.get("/<account>/console/requests")
@requires(Permission.CONSOLE_SEE)
def queue(account: str) -> str:
    """Who waits for what: requests that wait, unless the address asks for others."""
    now = clock.now()
    page = requests.queue(_wanted(), now, request.args.get("after"))
    # An empty word is a choice, too: all states. Without one, only those that wait are shown.
    chosen: dict[str, Any] = {name: arguments.text(name) for name in FILTERS if name in request.args}
    here = url_for(".queue", account=account)
    return render_template(
        "console/requests.html",
        rows=page.rows,
        projects=requests.projects_of(page.rows),
        signer_changes=signer_store.queue(None).rows,
        now=now,
        shown={"state": RequestState.WAITING.value} | chosen,
        ages=AGES,
        labels=labels,
        here=here,
        clear_url=here if any(chosen.values()) or "state" in chosen else None,
        next_url=url_for(".queue", account=account, **chosen, after=page.next_place) if page.next_place else None,
        first_url=url_for(".queue", account=account, **chosen) if request.args.get("after") else None,
    )


def _wanted() -> QueueWanted:
    state = arguments.one_of("state", [state.value for state in RequestState])
    if "state" not in request.args:
        state = RequestState.WAITING.value
    wish, older = arguments.one_of("wish", [wish.value for wish in Wish]), arguments.one_of("older", AGES)
    return QueueWanted(
        state=RequestState(state) if state else None,
        wish=Wish(wish) if wish else None,
        older_than=int(older) if older else None,
    )


@pages.get("/<account>/console/requests/<request_id>")
@requires(Permission.CONSOLE_SEE)
def show_request(account: str, request_id: str) -> ResponseReturnValue:
    """One request with what it is decided by; operators see it, partner admins decide it."""
    return _page(request_id, _form(requests.find(request_id), None))


@pages.route("/<account>/console/requests/<request_id>/decide", methods=["GET", "POST"])
@requires(Permission.REQUEST_DECIDE)
def decide(account: str, request_id: str) -> ResponseReturnValue:
    """The same page, which a decision that cannot be carried out comes back to."""
    wanted = requests.find(request_id)
    form = _form(wanted, request.form if request.method == "POST" else None)
    if form.validate_on_submit():
        try:
            with transaction():
                _carry_out(request_id, form)
        except AnswerMissing as refusal:
            add_refusal(form.answer, refusal)
        except PartOutOfRange as refusal:
            add_refusal(form.granted, refusal)
        else:
            flash(_("Decided. %(tenant)s is told by mail.", tenant=requests.find(request_id).tenant.name), "success")
            return redirect(url_for(".queue", account=account), code=303)
    return _page(request_id, form)


def _form(wanted: ContractRequest, sent: MultiDict[str, Any] | None) -> DecideForm:
    form = DecideForm(sent, version=wanted.contract.version)
    form.offer(wanted)
    return form


def _carry_out(request_id: str, form: DecideForm) -> None:
    actor, wanted = current_actor(), requests.find(request_id)
    granted = form.approved(wanted)
    if granted is None:
        deciding.refuse(actor, wanted, form.answer.data or "")
    else:
        granting.approve(actor, wanted, granted, form.answer.data or "", form.version.data)


def _page(request_id: str, form: DecideForm) -> ResponseReturnValue:
    found = requests.context(request_id)
    return answer(
        "console/request.html",
        form=form,
        found=found,
        wanted=found.request,
        labels=labels,
        now=clock.now(),
    )
