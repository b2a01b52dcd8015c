"""The account itself: its name, and the code by which an integrator may ask."""

from typing import Any

from flask import Response, flash, g, redirect, render_template, url_for
from flask_babel import gettext as _

from portal.access.roles import Permission
from portal.foundation.database import transaction
from portal.tenants import operations as tenants
from portal.web.guards import requires
from portal.web.pages import answer
from portal.web.tenants.blueprint import own_actor, pages
from portal.web.tenants.forms import RenameForm, RequestCodeForm


@pages.get("/<account>/settings")
@requires(Permission.SEE)
def settings(account: str) -> str:
    own_actor()
    return render_template("tenants/settings.html", form=RenameForm.for_tenant(g.tenant))


@pages.post("/<account>/settings")
@requires(Permission.SETTINGS_MANAGE)
def rename(account: str) -> Any:
    actor = own_actor()
    form = RenameForm.for_tenant(g.tenant)
    if form.validate_on_submit():
        with transaction():
            tenants.rename(actor, form.name.data or "", form.version.data)
        flash(_("The account has its new name."), "success")
        return redirect(url_for(".settings", account=account), code=303)
    return answer("tenants/settings.html", form=form)


@pages.route("/<account>/settings/request-code", methods=["GET", "POST"])
@requires(Permission.SETTINGS_MANAGE)
def request_code(account: str) -> Response:
    """The page says what a new code does; the answer to its button is the one place that shows the code."""
    actor = own_actor()
    form = RequestCodeForm(version=g.tenant.version)
    if not form.validate_on_submit():
        return answer("tenants/request_code.html", form=form)
    with transaction():
        code = tenants.make_request_code(actor, form.version.data)
    return answer("tenants/request_code_made.html", form=form, code=code)
