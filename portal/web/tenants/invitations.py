"""Invitations: sending one, sending it again, withdrawing it."""

import uuid
from typing import Any

from flask import Response, flash, redirect, url_for
from flask_babel import gettext as _

from portal.access.actor import Actor
from portal.access.roles import Permission
from portal.accounts import operations as accounts
from portal.accounts import store
from portal.accounts.errors import AlreadyInvited, AlreadyMember, EmailInvalid
from portal.foundation.database import transaction
from portal.web.frame import language
from portal.web.guards import requires
from portal.web.identity import confirmed
from portal.web.pages import add_refusal, answer
from portal.web.tenants.blueprint import own_actor, pages
from portal.web.tenants.forms import InviteForm


@pages.route("/<account>/settings/members/invite", methods=["GET", "POST"])
@requires(Permission.MEMBERS_MANAGE)
def invite(account: str) -> Any:
    actor = own_actor()
    form = InviteForm.offering(accounts.may_give(actor), language())
    if form.validate_on_submit() and confirmed(form) and _invite(actor, form):
        flash(_("The invitation is on its way to %(email)s.", email=form.email.data), "success")
        return redirect(url_for(".members", account=account), code=303)
    return answer("tenants/invite.html", form=form)


def _invite(actor: Actor, form: InviteForm) -> bool:
    try:
        with transaction():
            accounts.invite(actor, form.email.data or "", form.chosen_role, language=form.chosen_language)
    except (AlreadyInvited, AlreadyMember, EmailInvalid) as refusal:
        add_refusal(form.email, refusal)
        return False
    return True


@pages.post("/<account>/settings/invitations/<uuid:invitation_id>/resend")
@requires(Permission.MEMBERS_MANAGE)
def resend(account: str, invitation_id: uuid.UUID) -> Response:
    actor = own_actor()
    with transaction():
        invitation = store.get_invitation(actor, invitation_id)
        sent, email = accounts.resend(actor, invitation), invitation.email
    if sent:
        flash(_("A new link is on its way to %(email)s; the one before stops working.", email=email), "success")
    else:
        flash(_("The last mail to %(email)s left just now. Wait a minute before you send another.", email=email))
    return redirect(url_for(".members", account=account), code=303)  # type: ignore[return-value]


@pages.post("/<account>/settings/invitations/<uuid:invitation_id>/withdraw")
@requires(Permission.MEMBERS_MANAGE)
def withdraw(account: str, invitation_id: uuid.UUID) -> Response:
    actor = own_actor()
    with transaction():
        invitation = store.get_invitation(actor, invitation_id)
        accounts.withdraw(actor, invitation)
        email = invitation.email
    flash(_("The invitation of %(email)s is withdrawn; its link no longer works.", email=email), "success")
    return redirect(url_for(".members", account=account), code=303)  # type: ignore[return-value]
