"""Approving, narrowing, and the acts that are confirmed on one page: accept, decline, withdraw, pause, resume, end."""

from collections.abc import Callable
from contextlib import nullcontext

from flask import flash
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.access.actor import Actor, require
from portal.access.roles import Permission
from portal.delegations import operations, store
from portal.delegations.acting import needed_for
from portal.delegations.models import Delegation, DelegationState, Side
from portal.delegations.pace import steady
from portal.delegations.states import Act, move
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.foundation.marking import N_
from portal.handoffs import operations as hand_offs
from portal.handoffs import store as copies
from portal.impact import blast
from portal.web.delegations.forms import ApproveForm, NarrowForm, at_fields
from portal.web.delegations.redeeming import redeem
from portal.web.delegations.routes import for_both_sides, for_side, to_delegation
from portal.web.delegations.seen import find, look
from portal.web.forms import PortalForm
from portal.web.guards import current_actor
from portal.web.identity import WeightyForm, confirmed
from portal.web.pages import answer

Carry = Callable[[Actor, Delegation], None]

CARRIES: dict[Act, Carry] = {
    Act.ACCEPT: operations.accept,
    Act.DECLINE: operations.decline,
    Act.WITHDRAW: operations.withdraw,
    Act.PAUSE: operations.pause,
    Act.RESUME: operations.resume,
    Act.END: operations.end,
}
# What lets somebody in, keeps them out, or stops keys; declining and withdrawing change nothing that runs.
WEIGHTY = (Act.ACCEPT, Act.PAUSE, Act.RESUME, Act.END)
DONE: dict[Act, str] = {
    Act.ACCEPT: N_("You accepted. You can work in the account of %(party)s now."),
    Act.DECLINE: N_("Declined. %(party)s is told."),
    Act.WITHDRAW: N_("Withdrawn. Nobody can accept it any more."),
    Act.PAUSE: N_("Paused. Nobody acts under this delegation, and its keys do not work, until you resume it."),
    Act.RESUME: N_("Resumed. The delegation and its keys work again."),
    Act.END: N_("Ended for good. The key pairs made under this delegation do not work any more."),
}
DONE_OF_TICKET = DONE | {
    Act.WITHDRAW: N_("Withdrawn. Nobody can redeem it any more."),
    Act.PAUSE: N_("Paused. The ticket gives nothing, and its key pair does not work, until you resume it."),
    Act.RESUME: N_("Resumed. The ticket and its key pair work again."),
    Act.END: N_("Ended for good. The key pair made with this ticket does not work any more."),
}


@for_side(Side.OWNER, "/approve", Permission.DELEGATION_CHANGE, "approve")
def approve(account: str, side: Side, delegation_id: str) -> ResponseReturnValue:
    actor = current_actor()
    row = find(actor, side, delegation_id)
    move(row, Act.APPROVE, side)
    form = ApproveForm.of(row, store.projects_of(actor))
    form.ask_again()
    if form.validate_on_submit() and confirmed(form):
        with at_fields(form):
            with transaction():
                operations.approve(actor, row, **form.chosen)
            flash(_("Approved. The integrator can work in your account now."), "success")
            return to_delegation(side, delegation_id)
    return answer("delegations/approve.html", form=form, seen=look(actor, side, delegation_id))


@for_side(Side.OWNER, "/narrow", Permission.DELEGATION_CHANGE, "narrow")
def narrow(account: str, side: Side, delegation_id: str) -> ResponseReturnValue:
    actor = current_actor()
    row = find(actor, side, delegation_id)
    is_offer = move(row, Act.NARROW, side) is DelegationState.OFFERED
    form = NarrowForm.of(row, store.projects_of(actor))
    form.ask_again()
    if form.validate_on_submit() and confirmed(form):
        with at_fields(form):
            with transaction():
                operations.narrow(actor, row, **form.chosen, version=form.version.data)
            flash(_narrowed(is_offer), "success")
            return to_delegation(side, delegation_id)
    one = look(actor, side, delegation_id)
    pairs = blast.pairs_of(actor, one.row) if one.is_running else ()
    return answer("delegations/narrow.html", form=form, seen=one, is_offer=is_offer, pairs=pairs)


def _narrowed(is_offer: bool) -> str:
    if is_offer:
        return _("Sent. The integrator has to accept the narrower delegation before it runs.")
    return _("Narrowed. It holds at once.")


# Who may look after keys may come this far: with a ticket it is enough, with a delegation `_confirm` says no.
@for_side(Side.INTEGRATOR, "/accept", Permission.HAND_OFF, "accept")
def accept(account: str, side: Side, delegation_id: str) -> ResponseReturnValue:
    if find(current_actor(), side, delegation_id).one_pair:
        return redeem(delegation_id)
    return _confirm(Act.ACCEPT, side, delegation_id)


@for_both_sides("/decline", Permission.HAND_OFF)
def decline(account: str, side: Side, delegation_id: str) -> ResponseReturnValue:
    return _confirm(Act.DECLINE, side, delegation_id)


@for_both_sides("/withdraw", Permission.HAND_OFF)
def withdraw(account: str, side: Side, delegation_id: str) -> ResponseReturnValue:
    return _confirm(Act.WITHDRAW, side, delegation_id)


@for_both_sides("/pause", Permission.DELEGATION_PAUSE)
def pause(account: str, side: Side, delegation_id: str) -> ResponseReturnValue:
    return _confirm(Act.PAUSE, side, delegation_id)


@for_both_sides("/resume", Permission.DELEGATION_CHANGE)
def resume(account: str, side: Side, delegation_id: str) -> ResponseReturnValue:
    return _confirm(Act.RESUME, side, delegation_id)


@for_both_sides("/end", Permission.DELEGATION_END)
def end(account: str, side: Side, delegation_id: str) -> ResponseReturnValue:
    return _confirm(Act.END, side, delegation_id)


def _confirm(act: Act, side: Side, delegation_id: str) -> ResponseReturnValue:
    """The page that asks first, and the act itself. An act that is not possible now is refused on either."""
    actor = current_actor()
    one = look(actor, side, delegation_id)
    require(actor, needed_for(act, one.row))
    move(one.row, act, side)
    form = WeightyForm() if act in WEIGHTY else PortalForm()
    if form.validate_on_submit():
        # Who is told of a withdrawn offer must not show in its time either.
        with steady() if act is Act.WITHDRAW else nullcontext(), transaction():
            CARRIES[act](actor, one.row)
            if act is Act.END:
                hand_offs.close_under(actor, one.row)
                hand_offs.start_rotations(actor, one.row)
        flash(_((DONE_OF_TICKET if one.is_ticket else DONE)[act], party=one.party), "success")
        return to_delegation(side, delegation_id)
    if form.is_submitted():
        # A proof lets go of what was loaded.
        one = look(actor, side, delegation_id)
    radius = blast.of_delegation(actor, one.row) if act in (Act.PAUSE, Act.END) else None
    copied = copies.copied_to(one.row) if act is Act.END else ()
    sealed = copies.waiting_under(one.row, clock.now()) if act is Act.END else ()
    return answer(
        "delegations/confirm.html", form=form, seen=one, act=act.value, radius=radius, copied=copied, sealed=sealed
    )
