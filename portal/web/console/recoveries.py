"""People who lost the second step: who waits, and what the vendor's staff does about it."""

import uuid
from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from portal.access.actor import Actor
from portal.access.roles import Permission
from portal.accounts import operations as accounts
from portal.accounts import passwords, recovery_store
from portal.accounts.errors import NobodyVouched, NotByOneself, OthersVouch, RecoveryTooEarly
from portal.accounts.models import FactorRecovery
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.web.console.blueprint import pages
from portal.web.forms import PortalForm
from portal.web.guards import current_actor, requires
from portal.web.identity import FreshSignIn, confirmed
from portal.web.pages import add_refusal, answer

VOUCH = SelectChoice("vouch", _l("Vouch, since nobody else can: I have spoken to this person"))
CARRY_OUT = SelectChoice("carry_out", _l("Remove the second step now"))
REFUSE = SelectChoice("refuse", _l("Refuse"))


class DecideForm(FreshSignIn, PortalForm):
    """What to do about it; asks each time who decides."""

    decision = RadioField(_l("Your decision"), choices=[], validators=[InputRequired(_l("Choose one."))])

    @classmethod
    def for_actor(cls, actor: Actor, recovery: FactorRecovery) -> "DecideForm":
        """The form, which offers what this actor can decide now."""
        form = cls()
        form.decision.choices = _choices(actor, recovery)
        form.require_fresh(always=True)
        return form


def _choices(actor: Actor, recovery: FactorRecovery) -> list[SelectChoice]:
    is_vouched, can_vouch = accounts.is_vouched(recovery), accounts.may_vouch(actor, recovery.person)
    is_operator = actor.may(Permission.PERSON_KEEP) and actor.person_id != recovery.person_id
    is_due = is_vouched and recovery.due_at is not None and recovery.due_at <= clock.now()
    offered = (
        (VOUCH, can_vouch and not is_vouched),
        (CARRY_OUT, is_operator and is_due and actor.person_id != recovery.vouched_by_id),
        (REFUSE, can_vouch or is_operator),
    )
    return [choice for choice, is_offered in offered if is_offered]


@pages.get("/<account>/console/recoveries")
@requires(Permission.CONSOLE_SEE)
def recoveries(account: str) -> str:
    """All who wait, the oldest first."""
    return render_template("console/recoveries.html", recoveries=recovery_store.open_ones(), now=clock.now())


@pages.route("/<account>/console/recoveries/<uuid:recovery_id>", methods=["GET", "POST"])
@requires(Permission.CONSOLE_SEE)
def recovery(account: str, recovery_id: uuid.UUID) -> Any:
    """Where it stands, and the decision, for which the password is asked each time."""
    form = DecideForm.for_actor(current_actor(), recovery_store.get(recovery_id))
    if form.validate_on_submit() and confirmed(form) and _decide(form, recovery_id):
        flash(_("It is done, and all concerned are told."), "success")
        return redirect(url_for(".recoveries", account=account), code=303)
    found = recovery_store.get(recovery_id)
    return answer("console/recovery.html", form=form, recovery=found, is_vouched=accounts.is_vouched(found))


def _decide(form: DecideForm, recovery_id: uuid.UUID) -> bool:
    actor, decision = current_actor(), form.decision.data
    nobodys = passwords.nobodys() if decision == "carry_out" else None
    try:
        with transaction():
            if nobodys is not None:
                accounts.carry_out_recovery(actor, recovery_id, nobodys)
            elif decision == "vouch":
                accounts.vouch_for_recovery(actor, recovery_id)
            else:
                accounts.refuse_recovery(actor, recovery_id)
    except (NobodyVouched, NotByOneself, OthersVouch, RecoveryTooEarly) as refusal:
        add_refusal(form.decision, refusal)
        return False
    return True
