"""Sealing in the giver's browser: the portal gets ciphertext, and the signature of the key inside."""

import json
from dataclasses import asdict

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.access.actor import Actor
from portal.access.roles import Environment, Permission
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.foundation.errors import PortalError
from portal.handoffs import codes, operations, store, words
from portal.handoffs.envelope import Bound
from portal.handoffs.errors import EnvelopeKeyReplaced, HandOffRunning, IntentOver, NoReceiver, PairNotInService
from portal.handoffs.faults import EnvelopeFault
from portal.handoffs.giving import bound_by
from portal.handoffs.models import HandOffIntent, Purpose
from portal.keys import store as keys
from portal.verifier import settings
from portal.web.guards import current_actor, requires
from portal.web.handoffs import key_pages
from portal.web.handoffs.blueprint import pages
from portal.web.handoffs.forms import SealForm

REFUSED = (EnvelopeFault, EnvelopeKeyReplaced, HandOffRunning, IntentOver, NoReceiver, PairNotInService)


@pages.route("/<account>/hand-offs/sealing/<intent_id>", methods=["GET", "POST"])
@requires(Permission.HAND_OFF)
def seal(account: str, intent_id: str) -> ResponseReturnValue:
    actor, form, refusal = current_actor(), SealForm(), None
    intent = store.get_intent(actor, intent_id)
    if store.find_by_public_id(actor, intent_id) is not None:
        return _to_hand_off(account, intent_id)
    if form.validate_on_submit():
        try:
            return _carried_out(actor, intent, form, account)
        except REFUSED as refused:
            refusal = key_pages.noted(actor, refused)
    return _page(actor, intent_id, form, refusal)


def _carried_out(actor: Actor, intent: HandOffIntent, form: SealForm, account: str) -> ResponseReturnValue:
    if form.is_for_command:
        return _commanded(actor, intent)
    sealed = form.read()
    if sealed is None:
        return _page(actor, intent.public_id, form)
    receiver, intent_id = intent.to_person.name, intent.public_id
    with transaction():
        operations.deposit(actor, intent, sealed)
    flash(_("Sealed and handed over. %(person)s was told, and can open it.", person=receiver), "success")
    return _to_hand_off(account, intent_id)


def _commanded(actor: Actor, intent: HandOffIntent) -> ResponseReturnValue:
    if clock.now() >= intent.expires_at:
        raise IntentOver()
    file, ends_at = settings.key_file(intent.key_pair.environment.value), codes.end_of_one(intent.expires_at)
    with transaction():
        code = codes.show(actor, Purpose.SEAL, intent.public_id, ends_at)
    return key_pages.commanded(
        purpose=Purpose.SEAL.value,
        command=key_pages.command("seal", code, "--key", file),
        file=file,
        ends_at=ends_at,
        back=request.path,
    )


def _page(actor: Actor, intent_id: str, form: SealForm, refusal: PortalError | None = None) -> ResponseReturnValue:
    intent = store.get_intent(actor, intent_id)  # read anew after a change that was not made
    form.ciphertext.data = form.signature.data = ""  # these are not sent again
    return key_pages.drawn(
        "handoffs/seal.html",
        form=form,
        refusal=refusal,
        intent=intent,
        pair=intent.key_pair,
        environment=intent.key_pair.environment.value,
        is_over=clock.now() >= intent.expires_at,
        words=words.comparison_words(intent.to_public),
        bound=json.dumps(members(bound_by(intent))),
        known=_known(actor),
    )


def members(bound: Bound) -> dict[str, object]:
    """What an envelope binds, by the names that static/js/envelope.js has for it."""
    facts = asdict(bound)
    return facts | {"from": facts.pop("sender"), "to": facts.pop("receiver")}


def _known(actor: Actor) -> list[dict[str, str]]:
    """Name and fingerprint of the live pairs that the reader sees, so that another one's file can be named."""
    return [
        {"sha256": pair.spki_sha256.hex(), "name": pair.name}
        for side in Environment
        for pair in keys.live(actor, clock.now(), side)
    ]


def _to_hand_off(account: str, hand_off_id: str) -> ResponseReturnValue:
    return redirect(url_for(".show", account=account, hand_off_id=hand_off_id), code=303)
