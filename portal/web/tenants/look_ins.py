"""What the tenant can do about a look-in: end it."""

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.access.roles import Permission
from portal.foundation.database import transaction
from portal.lookins import operations as look_ins
from portal.lookins import store
from portal.web.guards import requires
from portal.web.tenants.blueprint import own_actor, pages


@pages.post("/<account>/look-ins/<look_in_id>/end")
@requires(Permission.SETTINGS_MANAGE)
def end_look_in(account: str, look_in_id: str) -> ResponseReturnValue:
    """Ends a look-in into this account at once."""
    actor = own_actor()
    with transaction():
        look_ins.end(actor, store.get(actor, look_in_id))
    flash(_("The look-in is over."))
    return redirect(url_for("dashboards.overview", account=account), code=303)
