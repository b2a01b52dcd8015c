"""Proposing a wider delegation, and answering or withdrawing the proposal."""

from flask import flash
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.access.actor import Actor
from portal.access.roles import Permission
from portal.delegations import operations, store
from portal.delegations.models import Delegation, Side
from portal.delegations.states import Act, move
from portal.delegations.widening import to_answer
from portal.foundation.database import transaction
from portal.web.delegations.forms import AnswerForm, WidenForm, at_fields
from portal.web.delegations.routes import for_both_sides, to_delegation
from portal.web.delegations.seen import Given, find, look
from portal.web.guards import current_actor
from portal.web.identity import confirmed
from portal.web.pages import answer


@for_both_sides("/widen", Permission.DELEGATION_CHANGE)
def widen(account: str, side: Side, delegation_id: str) -> ResponseReturnValue:
    actor = current_actor()
    row = find(actor, side, delegation_id)
    move(row, Act.PROPOSE_WIDENING, side)
    form = _widen_form(actor, side, row)
    form.ask_again()
    if form.validate_on_submit() and confirmed(form):
        with at_fields(form):
            with transaction():
                operations.propose_widening(actor, row, **form.chosen, message=form.message.data or "")
            flash(_("Proposed. Nothing changes before the other side agrees."), "success")
            return to_delegation(side, delegation_id)
    return answer("delegations/widen.html", form=form, seen=look(actor, side, delegation_id))


def _widen_form(actor: Actor, side: Side, row: Delegation) -> WidenForm:
    if side is Side.OWNER:
        return WidenForm.by_owner(row, store.projects_of(actor))
    return WidenForm.by_integrator(row)


@for_both_sides("/widening/<proposal_id>", Permission.DELEGATION_CHANGE)
def answer_widening(account: str, side: Side, delegation_id: str, proposal_id: str) -> ResponseReturnValue:
    actor = current_actor()
    row = find(actor, side, delegation_id)
    move(row, Act.ACCEPT_WIDENING, side)
    to_answer(side, row, proposal_id)
    form = AnswerForm()
    form.ask_again(weighty=not form.declines)
    if form.validate_on_submit() and confirmed(form):
        _answer(actor, row, proposal_id, declines=form.declines)
        return to_delegation(side, delegation_id)
    one = look(actor, side, delegation_id)
    proposal = store.get_proposal(one.row, proposal_id)
    return answer("delegations/answer_widening.html", form=form, seen=one, proposal=proposal, wider=Given.by(proposal))


def _answer(actor: Actor, row: Delegation, proposal_id: str, *, declines: bool) -> None:
    with transaction():
        carry = operations.decline_widening if declines else operations.accept_widening
        carry(actor, row, proposal_id)
    flash(_("Declined. The delegation runs on as it is.") if declines else _("Agreed. It holds at once."), "success")


@for_both_sides("/widening/<proposal_id>/withdraw", Permission.DELEGATION_CHANGE, methods=("POST",))
def withdraw_widening(account: str, side: Side, delegation_id: str, proposal_id: str) -> ResponseReturnValue:
    actor = current_actor()
    row = find(actor, side, delegation_id)
    with transaction():
        operations.withdraw_widening(actor, row, proposal_id)
    flash(_("The proposal is withdrawn. The delegation runs on as it is."), "success")
    return to_delegation(side, delegation_id)
