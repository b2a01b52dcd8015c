"""Another signer of a partner contract: an owner proposes, the present signer may stop it."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.access.actor import Actor
from portal.access.roles import Permission
from portal.contracts import signer_store, signers, store
from portal.contracts.errors import SignerChangeWaits, SignsAlready
from portal.contracts.models import Contract, ContractKind, SignerChange
from portal.foundation.database import transaction
from portal.foundation.errors import PortalError
from portal.web.contracts.blueprint import member, pages
from portal.web.contracts.forms import ProposeSignerForm, StopSignerForm
from portal.web.guards import requires
from portal.web.pages import add_refusal, answer
from portal.web.say import why


@dataclass(frozen=True)
class Seen:
    """What the page of contracts shows of one: the change that waits, what the reader may do with it, and why they may
    not propose one."""

    waits: SignerChange | None
    may_stop: bool
    may_withdraw: bool
    why_not: str


def seen(actor: Actor, contracts: Sequence[Contract]) -> dict[uuid.UUID, Seen]:
    """By partner contract, what its page shows of a change of the signer."""
    partners = [row for row in contracts if row.kind is ContractKind.PARTNER]
    waiting = {row.contract_id: row for row in signer_store.waiting(actor)} if partners else {}
    return {row.id: _seen(actor, row, waiting.get(row.id)) for row in partners}


def _seen(actor: Actor, contract: Contract, waits: SignerChange | None) -> Seen:
    return Seen(
        waits,
        may_stop=waits is not None and _may(signers.require_may_stop, actor, waits),
        may_withdraw=waits is not None and _may(signers.require_may_withdraw, actor, waits),
        why_not=_why_not(actor, contract),
    )


def _may(required: Callable[[Actor, SignerChange], None], actor: Actor, change: SignerChange) -> bool:
    try:
        required(actor, change)
    except PortalError:
        return False
    return True


def _why_not(actor: Actor, contract: Contract) -> str:
    try:
        signers.require_may_propose(actor, contract)
    except PortalError as refusal:
        return why(refusal)
    return ""


@pages.route("/<account>/contracts/<contract_id>/signer", methods=["GET", "POST"])
@requires(Permission.SIGNER_PROPOSE)
def propose_signer(account: str, contract_id: str) -> ResponseReturnValue:
    """Propose who signs next."""
    actor = member()
    contract = store.get(actor, contract_id)
    signers.require_may_propose(actor, contract)
    members, form = store.live_members(actor), ProposeSignerForm()
    form.offer([row for row in members if row.id != contract.signer_id])
    if form.validate_on_submit():
        chosen = form.chosen(store.live_members(actor))
        name = chosen.person.name
        try:
            with transaction():
                signers.propose(actor, contract, chosen, form.reason.data or "")
        except (SignerChangeWaits, SignsAlready) as refusal:
            add_refusal(form.member, refusal)
        else:
            flash(_("All concerned are told that %(name)s is to sign this contract.", name=name), "success")
            return redirect(url_for(".index", account=account), code=303)
    return answer("contracts/propose_signer.html", form=form, contract=store.get(actor, contract_id))


@pages.route("/<account>/signer-changes/<change_id>/stop", methods=["GET", "POST"])
@requires(Permission.SEE)
def stop_signer_change(account: str, change_id: str) -> ResponseReturnValue:
    """Stop it: for the present signer."""
    actor, form = member(), StopSignerForm()
    change = signer_store.get(actor, change_id)
    signers.require_may_stop(actor, change)
    if form.validate_on_submit():
        with transaction():
            signers.stop(actor, change, form.reason.data or "")
        flash(_("The signer stays who it is."), "success")
        return redirect(url_for(".index", account=account), code=303)
    change = signer_store.get(actor, change_id)  # a proof lets go of what was loaded
    return answer("contracts/stop_signer_change.html", form=form, change=change)


@pages.post("/<account>/signer-changes/<change_id>/withdraw")
@requires(Permission.SIGNER_PROPOSE)
def withdraw_signer_change(account: str, change_id: str) -> ResponseReturnValue:
    """Withdraw it: for who proposed it."""
    actor = member()
    change = signer_store.get(actor, change_id)
    with transaction():
        signers.withdraw(actor, change)
    flash(_("The proposal is withdrawn; the signer stays who it is."), "success")
    return redirect(url_for(".index", account=account), code=303)
