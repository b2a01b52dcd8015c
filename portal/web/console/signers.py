"""Who signs a partner contract, as the vendor keeps it: the first signer, another one, and stopping a change."""

from typing import Any

from flask import flash
from flask_babel import gettext as _

from portal.access.actor import system_actor
from portal.access.roles import Permission
from portal.contracts import signer_store, signers, store
from portal.contracts.errors import SignerChangeWaits, SignsAlready
from portal.foundation.database import transaction
from portal.tenants import store as tenants
from portal.web.console.blueprint import pages
from portal.web.console.contracts import contract_of
from portal.web.console.tenants import to_tenant
from portal.web.contracts.forms import ProposeSignerForm, StopSignerForm
from portal.web.guards import current_actor, requires
from portal.web.pages import add_refusal, answer


@pages.route("/<account>/console/tenants/<owner_id>/contracts/<contract_id>/signer", methods=["GET", "POST"])
@requires(Permission.CONTRACT_CHANGE)
def propose_signer(account: str, owner_id: str, contract_id: str) -> Any:
    """Record the first signer, or propose another one."""
    actor = current_actor()
    owner, contract = contract_of(owner_id, contract_id)
    signers.require_may_propose(actor, contract)
    members, form = store.live_members(system_actor("console", owner.id)), ProposeSignerForm()
    form.offer([row for row in members if row.id != contract.signer_id])
    if form.validate_on_submit():
        chosen = form.chosen(store.live_members(system_actor("console", owner.id)))
        name = chosen.person.name
        try:
            with transaction():
                waits = signers.propose(actor, contract, chosen, form.reason.data or "") is not None
        except (SignerChangeWaits, SignsAlready) as refusal:
            add_refusal(form.member, refusal)
        else:
            is_to_sign = _("All concerned are told that %(name)s is to sign this contract.", name=name)
            flash(is_to_sign if waits else _("%(name)s signs this contract now.", name=name), "success")
            return to_tenant(account, owner_id)
    owner, contract = contract_of(owner_id, contract_id)  # a refused transaction has let go of what was loaded
    return answer("console/propose_signer.html", form=form, owner=owner, contract=contract)


@pages.route("/<account>/console/tenants/<owner_id>/signer-changes/<change_id>/stop", methods=["GET", "POST"])
@requires(Permission.CONTRACT_CHANGE)
def stop_signer_change(account: str, owner_id: str, change_id: str) -> Any:
    """Stop a change, whoever proposed it."""
    actor, owner, form = current_actor(), tenants.get_by_account_id(owner_id), StopSignerForm()
    change = signer_store.get_for_console(owner, change_id)
    if form.validate_on_submit():
        with transaction():
            signers.stop(actor, change, form.reason.data or "")
        flash(_("The signer stays who it is."), "success")
        return to_tenant(account, owner_id)
    change = signer_store.get_for_console(owner, change_id)  # a proof lets go of what was loaded
    return answer("console/stop_signer_change.html", form=form, owner=owner, change=change)
