"""Opening a sealed copy: looking opens nothing; the envelope comes with the answer to an explicit POST."""

import json
from base64 import b64encode

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.access.actor import Actor
from portal.access.roles import Permission
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.foundation.errors import NotFound, PortalError
from portal.handoffs import codes, operations, store, words
from portal.handoffs.envelope import Envelope
from portal.handoffs.errors import (
    DelegationOver,
    FetchedTooOften,
    HandOffOver,
    OpeningNotProved,
    PairNotInService,
    SealedToAnother,
)
from portal.handoffs.giving import bound_by
from portal.handoffs.models import HandOff, Purpose
from portal.handoffs.states import STATE_NAMES, Act, allows, move, state_at
from portal.web.guards import current_actor, requires
from portal.web.handoffs import key_pages
from portal.web.handoffs.blueprint import pages
from portal.web.handoffs.forms import OpenForm, ProofForm
from portal.web.handoffs.sealing import members
from portal.web.identity import confirmed

ENVELOPE_KEY_FILE = "envelope-key.pem"
OVER = (HandOffOver, SealedToAnother, DelegationOver, PairNotInService, FetchedTooOften)


# Named with an underscore: `open` is Python's own.
@pages.route("/<account>/hand-offs/<hand_off_id>/open", methods=["GET", "POST"], endpoint="open")
@requires(Permission.HAND_OFF)
def open_(account: str, hand_off_id: str) -> ResponseReturnValue:
    actor, form, refusal = current_actor(), OpenForm(), None
    hand_off = received(actor, hand_off_id)
    form.require_fresh()
    if form.validate_on_submit() and confirmed(form):
        try:
            return _commanded(actor, hand_off) if form.is_for_command else _opened(actor, hand_off)
        except OVER as refused:
            refusal = key_pages.noted(actor, refused)
    return _look(actor, hand_off_id, form, refusal)


@pages.route("/<account>/hand-offs/<hand_off_id>/proof", methods=["POST"])
@requires(Permission.HAND_OFF)
def prove(account: str, hand_off_id: str) -> ResponseReturnValue:
    """The signature of the key that was taken out; when it does not fit, the page to open from, with the reason."""
    actor, form, refusal = current_actor(), ProofForm(), None
    hand_off = received(actor, hand_off_id)
    if form.validate_on_submit() and (signature := form.read()) is not None:
        try:
            with transaction():
                operations.finish(actor, hand_off, signature=signature, base_url=key_pages.base_url())
            flash(_("Proved: you have the private key. The sealed copy is destroyed."), "success")
            return redirect(url_for(".show", account=account, hand_off_id=hand_off_id), code=303)
        except (OpeningNotProved, *OVER) as refused:
            refusal = key_pages.noted(actor, refused)
    opening_form = OpenForm(formdata=None)
    opening_form.require_fresh()
    return _look(actor, hand_off_id, opening_form, refusal or OpeningNotProved())


def received(actor: Actor, hand_off_id: str) -> HandOff:
    """A hand-off to the actor's own tenant. Raises: NotFound, for its giver too."""
    hand_off = store.get(actor, hand_off_id)
    if hand_off.receiver_id != actor.tenant_id:
        raise NotFound()
    return hand_off


def _opened(actor: Actor, hand_off: HandOff) -> ResponseReturnValue:
    """The one page that carries the envelope."""
    with transaction():
        sealed = operations.fetch(actor, hand_off)
    hand_off = store.get(actor, hand_off.public_id)
    return key_pages.drawn(
        "handoffs/opened.html",
        form=ProofForm(formdata=None),
        hand_off=hand_off,
        pair=hand_off.key_pair,
        environment=hand_off.environment.value,
        envelope=_as_data(hand_off, sealed),
        filename=f"private-key-{hand_off.environment.value}-{hand_off.key_pair.api_key[:8]}.pem",
    )


def _as_data(hand_off: HandOff, sealed: Envelope) -> str:
    """What the page's script needs to open the envelope, and to prove it, as JSON."""
    return json.dumps(
        {
            "ciphertext": b64encode(sealed.ciphertext).decode(),
            "signature": b64encode(sealed.signature).decode(),
            "bound": members(bound_by(hand_off)),
            "opening": {
                "baseUrl": key_pages.base_url(),
                "handOff": hand_off.public_id,
                "nonce": hand_off.nonce.hex(),
                "receiver": hand_off.receiver.account_id,
            },
        }
    )


def _commanded(actor: Actor, hand_off: HandOff) -> ResponseReturnValue:
    move(hand_off, Act.OPEN, clock.now())
    ends_at = codes.end_of_one(hand_off.lapses_at)
    with transaction():
        code = codes.show(actor, Purpose.OPEN, hand_off.public_id, ends_at)
    return key_pages.commanded(
        purpose=Purpose.OPEN.value,
        command=key_pages.command("open", code, "--envelope-key", ENVELOPE_KEY_FILE),
        file=ENVELOPE_KEY_FILE,
        ends_at=ends_at,
        back=request.path,
    )


def _look(actor: Actor, hand_off_id: str, form: OpenForm, refusal: PortalError | None) -> ResponseReturnValue:
    hand_off, now = received(actor, hand_off_id), clock.now()
    return key_pages.drawn(
        "handoffs/open.html",
        form=form,
        refusal=refusal,
        hand_off=hand_off,
        pair=hand_off.key_pair,
        environment=hand_off.environment.value,
        state=_(STATE_NAMES[state_at(hand_off, now)]),
        may_open=allows(hand_off, Act.OPEN, now),
        by_another=hand_off.to_person_id != actor.person_id,
        to_key=bound_by(hand_off).to_key,
        words=words.comparison_words(hand_off.to_public),
    )
