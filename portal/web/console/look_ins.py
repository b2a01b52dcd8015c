"""Looking into a tenant: why and for how long, what is running, and its end."""

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from wtforms import RadioField
from wtforms.validators import DataRequired, InputRequired

from portal.access.roles import Permission
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.foundation.errors import NotFound
from portal.lookins import operations as look_ins
from portal.lookins import store
from portal.lookins.operations import LONGEST_HOURS
from portal.tenants import store as tenants
from portal.tenants.models import Tenant
from portal.web.console.blueprint import pages
from portal.web.forms import CleanTextAreaField
from portal.web.guards import current_actor, requires
from portal.web.identity import WeightyForm
from portal.web.pages import answer


class LookInForm(WeightyForm):
    reason = CleanTextAreaField(
        _l("Why you have to look"), validators=[DataRequired(_l("Say why you have to look: the tenant reads it."))]
    )
    hours = RadioField(
        _l("For how long"),
        choices=[],
        validators=[InputRequired(_l("Choose how long."))],
    )

    @classmethod
    def empty(cls) -> "LookInForm":
        """The form with one hour chosen."""
        form = cls(hours="1")
        form.hours.choices = [
            (str(hours), ngettext("%(num)s hour", "%(num)s hours", hours)) for hours in range(1, LONGEST_HOURS + 1)
        ]
        return form


@pages.route("/<account>/console/tenants/<owner_id>/look-in", methods=["GET", "POST"])
@requires(Permission.LOOK_IN)
def look_in(account: str, owner_id: str) -> ResponseReturnValue:
    """Asks why and for how long, and says what follows; while one runs, it leads there instead."""
    actor, owner, form = current_actor(), _tenant(owner_id), LookInForm.empty()
    if form.validate_on_submit():
        with transaction():
            look_ins.begin(actor, _tenant(owner_id), form.reason.data or "", int(form.hours.data))
        flash(_("The owners of %(tenant)s are told by mail.", tenant=owner.name))
        return redirect(url_for("dashboards.overview", account=owner.account_id), code=303)
    found = store.find_unended(owner.id, actor.person_id)
    running = found if found and found.is_running(clock.now()) else None
    return answer("console/look_in.html", form=form, owner=owner, running=running)


@pages.post("/<account>/console/look-ins/<look_in_id>/end")
@requires(Permission.LOOK_IN)
def end_look_in(account: str, look_in_id: str) -> ResponseReturnValue:
    """Ends one's own look-in at once."""
    actor = current_actor()
    with transaction():
        found = store.get_of_person(actor.person_id, look_in_id)
        owner = found.tenant.account_id
        look_ins.end(actor, found)
    flash(_("The look-in is over."))
    return redirect(url_for("console.tenant", account=account, owner_id=owner), code=303)


def _tenant(account_id: str) -> Tenant:
    owner = tenants.get_by_account_id(account_id)
    if owner.is_vendor:
        raise NotFound()
    return owner
