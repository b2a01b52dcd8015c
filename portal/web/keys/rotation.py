"""Pages of rotation: begin it, see where it stands, move its end, end it early, roll it back."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.access.actor import Actor
from portal.access.roles import Environment, Permission
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.impact import blast
from portal.impact import rotation as cockpits
from portal.keys import eligibility, rotation, store
from portal.keys.errors import KeyNameTaken, NotInService, OverlapBeyondEnd, OverlapOutOfRange, OverlapRunning
from portal.keys.models import KeyIntent, KeyOrigin, KeyPair, KeyState
from portal.keys.rotation import ENDED_STATES
from portal.keys.status import status_of
from portal.web.guards import current_actor, requires
from portal.web.identity import confirmed
from portal.web.keys import turning
from portal.web.keys.blueprint import pages
from portal.web.keys.rotation_forms import FORCE, ChangeEndForm, EndEarlyForm, RollBackForm, RotateForm
from portal.web.pages import add_refusal, answer


@pages.route("/<account>/keys/<api_key>/rotate", methods=["GET", "POST"])
@requires(Permission.KEY_ROTATE)
def rotate(account: str, api_key: str) -> ResponseReturnValue:
    actor = current_actor()
    pair = store.get(actor, api_key)
    turn = _turn(actor, pair)
    if pair.state is KeyState.RETIRING:
        return _to_cockpit(account, api_key, code=302)
    if pair.state is KeyState.COMPROMISED or store.is_leaked(pair):
        return redirect(url_for(".leaked", account=account, api_key=api_key), code=302)
    if not turn.can_begin:
        raise NotInService()
    form = RotateForm(name=pair.name)
    form.offer_plans(pair)
    form.require_fresh(always=pair.environment is Environment.PRODUCTION)
    if form.validate_on_submit() and form.read_public() and confirmed(form):
        intent = _begun(actor, pair, form)
        if intent is not None:
            return redirect(url_for(".make", account=account, intent_id=intent.public_id), code=303)
    pair = store.get(actor, api_key)  # a refusal, or a wrong password, ended what was read before
    radius = blast.of_rotation(actor, pair)
    lost = request.args.get("for") == "lost"
    return _page("rotate", pair, form=form, turn=turn, radius=radius, word=FORCE if turn.old else None, lost=lost)


def _turn(actor: Actor, pair: KeyPair) -> turning.Turn:
    turn = turning.of_pair(actor, pair)
    if turn.refusal is not None:
        raise turn.refusal
    return turn


def _begun(actor: Actor, pair: KeyPair, form: RotateForm) -> KeyIntent | None:
    """The intent, or None with the reason at the field where it can be mended."""
    try:
        with transaction():
            return rotation.begin(
                actor,
                pair,
                form.plan,
                origin=KeyOrigin(form.origin.data),
                name=form.name.data,
                public=form.public,
                forced=form.is_forced,
            )
    except KeyNameTaken as refusal:
        add_refusal(form.name, refusal)
    except (OverlapOutOfRange, OverlapBeyondEnd) as refusal:
        add_refusal(form.overlap, refusal)
    except OverlapRunning as refusal:
        add_refusal(form.word, refusal)
    return None


@pages.route("/<account>/keys/<api_key>/rotation")
@requires(Permission.SEE)
def cockpit(account: str, api_key: str) -> ResponseReturnValue:
    """Every installation with the key that it last used. For a pair that was never replaced: the pair's own page."""
    actor = current_actor()
    pair = store.get(actor, api_key)
    if pair.state is not KeyState.RETIRING and pair.state not in ENDED_STATES:
        return redirect(url_for(".show", account=account, api_key=api_key), code=302)
    return render_template(
        "keys/cockpit.html",
        environment=pair.environment.value,
        pair=pair,
        status=status_of(pair, clock.now()),
        stand=cockpits.cockpit(actor, pair),
        turn=turning.of_pair(actor, pair),
    )


@pages.route("/<account>/keys/<api_key>/rotation/end", methods=["GET", "POST"])
@requires(Permission.KEY_ROTATE)
def change_end(account: str, api_key: str) -> ResponseReturnValue:
    actor = current_actor()
    pair = store.get(actor, api_key)
    eligibility.require_runs_rotation(actor, pair)
    if request.method == "GET" and pair.state is not KeyState.RETIRING:
        return _to_cockpit(account, api_key, code=302)
    form = ChangeEndForm(version=pair.version, ending=pair.ending and pair.ending.value)
    form.offer_plans(pair)
    form.require_fresh()
    if form.validate_on_submit() and confirmed(form):
        try:
            with transaction():
                rotation.change_end(actor, pair, form.plan, version=form.version.data)
            flash(_("The old key pair has another end now."), "success")
            return _to_cockpit(account, api_key)
        except (OverlapOutOfRange, OverlapBeyondEnd) as refusal:
            add_refusal(form.overlap, refusal)
    pair = store.get(actor, api_key)
    return _page("change_end", pair, form=form, radius=_radius_of_end(actor, pair))


@pages.route("/<account>/keys/<api_key>/rotation/close", methods=["GET", "POST"])
@requires(Permission.KEY_ROTATE)
def end_early(account: str, api_key: str) -> ResponseReturnValue:
    actor = current_actor()
    pair = store.get(actor, api_key)
    eligibility.require_runs_rotation(actor, pair)
    if request.method == "GET" and pair.state is not KeyState.RETIRING:
        return _to_cockpit(account, api_key, code=302)
    form = EndEarlyForm(version=pair.version)
    is_production = pair.environment is Environment.PRODUCTION
    form.ask_for(pair.name if is_production else None)
    form.require_fresh(always=is_production)
    if form.validate_on_submit() and confirmed(form):
        with transaction():
            rotation.end_early(actor, pair, version=form.version.data)
        flash(_("“%(name)s” has ended. It opens nothing any more.", name=pair.name), "success")
        return _to_cockpit(account, api_key)
    pair = store.get(actor, api_key)
    successor = store.successor_of(pair)
    return _page("end_early", pair, form=form, radius=_radius_of_end(actor, pair), successor=successor)


@pages.route("/<account>/keys/<api_key>/rotation/roll-back", methods=["GET", "POST"])
@requires(Permission.KEY_ROTATE)
def roll_back(account: str, api_key: str) -> ResponseReturnValue:
    actor = current_actor()
    pair = store.get(actor, api_key)
    eligibility.require_runs_rotation(actor, pair)
    if request.method == "GET" and pair.state is not KeyState.RETIRING:
        return _to_cockpit(account, api_key, code=302)
    form = RollBackForm(version=pair.version)
    form.require_fresh()
    if form.validate_on_submit() and confirmed(form):
        with transaction():
            rotation.roll_back(actor, pair, version=form.version.data)
        flash(_("“%(name)s” stays in service, without an end.", name=pair.name), "success")
        return redirect(url_for(".show", account=account, api_key=api_key), code=303)
    pair = store.get(actor, api_key)
    return _page("roll_back", pair, form=form, stand=cockpits.cockpit(actor, pair))


def _radius_of_end(actor: Actor, pair: KeyPair) -> blast.BlastRadius:
    return blast.of_ending(actor, pair, cockpits.cockpit(actor, pair).users.laggards)


def _page(name: str, pair: KeyPair, **context: object) -> ResponseReturnValue:
    return answer(f"keys/{name}.html", pair=pair, environment=pair.environment.value, **context)


def _to_cockpit(account: str, api_key: str, *, code: int = 303) -> ResponseReturnValue:
    return redirect(url_for(".cockpit", account=account, api_key=api_key), code=code)
