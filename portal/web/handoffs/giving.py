"""Handing over a copy of a private key: what would be better, and to whom it goes."""

from flask import Response, redirect, url_for
from flask.typing import ResponseReturnValue

from portal.access.actor import Actor
from portal.access.roles import Permission
from portal.foundation.database import transaction
from portal.foundation.errors import PortalError
from portal.handoffs import giving, operations, store, words
from portal.handoffs.errors import EnvelopeKeyHeld, EnvelopeKeyReplaced, HandOffRunning, NoReceiver
from portal.keys import store as keys
from portal.web.guards import current_actor, requires
from portal.web.handoffs import key_pages
from portal.web.handoffs.blueprint import pages
from portal.web.handoffs.forms import GiveForm
from portal.web.identity import confirmed


@pages.route("/<account>/keys/<api_key>/hand-over", methods=["GET", "POST"])
@requires(Permission.HAND_OFF)
def give(account: str, api_key: str) -> ResponseReturnValue:
    actor, form, refusal = current_actor(), GiveForm(), None
    pair = keys.get(actor, api_key)
    form.offer(list(giving.receivers(actor, pair)))
    form.require_fresh()
    if form.validate_on_submit() and confirmed(form):
        try:
            with transaction():
                intent = operations.begin(actor, pair, form.envelope_key.data, form.message.data or "")
            return redirect(url_for(".seal", account=account, intent_id=intent.public_id), code=303)
        except (NoReceiver, EnvelopeKeyReplaced, EnvelopeKeyHeld, HandOffRunning) as refused:
            refusal = key_pages.noted(actor, refused)
    return _page(actor, api_key, form, refusal)


def _page(actor: Actor, api_key: str, form: GiveForm, refusal: PortalError | None) -> Response:
    pair = keys.get(actor, api_key)  # read anew after a change that was not made
    receivers = list(giving.receivers(actor, pair))
    form.offer(receivers)
    return key_pages.drawn(
        "handoffs/give.html",
        form=form,
        refusal=refusal,
        pair=pair,
        environment=pair.environment.value,
        receivers=[(one, words.comparison_words(one.key.public)) for one in receivers],
        running=store.live_of(actor, pair),
    )
