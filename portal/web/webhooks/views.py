"""Which endpoints there are, what was sent to each, and sending it again."""

from typing import Any

from flask import flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from portal.access.roles import Permission
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.web import arguments
from portal.web.guards import requires
from portal.web.pages import add_refusal, answer
from portal.web.webhooks import keeping, labels  # noqa: F401 - the pages of `keeping` belong to the blueprint
from portal.web.webhooks.blueprint import asked_for, keeper, pages, to_endpoint
from portal.web.webhooks.forms import ResendForm
from portal.webhooks import messages, operations, store
from portal.webhooks.errors import NothingToSend, RangeOutOfBounds, RangeTooLong
from portal.webhooks.operations import MOST
from portal.webhooks.states import DeliveryState

STATES = {state.value: state for state in DeliveryState}


@pages.get("/<account>/webhooks")
@requires(Permission.SETTINGS_MANAGE)
def index(account: str) -> str:
    """All of them, and how their deliveries stand."""
    actor = keeper()
    return render_template(
        "webhooks/index.html",
        rows=store.endpoints(actor),
        standing=store.standing(actor),
        most=MOST,
        labels=labels,
    )


@pages.get("/<account>/webhooks/<endpoint_id>")
@requires(Permission.SETTINGS_MANAGE)
def show(account: str, endpoint_id: str) -> str:
    """One endpoint, and what was sent to it in the last 30 days."""
    actor, endpoint = asked_for(endpoint_id)
    wanted = arguments.one_of("state", STATES)
    page = store.deliveries(actor, endpoint, STATES.get(wanted), request.args.get("after"))
    chosen: dict[str, Any] = {"state": wanted} if wanted else {}
    here = url_for(".show", account=account, endpoint_id=endpoint_id, **chosen)
    now = clock.now()
    return render_template(
        "webhooks/show.html",
        endpoint=endpoint,
        rows=page.rows,
        ending=[secret for secret in endpoint.secrets if secret.ends_at and secret.works(now)],
        labels=labels,
        wanted=wanted,
        next_url=url_for(".show", account=account, endpoint_id=endpoint_id, **chosen, after=page.next_place)
        if page.next_place
        else None,
        first_url=here if request.args.get("after") else None,
    )


@pages.get("/<account>/webhooks/<endpoint_id>/deliveries/<delivery_id>")
@requires(Permission.SETTINGS_MANAGE)
def delivery(account: str, endpoint_id: str, delivery_id: str) -> str:
    """One message: what is in it, and each attempt."""
    actor, endpoint = asked_for(endpoint_id)
    row = store.get_delivery(actor, endpoint, delivery_id)
    body = messages.body_of(row, store.event_of(row), account)
    return render_template(
        "webhooks/delivery.html",
        endpoint=endpoint,
        delivery=row,
        attempts=store.attempts(actor, row),
        body=messages.to_be_read(body),
        labels=labels,
    )


@pages.post("/<account>/webhooks/<endpoint_id>/deliveries/<delivery_id>/again")
@requires(Permission.SETTINGS_MANAGE)
def again(account: str, endpoint_id: str, delivery_id: str) -> ResponseReturnValue:
    """The same message once more."""
    actor, endpoint = asked_for(endpoint_id)
    row = store.get_delivery(actor, endpoint, delivery_id)
    with transaction():
        operations.resend(actor, endpoint, row)
    flash(_("The message is on its way once more."), "success")
    return to_endpoint(account, endpoint_id)


@pages.route("/<account>/webhooks/<endpoint_id>/resend", methods=["GET", "POST"])
@requires(Permission.SETTINGS_MANAGE)
def resend(account: str, endpoint_id: str) -> ResponseReturnValue:
    """All messages of some days once more."""
    actor, endpoint = asked_for(endpoint_id)
    form = ResendForm()
    if form.validate_on_submit():
        try:
            with transaction():
                days = form.first_day.moment, form.last_day.moment
                count = operations.resend_range(actor, endpoint, *days)
            flash(ngettext("%(num)s message is on its way.", "%(num)s messages are on their way.", count), "success")
            return to_endpoint(account, endpoint_id)
        except (RangeOutOfBounds, RangeTooLong, NothingToSend) as refusal:
            add_refusal(form.first_day, refusal)
    _actor, endpoint = asked_for(endpoint_id)
    return answer("webhooks/resend.html", form=form, endpoint=endpoint)


@pages.post("/<account>/webhooks/<endpoint_id>/test")
@requires(Permission.SETTINGS_MANAGE)
def test(account: str, endpoint_id: str) -> ResponseReturnValue:
    """A message of the type webhook.test."""
    actor, endpoint = asked_for(endpoint_id)
    with transaction():
        operations.test(actor, endpoint)
    flash(_("A test is on its way. Load this page again to see what was answered."), "success")
    return to_endpoint(account, endpoint_id)


@pages.post("/<account>/webhooks/<endpoint_id>/pause")
@requires(Permission.SETTINGS_MANAGE)
def pause(account: str, endpoint_id: str) -> ResponseReturnValue:
    actor, endpoint = asked_for(endpoint_id)
    with transaction():
        operations.pause(actor, endpoint)
    flash(_("Nothing is sent until somebody resumes it. What happens meanwhile is kept for 30 days."), "success")
    return to_endpoint(account, endpoint_id)


@pages.post("/<account>/webhooks/<endpoint_id>/resume")
@requires(Permission.SETTINGS_MANAGE)
def resume(account: str, endpoint_id: str) -> ResponseReturnValue:
    actor, endpoint = asked_for(endpoint_id)
    with transaction():
        operations.resume(actor, endpoint)
    flash(_("It is active again, and is told what happened meanwhile."), "success")
    return to_endpoint(account, endpoint_id)
