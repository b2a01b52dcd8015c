"""Signing a command line in: a person types its code, sees what asks, and gives it a token or nothing."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.access.roles import Permission
from portal.accounts import attempts
from portal.foundation.database import transaction
from portal.tokens import devices, operations
from portal.tokens.errors import DecidedAlready, LastDayOutOfRange, UserCodeUnknown
from portal.tokens.models import DeviceRequest
from portal.web import actors, arguments
from portal.web.guards import requires, signed_in
from portal.web.identity import confirmed
from portal.web.pages import add_refusal, answer
from portal.web.tenants.blueprint import own_actor
from portal.web.tokens.blueprint import pages
from portal.web.tokens.forms import ApproveForm, CodeForm, EndForm


@pages.route("/device", methods=["GET", "POST"])
@signed_in
def device() -> ResponseReturnValue:
    """Asks for the code; then on to the account in which the token shall be, or to the choice of one."""
    form = CodeForm(user_code=arguments.text("user_code"))
    if form.validate_on_submit():
        try:
            asking = _asking(form.user_code.data or "")
        except (UserCodeUnknown, DecidedAlready) as refusal:
            add_refusal(form.user_code, refusal)
        else:
            return _choice(asking, devices.plain(form.user_code.data or ""))
    return answer("tokens/device.html", form=form)


@pages.route("/<account>/device/<user_code>", methods=["GET", "POST"])
@requires(Permission.SEE)
def approve_device(account: str, user_code: str) -> ResponseReturnValue:
    """Says what asks, and gives it a token in this account."""
    actor = own_actor()
    operations.require_may_issue(actor)
    asking = _asking(user_code)
    form = ApproveForm.for_request(actor, asking)
    if form.validate_on_submit() and confirmed(form):
        try:
            with transaction():
                devices.approve(
                    actor,
                    devices.get(user_code),
                    name=form.name.data,
                    scopes=form.scopes.chosen,
                    ends_at=form.last_day.moment,
                )
            flash(_("Approved: go back to your command line, it fetches the token by itself."), "success")
            return _to_list(account)
        except LastDayOutOfRange as refusal:
            add_refusal(form.last_day, refusal)
    asking = _asking(user_code)  # a refused transaction has let go of what was loaded
    return answer("tokens/approve.html", form=form, asking=asking, user_code=devices.plain(user_code))


@pages.post("/<account>/device/<user_code>/refuse")
@requires(Permission.SEE)
def refuse_device(account: str, user_code: str) -> ResponseReturnValue:
    """The command line gets nothing."""
    actor = own_actor()
    if EndForm().validate_on_submit():
        asking = _asking(user_code)
        with transaction():
            devices.refuse(actor, asking)
        flash(_("Refused: that command line gets no token."), "success")
    return _to_list(account)


def _asking(user_code: str) -> DeviceRequest:
    """What waits with this code. Who types too many wrong ones has to wait.

    Raises: UserCodeUnknown, DecidedAlready, TooManyAttempts.
    """
    network = request.remote_addr or ""
    attempts.require_room(network)
    try:
        return devices.get(user_code)
    except UserCodeUnknown:
        attempts.count_failure(network)
        raise


def _choice(asking: DeviceRequest, user_code: str) -> ResponseReturnValue:
    memberships = actors.known_memberships()
    if len(memberships) == 1:
        (only,) = memberships
        return redirect(url_for(".approve_device", account=only.tenant.account_id, user_code=user_code), code=303)
    return render_template("tokens/choose.html", memberships=memberships, asking=asking, user_code=user_code)


def _to_list(account: str) -> ResponseReturnValue:
    return redirect(url_for(".index", account=account), code=303)
