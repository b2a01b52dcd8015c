"""The person's own envelope key: made in the browser and kept there, or by the command line."""

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.access.actor import Actor
from portal.access.roles import Permission
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.foundation.errors import PortalError
from portal.handoffs import codes, envelope, operations, store, words
from portal.handoffs.enrolling import HOLD
from portal.handoffs.errors import EnvelopeKeyKnown, NotAnEnvelopeKey
from portal.handoffs.models import Kept, Purpose
from portal.web.guards import current_actor, requires
from portal.web.handoffs import key_pages
from portal.web.handoffs.blueprint import pages
from portal.web.handoffs.forms import EnrolForm
from portal.web.identity import confirmed


@pages.route("/<account>/hand-offs/envelope-key", methods=["GET", "POST"])
@requires(Permission.HAND_OFF)
def enrol(account: str) -> ResponseReturnValue:
    actor, form, refusal = current_actor(), EnrolForm(), None
    form.require_fresh()
    if form.validate_on_submit() and confirmed(form):
        try:
            return _carried_out(actor, form, account)
        except (NotAnEnvelopeKey, EnvelopeKeyKnown) as refused:
            refusal = key_pages.noted(actor, refused)
    return _page(actor, form, refusal)


def _carried_out(actor: Actor, form: EnrolForm, account: str) -> ResponseReturnValue:
    """What the form asks for; one with nothing in it only confirmed who is there."""
    if form.is_for_command:
        return _commanded(actor)
    if form.public.data:
        public = form.read()
        if public is None:
            return _page(actor, form)
        with transaction():
            operations.enrol(actor, public, Kept.BROWSER)
        flash(_("Your envelope key is enrolled. Private keys can be sealed to it."), "success")
    return redirect(url_for(".enrol", account=account), code=303)


def _commanded(actor: Actor) -> ResponseReturnValue:
    with transaction():
        code = codes.show(actor, Purpose.ENROL)
    return key_pages.commanded(
        purpose=Purpose.ENROL.value,
        command=key_pages.command("enroll", code),
        ends_at=clock.now() + codes.LIFETIME,
        back=request.path,
    )


def _page(actor: Actor, form: EnrolForm, refusal: PortalError | None = None) -> ResponseReturnValue:
    key = store.current_key(actor)
    if refusal is not None:
        form.public.data = ""  # this one is not sent again
    return key_pages.drawn(
        "handoffs/enrol.html",
        form=form,
        refusal=refusal,
        key=key,
        to_key=envelope.key_sha256(key.public) if key else "",
        words=words.comparison_words(key.public) if key else (),
        hold_hours=int(HOLD.total_seconds()) // 3600,
        now=clock.now(),
    )
