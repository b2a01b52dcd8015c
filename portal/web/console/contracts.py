"""Keeping the contracts of a tenant: a new one, a later end, one that follows on it, an early end."""

from typing import Any

from flask import flash
from flask_babel import gettext as _

from portal.access.roles import Permission
from portal.contracts import operations as contracts
from portal.contracts import store
from portal.contracts.errors import ContractOverlaps, NotAnExtension, RenewalLeavesGap, TermOutOfOrder, TermTooLong
from portal.contracts.models import Contract
from portal.entitlements import operations as entitlements
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.impact import console, renewal
from portal.impact.standing import hanging_on_contract
from portal.tenants import store as tenants
from portal.tenants.models import Tenant
from portal.web.console.blueprint import pages
from portal.web.console.forms import ContractForm, EndContractForm, ExtendForm, RenewForm
from portal.web.console.tenants import to_tenant
from portal.web.guards import current_actor, requires
from portal.web.pages import add_refusal, answer
from portal.web.say import why

ABOUT_DAYS = (TermOutOfOrder, TermTooLong, NotAnExtension)


@pages.route("/<account>/console/tenants/<owner_id>/contracts/new", methods=["GET", "POST"])
@requires(Permission.CONTRACT_CHANGE)
def new_contract(account: str, owner_id: str) -> Any:
    """Record a contract."""
    actor, owner, form = current_actor(), tenants.get_by_account_id(owner_id), ContractForm()
    form.offer(console.editions())
    if form.validate_on_submit():
        term = form.term
        try:
            with transaction():
                edition = store.edition(term.edition)
                contract = entitlements.conclude(actor, owner, edition, term.starts_at, term.ends_at)
                told = _("The contract %(contract)s for %(edition)s is recorded.",
                         contract=contract.public_id, edition=edition.name)  # fmt: skip
        except ABOUT_DAYS as refusal:
            add_refusal(form.last_day, refusal)
        except ContractOverlaps as refusal:
            form.first_day.errors = [*form.first_day.errors, why(refusal)]
        else:
            flash(told, "success")
            return to_tenant(account, owner_id)
    return answer("console/new_contract.html", form=form, owner=owner)


def contract_of(owner_id: str, contract_id: str) -> tuple[Tenant, Contract]:
    """The tenant with this account id, and its contract. Raises: NotFound."""
    owner = tenants.get_by_account_id(owner_id)
    return owner, store.get_for_console(owner, contract_id)


@pages.route("/<account>/console/tenants/<owner_id>/contracts/<contract_id>/extend", methods=["GET", "POST"])
@requires(Permission.CONTRACT_CHANGE)
def extend_contract(account: str, owner_id: str, contract_id: str) -> Any:
    """Let a contract run longer."""
    actor = current_actor()
    owner, contract = contract_of(owner_id, contract_id)
    form = ExtendForm(version=contract.version)
    if form.validate_on_submit():
        try:
            with transaction():
                entitlements.extend(actor, contract, form.last_day.moment, version=form.version.data)
        except ABOUT_DAYS as refusal:
            add_refusal(form.last_day, refusal)
        except ContractOverlaps as refusal:
            form.last_day.errors = [*form.last_day.errors, why(refusal)]
        else:
            flash(_("The contract %(contract)s runs longer now.", contract=contract_id), "success")
            return to_tenant(account, owner_id)
    contracts.require_not_ended(contract)
    contracts.require_not_renewed(contract)
    return answer("console/extend_contract.html", form=form, owner=owner, contract=_again(owner, contract_id))


@pages.route("/<account>/console/tenants/<owner_id>/contracts/<contract_id>/renew", methods=["GET", "POST"])
@requires(Permission.CONTRACT_CHANGE)
def renew_contract(account: str, owner_id: str, contract_id: str) -> Any:
    """Let another contract follow on it."""
    actor = current_actor()
    owner, contract = contract_of(owner_id, contract_id)
    form = RenewForm.for_contract(contract, console.editions())
    if form.validate_on_submit():
        try:
            with transaction():
                successor = renewal.renew(actor, contract, form.term, version=form.version.data).public_id
        except ABOUT_DAYS as refusal:
            add_refusal(form.last_day, refusal)
        except (ContractOverlaps, RenewalLeavesGap) as refusal:
            form.first_day.errors = [*form.first_day.errors, why(refusal)]
        else:
            told = _(
                "The contract %(contract)s is renewed by %(successor)s.", contract=contract_id, successor=successor
            )
            flash(told, "success")
            return to_tenant(account, owner_id)
    owner, contract = contract_of(owner_id, contract_id)
    contracts.require_not_ended(contract)
    contracts.require_not_renewed(contract)
    hanging = hanging_on_contract(contract, clock.now())
    return answer("console/renew_contract.html", form=form, owner=owner, contract=contract, hanging=hanging)


@pages.route("/<account>/console/tenants/<owner_id>/contracts/<contract_id>/end", methods=["GET", "POST"])
@requires(Permission.CONTRACT_CHANGE)
def end_contract(account: str, owner_id: str, contract_id: str) -> Any:
    """End a contract before its day; what that stops is said first."""
    actor = current_actor()
    owner, contract = contract_of(owner_id, contract_id)
    form = EndContractForm.for_contract(contract, owner)
    if form.validate_on_submit():
        with transaction():
            contracts.end(actor, contract, reason=form.reason.data or "", version=form.version.data)
        flash(_("The contract %(contract)s is ended.", contract=contract_id), "success")
        return to_tenant(account, owner_id)
    owner, contract = contract_of(owner_id, contract_id)  # a proof lets go of what was loaded
    contracts.require_open(contract)
    hanging = hanging_on_contract(contract, clock.now())
    return answer("console/end_contract.html", form=form, owner=owner, contract=contract, hanging=hanging)


def _again(owner: Tenant, contract_id: str) -> Contract:
    # A refused transaction has let go of what was loaded with it.
    return store.get_for_console(owner, contract_id)
