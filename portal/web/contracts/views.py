"""A tenant's contracts: what they are for, what they entitle to, who signs and who stands in for the signer."""

from collections import defaultdict

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.access.actor import Actor, require
from portal.access.roles import Permission
from portal.accounts.models import Membership
from portal.contracts import deputies, store
from portal.contracts.errors import (
    DeputyBeganEarlier,
    DeputyDatesOutOfOrder,
    DeputyDatesOver,
    DeputyOutlastsContract,
)
from portal.contracts.models import KIND_NAMES, Contract, Edition, Service
from portal.entitlements import asking
from portal.entitlements import store as entitlements
from portal.entitlements.asking import may_withdraw
from portal.entitlements.errors import NothingElseToAsk
from portal.entitlements.models import WISH_NAMES
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.foundation.errors import PortalError
from portal.projects import allotments
from portal.web.contracts import signers
from portal.web.contracts.blueprint import member, pages
from portal.web.contracts.forms import AskForm, DeputyForm, WithdrawDeputyForm
from portal.web.guards import requires
from portal.web.pages import add_refusal, answer
from portal.web.reopening import reopenable
from portal.web.say import why

__all__ = ["pages", "signers"]

ABOUT_DATES = (DeputyDatesOutOfOrder, DeputyDatesOver, DeputyOutlastsContract)


@pages.route("/<account>/contracts")
@requires(Permission.SEE)
def index(account: str) -> ResponseReturnValue:
    actor = member()
    contracts, by_contract = store.all_of(actor), defaultdict(list)
    for row in entitlements.all_of(actor):
        by_contract[row.contract_id].append(row)
    requests = entitlements.requests_for_things(actor)
    return render_template(
        "contracts/index.html",
        contracts=contracts,
        entitlements=by_contract,
        allotments={row.contract.id: row for row in allotments.of(actor)},
        refusals={row.id: why(why_not_name(actor, row)) for row in contracts},
        changes=signers.seen(actor, contracts),
        kinds=KIND_NAMES,
        now=clock.now(),
        requests=requests,
        withdrawable={row for row in requests if may_withdraw(actor, row)},
        reopenable=reopenable(actor, requests),
        wishes=WISH_NAMES,
        no_asking={row.id: why(why_not_ask(actor, row)) for row in contracts},
    )


def why_not_ask(actor: Actor, contract: Contract) -> PortalError | None:
    """Why the actor may not ask for another edition or service of `contract` now, or None."""
    try:
        require(actor, Permission.SETTINGS_MANAGE)
        deputies.require_running(contract)
    except PortalError as refusal:
        return refusal
    return None


def why_not_name(actor: Actor, contract: Contract) -> PortalError | None:
    """Why the actor may not name deputies of `contract` now, or None."""
    try:
        deputies.require_signer(actor, contract)
        deputies.require_running(contract)
    except PortalError as refusal:
        return refusal
    return None


@pages.route("/<account>/contracts/<contract_id>/ask", methods=["GET", "POST"])
@requires(Permission.SETTINGS_MANAGE)
def ask(account: str, contract_id: str) -> ResponseReturnValue:
    """Ask for another edition, or for a service that the contract lacks."""
    actor = member()
    contract = store.get(actor, contract_id)
    if refusal := why_not_ask(actor, contract):
        raise refusal
    form = AskForm()
    form.offer(*_what_there_is(actor, contract))
    if not form.wanted.choices:
        raise NothingElseToAsk()
    if form.validate_on_submit():
        with transaction():
            _ask(actor, contract, form)
        flash(_("Your request is stored. It is shown here until the vendor's partner admin has decided."), "success")
        return redirect(url_for(".index", account=account), code=303)
    return answer("contracts/ask.html", form=form, contract=store.get(actor, contract_id))


def _what_there_is(actor: Actor, contract: Contract) -> tuple[list[Edition], list[Service]]:
    """The other editions of the contract's kind, and the services that it lacks."""
    now = clock.now()
    present = {row.service_code for row in entitlements.under(actor, contract.id) if not row.is_over(now)}
    return (
        [row for row in store.editions_of(contract.kind) if row.code != contract.edition_code],
        [row for row in store.services() if row.code not in present],
    )


def _ask(actor: Actor, contract: Contract, form: AskForm) -> None:
    kind, code = form.chosen
    reason = form.reason.data or ""
    if kind == AskForm.EDITION:
        asking.request_edition(actor, contract, store.edition(code), reason)
    else:
        service = next(row for row in store.services() if row.code == code)
        asking.request_service(actor, contract, service, reason)


@pages.route("/<account>/contracts/<contract_id>/deputies/new", methods=["GET", "POST"])
@requires(Permission.SEE)
def name_deputy(account: str, contract_id: str) -> ResponseReturnValue:
    actor = member()
    contract = store.get(actor, contract_id)
    if refusal := why_not_name(actor, contract):
        raise refusal
    members, form = _candidates(actor, contract), DeputyForm()
    form.offer(members)
    if form.validate_on_submit():
        chosen = form.chosen(_candidates(actor, contract))
        name = chosen.person.name
        try:
            with transaction():
                deputies.name_deputy(actor, contract, chosen, form.starts_at, form.last_day.moment)
        except DeputyBeganEarlier as refusal:
            add_refusal(form.first_day, refusal)
        except ABOUT_DATES as refusal:
            add_refusal(form.last_day, refusal)
        else:
            flash(_("%(name)s may make keys under this contract on those days.", name=name), "success")
            return redirect(url_for(".index", account=account), code=303)
    return answer("contracts/name_deputy.html", form=form, contract=store.get(actor, contract_id))


def _candidates(actor: Actor, contract: Contract) -> list[Membership]:
    return [row for row in store.live_members(actor) if row.id != contract.signer_id]


@pages.route("/<account>/deputies/<deputy_id>/withdraw", methods=["GET", "POST"])
@requires(Permission.SEE)
def withdraw_deputy(account: str, deputy_id: str) -> ResponseReturnValue:
    actor, form = member(), WithdrawDeputyForm()
    deputy = store.get_deputy(actor, deputy_id)
    name = deputy.membership.person.name
    contract = store.get_by_id(actor, deputy.contract_id)
    deputies.require_signer(actor, contract)
    if form.validate_on_submit():
        with transaction():
            deputies.withdraw_deputy(actor, deputy)
        flash(_("%(name)s can no longer make keys under this contract.", name=name), "success")
        return redirect(url_for(".index", account=account), code=303)
    deputy, contract = store.get_deputy(actor, deputy_id), store.get_by_id(actor, deputy.contract_id)
    return answer("contracts/withdraw_deputy.html", form=form, deputy=deputy, contract=contract)
