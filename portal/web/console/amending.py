"""Another edition for a contract, with a preview first; and what becomes of data spaces beyond the allotment."""

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.access.roles import Permission
from portal.contracts import store as contracts
from portal.contracts.models import Contract, Edition
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.impact import surplus as surplus_spaces
from portal.impact.requests import contract_of_any_tenant
from portal.projects import amending, surplus
from portal.projects.models import Surplus
from portal.web import arguments
from portal.web.console import labels
from portal.web.console.blueprint import pages
from portal.web.console.request_forms import EditionForm, SurplusForm
from portal.web.guards import current_actor, requires
from portal.web.pages import answer


@pages.route("/<account>/console/contracts/<contract_id>/edition", methods=["GET", "POST"])
@requires(Permission.CONTRACT_CHANGE)
def amend(account: str, contract_id: str) -> ResponseReturnValue:
    """Choose an edition, see what it means, and change the contract to it."""
    contract = contract_of_any_tenant(contract_id)
    others = [row for row in contracts.editions_of(contract.kind) if row.code != contract.edition_code]
    form = EditionForm()
    edition = _chosen(form, others)
    if form.is_submitted() and edition is None and form.edition.data != contract.edition_code:
        form.validate()
        form.edition.errors = [_("Choose one of the other editions of this kind.")]
    elif form.validate_on_submit():
        with transaction():
            contract = contract_of_any_tenant(contract_id)
            wanted = contracts.edition(form.edition.data or "")
            name, owner_id = wanted.name, contract.tenant.account_id
            amending.amend(current_actor(), contract, wanted, form.version.data)
        flash(_("The contract is now for %(edition)s. Nothing was deleted.", edition=name), "success")
        return redirect(url_for(".tenant", account=account, owner_id=owner_id), code=303)
    return _amend_page(contract_id, others, edition, form)


def _chosen(form: EditionForm, others: list[Edition]) -> Edition | None:
    code = form.edition.data if request.method == "POST" else arguments.text("edition")
    return next((row for row in others if row.code == code), None)


def _amend_page(
    contract_id: str, others: list[Edition], edition: Edition | None, form: EditionForm
) -> ResponseReturnValue:
    contract: Contract = contract_of_any_tenant(contract_id)
    if request.method == "GET":
        form.edition.data, form.version.data = edition.code if edition else "", contract.version
    return answer(
        "console/amend.html",
        form=form,
        contract=contract,
        edition=edition,
        others=others,
        preview=amending.preview(contract, edition) if edition else None,
        labels=labels,
        now=clock.now(),
    )


@pages.route("/<account>/console/data-spaces/<data_space_id>/surplus", methods=["GET", "POST"])
@requires(Permission.CONTRACT_CHANGE)
def decide_surplus(account: str, data_space_id: str) -> ResponseReturnValue:
    """Keep one data space as an exception, or let it go."""
    space, form = surplus_spaces.get(data_space_id), SurplusForm(version=None)
    form.offer()
    if request.method == "GET":
        form.version.data = space.version
    if form.validate_on_submit():
        with transaction():
            found = surplus_spaces.get(data_space_id)
            owner_id = found.project.contract.tenant.account_id
            surplus.decide(current_actor(), found, Surplus(form.decision.data), form.version.data)
        flash(_("Decided. The tenant sees it on the page of the project."), "success")
        return redirect(url_for(".tenant", account=account, owner_id=owner_id), code=303)
    return answer(
        "console/surplus.html", form=form, space=surplus_spaces.get(data_space_id), names=surplus.SURPLUS_NAMES
    )
