"""A member who lost the second step: an owner vouches, or refuses."""

import uuid
from typing import Any

from flask import flash, redirect, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from portal.access.roles import Permission
from portal.accounts import operations as accounts
from portal.accounts import recovery_store
from portal.accounts.errors import RecoveryOver
from portal.accounts.models import FactorRecovery
from portal.accounts.recoveries import require_may_vouch
from portal.foundation.database import transaction
from portal.web.forms import PortalForm
from portal.web.guards import requires
from portal.web.identity import FreshSignIn, confirmed
from portal.web.pages import answer
from portal.web.tenants.blueprint import own_actor, pages

VOUCH = SelectChoice("vouch", _l("I have spoken to this person, and it was they who asked"))
REFUSE = SelectChoice("refuse", _l("Refuse"))


class RecoveryForm(FreshSignIn, PortalForm):
    """What to do about it; asks each time who decides."""

    decision = RadioField(_l("Your decision"), choices=[], validators=[InputRequired(_l("Choose one."))])

    @classmethod
    def about(cls, recovery: FactorRecovery) -> "RecoveryForm":
        """The form, which asks nobody to vouch where somebody has."""
        form = cls()
        form.decision.choices = [REFUSE] if accounts.is_vouched(recovery) else [VOUCH, REFUSE]
        form.require_fresh(always=True)
        return form


@pages.route("/<account>/settings/recoveries/<uuid:recovery_id>", methods=["GET", "POST"])
@requires(Permission.MEMBERS_MANAGE)
def recovery(account: str, recovery_id: uuid.UUID) -> Any:
    """Says what vouching means, and asks the password each time."""
    actor = own_actor()
    found = recovery_store.get_in(actor.tenant_id, recovery_id)
    if found.closed_at is not None:
        raise RecoveryOver()
    require_may_vouch(actor, found.person)
    form = RecoveryForm.about(found)
    if form.validate_on_submit() and confirmed(form):
        decide = accounts.vouch_for_recovery if form.decision.data == "vouch" else accounts.refuse_recovery
        with transaction():
            name = decide(actor, recovery_id).person.name
        flash(_("All concerned are told what you decided about %(name)s.", name=name), "success")
        return redirect(url_for(".members", account=account), code=303)
    found = recovery_store.get_in(actor.tenant_id, recovery_id)
    return answer("tenants/recovery.html", form=form, recovery=found, is_vouched=accounts.is_vouched(found))
