"""Making a key pair on the server, or registering one whose public key was given."""

from flask import Response, abort, current_app, flash, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.access.roles import Environment, Permission
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.foundation.errors import Invalid
from portal.keys import eligibility, intent_store, making, material
from portal.keys.errors import AlreadyShown, KeyBlocked, KeyKnown, KeyNameTaken
from portal.keys.models import KeyIntent, KeyOrigin, KeyState
from portal.web import frame
from portal.web.guards import current_actor, requires
from portal.web.identity import confirmed
from portal.web.keys import born, commanded
from portal.web.keys.blueprint import pages
from portal.web.keys.forms import NewKeyForm, ProofForm
from portal.web.pages import add_refusal, answer


@pages.route("/<account>/keys/new", methods=["GET", "POST"])
@requires(Permission.SEE)
def new(account: str) -> ResponseReturnValue:
    actor, side = current_actor(), frame.environment()
    contracts = eligibility.usable_contracts(actor)
    if side not in actor.reach.environments:
        eligibility.require_environment(actor, side)
    if (used := eligibility.refusal_of_ticket(actor, side)) is not None:
        raise used
    form = NewKeyForm()
    form.offer(contracts)
    form.require_fresh(always=side is Environment.PRODUCTION)
    try:
        if form.validate_on_submit() and form.read_public() and confirmed(form):
            with transaction():
                intent = making.begin(
                    actor,
                    environment=side,
                    contract=eligibility.contract_for(actor, form.contract.data),
                    name=form.name.data,
                    origin=KeyOrigin(form.origin.data),
                    public=form.public,
                )
            return redirect(url_for(".make", account=account, intent_id=intent.public_id), code=303)
    except KeyNameTaken as refusal:
        add_refusal(form.name, refusal)
    return answer(
        "keys/new.html",
        form=form,
        contracts=contracts,
        environment=side.value,
        environment_switch=frame.switch(side),
    )


@pages.route("/<account>/keys/making/<intent_id>", methods=["GET", "POST"])
@requires(Permission.SEE)
def make(account: str, intent_id: str) -> ResponseReturnValue:
    intent = intent_store.get(current_actor(), intent_id)
    if intent.origin is KeyOrigin.UPLOAD:
        return _prove(account, intent)
    if intent.origin is KeyOrigin.BROWSER:
        return _bear(account, intent)
    if intent.origin is KeyOrigin.COMMAND:
        return commanded.answer_for(intent, _stage(intent))
    if request.method == "POST":
        return _make_on_server(intent)
    return _server_page(intent)


def _make_on_server(intent: KeyIntent) -> ResponseReturnValue:
    if intent.key_pair_id is not None:
        return _server_page(intent, AlreadyShown.status)
    intent_id = intent.public_id
    public, private_pem = material.generate()  # before the transaction: it takes long, and SQLite has one write lock
    try:
        with transaction():
            pair = making.issue(current_actor(), intent, public)
    except (AlreadyShown, KeyNameTaken) as refusal:
        intent = intent_store.get(current_actor(), intent_id)
        return _server_page(intent, refusal.status, refusal if isinstance(refusal, KeyNameTaken) else None)
    page = make_response(
        render_template(
            "keys/shown_once.html",
            intent=intent,
            pair=pair,
            private_pem=private_pem.decode(),
            environment=intent.environment.value,
        )
    )
    page.headers["Cache-Control"] = "no-store"
    return page


def _server_page(intent: KeyIntent, status: int = 200, refusal: KeyNameTaken | None = None) -> Response:
    page = render_template(
        "keys/make.html",
        intent=intent,
        pair=intent.key_pair,
        stage=_stage(intent),
        refusal=refusal,
        environment=intent.environment.value,
    )
    return make_response(page, status)


def _stage(intent: KeyIntent) -> str:
    """Where the making stands: `ready` to be made, `shown` and waiting, `done`, or `over`."""
    pair = intent.key_pair
    if pair is not None and pair.state not in (KeyState.PENDING, KeyState.LAPSED):
        return "done"
    if intent.discarded_at is not None or clock.now() >= intent.expires_at or (pair and pair.state is KeyState.LAPSED):
        return "over"
    return "ready" if pair is None else "shown"


