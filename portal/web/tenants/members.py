"""Members: the list, another role, and leaving."""

import uuid
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.access.actor import Actor
from portal.access.roles import Permission
from portal.accounts import operations as accounts
from portal.accounts import recovery_store, store
from portal.accounts.errors import LastOwner
from portal.accounts.models import Membership
from portal.contracts import store as contracts
from portal.contracts.models import Contract, ContractKind
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.impact.leaving import hanging_on_member, remove_member
from portal.web.accounts import browser
from portal.web.guards import requires
from portal.web.identity import confirmed
from portal.web.pages import add_refusal, answer
from portal.web.tenants import leaving
from portal.web.tenants.blueprint import own_actor, pages
from portal.web.tenants.forms import RemoveForm, RoleForm


@pages.get("/<account>/settings/members")
@requires(Permission.SEE)
def members(account: str) -> str:
    actor = own_actor()
    return render_template(
        "tenants/members.html",
        page=store.members(actor, request.args.get("after")),
        invitations=store.open_invitations(actor),
        givable=accounts.may_give(actor),
        signers=_signers(actor),
        now=clock.now(),
        recoveries=recovery_store.open_in(actor.tenant_id) if actor.may(Permission.MEMBERS_MANAGE) else [],
    )


@pages.route("/<account>/settings/members/<uuid:membership_id>/role", methods=["GET", "POST"])
@requires(Permission.MEMBERS_MANAGE)
def change_role(account: str, membership_id: uuid.UUID) -> Any:
    actor = own_actor()
    membership = store.get_membership(actor, membership_id)
    person = membership.person
    form = RoleForm.for_member(membership, accounts.may_give(actor))
    if form.validate_on_submit() and confirmed(form) and _give(actor, membership, form):
        flash(_("%(name)s has another role now, and signs in anew.", name=person.name), "success")
        return redirect(url_for(".members", account=account), code=303)
    return answer("tenants/role.html", form=form, membership=membership, person=person)


def _give(actor: Actor, membership: Membership, form: RoleForm) -> bool:
    is_own = membership.person_id == actor.person_id
    try:
        with transaction():
            accounts.change_role(actor, membership, form.chosen_role, form.version.data)
            renewed = accounts.renew_session(g.session_row, browser.device()) if is_own else None
    except LastOwner as refusal:
        add_refusal(form.role, refusal)
        return False
    if renewed:
        browser.carry(*renewed)
    return True


@pages.route("/<account>/settings/members/<uuid:membership_id>/remove", methods=["GET", "POST"])
@requires(Permission.MEMBERS_MANAGE)
def remove(account: str, membership_id: uuid.UUID) -> Any:
    actor = own_actor()
    membership = store.get_membership(actor, membership_id)
    person = membership.person
    form = RemoveForm()
    form.require_fresh()
    if form.validate_on_submit() and confirmed(form):
        is_own = person.id == actor.person_id
        with transaction():
            remove_member(actor, membership)
            renewed = accounts.renew_session(g.session_row, browser.device()) if is_own else None
            name = person.name
        if renewed:
            browser.carry(*renewed)
        flash(_("%(name)s is no longer a member.", name=name), "success")
        return redirect(url_for("accounts.switch") if is_own else url_for(".members", account=account), code=303)
    found = hanging_on_member(membership, clock.now())
    return answer(
        "tenants/remove.html",
        form=form,
        membership=membership,
        person=person,
        signs=found.signs,
        ending=leaving.ending(found, account),
        left_behind=leaving.left_behind(found, account),
        staying=leaving.staying(found, account),
    )


def _signers(actor: Actor) -> dict[uuid.UUID, list[Contract]]:
    """The running partner contracts by the membership that signed them."""
    signed: dict[uuid.UUID, list[Contract]] = {}
    for contract in contracts.running(actor, clock.now(), {ContractKind.PARTNER}):
        if contract.signer_id is not None:
            signed.setdefault(contract.signer_id, []).append(contract)
    return signed
