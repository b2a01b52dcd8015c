"""Redeeming a ticket: accepting it, and then straight on to the key pair that it is for."""

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.access.actor import Actor
from portal.delegations import operations
from portal.delegations.errors import WrongState
from portal.delegations.models import Side
from portal.delegations.states import Act, move
from portal.foundation.database import transaction
from portal.web.delegations.routes import to_delegation
from portal.web.delegations.seen import Seen, look
from portal.web.guards import current_actor
from portal.web.identity import WeightyForm
from portal.web.pages import answer

SIDE = Side.INTEGRATOR


def redeem(delegation_id: str) -> ResponseReturnValue:
    """The page that asks first, and the act. Who comes back to it once it is done, or presses twice, is led on too."""
    actor = current_actor()
    one = look(actor, SIDE, delegation_id)
    if one.is_live:
        return _to_the_pair(one)
    move(one.row, Act.ACCEPT, SIDE)
    form = WeightyForm()
    if form.validate_on_submit():
        return _to_the_pair(_redeemed(actor, one))
    if form.is_submitted():
        # A proof lets go of what was loaded.
        one = look(actor, SIDE, delegation_id)
    return answer("delegations/confirm.html", form=form, seen=one, act=Act.ACCEPT.value, radius=None)


def _redeemed(actor: Actor, one: Seen) -> Seen:
    """The ticket once it is redeemed, by this request or by another one of the same moment. Raises: WrongState."""
    delegation_id = one.row.public_id
    try:
        with transaction():
            operations.accept(actor, one.row)
        flash(_("Redeemed. Make the key pair here: only you will have its private key."), "success")
    except WrongState:
        if not look(actor, SIDE, delegation_id).is_live:
            raise
    return look(actor, SIDE, delegation_id)


def _to_the_pair(one: Seen) -> ResponseReturnValue:
    """On to making the first pair that is not made yet, in the client's account; else to the ticket itself."""
    if not one.unmade:
        return to_delegation(SIDE, one.row.public_id)
    side = one.unmade[0].value
    return redirect(url_for("keys.new", account=one.party_account, environment=side), code=303)
