"""Adding and changing endpoints, and their secrets: a secret is on one page, once."""

from flask import Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.access.roles import Permission
from portal.foundation.database import transaction
from portal.web.guards import requires
from portal.web.identity import confirmed
from portal.web.pages import add_refusal, answer
from portal.web.say import why
from portal.web.webhooks import labels
from portal.web.webhooks.blueprint import asked_for, keeper, pages, to_endpoint
from portal.web.webhooks.forms import ChangeForm, NewForm, RemoveForm, RotateForm
from portal.webhooks import operations, store
from portal.webhooks.errors import AddedAlready, AddressNotOpen, TooManyEndpoints, UrlNotUsable
from portal.webhooks.operations import Shown


@pages.route("/<account>/webhooks/new", methods=["GET", "POST"])
@requires(Permission.SETTINGS_MANAGE)
def new(account: str) -> ResponseReturnValue:
    """Asks where and what of; the answer to the form is the one page that shows the secret."""
    actor, form = keeper(), NewForm.anew()
    if form.validate_on_submit() and confirmed(form):
        try:
            with transaction():
                shown = operations.add(actor, form.url.data, form.description.data, form.chosen, mark=form.mark.data)
            return _shown(shown)
        except (UrlNotUsable, AddressNotOpen) as refusal:
            add_refusal(form.url, refusal)
        except (AddedAlready, TooManyEndpoints) as refusal:
            flash(why(refusal), "warning")
            return redirect(url_for(".index", account=account), code=303)
    return answer("webhooks/new.html", form=form, groups=labels.event_groups())


@pages.route("/<account>/webhooks/<endpoint_id>/change", methods=["GET", "POST"])
@requires(Permission.SETTINGS_MANAGE)
def change(account: str, endpoint_id: str) -> ResponseReturnValue:
    actor, endpoint = asked_for(endpoint_id)
    form = ChangeForm.for_endpoint(endpoint)
    if form.validate_on_submit() and confirmed(form):
        try:
            with transaction():
                given = form.url.data, form.description.data, form.chosen
                operations.change(actor, endpoint, *given, form.version.data)
            flash(_("What happens from now on is told as you said."), "success")
            return to_endpoint(account, endpoint_id)
        except (UrlNotUsable, AddressNotOpen) as refusal:
            add_refusal(form.url, refusal)
    _actor, endpoint = asked_for(endpoint_id)  # a refused transaction has let go of what was loaded
    return answer("webhooks/change.html", form=form, endpoint=endpoint, groups=labels.event_groups())


@pages.route("/<account>/webhooks/<endpoint_id>/rotate", methods=["GET", "POST"])
@requires(Permission.SETTINGS_MANAGE)
def rotate(account: str, endpoint_id: str) -> ResponseReturnValue:
    """Asks when the old secret stops; the answer to the form is the one page that shows the new one."""
    actor, endpoint = asked_for(endpoint_id)
    form = RotateForm.anew()
    if form.validate_on_submit() and confirmed(form):
        try:
            with transaction():
                shown = operations.rotate(actor, endpoint, form.overlap.chosen, mark=form.mark.data)
            return _shown(shown, is_successor=True)
        except AddedAlready as refusal:
            flash(why(refusal), "warning")
            return to_endpoint(account, endpoint_id)
    _actor, endpoint = asked_for(endpoint_id)
    return answer("webhooks/rotate.html", form=form, endpoint=endpoint)


@pages.route("/<account>/webhooks/<endpoint_id>/remove", methods=["GET", "POST"])
@requires(Permission.SETTINGS_MANAGE)
def remove(account: str, endpoint_id: str) -> ResponseReturnValue:
    """Says what is no longer told, and removes the endpoint."""
    actor, endpoint = asked_for(endpoint_id)
    form = RemoveForm.for_endpoint(endpoint)
    if form.validate_on_submit():
        with transaction():
            operations.remove(actor, endpoint)
        flash(_("“%(name)s” is removed: nothing is sent there any more.", name=form.wanted), "success")
        return redirect(url_for(".index", account=account), code=303)
    waiting = store.count_waiting(actor, endpoint)
    return answer("webhooks/remove.html", form=form, endpoint=endpoint, waiting=waiting)


def _shown(shown: Shown, *, is_successor: bool = False) -> Response:
    """The page with the secret; loading it again cannot show it, for sending the form again makes no second one."""
    endpoint = store.get(keeper(), shown.endpoint.public_id)
    drawn = render_template("webhooks/secret.html", endpoint=endpoint, secret=shown.secret, is_successor=is_successor)
    page = Response(drawn)
    page.headers["Cache-Control"] = "no-store"
    return page
