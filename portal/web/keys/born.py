"""A pair that is made in its holder's browser: the portal gets the public half, with the proof of possession."""

import json

from flask import Response, current_app, flash, g
from flask_babel import gettext as _

from portal.access.actor import Actor
from portal.foundation.database import transaction
from portal.foundation.errors import Invalid
from portal.keys import intent_store, making
from portal.keys.errors import KeyBlocked, KeyKnown, KeyNameTaken
from portal.keys.material import PublicHalf
from portal.keys.models import KeyIntent, KeyPair
from portal.web.headers import as_key_page
from portal.web.keys.forms import BornForm
from portal.web.pages import add_refusal, answer
from portal.web.scripts import sha256_of

SCRIPT = "js/private-key.js"


def page(actor: Actor, intent: KeyIntent, stage: str) -> Response | KeyPair:
    """The page; or the pair, when this request proved it."""
    form, name_taken = BornForm(), None
    if form.validate_on_submit() and (proof := form.read()) is not None:
        try:
            return _proved(actor, intent, *proof)
        except KeyNameTaken as refusal:
            name_taken = refusal
        except (Invalid, KeyKnown, KeyBlocked) as refusal:
            add_refusal(form.signature, refusal)
        intent = intent_store.get(actor, intent.public_id)  # read anew after the change that was not made
    drawn = answer(
        "keys/born.html",
        form=form,
        intent=intent,
        stage=stage,
        refusal=name_taken,
        lines=json.dumps(_message(intent).decode().splitlines()[:-1]),
        script=SCRIPT,
        script_sha256=sha256_of(SCRIPT),
        environment=intent.environment.value,
    )
    if name_taken is not None:
        drawn.status_code = name_taken.status
    return as_key_page(drawn)


def _proved(actor: Actor, intent: KeyIntent, public: PublicHalf, signature: bytes) -> KeyPair:
    with transaction():
        pair = making.prove(actor, intent, signed=_message(intent, public), signature=signature, public=public)
    flash(_("Proved: you hold the private key. “%(name)s” is in service.", name=pair.name), "success")
    return pair


def _message(intent: KeyIntent, public: PublicHalf | None = None) -> bytes:
    """The seven lines; the last one, the public half's hash, is left empty where that is not known yet."""
    return making.message_of(
        intent,
        public,
        base_url=current_app.config["PORTAL"].external_base_url,
        owner=g.tenant.account_id,
        holder=g.home.account_id,
    )
