"""Pages for when something went wrong with a private key: it was lost, or somebody else may have it."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.access.actor import Actor
from portal.access.roles import Environment, Permission
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.foundation.errors import PortalError
from portal.impact import blast
from portal.impact import leaks as impact
from portal.keys import eligibility, leaks, store
from portal.keys.errors import KeyNameTaken, OverlapBeyondEnd
from portal.keys.models import KeyIntent, KeyOrigin, KeyPair, KeyState
from portal.keys.status import LIVE_STATES, status_of
from portal.web.guards import current_actor, requires
from portal.web.identity import confirmed
from portal.web.keys import turning
from portal.web.keys.blueprint import pages
from portal.web.keys.forms import MakingForm
from portal.web.keys.trouble_forms import LeakForm, Way
from portal.web.pages import add_refusal, answer


@pages.route("/<account>/keys/<api_key>/trouble")
@requires(Permission.SEE)
def trouble(account: str, api_key: str) -> ResponseReturnValue:
    """What can be done about a pair in service, and what that would stop; of another one its own page tells."""
    actor = current_actor()
    pair = store.get(actor, api_key)
    if pair.state not in LIVE_STATES:
        return _to(".show", account, pair, code=302)
    return render_template(
        "keys/trouble.html",
        pair=pair,
        environment=pair.environment.value,
        status=status_of(pair, clock.now()),
        turn=turning.of_pair(actor, pair),
        radius=blast.of_key(actor, pair),
        is_leaked=store.is_leaked(pair),
        may_stop=eligibility.has_power(actor, pair, Permission.KEY_REVOKE),
    )


@pages.route("/<account>/keys/<api_key>/leaked", methods=["GET", "POST"])
@requires(Permission.KEY_REVOKE)
def leaked(account: str, api_key: str) -> ResponseReturnValue:
    actor = current_actor()
    pair = store.get(actor, api_key)
    if pair.state is KeyState.COMPROMISED:  # a second tab was faster
        return _to(".replacement", account, pair)
    leaks.require_in_service(pair)
    eligibility.require_power(actor, pair, Permission.KEY_REVOKE)
    turn = turning.of_pair(actor, pair)
    form = _form_for(pair, turn)
    if form.validate_on_submit() and form.read_public() and confirmed(form):
        try:
            return _carry_out(actor, pair, form, account)
        except OverlapBeyondEnd as refusal:
            add_refusal(form.hours, refusal)
    pair = store.get(actor, api_key)  # a refusal, or a wrong password, ended what was read before
    return answer(
        "keys/leaked.html",
        pair=pair,
        environment=pair.environment.value,
        form=form,
        turn=turn,
        leak=impact.who_must_act(actor, pair),
        is_leaked=store.is_leaked(pair),
    )


def _form_for(pair: KeyPair, turn: turning.Turn) -> LeakForm:
    form = LeakForm(version=pair.version)
    first = None
    if turn.refusal is None and turn.can_begin:
        first = Way.REPLACE
    elif turn.refusal is None and turn.successor is not None and turn.old is pair:
        first = Way.END
    form.offer(first)
    is_production = pair.environment is Environment.PRODUCTION
    form.ask_for(pair.name if is_production else None)
    form.require_fresh(always=is_production)
    return form


def _carry_out(actor: Actor, pair: KeyPair, form: LeakForm, account: str) -> ResponseReturnValue:
    if form.chosen is Way.REPLACE:
        with transaction():
            intent = impact.replace(actor, pair, form.overlap, origin=KeyOrigin(form.origin.data), public=form.public)
        return redirect(url_for(".make", account=account, intent_id=intent.public_id), code=303)
    if form.chosen is Way.END:
        with transaction():
            impact.end(actor, pair, form.overlap, version=form.version.data)
        flash(
            _("“%(name)s” ends as a pair that leaked. Everybody concerned is told by mail.", name=pair.name), "success"
        )
        return _to(".cockpit", account, pair)
    with transaction():
        impact.stop(actor, pair)
    flash(_("“%(name)s” is stopped. It opens nothing any more, and never will.", name=pair.name), "success")
    return _to(".replacement", account, pair)


@pages.route("/<account>/keys/<api_key>/replacement", methods=["GET", "POST"])
@requires(Permission.KEY_REVOKE)
def replacement(account: str, api_key: str) -> ResponseReturnValue:
    """For a pair that was stopped: who has to act, and the pair that takes its place."""
    actor = current_actor()
    pair = store.get(actor, api_key)
    if pair.state is not KeyState.COMPROMISED:
        return _to(".show", account, pair)
    if store.was_succeeded(pair):
        return _to(".cockpit", account, pair)
    refusal = eligibility.refusal_to_rotate(actor, pair)
    form = MakingForm(name=pair.name)
    form.require_fresh(always=pair.environment is Environment.PRODUCTION)
    if request.method == "POST" and refusal is not None:
        raise refusal
    if form.validate_on_submit() and form.read_public() and confirmed(form):
        intent = _begun(actor, pair, form)
        if intent is not None:
            return redirect(url_for(".make", account=account, intent_id=intent.public_id), code=303)
    return _replacement_page(actor, api_key, form, refusal)


def _replacement_page(actor: Actor, api_key: str, form: MakingForm, refusal: PortalError | None) -> ResponseReturnValue:
    pair = store.get(actor, api_key)
    return answer(
        "keys/replacement.html",
        pair=pair,
        environment=pair.environment.value,
        form=form,
        refusal=refusal,
        leak=impact.who_must_act(actor, pair),
    )


def _begun(actor: Actor, pair: KeyPair, form: MakingForm) -> KeyIntent | None:
    """The intent, or None with the reason at the name."""
    try:
        with transaction():
            return leaks.begin_replacement(
                actor, pair, origin=KeyOrigin(form.origin.data), name=form.name.data, public=form.public
            )
    except KeyNameTaken as refusal:
        add_refusal(form.name, refusal)
    return None


def _to(endpoint: str, account: str, pair: KeyPair, *, code: int = 303) -> ResponseReturnValue:
    return redirect(url_for(endpoint, account=account, api_key=pair.api_key), code=code)