@pages.route("/<account>/keys/making/<intent_id>/saved", methods=["POST"])
@requires(Permission.SEE)
def saved(account: str, intent_id: str) -> ResponseReturnValue:
    actor = current_actor()
    intent = intent_store.get(actor, intent_id)
    old = intent.replaces.api_key if intent.replaces else None
    with transaction():
        pair = making.confirm(actor, intent)
    flash(_("“%(name)s” is in service. Put both halves into the shop's configuration.", name=pair.name), "success")
    return _to_pair(account, pair.api_key, old)


def _to_pair(account: str, api_key: str, old: str | None) -> ResponseReturnValue:
    """To the new pair; for a successor, to where one sees which shops have to get it."""
    where = url_for(".cockpit", account=account, api_key=old) if old else None
    return redirect(where or url_for(".show", account=account, api_key=api_key), code=303)


@pages.route("/<account>/keys/making/<intent_id>/discard", methods=["POST"])
@requires(Permission.SEE)
def discard(account: str, intent_id: str) -> ResponseReturnValue:
    actor = current_actor()
    intent = intent_store.get(actor, intent_id)
    old = intent.replaces.api_key if intent.replaces else None
    with transaction():
        making.discard(actor, intent)
    flash(_("Discarded. Nothing of it will ever work."), "success")
    again = "again" in request.form
    if old:
        return redirect(url_for(".rotate" if again else ".show", account=account, api_key=old), code=303)
    where = url_for(".new" if again else ".index", account=account, environment=intent.environment.value)
    return redirect(where, code=303)


@pages.route("/<account>/keys/making/<intent_id>/message")
@requires(Permission.SEE)
def message(account: str, intent_id: str) -> ResponseReturnValue:
    """The seven lines to sign, as a file."""
    intent = intent_store.get(current_actor(), intent_id)
    if intent.spki is None:
        abort(404)
    file = make_response(_message(intent))
    file.headers["Content-Type"] = "text/plain; charset=utf-8"
    file.headers["Content-Disposition"] = 'attachment; filename="message.txt"'
    return file


def _bear(account: str, intent: KeyIntent) -> ResponseReturnValue:
    old = intent.replaces.api_key if intent.replaces else None
    outcome = born.page(current_actor(), intent, _stage(intent))
    return outcome if isinstance(outcome, Response) else _to_pair(account, outcome.api_key, old)


def _prove(account: str, intent: KeyIntent) -> ResponseReturnValue:
    actor, form, name_taken = current_actor(), ProofForm(), None
    old = intent.replaces.api_key if intent.replaces else None
    if form.validate_on_submit() and (signature := form.read()) is not None:
        try:
            with transaction():
                pair = making.prove(actor, intent, signed=_message(intent), signature=signature)
            flash(_("Proved: you hold the private key. “%(name)s” is in service.", name=pair.name), "success")
            return _to_pair(account, pair.api_key, old)
        except KeyNameTaken as refusal:
            name_taken, intent = refusal, intent_store.get(actor, intent.public_id)
        except (Invalid, KeyKnown, KeyBlocked) as refusal:
            add_refusal(form.signature, refusal)
            intent = intent_store.get(actor, intent.public_id)  # read anew after the change that was not made
    page = answer(
        "keys/prove.html",
        form=form,
        intent=intent,
        stage=_stage(intent),
        refusal=name_taken,
        message=_message(intent).decode(),
        environment=intent.environment.value,
    )
    return page if name_taken is None else make_response(page, name_taken.status)


def _message(intent: KeyIntent) -> bytes:
    base_url = current_app.config["PORTAL"].external_base_url
    public = material.PublicHalf.of(intent.spki or b"")
    return making.message_of(intent, public, base_url=base_url, owner=g.tenant.account_id, holder=g.home.account_id)
